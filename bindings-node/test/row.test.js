'use strict';
// Values arrive as they were, whatever stands in them.

const assert = require('node:assert');
const { test } = require('node:test');
const { WebhookVerifier } = require('..');
const { Row } = require('../lib/row');

const verifier = new WebhookVerifier({ apiKeys: ['api-key'] });

// The format's own characters, half a pair of escapes, an error's mark, other planes, nothing at all.
const HOSTILE = ['\u0001', '\u0002', '\u0003', '\u0002A', '\u0001\u0003\u0001', 'a\u0002', '!', 'null', 'é', '😀', '\u0000', '', ' '];

const webhook = (text) => ({
  topic: 'buygoods_transaction_received',
  id: text,
  created_at: '2026-05-01T10:43:20.622+03:00',
  event: {
    type: text,
    resource: { id: text, amount: '1500.50', sender_first_name: text, sender_middle_name: null, sender_last_name: text, status: 'Received' },
  },
  _links: { self: text, resource: null },
});

for (const text of HOSTILE) {
  test(`the text ${JSON.stringify(text)} arrives as it was, and so does what stands after it`, () => {
    const raw = JSON.stringify(webhook(text));
    const event = verifier.parseUnverified(Buffer.from(raw));
    const { transaction } = event.payload;
    const found = [event.id, event.eventType, transaction.id, transaction.senderFirstName, transaction.senderLastName, event.links.selfUrl];
    assert.deepStrictEqual(found, Array(6).fill(text));
    assert.deepStrictEqual([transaction.senderMiddleName, transaction.amount, transaction.isReceived], [null, '1500.5', true]);
    assert.strictEqual(event.createdAt.toISOString(), '2026-05-01T07:43:20.622Z');
    assert.strictEqual(event.raw, raw);
  });

  test(`metadata and messages keep ${JSON.stringify(text)}`, () => {
    const attributes = {
      status: 'Failed',
      event: { type: 'Incoming Payment Request', resource: null, errors: [`x${text}`, 'another'] },
      metadata: { [`n${text}`]: text, after: 'it' },
    };
    const raw = JSON.stringify({ data: { id: 'an-id', type: 'incoming_payment', attributes } });
    const { payload, raw: kept } = verifier.parseUnverified(Buffer.from(raw));
    const payment = payload.incomingPayment;
    assert.deepStrictEqual([...payment.errors], [`x${text}`, 'another']);
    assert.deepStrictEqual({ ...payment.metadata }, attributes.metadata);
    assert.strictEqual(payment.transaction, null);
    assert.deepStrictEqual([payment.raw, kept], [raw, raw]);
  });
}

test('what is absent is told from what is empty', () => {
  const row = new Row('\u0001\u0001\u0003\u0001\u0003\u00010', [null]);
  assert.strictEqual(row.text(), '');
  assert.strictEqual(row.skip(), true);
  assert.strictEqual(row.list(() => assert.fail('there is nothing in it')), null);
  assert.deepStrictEqual([...row.list(() => assert.fail('it is empty'))], []);
});
