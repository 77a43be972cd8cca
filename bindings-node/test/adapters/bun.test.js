'use strict';
// The same program in Node and in Bun.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const path = require('node:path');
const { promisify } = require('node:util');
const { test } = require('node:test');
const { startSandbox } = require('../shared/harness');

const SCRIPT = path.join(__dirname, 'fixtures', 'bun.mjs');
const BUN = process.env.BUN_BINARY ?? path.resolve(__dirname, '../../node_modules/.bin/bun');

for (const [name, binary] of [
  ['Node', process.execPath],
  ['Bun', BUN],
]) {
  test(`payment, error and webhooks work in ${name}`, async (t) => {
    const sandbox = await startSandbox();
    t.after(() => sandbox.close());
    const { baseUrl, clientId, clientSecret, apiKey } = sandbox.credentials;
    const credentials = { K2_BASE_URL: baseUrl, K2_CLIENT_ID: clientId, K2_CLIENT_SECRET: clientSecret, K2_API_KEY: apiKey };
    const options = { env: { ...process.env, ...credentials }, timeout: 60_000 };
    const { stdout } = await promisify(execFile)(binary, [SCRIPT], options);
    assert.strictEqual(stdout.trim(), 'done');
  });
}
