'use strict';
// Starts each edge runtime with a program, bundled as users bundle it. `send(path, init)` sends a request to it, and
// returns a promise of { status, text }. Without a source the program is `program.mjs`. All traffic is on loopback.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { EdgeVM } = require('@edge-runtime/vm');
const esbuild = require('esbuild');
const { PACKAGE, freePort } = require('../shared/project');

const WASM = path.join(PACKAGE, 'edge', 'kopokopo.wasm');
const TIMEOUT = 30_000;

/** Creates a temporary folder, and returns it with a function that removes it. */
function createFolder() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  return { folder, remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Bundles a program for the runtime of an export condition, without modules of Node. `wasm` is a plugin that resolves
 * the import of the WebAssembly module. Keeps the names of classes, as Cloudflare's bundler does.
 */
async function bundle(condition, source, wasm, options = {}) {
  const { outputFiles } = await esbuild.build({
    stdin: { contents: source, resolveDir: __dirname },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    conditions: [condition],
    keepNames: true,
    logLevel: 'silent',
    plugins: [{ name: 'wasm', setup: (build) => wasm(build) }],
    ...options,
  });
  return outputFiles[0].text;
}

/** Starts a program that serves on a loopback port, and waits until it responds. */
async function startServer(command, args, port, cwd, env = {}) {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  let ended = false;
  const end = new Promise((resolve) => child.once('close', resolve)).then(() => (ended = true));
  child.once('error', (error) => (output += error));
  const send = async (path, init) => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', ...init });
    return { status: response.status, text: await response.text() };
  };
  const deadline = Date.now() + TIMEOUT;
  for (;;) {
    if (ended || Date.now() > deadline) throw new Error(`${command} does not respond: ${output}`);
    try {
      await send('/names');
      break;
    } catch {
      await sleep(50);
    }
  }
  const close = async () => {
    child.kill();
    await end;
  };
  return { send, port, close };
}

/** Cloudflare's runtime, with the bundle and the module that its bundler creates. */
async function workerd(source = "import { respond } from './program.mjs'; export default { fetch: respond };", env = {}) {
  const { folder, remove } = createFolder();
  const external = (build) => build.onResolve({ filter: /\.wasm$/ }, () => ({ path: './kopokopo.wasm', external: true }));
  fs.writeFileSync(path.join(folder, 'main.mjs'), await bundle('workerd', source, external));
  fs.copyFileSync(WASM, path.join(folder, 'kopokopo.wasm'));
  const port = await freePort();
  fs.writeFileSync(
    path.join(folder, 'config.capnp'),
    `using Workerd = import "/workerd/workerd.capnp";
    const config :Workerd.Config = (
      services = [(name = "main", worker = .main)],
      sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
    );
    const main :Workerd.Worker = (
      modules = [(name = "main.mjs", esModule = embed "main.mjs"), (name = "kopokopo.wasm", wasm = embed "kopokopo.wasm")],
      bindings = [${Object.entries(env).map(([name, value]) => `(name = "${name}", text = "${value}")`)}],
      compatibilityDate = "2024-01-01",
    );`,
  );
  const server = await startServer(require('workerd').default, ['serve', 'config.capnp'], port, folder);
  return { ...server, close: () => server.close().finally(remove) };
}

/** Deno, with the installed package and the minimum of permissions. */
async function deno(source = "import { respond } from './test/edge/program.mjs'; Deno.serve(respond);", env = {}) {
  const { folder, remove } = createFolder();
  const installed = path.join(folder, 'node_modules', 'kopokopo');
  const { files } = require('../../package.json');
  fs.mkdirSync(installed, { recursive: true });
  for (const file of ['package.json', ...files]) fs.cpSync(path.join(PACKAGE, file), path.join(installed, file), { recursive: true });
  fs.mkdirSync(path.join(folder, 'test', 'edge'), { recursive: true });
  fs.mkdirSync(path.join(folder, 'test', 'shared'));
  for (const file of ['edge/program.mjs', 'edge/calls.js', 'shared/tagged.js']) {
    fs.copyFileSync(path.join(PACKAGE, 'test', file), path.join(folder, 'test', file));
  }
  const port = await freePort();
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "commonjs", "dependencies": { "kopokopo": "*" } }');
  fs.writeFileSync(path.join(folder, 'main.mjs'), source);
  const flags = ['--no-prompt', '--node-modules-dir=manual', '--no-remote', '--no-lock', `--allow-read=${folder}`, `--allow-net=127.0.0.1:${port}`];
  const args = ['run', ...flags, ...Object.keys(env).map((name) => `--allow-env=${name}`), 'main.mjs'];
  const server = await startServer(path.join(PACKAGE, 'node_modules/.bin/deno'), args, port, folder, {
    DENO_DIR: path.join(folder, 'cache'),
    DENO_NO_UPDATE_CHECK: '1',
    DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
    ...env,
  });
  return { ...server, close: () => server.close().finally(remove) };
}

/** Vercel's Edge runtime, with the module that its bundler imports. */
async function edgeLight(route = "export { respond as POST } from './program.mjs';", env = {}) {
  const source = `import { POST } from 'the route'; addEventListener('fetch', (event) => event.respondWith(POST(event.request)));`;
  const plugin = (build) => {
    build.onResolve({ filter: /^the route$/ }, () => ({ path: 'route', namespace: 'route' }));
    build.onLoad({ filter: /.*/, namespace: 'route' }, () => ({ contents: route, resolveDir: __dirname }));
    build.onResolve({ filter: /\.wasm\?module$/ }, () => ({ path: 'module', namespace: 'wasm' }));
    build.onLoad({ filter: /.*/, namespace: 'wasm' }, () => ({ contents: 'export default compiledModule;' }));
  };
  const compiledModule = new WebAssembly.Module(fs.readFileSync(WASM));
  const runtime = new EdgeVM({
    initialCode: await bundle('edge-light', source, plugin, { format: 'iife' }),
    extend: (context) => Object.assign(context, { compiledModule, process: { env } }),
  });
  const send = async (path, init) => {
    const response = await runtime.dispatchFetch(`http://shop.example${path}`, { method: 'POST', ...init });
    return { status: response.status, text: await response.text() };
  };
  return { send, close: () => {} };
}

/** Bun, with the same program as Node. */
async function bun() {
  const port = await freePort();
  const binary = process.env.BUN_BINARY ?? path.join(PACKAGE, 'node_modules/.bin/bun');
  return startServer(binary, [path.join(__dirname, 'serve.mjs'), String(port)], port, PACKAGE);
}

/** Node, in a process that does not load the native addon. */
async function node() {
  const port = await freePort();
  return startServer(process.execPath, [path.join(__dirname, 'serve.mjs'), String(port)], port, PACKAGE);
}

const runtimes = { Node: node, Bun: bun, workerd, Deno: deno, "Vercel's Edge runtime": edgeLight };

module.exports = { bundle, deno, edgeLight, runtimes, workerd };
