'use strict';
// The decoder of results: values with any content arrive unchanged, and invalid texts are refused.

const assert = require('node:assert');
const { test } = require('node:test');
const { InternalError, WebhookVerifier } = require('..');
const { Decoder } = require('../lib/decoder');
const { read } = require('../lib/result');

const verifier = new WebhookVerifier({ apiKeys: ['api-key'] });

// The format's own characters, incomplete escapes, the mark of an error, other Unicode planes, and the empty text.
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
  test(`text ${JSON.stringify(text)} and the values after it arrive unchanged`, () => {
    const raw = JSON.stringify(webhook(text));
    const event = verifier.parseUnverified(Buffer.from(raw));
    const { transaction } = event.payload;
    const found = [event.id, event.eventType, transaction.id, transaction.senderFirstName, transaction.senderLastName, event.links.selfUrl];
    assert.deepStrictEqual(found, Array(6).fill(text));
    assert.deepStrictEqual([transaction.senderMiddleName, transaction.amount, transaction.isReceived], [null, '1500.5', true]);
    assert.strictEqual(event.createdAt.toISOString(), '2026-05-01T07:43:20.622Z');
    assert.strictEqual(event.raw, raw);
  });

  test(`metadata and messages with ${JSON.stringify(text)} arrive unchanged`, () => {
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

class Inner {
  constructor(decoder) {
    decoder.open();
    this.first = decoder.isAbsent() ? null : decoder.text();
    this.second = decoder.isAbsent() ? null : decoder.flag();
  }
}

class Outer {
  constructor(decoder) {
    decoder.open();
    this.inner = decoder.isAbsent() ? null : new Inner(decoder);
    this.at = decoder.date();
    this.metadata = decoder.isAbsent() ? null : decoder.metadata();
    this.items = decoder.list((item) => new Inner(item));
    this.last = decoder.isAbsent() ? null : decoder.text();
    this.raw = decoder.raw();
  }
}

const outer = (decoder) => new Outer(decoder);

/** Encodes values as the native addon does: `-` is an absent value, `{` begins a record. */
const encode = (...values) =>
  `${values.map((value) => `\u0001${value === '-' ? '\u0003' : value === '{' ? '\u0003{' : value}`).join('')}\u0001`;

test('absent record differs from a record whose fields are absent', () => {
  const inner = (...values) => read([encode('{', ...values, '0', '-', '0', '-', '1'), 'raw'], outer).inner;
  assert.strictEqual(inner('-'), null);
  assert.deepStrictEqual({ ...inner('{', '-', '-') }, { first: null, second: null });
  assert.deepStrictEqual({ ...inner('{', '', 'false') }, { first: '', second: false });
});

const ENCODED = encode('{', '{', 'a text', 'true', '1777621400622', '{"a":1}', '2', '{', '-', '-', '{', 'b', 'false', 'last', '1');

test('text that is cut off at any index is refused', () => {
  assert.strictEqual(read([ENCODED, 'raw'], outer).raw, 'raw');
  for (let length = 0; length < ENCODED.length; length += 1) {
    assert.throws(() => read([ENCODED.slice(0, length), 'raw'], outer), InternalError, `the first ${length} characters`);
  }
});

test('text with one value too many or too few is refused', () => {
  const values = ENCODED.slice(1, -1).split('\u0001');
  for (let index = 0; index < values.length; index += 1) {
    const [before, after] = [values.slice(0, index), values.slice(index)];
    for (const changed of [[...before, ...after.slice(1)], [...before, 'more', ...after], [...before, '\u0003', ...after]]) {
      const text = `\u0001${changed.join('\u0001')}\u0001`;
      assert.throws(() => read([text, 'raw'], outer), InternalError, JSON.stringify(text));
    }
  }
});

test('value of another type is refused, and is not in the error', () => {
  const assertRefused = (value, method) => {
    assert.throws(
      () => read([encode(value), 'raw'], (decoder) => decoder[method]((item) => item.text())),
      (error) => error instanceof InternalError && !error.message.includes('0712345678'),
      `${method} of ${value}`,
    );
  };
  for (const value of ['', '0712345678 ', 'true', '-', '{', 'NaN', 'Infinity']) {
    if (value !== '0712345678 ') for (const method of ['number', 'date', 'raw', 'list']) assertRefused(value, method);
    if (value !== 'true') assertRefused(value, 'flag');
    if (value !== 'true') assertRefused(value, 'metadata');
  }
  for (const value of ['-', '{']) assertRefused(value, 'text');
  assertRefused('2', 'raw');
  assertRefused('999999999', 'list');
});

test('result without a value must be absent', () => {
  assert.strictEqual(read(encode('-')), undefined);
  assert.throws(() => read(encode('a value')), InternalError);
  assert.throws(() => new Decoder('', []), InternalError);
});
