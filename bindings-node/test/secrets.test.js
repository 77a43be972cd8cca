'use strict';
// Canaries in credentials, tokens and personal data show up nowhere: not when inspected, not in errors, not on the console.

const assert = require('node:assert');
const { inspect } = require('node:util');
const { test } = require('node:test');
const { KopoKopo, KopoKopoError, WebhookVerifier, signWebhook } = require('..');
const { Sandbox } = require('./shared/stage');

const [secret, key, password] = ['canary-client-secret-1', 'canary-api-key-2', 'canary-password-3'];
const canaries = [secret, key, password, '712345678', 'Canaryname', 'canary@shop.example', 'canary-metadata'];
const credentials = { clientId: 'app', clientSecret: secret, apiKey: key };
const payment = {
  tillNumber: 'K000000',
  phoneNumber: '0712345678',
  amount: '100',
  callbackUrl: 'https://shop.example',
  firstName: 'Canaryname',
  email: 'canary@shop.example',
  metadata: { order: 'canary-metadata' },
};

const shown = (value) => inspect(value, { depth: 10, showHidden: true, getters: true });

function assertClean(text, ...more) {
  assert.deepStrictEqual([...canaries, ...more].filter((canary) => text.includes(canary)), []);
}

async function failure(call) {
  const error = await Promise.resolve().then(call).then(() => undefined, (error) => error);
  assert.ok(error instanceof KopoKopoError, `expected an error, found ${inspect(error)}`);
  return error;
}

test('clients and verifiers show no credential', () => {
  const client = new KopoKopo({ ...credentials, proxy: `http://user:${password}@127.0.0.1:9` });
  const verifier = new WebhookVerifier({ apiKeys: [key], clientSecret: secret });
  for (const thing of [client, client.webhooks, client.oauth, verifier]) {
    assertClean(shown(thing) + JSON.stringify(thing));
  }
});

for (const wrong of [
  { baseUrl: `http://user:${password}@shop.example` },
  { proxy: `nonsense://user:${password}@127.0.0.1` },
  { timeout: 0 },
  { otherApiKeys: [key, 7] },
  { clientId: '' },
  { environment: 'live' },
]) {
  test(`a refused ${Object.keys(wrong)} shows no credential`, async () => {
    const error = await failure(() => new KopoKopo({ ...credentials, ...wrong }));
    assert.strictEqual(error.kind, 'configuration');
    assertClean(`${shown(error)} ${error.stack} ${JSON.stringify(error)}`);
  });
}

test('an error shows neither credentials nor personal data', async (t) => {
  const sandbox = await Sandbox.start();
  t.after(() => sandbox.close());
  const client = new KopoKopo({ ...credentials, baseUrl: sandbox.baseUrl, privateToken: true });
  const destination = { type: 'mobile_wallet', phoneNumber: '0712345678', amount: '1.50', description: 'd' };
  for (const call of [
    () => client.incomingPayments.create(payment),
    () => client.incomingPayments.create({ ...payment, amount: 1.5 }),
    () => client.incomingPayments.create({ ...payment, callbackUrl: 'ftp://shop.example' }),
    () => client.sendMoney.create({ destinations: [destination], callbackUrl: 'https://shop.example' }),
    () => client.oauth.revoke(secret),
    () => client.oauth.introspect(secret),
  ]) {
    const error = await failure(call);
    assertClean(`${shown(error)} ${error.stack} ${error.body} ${JSON.stringify(error)}`);
  }
});

test('a token source that fails with a secret keeps it', async () => {
  const client = KopoKopo.withTokenSource(async () => {
    throw new Error(`the vault said ${secret}`);
  });
  const error = await failure(() => client.incomingPayments.get('1'));
  assert.strictEqual(error.kind, 'authentication');
  assertClean(shown(error) + error.stack);
});

test('records show nobody and no token, and hold both', async (t) => {
  const sandbox = await Sandbox.start();
  t.after(() => sandbox.close());
  const client = new KopoKopo(sandbox.credentials);
  const token = await client.oauth.token();
  assert.ok(token.accessToken && !inspect(token).includes(token.accessToken));
  const push = await client.incomingPayments.create(payment);
  const found = await push.wait({ interval: 20 });
  assert.deepStrictEqual({ ...found.metadata }, payment.metadata);
  assertClean(inspect(found, { depth: 10 }) + inspect({ order: [found] }, { depth: 10 }) + `${found}`);
});

test('a webhook and its refusal show nobody', async () => {
  const body = Buffer.from(
    '{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Canaryname","phone_number":"0712345678"}}}',
  );
  const verifier = new WebhookVerifier({ apiKeys: [key] });
  const event = verifier.verify(body, signWebhook(key, body));
  assert.strictEqual(event.payload.customer.firstName, 'Canaryname');
  assertClean(inspect(event, { depth: 10 }));
  for (const signature of [null, '00'.repeat(32), signWebhook(secret, body)]) {
    assertClean(shown(await failure(() => verifier.verify(body, signature))));
  }
});
