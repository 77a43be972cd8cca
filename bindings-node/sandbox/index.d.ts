/** Returns the path of `k2`. Throws if there is no package for this platform. */
export function binaryPath(): string;
