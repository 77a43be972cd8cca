'use strict';
// The declarations, strictly checked: without any types of the platform, and with the frameworks' own.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { project } = require('../shared/project');

const COMPILER = path.resolve(__dirname, '../../node_modules/.bin/tsc');

const check = (project) =>
  new Promise((resolve) => {
    execFile(COMPILER, ['-p', project], (error, stdout, stderr) => resolve([error?.code ?? 0, stdout + stderr]));
  });

/** A project with this package alone, in which no framework's types are installed. */
function plain(t, compilerOptions) {
  const common = { noEmit: true, strict: true, target: 'es2022', lib: ['es2022'], types: [] };
  return project(t, {
    'plain.ts': fs.readFileSync(path.join(__dirname, 'types', 'plain.ts'), 'utf8'),
    'tsconfig.json': JSON.stringify({ compilerOptions: { ...common, ...compilerOptions }, files: ['plain.ts'] }),
  });
}

test('the declarations need no types of the platform, and none of a framework', async (t) => {
  const options = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, module: 'nodenext' };
  assert.deepStrictEqual(await check(plain(t, options)), [0, '']);
});

test("the frameworks' own types fit", async () => {
  assert.deepStrictEqual(await check(path.join(__dirname, 'types', 'frameworks.json')), [0, '']);
});

test('compilers that know no `exports` find the adapters', async (t) => {
  assert.deepStrictEqual(await check(plain(t, { moduleResolution: 'node10', module: 'commonjs' })), [0, '']);
});
