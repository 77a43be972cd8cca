'use strict';
// Credentials and personal data in what only JavaScript has. The conformance runner searches all text forms.

const assert = require('node:assert');
const { inspect } = require('node:util');
const { test } = require('node:test');
const { KopoKopo, WebhookVerifier } = require('..');
const { startSandbox } = require('./shared/harness');

const [secret, key] = ['canary-client-secret-1', 'canary-api-key-2'];
const credentials = { clientId: 'app', clientSecret: secret, apiKey: key };

function assertClean(value) {
  const print = inspect(value, { depth: 10, showHidden: true, getters: true });
  const text = `${print} ${value.stack} ${JSON.stringify(value)}`;
  assert.deepStrictEqual([secret, key].filter((canary) => text.includes(canary)), []);
}

test('parts of clients, and verifiers, print no credentials', () => {
  const client = new KopoKopo(credentials);
  for (const part of [client.webhooks, client.oauth, new WebhookVerifier({ apiKeys: [key], clientSecret: secret })]) assertClean(part);
});

for (const invalid of [{ otherApiKeys: [key, 7] }, { clientSecret: [secret] }]) {
  test(`error of ${Object.keys(invalid)} with a wrong type prints no credentials`, () => {
    assert.throws(() => new KopoKopo({ ...credentials, ...invalid }), (error) => {
      assert.strictEqual(error.kind, 'configuration');
      assertClean(error);
      return true;
    });
  });
}

test('error of a token source with a secret is not printed', async () => {
  const client = KopoKopo.withTokenSource(async () => {
    throw new Error(`the vault said ${secret}`);
  });
  const error = await client.incomingPayments.get('1').then(() => assert.fail('expected an error'), (error) => error);
  assert.strictEqual(error.kind, 'authentication');
  assertClean(error);
});

test('records have what they do not print', async (t) => {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  const token = await new KopoKopo(sandbox.credentials).oauth.token();
  assert.ok(token.accessToken.length > 10 && !inspect(token).includes(token.accessToken));
});
