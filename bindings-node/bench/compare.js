'use strict';
// What this package costs beside Node's own means and beside the official SDK, in one run. Each comparison takes turns,
// so that a busy machine slows down both. Prints lines for `cargo xtask bench`.

const { execFileSync } = require('node:child_process');
const { createHmac, timingSafeEqual } = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const officialSdk = require('k2-connect-node');
const { StkService } = require('k2-connect-node/lib/stk');
const { Webhooks } = require('k2-connect-node/lib/webhooks');
const { Pool } = require('undici');
const { KopoKopo, WebhookVerifier, signWebhook } = require('..');
const { Sandbox, TESTS } = require('../test/shared/stage');

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

function measured(what, times, unit) {
  const ours = median(times.ours);
  for (const [name, found] of Object.entries(times)) {
    if (name === 'ours') continue;
    console.log(`measured ${JSON.stringify({ id: `node/${what}/${name}`, ours, baseline: median(found), unit })}`);
  }
}

/** Microseconds for one call of each, round by round. The first round warms up. */
async function inTurns(works, run, count) {
  const times = Object.fromEntries(Object.keys(works).map((name) => [name, []]));
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [name, work] of Object.entries(works)) {
      const started = process.hrtime.bigint();
      await run(work, count);
      if (round) times[name].push(Number(process.hrtime.bigint() - started) / 1000 / count);
    }
  }
  return times;
}

function check(fine) {
  if (!fine) throw new Error('a benchmark that does not do its work measures nothing');
}

async function webhooks() {
  const signature = signWebhook(KEY, BODY);
  const verifier = new WebhookVerifier({ apiKeys: [KEY] });
  const official = new Webhooks({ apiKey: KEY, baseUrl: 'https://sandbox.kopokopo.com' });
  // It signs what it wrote again, which is another body where Kopo Kopo escapes an ampersand.
  const rewritten = signWebhook(KEY, Buffer.from(JSON.stringify(JSON.parse(BODY))));
  const response = { status: () => response, json: () => response };
  const works = {
    ours: () => verifier.verify(BODY, signature).payload.transaction.amount,
    own: () => {
      const found = createHmac('sha256', KEY).update(BODY).digest();
      check(timingSafeEqual(found, Buffer.from(signature, 'hex')));
      return JSON.parse(BODY.toString()).event.resource.amount;
    },
    official: () => {
      const body = JSON.parse(BODY.toString());
      official.webhookHandler({ body, get: () => rewritten }, response);
      return body.event.resource.amount;
    },
  };
  for (const work of Object.values(works)) check(work().startsWith('1500'));
  const run = (work, count) => {
    for (let at = 0; at < count; at += 1) work();
  };
  measured('verify_parse', await inTurns(works, run, 5000), 'us');
}

/** So many calls, some at a time. */
async function together(work, count, atATime) {
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: atATime }, worker));
}

async function creates(sandbox) {
  const client = new KopoKopo(sandbox.credentials);
  const { accessToken } = await client.oauth.token();
  const pool = new Pool(sandbox.baseUrl, { connections: 64 });
  // It has the validators that its services use, once it was made as a whole. That asks for version 1 of the API.
  officialSdk(sandbox.credentials);
  const official = new StkService({ baseUrl: `${sandbox.baseUrl}/api/v2` });
  const headers = { authorization: `Bearer ${accessToken}`, 'content-type': 'application/json' };
  const works = {
    ours: async () => check((await client.incomingPayments.create(payment)).id),
    undici: async () => {
      const answer = await pool.request({ method: 'POST', path: '/api/v2/incoming_payments', headers, body: wire });
      await answer.body.dump();
      check(answer.statusCode === 201 && answer.headers.location);
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
  for (const [atATime, count] of [[1, 100], [64, 512]]) {
    measured(`create_${atATime}`, await inTurns(works, (work, count) => together(work, count, atATime), count), 'us');
  }
  await pool.close();
}

function requires() {
  const packages = { ours: path.join(__dirname, '..'), official: 'k2-connect-node' };
  const ask = (expression, name) => {
    const program = `const started = performance.now(); require(${JSON.stringify(name)}); console.log(${expression})`;
    return Number(execFileSync(process.execPath, ['-e', program], { cwd: __dirname }));
  };
  for (const [what, expression, unit] of [
    ['require', 'performance.now() - started', 'ms'],
    ['memory', 'process.memoryUsage().rss / 1048576', 'MB'],
  ]) {
    const times = { ours: [], official: [] };
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const [name, place] of Object.entries(packages)) times[name].push(ask(expression, place));
    }
    measured(what, times, unit);
    console.log(`measured ${JSON.stringify({ id: `node/${what}`, ours: median(times.ours), unit })}`);
  }
}

async function main() {
  await webhooks();
  const sandbox = await Sandbox.start();
  try {
    // Nothing happens by itself, so nothing but the calls is measured.
    await sandbox.control('PUT /_sandbox/settings', { pace: 'manual' });
    await creates(sandbox);
  } finally {
    await sandbox.close();
  }
  requires();
}

main();
