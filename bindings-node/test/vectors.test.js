'use strict';
// All vectors of tests/vectors.

const assert = require('node:assert');
const http = require('node:http');
const { inspect } = require('node:util');
const { test } = require('node:test');
const { KopoKopo, KopoKopoError, WebhookVerifier, hashPhone, signWebhook } = require('..');
const { Sandbox } = require('./shared/harness');
const { body, header, payloads, vectors } = require('./shared/vectors');

const event = (raw) => new WebhookVerifier({ apiKeys: ['api-key'] }).parseUnverified(Buffer.from(raw));

const failure = async (call) => {
  const error = await Promise.resolve().then(call).then(() => undefined, (error) => error);
  assert.ok(error instanceof KopoKopoError, `expected an error, found ${inspect(error)}`);
  return error;
};

const push = (client, fields) =>
  client.incomingPayments.create({
    tillNumber: 'K000000',
    phoneNumber: '0712345678',
    amount: '100',
    callbackUrl: 'https://shop.example',
    ...fields,
  });

const CALLBACK = { callbackUrl: 'https://shop.example' };

/** A create for each collection of the locations. */
const creates = {
  '/api/v2/incoming_payments': (client) => push(client),
  '/api/v2/webhook_subscriptions': (client) =>
    client.webhookSubscriptions.create({ eventType: 'customer_created', url: 'https://shop.example', scope: 'company' }),
  '/api/v2/send_money': (client) => {
    const wallet = { type: 'mobile_wallet', phoneNumber: '0712345678', amount: '100', description: 'd' };
    return client.sendMoney.create({ destinations: [wallet], ...CALLBACK });
  },
  '/api/v2/payment_links': (client) => client.paymentLinks.create({ tillNumber: '000000', amount: '100', ...CALLBACK }),
  '/api/v2/reversals': (client) => client.reversals.create({ transactionReference: 'OJM6Q1W84K', reason: 'r', ...CALLBACK }),
  '/api/v1/transaction_sms_notifications': (client) =>
    client.smsNotifications.create({ webhookEventReference: '247b1bd8-f5a0-4b71-a898-f62f67b8ae1c', message: 'm', ...CALLBACK }),
};

for (const { name, api_key: key, body: description, signature } of vectors('webhook_signatures').cases) {
  test(`signature of ${name} equals that of an independent HMAC`, () => {
    assert.strictEqual(signWebhook(key, body(description)), signature);
    new WebhookVerifier({ apiKeys: [key] }).verifySignature(body(description), signature);
  });
}

const hostile = vectors('hostile_webhooks');
for (const { name, expect, ...webhook } of hostile.cases) {
  test(`hostile webhook: ${name}`, async () => {
    const raw = body(webhook.body);
    const options = { apiKeys: webhook.api_keys ?? hostile.api_keys };
    if (webhook.client_secret) options.clientSecret = webhook.client_secret;
    if (webhook.max_body) options.maxBody = webhook.max_body;
    const verify = () => new WebhookVerifier(options).verify(raw, header(webhook.signature, raw));
    if (!expect.error) {
      const found = verify();
      assert.deepStrictEqual([found.topic, found.payload.kind], [expect.topic, expect.payload]);
      return;
    }
    const error = await failure(verify);
    assert.strictEqual(error.kind, expect.error);
    // Messages have JavaScript's names of fields.
    const messages = `${error.message} ${error.message.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    for (const words of expect.detail) assert.ok(messages.includes(words), `${words}: ${error.message}`);
    for (const words of expect.never ?? []) assert.ok(!`${inspect(error)} ${error.body}`.includes(words));
    for (const words of expect.never_in_detail ?? []) assert.ok(!error.message.includes(words));
  });
}

for (const [name, raw] of payloads('webhook-', 'result-')) {
  test(`sample ${name} is read as its type`, () => {
    const found = event(raw);
    assert.notStrictEqual(found.payload.kind, 'unknown');
    assert.strictEqual(found.raw, raw.toString());
    assert.strictEqual(JSON.parse(JSON.stringify(found)).topic, found.topic);
  });
}

test('phone numbers are sent as twelve digits', async (t) => {
  const file = vectors('phones');
  const sandbox = await Sandbox.start();
  t.after(() => sandbox.close());
  const client = new KopoKopo(sandbox.credentials);
  for (const { typed } of file.accepted) await push(client, { phoneNumber: typed });
  for (const typed of file.refused) {
    const error = await failure(() => push(client, { phoneNumber: typed }));
    assert.deepStrictEqual([error.kind, error.field], ['invalid_request', 'phoneNumber']);
    assert.ok(typed.trim().length < 6 || !error.message.includes(typed));
  }
  const requests = await sandbox.control('GET /_sandbox/requests');
  const sent = requests.filter(({ operation }) => operation === 'incoming_payments.create');
  assert.deepStrictEqual(
    sent.map((request) => request.body.subscriber.phone_number.replace('+', '')),
    file.accepted.map(({ normalised }) => normalised),
  );
  for (const { phone_number: phone, sha256 } of file.hashes) assert.strictEqual(hashPhone(phone), sha256);
});

test('amounts are read and checked exactly', async () => {
  const file = vectors('amounts');
  const amount = (wire) =>
    event(`{"topic":"buygoods_transaction_received","id":"1","event":{"resource":{"amount":${wire}}}}`).payload.transaction.amount;
  for (const { text, shown } of file.texts) assert.strictEqual(amount(JSON.stringify(text)), shown);
  for (const { json, shown } of file.wire) assert.strictEqual(amount(json), shown);
  // A webhook may have no amount. Then it is null.
  const absent = ['null', '""'];
  assert.deepStrictEqual(absent.map(amount), [null, null]);
  for (const wire of file.wire_refused.filter((wire) => !absent.includes(wire))) {
    assert.strictEqual((await failure(() => amount(wire))).kind, 'decode');
  }
  const client = new KopoKopo({ clientId: 'a', clientSecret: 'b', baseUrl: 'http://127.0.0.1:9' });
  for (const refused of [...file.refused, 10.5, Number.NaN, 1e21]) {
    const error = await failure(() => push(client, { amount: refused }));
    assert.deepStrictEqual([error.kind, error.field], ['invalid_request', 'amount'], String(refused));
  }
});

test('timestamps keep their instant', () => {
  const file = vectors('timestamps');
  const seconds = (date) => Math.floor(date.getTime() / 1000);
  for (const { text, unix } of file.accepted) {
    const found = event(JSON.stringify({ topic: 'customer_created', id: '1', created_at: text, event: { resource: {} } }));
    assert.strictEqual(seconds(found.createdAt), unix, text);
  }
  for (const { text, shown } of file.daraja) {
    const found = event(JSON.stringify({ TransactionType: 'Buygoods', TransID: '1', TransTime: text }));
    assert.strictEqual(found.payload.darajaTransaction.transTime.getTime(), Date.parse(shown));
  }
});

test('id is read from a valid location only', async (t) => {
  const file = vectors('locations');
  let location;
  const paths = [];
  const server = http.createServer((request, response) => {
    request.resume();
    if (request.url === '/oauth/token') {
      response.writeHead(200).end('{"access_token":"t","token_type":"Bearer","expires_in":3600}');
    } else if (request.method === 'POST') {
      response.writeHead(201, { location }).end();
    } else {
      paths.push(request.url);
      const id = decodeURIComponent(request.url.split('/').pop());
      response.writeHead(200).end(JSON.stringify({ data: { id, type: 'incoming_payment', attributes: { status: 'Success' } } }));
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const client = new KopoKopo({
    clientId: 'a',
    clientSecret: 'b',
    baseUrl: `http://127.0.0.1:${server.address().port}`,
    privateToken: true,
  });
  for (const accepted of file.accepted) {
    location = accepted.location;
    assert.strictEqual((await creates[accepted.collection](client)).id, accepted.id, location);
  }
  for (const refused of file.refused) {
    location = refused.location;
    // HTTP headers cannot contain the other characters.
    if (!/^[ -~]*$/.test(location)) continue;
    const error = await failure(() => creates[refused.collection](client));
    assert.strictEqual(error.kind, 'outcome_unknown', location);
  }
  for (const { text, id } of file.typed) {
    await client.incomingPayments.get(text);
    assert.ok(paths.pop().endsWith(`/${id}`));
  }
  for (const refused of file.typed_refused) {
    const error = await failure(() => client.incomingPayments.get(refused));
    assert.deepStrictEqual([error.kind, error.field], ['invalid_request', 'id']);
  }
  assert.deepStrictEqual(paths, []);
});
