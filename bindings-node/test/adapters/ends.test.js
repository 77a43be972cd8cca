'use strict';
// Nothing of the package keeps a program from ending.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const http = require('node:http');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { Sandbox } = require('../shared/stage');
const { listening } = require('./support');

const SCRIPT = path.join(__dirname, 'fixtures', 'ends.js');
const AT_A_TIME = 4;
const PATIENCE = 20_000;

let sandbox;
let silence;
before(async () => {
  sandbox = await Sandbox.start();
  // Takes every request, and never answers.
  silence = await listening(http.createServer(() => {}));
});
after(() => Promise.all([sandbox.close(), silence.close()]));

function run(how, baseUrl) {
  const env = {
    ...process.env,
    K2_BASE_URL: baseUrl,
    K2_CLIENT_ID: sandbox.credentials.clientId,
    K2_CLIENT_SECRET: sandbox.credentials.clientSecret,
    K2_API_KEY: 'api-key',
  };
  const child = spawn(process.execPath, [SCRIPT, how], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const words = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => words.push(part));
  const timer = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  return new Promise((resolve) =>
    child.once('close', (code, signal) => {
      clearTimeout(timer);
      resolve([code, signal, Buffer.concat(words).toString()].join(' ').trim());
    }),
  );
}

/** How many programs ended in which way, several at a time. */
async function ends(how, times, baseUrl) {
  const found = {};
  let left = times;
  const runner = async () => {
    while (left > 0) {
      left -= 1;
      const end = await run(how, baseUrl);
      found[end] = (found[end] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, runner));
  return found;
}

for (const [how, times] of [
  ['after an awaited call', 100],
  ['with a call that nobody awaits', 20],
  ['with workers that are done', 10],
]) {
  test(`a program ends ${how}`, async () => {
    assert.deepStrictEqual(await ends(how, times, sandbox.baseUrl), { '0': times });
  });
}

for (const where of ['an answer', 'silence']) {
  for (const [how, times] of [
    ['by process.exit in the middle of a call', 25],
    ['by process.exit as soon as a call begins', 25],
    ['after an aborted call', 10],
    ['with workers that are terminated in the middle of a call', 10],
    ['by process.exit while workers call', 10],
  ]) {
    // An aborted call needs one that lasts.
    if (where === 'an answer' && how === 'after an aborted call') continue;
    test(`a program ends ${how}, before ${where}`, async () => {
      const baseUrl = where === 'silence' ? `http://127.0.0.1:${silence.port}` : sandbox.baseUrl;
      assert.deepStrictEqual(await ends(how, times, baseUrl), { '0': times });
    });
  }
}
