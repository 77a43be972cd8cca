'use strict';
// The declarations, strictly checked: without any types of the platform, and with the frameworks' own.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { test } = require('node:test');

const COMPILER = path.resolve(__dirname, '../../node_modules/.bin/tsc');

const check = (project) =>
  new Promise((resolve) => {
    execFile(COMPILER, ['-p', path.join(__dirname, 'types', project)], (error, stdout, stderr) =>
      resolve([error?.code ?? 0, stdout + stderr]),
    );
  });

test('the declarations need no types of the platform', async () => {
  assert.deepStrictEqual(await check('plain.json'), [0, '']);
});

test("the frameworks' own types fit", async () => {
  assert.deepStrictEqual(await check('frameworks.json'), [0, '']);
});
