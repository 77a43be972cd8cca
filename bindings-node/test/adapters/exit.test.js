'use strict';
// The package does not prevent a program from exiting.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const http = require('node:http');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { startSandbox } = require('../shared/harness');
const { listen } = require('./support');

const SCRIPT = path.join(__dirname, 'fixtures', 'exit.js');
const CONCURRENCY = 4;
const TIMEOUT = 20_000;

let sandbox;
let silentServer;
before(async () => {
  sandbox = await startSandbox();
  // Accepts every request, and sends no response.
  silentServer = await listen(http.createServer(() => {}));
});
after(() => Promise.all([sandbox.close(), silentServer.close()]));

/** Runs the fixture. Returns a promise of its exit code, its signal and its output. */
function run(how, baseUrl) {
  const env = {
    ...process.env,
    K2_BASE_URL: baseUrl,
    K2_CLIENT_ID: sandbox.credentials.clientId,
    K2_CLIENT_SECRET: sandbox.credentials.clientSecret,
    K2_API_KEY: 'api-key',
  };
  const child = spawn(process.execPath, [SCRIPT, how], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => output.push(part));
  const timer = setTimeout(() => child.kill('SIGKILL'), TIMEOUT);
  return new Promise((resolve) =>
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve([code, signal, Buffer.concat(output).toString()].join(' ').trim());
    }),
  );
}

/** Runs the fixture several times, and returns a promise of the number of runs for each result. */
async function countResults(how, times, baseUrl) {
  const found = {};
  let left = times;
  const runner = async () => {
    while (left > 0) {
      left -= 1;
      const result = await run(how, baseUrl);
      found[result] = (found[result] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, runner));
  return found;
}

for (const [how, times] of [
  ['after an awaited call', 100],
  ['with a call that is not awaited', 20],
  ['with workers that have exited', 10],
]) {
  test(`program exits ${how}`, async () => {
    assert.deepStrictEqual(await countResults(how, times, sandbox.baseUrl), { '0': times });
  });
}

for (const server of ['a server', 'a server that sends no response']) {
  for (const [how, times] of [
    ['by process.exit during a call', 25],
    ['by process.exit immediately after a call starts', 25],
    ['after an aborted call', 10],
    ['with workers that are terminated during a call', 10],
    ['by process.exit while workers call', 10],
  ]) {
    // Only a call without a response lasts until it is aborted.
    if (server === 'a server' && how === 'after an aborted call') continue;
    test(`program exits ${how} to ${server}`, async () => {
      const baseUrl = server !== 'a server' ? `http://127.0.0.1:${silentServer.port}` : sandbox.baseUrl;
      assert.deepStrictEqual(await countResults(how, times, baseUrl), { '0': times });
    });
  }
}
