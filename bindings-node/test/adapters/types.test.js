'use strict';
// The declarations, strictly checked: without any types of the platform, and with the frameworks' own.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const STRICT = [
  '--noEmit',
  '--strict',
  '--exactOptionalPropertyTypes',
  '--noUncheckedIndexedAccess',
  '--noUnusedLocals',
  ...['--module', 'nodenext', '--target', 'es2022'],
];

function check(file, ...options) {
  const compiler = path.resolve(__dirname, '../../node_modules/.bin/tsc');
  const args = [...STRICT, ...options, path.join(__dirname, 'types', file)];
  return new Promise((resolve) => execFile(compiler, args, { cwd: path.resolve(__dirname, '../..') }, (_error, stdout, stderr) => resolve(stdout + stderr)));
}

test('the declarations need no types of the platform', async () => {
  assert.strictEqual(await check('plain.ts', '--lib', 'es2022', '--types', ''), '');
});

test("the frameworks' own types fit", async () => {
  const options = ['--lib', 'es2022', '--types', 'node', '--skipLibCheck', '--experimentalDecorators', '--emitDecoratorMetadata'];
  assert.strictEqual(await check('frameworks.ts', ...options), '');
});
