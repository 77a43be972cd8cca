'use strict';
// The declarations compile in strict mode: without types of the platform, and with the types of the frameworks.

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

/** Creates a project with only this package, without the types of frameworks. */
function projectWithoutTypes(t, compilerOptions) {
  const common = { noEmit: true, strict: true, target: 'es2022', lib: ['es2022'], types: [] };
  return project(t, {
    'without_types.ts': fs.readFileSync(path.join(__dirname, 'types', 'without_types.ts'), 'utf8'),
    'tsconfig.json': JSON.stringify({ compilerOptions: { ...common, ...compilerOptions }, files: ['without_types.ts'] }),
  });
}

test('declarations need no types of the platform or of a framework', async (t) => {
  const options = { exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false, module: 'nodenext' };
  assert.deepStrictEqual(await check(projectWithoutTypes(t, options)), [0, '']);
});

test('declarations match the types of the frameworks', async () => {
  assert.deepStrictEqual(await check(path.join(__dirname, 'types', 'frameworks.json')), [0, '']);
});

test('module resolution without `exports` finds the adapters', async (t) => {
  assert.deepStrictEqual(await check(projectWithoutTypes(t, { moduleResolution: 'node10', module: 'commonjs' })), [0, '']);
});
