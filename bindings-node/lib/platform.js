'use strict';
// What the native part for a platform is called.

const fs = require('node:fs');

/** The likeliest first. Linux has two C libraries, and a program cannot ask cheaply which one it runs on. */
function targets(platform = process.platform, arch = process.arch) {
  const isAlpine = platform === 'linux' && fs.existsSync('/etc/alpine-release');
  const libraries = { win32: ['-msvc'], linux: isAlpine ? ['-musl', '-gnu'] : ['-gnu', '-musl'] }[platform] ?? [''];
  return libraries.map((library) => `${platform}-${arch}${library}`);
}

/** The C library that this machine does not have. Slow: only for an error. npm refuses a package for another one. */
function otherLibrary() {
  return process.report?.getReport().header.glibcVersionRuntime ? 'musl' : 'gnu';
}

module.exports = { otherLibrary, targets };
