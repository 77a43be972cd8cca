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

test('webpack with the package external runs', async (t) => {
  const externals = { kopokopo: 'commonjs kopokopo' };
  assert.deepStrictEqual(await bundle(t, { externals }), { code: 0, said: 'customer_created' });
});

test('webpack with the package inside says how to keep it out', async (t) => {
  const { code, said } = await bundle(t, {});
  assert.notStrictEqual(code, 0);
  for (const remedy of REMEDIES) assert.match(said, remedy);
  assert.doesNotMatch(said, /npm install|npm run/);
});
