'use strict';
// Builds the native addon for this machine and the WebAssembly module for edge runtimes, and copies them into the
// package. `--release` builds the native addon with the profile that is published. The WebAssembly module always has
// that profile: without optimizations it is several megabytes large. `--edge` builds only the WebAssembly module.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { targets } = require('../lib/platform');

const PACKAGE = path.join(__dirname, '..');
const ROOT = path.join(PACKAGE, '..');
const release = process.argv.includes('--release');

function cargo(args, flags = []) {
  const env = flags.length > 0 ? { ...process.env, RUSTFLAGS: [process.env.RUSTFLAGS, ...flags].filter(Boolean).join(' ') } : process.env;
  execFileSync('cargo', ['build', ...args], { cwd: ROOT, stdio: 'inherit', env });
}

/** What is published has no paths of the machine that built it, and no function twice. */
function publishedFlags() {
  const sources = path.join(process.env.CARGO_HOME ?? path.join(os.homedir(), '.cargo'), 'registry', 'src');
  const registries = fs.existsSync(sources) ? fs.readdirSync(sources).map((name) => path.join(sources, name)) : [];
  const flags = [...registries, path.resolve(ROOT)].map((folder) => `--remap-path-prefix=${folder}=`);
  // Only here rustc links with LLD, which can fold equal functions.
  return targets()[0] === 'linux-x64-gnu' ? [...flags, '-Clink-arg=-Wl,--icf=all'] : flags;
}

const WASM = 'wasm32-unknown-unknown';
const standardLibrary = execFileSync('rustc', ['--print', 'target-libdir', '--target', WASM], { cwd: ROOT, encoding: 'utf8' }).trim();
if (!fs.existsSync(standardLibrary)) {
  console.error(`kopokopo/edge needs the Rust target ${WASM}, which is not installed: run \`rustup target add ${WASM}\``);
  process.exit(1);
}

const folder = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, 'target');

function buildAddon() {
  cargo(['--package', 'kopokopo-node', '--profile', release ? 'addon' : 'dev'], release ? publishedFlags() : []);
  const library = { win32: 'kopokopo_node.dll', darwin: 'libkopokopo_node.dylib' }[process.platform] ?? 'libkopokopo_node.so';
  const built = path.join(folder, release ? 'addon' : 'debug', library);
  const file = path.join(PACKAGE, `kopokopo.${targets()[0]}.node`);
  fs.rmSync(file, { force: true });
  try {
    // A link, because a debug build is large.
    fs.linkSync(built, file);
  } catch {
    fs.copyFileSync(built, file);
  }
}

if (!process.argv.includes('--edge')) buildAddon();
cargo(['--package', 'kopokopo-edge', '--profile', 'edge', '--target', WASM]);
fs.copyFileSync(path.join(folder, WASM, 'edge', 'kopokopo_edge.wasm'), path.join(PACKAGE, 'edge', 'kopokopo.wasm'));
