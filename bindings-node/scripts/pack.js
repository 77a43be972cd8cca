'use strict';
// What the scripts that make packages share.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const ROOT = path.join(__dirname, '..', '..');
const LICENCES = ['LICENSE-MIT', 'LICENSE-APACHE'];

/** Returns the names of Node and npm for a target of Rust, such as `x86_64-unknown-linux-gnu`. */
function platformOf(triple) {
  const [machine, , system, library] = triple.split('-');
  const cpu = { x86_64: 'x64', aarch64: 'arm64' }[machine];
  const platform = system === 'windows' ? 'win32' : system;
  const target = [platform, cpu, library].filter(Boolean).join('-');
  const libc = { gnu: ['glibc'], musl: ['musl'] }[library];
  return { target, limits: { os: [platform], cpu: [cpu], ...(libc && { libc }) } };
}

/** Runs `npm pack` in a folder, with a package.json that has the given fields. */
function pack(folder, fields, files, out) {
  for (const licence of LICENCES) fs.copyFileSync(path.join(ROOT, licence), path.join(folder, licence));
  const text = JSON.stringify({ ...fields, files: [...files, ...LICENCES] }, null, 2);
  fs.writeFileSync(path.join(folder, 'package.json'), `${text}\n`);
  // On Windows npm is a script, which needs a shell.
  execFileSync('npm', ['pack', '--silent', '--pack-destination', out], { cwd: folder, shell: process.platform === 'win32' });
}

module.exports = { pack, platformOf };
