'use strict';
// The names of the native addons.

const fs = require('node:fs');

/**
 * Returns the names of the native addons that may work on a platform, the most likely first. Linux has two C libraries,
 * and finding out which one is used is slow.
 */
function targets(platform = process.platform, arch = process.arch) {
  const isAlpine = platform === 'linux' && fs.existsSync('/etc/alpine-release');
  const libraries = { win32: ['-msvc'], linux: isAlpine ? ['-musl', '-gnu'] : ['-gnu', '-musl'] }[platform] ?? [''];
  return libraries.map((library) => `${platform}-${arch}${library}`);
}

/** Returns the C library that this machine does not use: npm refuses packages for it. Slow, so only for an error. */
function otherLibrary() {
  return process.report?.getReport().header.glibcVersionRuntime ? 'musl' : 'gnu';
}

module.exports = { otherLibrary, targets };
