'use strict';
// Finds the program `k2` in the package for this platform, which npm installs by `os`, `cpu` and `libc`.

const fs = require('node:fs');
const path = require('node:path');

/** Linux has two C libraries. Finding out which one is used is slow, and only the package for it is installed. */
function targets({ platform, arch } = process) {
  const libraries = { win32: ['-msvc'], linux: ['-gnu', '-musl'] }[platform] ?? [''];
  return libraries.map((library) => `${platform}-${arch}${library}`);
}

/** Returns the path of `k2`: K2_SANDBOX_BIN, or that of the package. Throws if there is no package for this platform. */
function binaryPath() {
  if (process.env.K2_SANDBOX_BIN) return process.env.K2_SANDBOX_BIN;
  const names = targets().map((target) => `kopokopo-sandbox-${target}`);
  for (const name of names) {
    try {
      const file = path.join(path.dirname(require.resolve(`${name}/package.json`)), process.platform === 'win32' ? 'k2.exe' : 'k2');
      if (fs.existsSync(file)) return file;
    } catch (error) {
      if (error.code !== 'MODULE_NOT_FOUND') throw error;
    }
  }
  throw new Error(
    `kopokopo-sandbox has no program for ${process.platform}-${process.arch}: expected the package ${names.join(' or ')}. ` +
      'Install kopokopo-sandbox again with optional dependencies, or set K2_SANDBOX_BIN to the path of k2',
  );
}

module.exports = { binaryPath };
