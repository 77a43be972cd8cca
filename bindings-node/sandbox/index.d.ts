/** Returns the path of `k2`: `K2_SANDBOX_BIN`, or that of the package. Throws if there is no package for this platform. */
export function binaryPath(): string;
