'use strict';
// The example's token endpoint, in a process of its own, and a client without a secret that takes money with its tokens.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { test } = require('node:test');
const { AuthenticationError, KopoKopo } = require('kopokopo');
const { Sandbox } = require('../shared/stage');

const ENDPOINT = path.resolve(__dirname, '../../examples/token-endpoint/tokens.mjs');
const PATIENCE = 20_000;
const USERS = Array.from({ length: 20 }, (_, number) => `user${number}`);
const REFUSED = '{"refused": true}';
const PUSH = {
  tillNumber: 'K000000',
  phoneNumber: '0712345678',
  amount: 100,
  callbackUrl: 'https://shop.example/k2/results',
};

class Endpoint {
  static async open(t) {
    const sandbox = await Sandbox.start();
    const { baseUrl, clientId, clientSecret, apiKey } = sandbox.credentials;
    const child = spawn(process.execPath, [ENDPOINT], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        K2_BASE_URL: baseUrl,
        K2_CLIENT_ID: clientId,
        K2_CLIENT_SECRET: clientSecret,
        K2_API_KEY: apiKey,
        APP_SESSIONS: USERS.map((user) => `${user}=session-of-${user}`).join(),
        PORT: '0',
      },
    });
    const ended = new Promise((resolve) => child.once('exit', resolve));
    t.after(async () => {
      child.kill();
      await Promise.all([ended, sandbox.close()]);
    });
    const words = [];
    for (const output of [child.stdout, child.stderr]) output.on('data', (part) => words.push(part));
    const line = await Promise.race([
      new Promise((resolve) => readline.createInterface({ input: child.stdout }).once('line', resolve)),
      ended.then(() => assert.fail(`the endpoint did not open: ${Buffer.concat(words)}`)),
    ]);
    return new Endpoint(sandbox, `${line.replace('open: ', '')}/k2/token`, words);
  }

  constructor(sandbox, url, words) {
    Object.assign(this, { sandbox, url, words, owner: new KopoKopo(sandbox.credentials) });
  }

  /** Asks as the Android example does: a POST, without a body where there is nothing to say. */
  async ask(session, body) {
    const answer = await fetch(this.url, {
      method: 'POST',
      headers: session === undefined ? {} : { authorization: `Bearer ${session}` },
      body,
      signal: AbortSignal.timeout(PATIENCE),
    });
    return { status: answer.status, headers: answer.headers, body: await answer.json() };
  }

  /** What an app does: a token source that asks its backend. */
  app(session) {
    const app = { asked: 0 };
    let lastsUntil = 0;
    const source = async () => {
      app.asked += 1;
      // Asked again though the last token should live on for more than five minutes: Kopo Kopo refused it.
      const { status, body } = await this.ask(session, Date.now() < lastsUntil - 300_000 ? REFUSED : undefined);
      if (status !== 200) throw new Error(`the backend gave no token: ${status}`);
      lastsUntil = Date.now() + body.expires_in * 1000;
      return { token: body.token, expiresIn: body.expires_in };
    };
    app.k2 = KopoKopo.withTokenSource(source, { baseUrl: this.sandbox.baseUrl });
    app.pay = async () => (await app.k2.incomingPayments.create(PUSH)).wait({ interval: 20 });
    return app;
  }

  fault(fault) {
    return this.sandbox.control('PUT /_sandbox/faults', { operation: 'oauth.token', ...fault });
  }

  async requests(operation) {
    const seen = await this.sandbox.control('GET /_sandbox/requests');
    return seen.filter((request) => request.operation === operation).length;
  }

  get log() {
    return Buffer.concat(this.words).toString();
  }
}

test('an app without a secret takes a payment', async (t) => {
  const endpoint = await Endpoint.open(t);
  const app = endpoint.app('session-of-user0');
  assert.ok((await app.pay()).isPaid);
  assert.strictEqual(app.asked, 1);
  assert.strictEqual(await endpoint.requests('oauth.token'), 1);
});

test('the answer is what the Android example reads', async (t) => {
  const endpoint = await Endpoint.open(t);
  const { status, headers, body } = await endpoint.ask('session-of-user0');
  assert.strictEqual(status, 200);
  assert.deepStrictEqual(Object.keys(body).sort(), ['expires_in', 'token']);
  assert.ok(Number.isInteger(body.expires_in) && body.expires_in > 3500 && body.expires_in <= 3600);
  assert.strictEqual(headers.get('cache-control'), 'no-store');
  assert.ok((await endpoint.owner.oauth.introspect(body.token)).active);
  assert.strictEqual((await endpoint.ask('session-of-user1')).body.token, body.token);
});

for (const end of ['revoked', 'expired']) {
  test(`after a token was ${end} early the next call works with one more`, async (t) => {
    const endpoint = await Endpoint.open(t);
    const app = endpoint.app('session-of-user0');
    await app.pay();
    const old = (await endpoint.ask('session-of-user1')).body.token;
    if (end === 'revoked') await endpoint.owner.oauth.revoke(old);
    else await endpoint.sandbox.control('POST /_sandbox/clock/advance', { seconds: 3700 });
    assert.ok((await app.pay()).isPaid);
    assert.strictEqual(app.asked, 2);
    assert.strictEqual(await endpoint.requests('oauth.token'), 2);
    // Whoever still has the old one gets the new one: it has been fetched already.
    const { status, body } = await endpoint.ask('session-of-user1', REFUSED);
    assert.strictEqual(status, 200);
    assert.notStrictEqual(body.token, old);
    assert.strictEqual(await endpoint.requests('oauth.token'), 2);
  });
}

test('refusing again and again fetches once in a while', async (t) => {
  const endpoint = await Endpoint.open(t);
  await endpoint.ask('session-of-user0');
  assert.strictEqual((await endpoint.ask('session-of-user0', REFUSED)).status, 200);
  const { status, headers, body } = await endpoint.ask('session-of-user0', REFUSED);
  assert.strictEqual(status, 429);
  assert.deepStrictEqual(Object.keys(body), ['error']);
  assert.match(headers.get('retry-after'), /^[1-5]$/);
  assert.strictEqual(await endpoint.requests('oauth.token'), 2);
  assert.strictEqual((await endpoint.ask('session-of-user0')).status, 200, 'the token that is there is still handed out');
});

test('whoever is not signed in pays nothing', async (t) => {
  const endpoint = await Endpoint.open(t);
  const app = endpoint.app('session-of-a-stranger');
  await assert.rejects(app.pay(), AuthenticationError);
  assert.strictEqual(app.asked, 1);
  for (const session of [undefined, '', 'session-of-user', 'sessión']) {
    const { status, headers, body } = await endpoint.ask(session);
    assert.strictEqual(status, 401);
    assert.strictEqual(headers.get('cache-control'), 'no-store');
    assert.deepStrictEqual(body, { error: 'sign in first' });
  }
  assert.strictEqual(await endpoint.requests('incoming_payments.create'), 0);
  assert.strictEqual(await endpoint.requests('oauth.token'), 0);
});

test('each user may ask so often', async (t) => {
  const endpoint = await Endpoint.open(t);
  for (let asked = 0; asked < 6; asked += 1) assert.strictEqual((await endpoint.ask('session-of-user0')).status, 200);
  const { status, headers, body } = await endpoint.ask('session-of-user0');
  assert.strictEqual(status, 429);
  assert.deepStrictEqual(body, { error: 'too often' });
  const wait = Number(headers.get('retry-after'));
  assert.ok(wait >= 1 && wait <= 60);
  assert.strictEqual((await endpoint.ask('session-of-user1')).status, 200);
  assert.strictEqual(await endpoint.requests('oauth.token'), 1);
});

test('twenty who ask at once make one request', async (t) => {
  const endpoint = await Endpoint.open(t);
  await endpoint.fault({ kind: 'delay', delay_ms: 300 });
  const all = (body) => Promise.all(USERS.map((user) => endpoint.ask(`session-of-${user}`, body)));
  const tokens = (answers) => [...new Set(answers.map(({ body }) => body.token))];
  const [token, ...others] = tokens(await all());
  assert.ok(token);
  assert.deepStrictEqual(others, []);
  assert.strictEqual(await endpoint.requests('oauth.token'), 1);
  // All of them see it end, and say so at once.
  await endpoint.owner.oauth.revoke(token);
  assert.strictEqual(tokens(await all(REFUSED)).length, 1);
  assert.strictEqual(await endpoint.requests('oauth.token'), 2);
});

test('without Kopo Kopo there is no token and no detail', async (t) => {
  const endpoint = await Endpoint.open(t);
  const fault = { kind: 'status', status: 500, body: 'CANARY', times: null };
  await endpoint.fault(fault);
  const { status, body } = await endpoint.ask('session-of-user0');
  assert.strictEqual(status, 503);
  assert.deepStrictEqual(body, { error: 'no token now' });
  await endpoint.sandbox.control('DELETE /_sandbox/faults');
  const { token } = (await endpoint.ask('session-of-user0')).body;
  await endpoint.fault(fault);
  assert.strictEqual((await endpoint.ask('session-of-user0', REFUSED)).status, 503);
  assert.strictEqual((await endpoint.ask('session-of-user1')).body.token, token, 'who did not complain has what there is');
  assert.match(endpoint.log, /Kopo Kopo gave no token/);
  const { clientSecret, apiKey } = endpoint.sandbox.credentials;
  for (const secret of [token, 'CANARY', 'session-of', clientSecret, apiKey]) assert.ok(!endpoint.log.includes(secret));
});

test('what is not understood is not repeated', async (t) => {
  const endpoint = await Endpoint.open(t);
  for (const [sent, expected] of [['{', 400], ['[1]', 200], [' '.repeat(5000), 413]]) {
    const { status, body } = await endpoint.ask('session-of-user0', sent);
    assert.strictEqual(status, expected);
    if (expected !== 200) assert.deepStrictEqual(body, { error: 'not understood' });
  }
});
