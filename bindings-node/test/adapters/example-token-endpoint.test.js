'use strict';
// The example token endpoint, in its own process, and a client without a secret that uses its tokens.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { test } = require('node:test');
const { AuthenticationError, KopoKopo } = require('kopokopo');
const { startSandbox } = require('../shared/harness');

const ENDPOINT = path.resolve(__dirname, '../../examples/token-endpoint/tokens.mjs');
const TIMEOUT = 20_000;
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
    const sandbox = await startSandbox();
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
    const exited = new Promise((resolve) => child.once('exit', resolve));
    t.after(async () => {
      child.kill();
      await Promise.all([exited, sandbox.close()]);
    });
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => output.push(part));
    const line = await Promise.race([
      new Promise((resolve) => readline.createInterface({ input: child.stdout }).once('line', resolve)),
      exited.then(() => assert.fail(`the endpoint did not start: ${Buffer.concat(output)}`)),
    ]);
    return new Endpoint(sandbox, `${line.replace('listening: ', '')}/k2/token`, output);
  }

  constructor(sandbox, url, output) {
    Object.assign(this, { sandbox, url, output, owner: new KopoKopo(sandbox.credentials) });
  }

  /** Requests a token as the Android example does: with POST, and without a body if no token was refused. */
  async send(session, body) {
    const response = await fetch(this.url, {
      method: 'POST',
      headers: session === undefined ? {} : { authorization: `Bearer ${session}` },
      body,
      signal: AbortSignal.timeout(TIMEOUT),
    });
    return { status: response.status, headers: response.headers, body: await response.json() };
  }

  /** Creates an app: a client whose token source requests tokens from the endpoint. */
  app(session) {
    const app = { tokenRequests: 0 };
    let expiresAt = 0;
    const source = async () => {
      app.tokenRequests += 1;
      // If the last token has more than five minutes left, Kopo Kopo has refused it.
      const { status, body } = await this.send(session, Date.now() < expiresAt - 300_000 ? REFUSED : undefined);
      if (status !== 200) throw new Error(`no token from the endpoint: ${status}`);
      expiresAt = Date.now() + body.expires_in * 1000;
      return { token: body.token, expiresIn: body.expires_in };
    };
    app.k2 = KopoKopo.withTokenSource(source, { baseUrl: this.sandbox.baseUrl });
    app.pay = async () => (await app.k2.incomingPayments.create(PUSH)).wait({ interval: 20 });
    return app;
  }

  fault(fault) {
    return this.sandbox.fault({ operation: 'oauth.token', ...fault });
  }

  async requests(operation) {
    const requests = await this.sandbox.requests();
    return requests.filter((request) => request.operation === operation).length;
  }

  get log() {
    return Buffer.concat(this.output).toString();
  }
}

test('app without a secret receives a payment', async (t) => {
  const endpoint = await Endpoint.open(t);
  const app = endpoint.app('session-of-user0');
  assert.ok((await app.pay()).isPaid);
  assert.strictEqual(app.tokenRequests, 1);
  assert.strictEqual(await endpoint.requests('oauth.token'), 1);
});

test('response has the fields that the Android example reads', async (t) => {
  const endpoint = await Endpoint.open(t);
  const { status, headers, body } = await endpoint.send('session-of-user0');
  assert.strictEqual(status, 200);
  assert.deepStrictEqual(Object.keys(body).sort(), ['expires_in', 'token']);
  assert.ok(Number.isInteger(body.expires_in) && body.expires_in > 3500 && body.expires_in <= 3600);
  assert.strictEqual(headers.get('cache-control'), 'no-store');
  assert.ok((await endpoint.owner.oauth.introspect(body.token)).active);
  assert.strictEqual((await endpoint.send('session-of-user1')).body.token, body.token);
});

for (const end of ['revoked', 'expired']) {
  test(`call after a token was ${end} early succeeds with one more token`, async (t) => {
    const endpoint = await Endpoint.open(t);
    const app = endpoint.app('session-of-user0');
    await app.pay();
    const old = (await endpoint.send('session-of-user1')).body.token;
    if (end === 'revoked') await endpoint.owner.oauth.revoke(old);
    else await endpoint.sandbox.advanceClock(3700);
    assert.ok((await app.pay()).isPaid);
    assert.strictEqual(app.tokenRequests, 2);
    assert.strictEqual(await endpoint.requests('oauth.token'), 2);
    // Other users of the old token get the new one, without another fetch.
    const { status, body } = await endpoint.send('session-of-user1', REFUSED);
    assert.strictEqual(status, 200);
    assert.notStrictEqual(body.token, old);
    assert.strictEqual(await endpoint.requests('oauth.token'), 2);
  });
}

test('repeated refusals are limited to one new token in five seconds', async (t) => {
  const endpoint = await Endpoint.open(t);
  await endpoint.send('session-of-user0');
  assert.strictEqual((await endpoint.send('session-of-user0', REFUSED)).status, 200);
  const { status, headers, body } = await endpoint.send('session-of-user0', REFUSED);
  assert.strictEqual(status, 429);
  assert.deepStrictEqual(Object.keys(body), ['error']);
  assert.match(headers.get('retry-after'), /^[1-5]$/);
  assert.strictEqual(await endpoint.requests('oauth.token'), 2);
  assert.strictEqual((await endpoint.send('session-of-user0')).status, 200, 'the current token is still available');
});

test('request without a valid session is a 401', async (t) => {
  const endpoint = await Endpoint.open(t);
  const app = endpoint.app('unknown-session');
  await assert.rejects(app.pay(), AuthenticationError);
  assert.strictEqual(app.tokenRequests, 1);
  for (const session of [undefined, '', 'session-of-user', 'sessión']) {
    const { status, headers, body } = await endpoint.send(session);
    assert.strictEqual(status, 401);
    assert.strictEqual(headers.get('cache-control'), 'no-store');
    assert.deepStrictEqual(body, { error: 'sign in first' });
  }
  assert.strictEqual(await endpoint.requests('incoming_payments.create'), 0);
  assert.strictEqual(await endpoint.requests('oauth.token'), 0);
});

test('requests of each user are limited', async (t) => {
  const endpoint = await Endpoint.open(t);
  for (let count = 0; count < 6; count += 1) assert.strictEqual((await endpoint.send('session-of-user0')).status, 200);
  const { status, headers, body } = await endpoint.send('session-of-user0');
  assert.strictEqual(status, 429);
  assert.deepStrictEqual(body, { error: 'too many requests' });
  const wait = Number(headers.get('retry-after'));
  assert.ok(wait >= 1 && wait <= 60);
  assert.strictEqual((await endpoint.send('session-of-user1')).status, 200);
  assert.strictEqual(await endpoint.requests('oauth.token'), 1);
});

test('twenty concurrent requests fetch one token', async (t) => {
  const endpoint = await Endpoint.open(t);
  await endpoint.fault({ kind: 'delay', delayMs: 300 });
  const all = (body) => Promise.all(USERS.map((user) => endpoint.send(`session-of-${user}`, body)));
  const tokens = (responses) => [...new Set(responses.map(({ body }) => body.token))];
  const [token, ...others] = tokens(await all());
  assert.ok(token);
  assert.deepStrictEqual(others, []);
  assert.strictEqual(await endpoint.requests('oauth.token'), 1);
  // All users report the same refused token at the same time.
  await endpoint.owner.oauth.revoke(token);
  assert.strictEqual(tokens(await all(REFUSED)).length, 1);
  assert.strictEqual(await endpoint.requests('oauth.token'), 2);
});

test('response is a 503 without details if Kopo Kopo returns no token', async (t) => {
  const endpoint = await Endpoint.open(t);
  const fault = { kind: 'status', status: 500, body: 'CANARY', times: null };
  await endpoint.fault(fault);
  const { status, body } = await endpoint.send('session-of-user0');
  assert.strictEqual(status, 503);
  assert.deepStrictEqual(body, { error: 'no token available' });
  await endpoint.sandbox.clearFaults();
  const { token } = (await endpoint.send('session-of-user0')).body;
  await endpoint.fault(fault);
  assert.strictEqual((await endpoint.send('session-of-user0', REFUSED)).status, 503);
  assert.strictEqual((await endpoint.send('session-of-user1')).body.token, token, 'other users get the current token');
  assert.match(endpoint.log, /no token from Kopo Kopo/);
  const { clientSecret, apiKey } = endpoint.sandbox.credentials;
  for (const secret of [token, 'CANARY', 'session-of', clientSecret, apiKey]) assert.ok(!endpoint.log.includes(secret));
});

test('invalid body is a 4xx whose response does not contain it', async (t) => {
  const endpoint = await Endpoint.open(t);
  for (const [sent, expected] of [['{', 400], ['[1]', 200], [' '.repeat(5000), 413]]) {
    const { status, body } = await endpoint.send('session-of-user0', sent);
    assert.strictEqual(status, expected);
    if (expected !== 200) assert.deepStrictEqual(body, { error: 'invalid request' });
  }
});
