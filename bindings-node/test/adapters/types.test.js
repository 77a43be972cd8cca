'use strict';
// The declarations, strictly checked: without any types of the platform, and with the frameworks' own.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');

const COMPILER = path.resolve(__dirname, '../../node_modules/.bin/tsc');

const check = (project) =>
  new Promise((resolve) => {
    execFile(COMPILER, ['-p', project], (error, stdout, stderr) => resolve([error?.code ?? 0, stdout + stderr]));
  });

test('the declarations need no types of the platform', async () => {
  assert.deepStrictEqual(await check(path.join(__dirname, 'types', 'plain.json')), [0, '']);
});

test("the frameworks' own types fit", async () => {
  assert.deepStrictEqual(await check(path.join(__dirname, 'types', 'frameworks.json')), [0, '']);
});

test('compilers that know no `exports` find the adapters', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  fs.mkdirSync(path.join(folder, 'node_modules'));
  fs.symlinkSync(path.resolve(__dirname, '../..'), path.join(folder, 'node_modules', 'kopokopo'));
  fs.copyFileSync(path.join(__dirname, 'types', 'plain.ts'), path.join(folder, 'plain.ts'));
  const compilerOptions = { noEmit: true, strict: true, target: 'es2022', lib: ['es2022'], types: [], moduleResolution: 'node10', module: 'commonjs' };
  fs.writeFileSync(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['plain.ts'] }));
  assert.deepStrictEqual(await check(folder), [0, '']);
});
