'use strict';
// Each edge runtime with a program in it, bundled as its users bundle it: `ask(path, init)` sends it a request, and resolves
// to { status, text }. Without a source it is `program.mjs`. Nothing leaves loopback.

const { spawn } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { setTimeout: sleep } = require('node:timers/promises');
const { EdgeVM } = require('@edge-runtime/vm');
const esbuild = require('esbuild');
const { HERE, freePort } = require('../shared/project');

const WASM = path.join(HERE, 'edge', 'kopokopo.wasm');
const PATIENCE = 30_000;

/** A folder that is gone after the tests. */
function folderOf() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  return { folder, remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}

/**
 * Bundles a program for the runtime of a condition, without anything of Node. `wasm` says what an import of the module
 * becomes. Names of classes are kept, as Cloudflare's bundler keeps them.
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

/** A program that serves on a port of loopback. */
async function served(command, given, port, cwd, env = {}) {
  const child = spawn(command, given, { cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (said += data));
  let ended = false;
  const end = new Promise((resolve) => child.once('close', resolve)).then(() => (ended = true));
  child.once('error', (error) => (said += error));
  const ask = async (at, init) => {
    const response = await fetch(`http://127.0.0.1:${port}${at}`, { method: 'POST', ...init });
    return { status: response.status, text: await response.text() };
  };
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    if (ended || Date.now() > deadline) throw new Error(`${command} does not serve: ${said}`);
    try {
      await ask('/names');
      break;
    } catch {
      await sleep(50);
    }
  }
  const close = async () => {
    child.kill();
    await end;
  };
  return { ask, port, close };
}

/** Cloudflare's own runtime, with the bundle and the module that its bundler makes. */
async function workerd(source = "import { answer } from './program.mjs'; export default { fetch: answer };", env = {}) {
  const { folder, remove } = folderOf();
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
  const own = await served(require('workerd').default, ['serve', 'config.capnp'], port, folder);
  return { ...own, close: () => own.close().finally(remove) };
}

/** Deno, with the package as it is installed, and with no more permissions than it needs. */
async function deno(source = "import { answer } from './test/edge/program.mjs'; Deno.serve(answer);", env = {}) {
  const { folder, remove } = folderOf();
  const installed = path.join(folder, 'node_modules', 'kopokopo');
  const { files } = require('../../package.json');
  fs.mkdirSync(installed, { recursive: true });
  for (const file of ['package.json', ...files]) fs.cpSync(path.join(HERE, file), path.join(installed, file), { recursive: true });
  fs.mkdirSync(path.join(folder, 'test', 'edge'), { recursive: true });
  fs.mkdirSync(path.join(folder, 'test', 'shared'));
  for (const file of ['edge/program.mjs', 'edge/calls.js', 'shared/neutral.js']) {
    fs.copyFileSync(path.join(HERE, 'test', file), path.join(folder, 'test', file));
  }
  const port = await freePort();
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true, "type": "commonjs", "dependencies": { "kopokopo": "*" } }');
  fs.writeFileSync(path.join(folder, 'main.mjs'), source);
  const limits = ['--no-prompt', '--node-modules-dir=manual', '--no-remote', '--no-lock', `--allow-read=${folder}`, `--allow-net=127.0.0.1:${port}`];
  const given = ['run', ...limits, ...Object.keys(env).map((name) => `--allow-env=${name}`), 'main.mjs'];
  const own = await served(path.join(HERE, 'node_modules/.bin/deno'), given, port, folder, {
    DENO_DIR: path.join(folder, 'cache'),
    DENO_NO_UPDATE_CHECK: '1',
    DENO_SERVE_ADDRESS: `tcp:127.0.0.1:${port}`,
    ...env,
  });
  return { ...own, close: () => own.close().finally(remove) };
}

/** Vercel's Edge runtime, with the module that its bundler hands over. */
async function edgeLight(route = "export { answer as POST } from './program.mjs';", env = {}) {
  const source = `import { POST } from 'the route'; addEventListener('fetch', (event) => event.respondWith(POST(event.request)));`;
  const given = (build) => {
    build.onResolve({ filter: /^the route$/ }, () => ({ path: 'route', namespace: 'route' }));
    build.onLoad({ filter: /.*/, namespace: 'route' }, () => ({ contents: route, resolveDir: __dirname }));
    build.onResolve({ filter: /\.wasm\?module$/ }, () => ({ path: 'module', namespace: 'wasm' }));
    build.onLoad({ filter: /.*/, namespace: 'wasm' }, () => ({ contents: 'export default compiledModule;' }));
  };
  const compiledModule = new WebAssembly.Module(fs.readFileSync(WASM));
  const runtime = new EdgeVM({
    initialCode: await bundle('edge-light', source, given, { format: 'iife' }),
    extend: (context) => Object.assign(context, { compiledModule, process: { env } }),
  });
  const ask = async (at, init) => {
    const response = await runtime.dispatchFetch(`http://shop.example${at}`, { method: 'POST', ...init });
    return { status: response.status, text: await response.text() };
  };
  return { ask, close: () => {} };
}

/** Bun, which takes what Node takes. */
async function bun() {
  const port = await freePort();
  const binary = process.env.BUN_BINARY ?? path.join(HERE, 'node_modules/.bin/bun');
  return served(binary, [path.join(__dirname, 'serve.mjs'), String(port)], port, HERE);
}

/** Node itself, in a process that does not load the native part. */
async function node() {
  const port = await freePort();
  return served(process.execPath, [path.join(__dirname, 'serve.mjs'), String(port)], port, HERE);
}

const runtimes = { Node: node, Bun: bun, workerd, Deno: deno, "Vercel's Edge runtime": edgeLight };

module.exports = { bundle, deno, edgeLight, runtimes, workerd };
