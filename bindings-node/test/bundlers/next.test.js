'use strict';
// `next build` runs the module of each route, so it fails if the native addon cannot be loaded.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { signWebhook } = require('kopokopo');
const { PACKAGE, REMEDIES, freePort, project, run } = require('../shared/project');

const NEXT = require.resolve('next/dist/bin/next');

const EDGE_ROUTE = `
  import { WebhookVerifier, webhooks } from 'kopokopo/edge';
  export const runtime = 'edge';
  export const POST = webhooks(new WebhookVerifier({ apiKeys: ['key'] }), (event) => new Response(event.topic));
`;

const ROUTE = `
  import { WebhookVerifier } from 'kopokopo';
  import { webhooks } from 'kopokopo/next';
  export const POST = webhooks(new WebhookVerifier({ apiKeys: ['key'] }), () => {});
`;

async function build(t, config, ...flags) {
  return run(NEXT, ['build', ...flags], app(t, config, ROUTE), ENV);
}

const ENV = { NEXT_TELEMETRY_DISABLED: '1', CI: '1' };

/** Creates a program with one route, and returns its folder. */
function app(t, config, route) {
  const folder = project(t, {
    'package.json': '{ "private": true }',
    'next.config.mjs': `export default { turbopack: { root: ${JSON.stringify(path.parse(PACKAGE).root)} }, ...${JSON.stringify(config)} };`,
    'app/layout.js': 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }',
    'app/page.js': 'export default function Page() { return null; }',
    'app/k2/route.js': route,
  });
  for (const name of ['next', 'react', 'react-dom']) {
    fs.symlinkSync(path.dirname(require.resolve(`${name}/package.json`)), path.join(folder, 'node_modules', name), 'junction');
  }
  return folder;
}

test('next build with serverExternalPackages succeeds', async (t) => {
  const { code, output } = await build(t, { serverExternalPackages: ['kopokopo'] });
  assert.strictEqual(code, 0, output);
});

for (const bundler of ['--webpack', '--turbopack']) {
  test(`route in the edge runtime works (next build ${bundler})`, async (t) => {
    const folder = app(t, {}, EDGE_ROUTE);
    const { code, output } = await run(NEXT, ['build', bundler], folder, ENV);
    assert.strictEqual(code, 0, output);
    const port = await freePort();
    const server = spawn(process.execPath, [NEXT, 'start', '--hostname', '127.0.0.1', '--port', String(port)], {
      cwd: folder,
      env: { ...process.env, ...ENV },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    t.after(() => server.kill());
    let serverOutput = '';
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (data) => (serverOutput += data));
    await new Promise((resolve, reject) => {
      server.stdout.on('data', () => serverOutput.includes('Ready in') && resolve());
      server.once('close', () => reject(new Error(serverOutput)));
    });
    const body = '{"topic":"customer_created","id":"1","event":{"resource":{}}}';
    const post = (signature) =>
      fetch(`http://127.0.0.1:${port}/k2`, { method: 'POST', body, headers: { 'x-kopokopo-signature': signature } });
    const genuine = await post(signWebhook('key', body));
    assert.deepStrictEqual([genuine.status, await genuine.text()], [200, 'customer_created'], serverOutput);
    assert.strictEqual((await post('0'.repeat(64))).status, 401);
  });
}

for (const bundler of ['--webpack', '--turbopack']) {
  test(`next build ${bundler} without serverExternalPackages fails with the remedy`, async (t) => {
    const { code, output } = await build(t, {}, bundler);
    assert.notStrictEqual(code, 0, output);
    for (const remedy of REMEDIES) assert.match(output, remedy);
  });
}
