'use strict';
// Builds the native part for this machine, and what edge runtimes load, and puts them into the package. `--release` builds
// the native part that is published. WebAssembly is always built as it is published: without optimizations it has megabytes.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { targets } = require('../lib/platform');

const HERE = path.join(__dirname, '..');
const ROOT = path.join(HERE, '..');
const release = process.argv.includes('--release');

function cargo(...given) {
  execFileSync('cargo', ['build', ...given], { cwd: ROOT, stdio: 'inherit' });
}

const WASM = 'wasm32-unknown-unknown';
const standardLibrary = execFileSync('rustc', ['--print', 'target-libdir', '--target', WASM], { cwd: ROOT, encoding: 'utf8' }).trim();
if (!fs.existsSync(standardLibrary)) {
  console.error(`the Rust target ${WASM} is missing, and kopokopo/edge is built for it. Install it with: rustup target add ${WASM}`);
  process.exit(1);
}

cargo('--package', 'kopokopo-node', '--profile', release ? 'addon' : 'dev');
cargo('--package', 'kopokopo-edge', '--profile', 'edge', '--target', WASM);

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

fs.copyFileSync(path.join(folder, WASM, 'edge', 'kopokopo_edge.wasm'), path.join(HERE, 'edge', 'kopokopo.wasm'));
