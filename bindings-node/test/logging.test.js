'use strict';
// Records and errors in JSON logs.

const assert = require('node:assert');
const { test } = require('node:test');
const pino = require('pino');
const { InvalidRequestError, KopoKopo, WebhookVerifier, redact } = require('..');
const { startSandbox } = require('./shared/harness');
const { payloads } = require('./shared/vectors');

const verifier = new WebhookVerifier({ apiKeys: ['key'] });
const PERSON = ['254712345678', 'Canaryname'];

const body = JSON.stringify({
  topic: 'buygoods_transaction_received',
  id: '1',
  event: { resource: { id: '2', reference: 'OJM6Q1W84K', amount: '100', sender_phone_number: PERSON[0], sender_first_name: PERSON[1], status: 'Received' } },
});
const event = verifier.parseUnverified(body);

test('JSON has personal data, but no raw text and no token', async (t) => {
  const text = JSON.stringify(event);
  assert.strictEqual(JSON.parse(text).payload.transaction.senderFirstName, PERSON[1]);
  assert.strictEqual(event.raw, body);
  for (const found of [text, JSON.stringify({ ...event }), JSON.stringify(structuredClone(event))]) assert.ok(!found.includes('"raw"'));
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  const token = await new KopoKopo(sandbox.credentials).oauth.token();
  assert.ok(token.accessToken.length > 10);
  assert.strictEqual(JSON.parse(JSON.stringify(token)).accessToken, '[redacted]');
});

test('redact removes personal data at any depth', () => {
  const shop = { order: 17, when: new Date(0), events: [event], error: new InvalidRequestError('x') };
  shop.self = shop;
  const copy = redact(shop);
  assert.deepStrictEqual([copy.order, copy.when, copy.error, copy.self], [17, shop.when, shop.error, copy]);
  const { transaction } = copy.events[0].payload;
  assert.deepStrictEqual([transaction.amount, transaction.senderFirstName], ['100', '[redacted]']);
  assert.strictEqual(event.payload.transaction.senderFirstName, PERSON[1], 'the record itself does not change');
  for (const [name, raw] of payloads('webhook-', 'result-')) {
    const found = verifier.parseUnverified(raw);
    const text = JSON.stringify(redact(found));
    assert.ok(text.includes(found.topic), name);
    assert.doesNotMatch(text, /\+?2547\d{8}/, name);
  }
  assert.deepStrictEqual([redact(null), redact('text'), redact([1])], [null, 'text', [1]]);
});

test('pino with the formatter of the README writes no personal data, and all fields of errors except the body', () => {
  const lines = [];
  const log = pino({ formatters: { log: redact } }, { write: (line) => lines.push(line) });
  log.info({ event, payments: [event.payload] }, 'paid');
  log.error(new InvalidRequestError('amount: must be given', { operation: 'reversals.create', field: 'amount', body: 'canary-body' }));
  const [paid, failed] = lines.map((line) => JSON.parse(line));
  assert.strictEqual(paid.event.payload.transaction.reference, 'OJM6Q1W84K');
  for (const personal of PERSON) assert.ok(!lines[0].includes(personal));
  assert.deepStrictEqual([failed.err.kind, failed.err.operation, failed.err.field], ['invalid_request', 'reversals.create', 'amount']);
  assert.match(failed.err.message, /must be given/);
  assert.ok(!lines[1].includes('canary-body'));
});
