'use strict';
// Credentials, tokens and personal data with canary values do not appear in util.inspect, in errors or on the console.

const assert = require('node:assert');
const { inspect } = require('node:util');
const { test } = require('node:test');
const { KopoKopo, KopoKopoError, WebhookVerifier, signWebhook } = require('..');
const { Sandbox } = require('./shared/harness');

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

const print = (value) => inspect(value, { depth: 10, showHidden: true, getters: true });

function assertClean(text) {
  assert.deepStrictEqual(canaries.filter((canary) => text.includes(canary)), []);
}

async function failure(call) {
  const error = await Promise.resolve().then(call).then(() => undefined, (error) => error);
  assert.ok(error instanceof KopoKopoError, `expected an error, found ${inspect(error)}`);
  return error;
}

test('clients and verifiers print no credentials', () => {
  const client = new KopoKopo({ ...credentials, proxy: `http://user:${password}@127.0.0.1:9` });
  const verifier = new WebhookVerifier({ apiKeys: [key], clientSecret: secret });
  for (const object of [client, client.webhooks, client.oauth, verifier]) {
    assertClean(print(object) + JSON.stringify(object));
  }
});

for (const invalid of [
  { baseUrl: `http://user:${password}@shop.example` },
  { proxy: `nonsense://user:${password}@127.0.0.1` },
  { timeout: 0 },
  { otherApiKeys: [key, 7] },
  { clientId: '' },
  { environment: 'live' },
]) {
  test(`a refused ${Object.keys(invalid)} prints no credentials`, async () => {
    const error = await failure(() => new KopoKopo({ ...credentials, ...invalid }));
    assert.strictEqual(error.kind, 'configuration');
    assertClean(`${print(error)} ${error.stack} ${JSON.stringify(error)}`);
  });
}

test('errors print neither credentials nor personal data', async (t) => {
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
    assertClean(`${print(error)} ${error.stack} ${error.body} ${JSON.stringify(error)}`);
  }
});

test('error of a token source with a secret is not printed', async () => {
  const client = KopoKopo.withTokenSource(async () => {
    throw new Error(`the vault said ${secret}`);
  });
  const error = await failure(() => client.incomingPayments.get('1'));
  assert.strictEqual(error.kind, 'authentication');
  assertClean(print(error) + error.stack);
});

test('records print no personal data and no token, but have both', async (t) => {
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

test('webhooks and their signature errors print no personal data', async () => {
  const body = Buffer.from(
    '{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Canaryname","phone_number":"0712345678"}}}',
  );
  const verifier = new WebhookVerifier({ apiKeys: [key] });
  const event = verifier.verify(body, signWebhook(key, body));
  assert.strictEqual(event.payload.customer.firstName, 'Canaryname');
  assertClean(inspect(event, { depth: 10 }));
  for (const signature of [null, '00'.repeat(32), signWebhook(secret, body)]) {
    assertClean(print(await failure(() => verifier.verify(body, signature))));
  }
});
