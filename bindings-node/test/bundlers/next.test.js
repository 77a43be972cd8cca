'use strict';
// `next build` runs each route's module, so a native part that cannot be loaded fails there.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { HERE, REMEDIES, project, run } = require('../shared/project');

const NEXT = require.resolve('next/dist/bin/next');

const ROUTE = `
  import { WebhookVerifier } from 'kopokopo';
  import { webhooks } from 'kopokopo/next';
  export const POST = webhooks(new WebhookVerifier({ apiKeys: ['key'] }), () => {});
`;

async function build(t, config, ...flags) {
  const folder = project(t, {
    'package.json': '{ "private": true }',
    'next.config.mjs': `export default { turbopack: { root: ${JSON.stringify(path.parse(HERE).root)} }, ...${JSON.stringify(config)} };`,
    'app/layout.js': 'export default function Layout({ children }) { return <html><body>{children}</body></html>; }',
    'app/page.js': 'export default function Page() { return null; }',
    'app/k2/route.js': ROUTE,
  });
  for (const name of ['next', 'react', 'react-dom']) {
    fs.symlinkSync(path.dirname(require.resolve(`${name}/package.json`)), path.join(folder, 'node_modules', name), 'junction');
  }
  return run(NEXT, ['build', ...flags], folder, { NEXT_TELEMETRY_DISABLED: '1', CI: '1' });
}

test('next build with serverExternalPackages works', async (t) => {
  const { code, said } = await build(t, { serverExternalPackages: ['kopokopo'] });
  assert.strictEqual(code, 0, said);
});

for (const bundler of ['--webpack', '--turbopack']) {
  test(`next build ${bundler} without it says what to write`, async (t) => {
    const { code, said } = await build(t, {}, bundler);
    assert.notStrictEqual(code, 0, said);
    for (const remedy of REMEDIES) assert.match(said, remedy);
  });
}
