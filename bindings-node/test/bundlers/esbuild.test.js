'use strict';

const assert = require('node:assert');
const path = require('node:path');
const { test } = require('node:test');
const esbuild = require('esbuild');
const { PROGRAM, REMEDIES, project, run } = require('../shared/project');

async function bundle(t, options) {
  const folder = project(t, { 'main.mjs': PROGRAM });
  const format = options.format ?? 'cjs';
  const outfile = path.join(folder, 'dist', format === 'esm' ? 'main.mjs' : 'main.cjs');
  await esbuild.build({ entryPoints: [path.join(folder, 'main.mjs')], bundle: true, platform: 'node', logLevel: 'silent', outfile, ...options });
  return run(outfile, [], folder);
}

for (const format of ['cjs', 'esm']) {
  test(`esbuild with the package external runs (${format})`, async (t) => {
    assert.deepStrictEqual(await bundle(t, { format, external: ['kopokopo'] }), { code: 0, said: 'customer_created' });
  });
}

test('esbuild with the package inside says how to keep it out', async (t) => {
  const { code, said } = await bundle(t, { format: 'cjs' });
  assert.notStrictEqual(code, 0);
  for (const remedy of REMEDIES) assert.match(said, remedy);
  assert.doesNotMatch(said, /npm install|npm run/);
});
