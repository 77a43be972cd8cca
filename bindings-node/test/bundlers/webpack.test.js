'use strict';

const assert = require('node:assert');
const path = require('node:path');
const { test } = require('node:test');
const webpack = require('webpack');
const { PROGRAM, REMEDIES, project, run } = require('../shared/project');

async function bundle(t, options) {
  const folder = project(t, { 'main.mjs': PROGRAM });
  const output = { path: path.join(folder, 'dist'), filename: 'main.cjs' };
  const compiler = webpack({ mode: 'production', target: 'node18', context: folder, entry: './main.mjs', output, ...options });
  const stats = await new Promise((resolve, reject) => compiler.run((error, found) => (error ? reject(error) : resolve(found))));
  await new Promise((resolve) => compiler.close(resolve));
  assert.ok(!stats.hasErrors(), stats.toString('errors-only'));
  return run(path.join(output.path, output.filename), [], folder);
}

test('bundle of webpack with the package external runs', async (t) => {
  const externals = { kopokopo: 'commonjs kopokopo' };
  assert.deepStrictEqual(await bundle(t, { externals }), { code: 0, output: 'customer_created' });
});

test('bundle of webpack with the package inside has an error with the remedy', async (t) => {
  const { code, output } = await bundle(t, {});
  assert.notStrictEqual(code, 0);
  for (const remedy of REMEDIES) assert.match(output, remedy);
  assert.doesNotMatch(output, /npm install|npm run/);
});
