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
  test(`bundle of esbuild with the package external runs (${format})`, async (t) => {
    assert.deepStrictEqual(await bundle(t, { format, external: ['kopokopo'] }), { code: 0, output: 'customer_created' });
  });
}

test('bundle of esbuild with the package inside has an error with the remedy', async (t) => {
  const { code, output } = await bundle(t, { format: 'cjs' });
  assert.notStrictEqual(code, 0);
  for (const remedy of REMEDIES) assert.match(output, remedy);
  assert.doesNotMatch(output, /npm install|npm run/);
});
