'use strict';
// Builds the native part for this machine and puts it beside the package. `--release` builds what is published.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { targets } = require('../lib/platform');

const HERE = path.join(__dirname, '..');
const ROOT = path.join(HERE, '..');
const release = process.argv.includes('--release');

execFileSync('cargo', ['build', '--package', 'kopokopo-node', '--profile', release ? 'addon' : 'dev'], { cwd: ROOT, stdio: 'inherit' });

const library = { win32: 'kopokopo_node.dll', darwin: 'libkopokopo_node.dylib' }[process.platform] ?? 'libkopokopo_node.so';
const folder = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, 'target');
const built = path.join(folder, release ? 'addon' : 'debug', library);
const file = path.join(HERE, `kopokopo.${targets()[0]}.node`);
fs.rmSync(file, { force: true });
try {
  // A debug build is large.
  fs.linkSync(built, file);
} catch {
  fs.copyFileSync(built, file);
}
