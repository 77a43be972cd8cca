'use strict';
// Compares this package with Node's built-in modules and with the official SDK, in one run. The compared functions take
// turns, so that a busy machine slows down all of them. Prints lines for `cargo xtask bench`.

const { execFileSync } = require('node:child_process');
const { createHmac, timingSafeEqual } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const officialSdk = require('k2-connect-node');
const { StkService } = require('k2-connect-node/lib/stk');
const { Webhooks } = require('k2-connect-node/lib/webhooks');
const { Pool } = require('undici');
const { KopoKopo, WebhookVerifier, signWebhook } = require('..');
const { TESTS, startSandbox } = require('../test/shared/harness');

const BODY = fs.readFileSync(path.join(TESTS, 'benches', 'webhook.json'));
const KEY = 'an-api-key-of-the-usual-length-0123456789';
const ROUNDS = 15;

const payment = {
  tillNumber: 'K000000',
  phoneNumber: '+254712345678',
  amount: '100',
  callbackUrl: 'https://shop.example/k2/results',
  firstName: 'Jane',
  lastName: 'Doe',
  email: 'jane@shop.example',
};
const wire = JSON.stringify({
  payment_channel: 'M-PESA STK Push',
  till_number: 'K000000',
  subscriber: { first_name: 'Jane', last_name: 'Doe', phone_number: '+254712345678', email: 'jane@shop.example' },
  amount: { currency: 'KES', value: 100 },
  _links: { callback_url: 'https://shop.example/k2/results' },
});

const median = (numbers) => numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Prints the median of `times.ours` with that of each other function. */
function report(name, times, unit) {
  const ours = median(times.ours);
  for (const [baseline, durations] of Object.entries(times)) {
    if (baseline === 'ours') continue;
    console.log(`measured ${JSON.stringify({ id: `node/${name}/${baseline}`, ours, baseline: median(durations), unit })}`);
  }
}

/** Returns a promise of the microseconds for one call of each function, by round. The first round is a warm-up. */
async function measure(functions, run, count) {
  const times = Object.fromEntries(Object.keys(functions).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, fn] of Object.entries(functions)) {
      const started = process.hrtime.bigint();
      await run(fn, count);
      if (round) times[name].push(Number(process.hrtime.bigint() - started) / 1000 / count);
    }
  }
  return times;
}

function check(condition) {
  if (!condition) throw new Error('a benchmark returned a wrong result');
}

async function webhooks() {
  const signature = signWebhook(KEY, BODY);
  const verifier = new WebhookVerifier({ apiKeys: [KEY] });
  const official = new Webhooks({ apiKey: KEY, baseUrl: 'https://sandbox.kopokopo.com' });
  // The official SDK signs the re-serialized body, which differs if Kopo Kopo escapes an ampersand.
  const reserialized = signWebhook(KEY, Buffer.from(JSON.stringify(JSON.parse(BODY))));
  const response = { status: () => response, json: () => response };
  const functions = {
    ours: () => verifier.verify(BODY, signature).payload.transaction.amount,
    own: () => {
      const digest = createHmac('sha256', KEY).update(BODY).digest();
      check(timingSafeEqual(digest, Buffer.from(signature, 'hex')));
      return JSON.parse(BODY.toString()).event.resource.amount;
    },
    official: () => {
      const body = JSON.parse(BODY.toString());
      official.webhookHandler({ body, get: () => reserialized }, response);
      return body.event.resource.amount;
    },
  };
  for (const fn of Object.values(functions)) check(fn().startsWith('1500'));
  const run = (fn, count) => {
    for (let call = 0; call < count; call += 1) fn();
  };
  report('verify_parse', await measure(functions, run, 5000), 'us');
}

/** Calls a function `count` times, with `concurrency` calls at a time. */
async function runConcurrently(fn, count, concurrency) {
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await fn();
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

async function creates(sandbox) {
  const client = new KopoKopo(sandbox.credentials);
  const { accessToken } = await client.oauth.token();
  const pool = new Pool(sandbox.baseUrl, { connections: 64 });
  // Creates the validators that the services of the official SDK use. Its own client uses version 1 of the API.
  officialSdk(sandbox.credentials);
  const official = new StkService({ baseUrl: `${sandbox.baseUrl}/api/v2` });
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
  const functions = {
    ours: async () => check((await client.incomingPayments.create(payment)).id),
    undici: async () => {
      const response = await pool.request({ method: 'POST', path: '/api/v2/incoming_payments', headers, body: wire });
      await response.body.dump();
      check(response.statusCode === 201 && response.headers.location);
    },
    official: async () =>
      check(
        await official.initiateIncomingPayment({
          ...payment,
          paymentChannel: 'M-PESA STK Push',
          currency: 'KES',
          metadata: {},
          accessToken,
        }),
      ),
  };
  for (const [concurrency, count] of [[1, 100], [64, 512]]) {
    const run = (fn, count) => runConcurrently(fn, count, concurrency);
    report(`create_${concurrency}`, await measure(functions, run, count), 'us');
  }
  await pool.close();
}

/** Measures the duration of `require`, and the memory of a process after it. */
function requires() {
  const packages = { ours: path.join(__dirname, '..'), official: 'k2-connect-node' };
  const evaluate = (expression, name) => {
    const program = `const started = performance.now(); require(${JSON.stringify(name)}); console.log(${expression})`;
    return Number(execFileSync(process.execPath, ['-e', program], { cwd: __dirname }));
  };
  for (const [id, expression, unit] of [
    ['require', 'performance.now() - started', 'ms'],
    ['memory', 'process.memoryUsage().rss / 1048576', 'MB'],
  ]) {
    const times = { ours: [], official: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, path] of Object.entries(packages)) times[name].push(evaluate(expression, path));
    }
    report(id, times, unit);
    console.log(`measured ${JSON.stringify({ id: `node/${id}`, ours: median(times.ours), unit })}`);
  }
}

async function main() {
  await webhooks();
  const sandbox = await startSandbox();
  try {
    // In manual pace the sandbox does nothing on its own, so only the calls are measured.
    await sandbox.changeSettings({ pace: 'manual' });
    await creates(sandbox);
  } finally {
    await sandbox.close();
  }
  requires();
}

main();
