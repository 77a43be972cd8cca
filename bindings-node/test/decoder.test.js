'use strict';
// Values arrive as they were, whatever stands in them.

const assert = require('node:assert');
const { test } = require('node:test');
const { InternalError, WebhookVerifier } = require('..');
const { read } = require('../lib/call');
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

class Inner {
  constructor(row) {
    row.open();
    this.first = row.isAbsent() ? null : row.text();
    this.second = row.isAbsent() ? null : row.flag();
  }
}

class Outer {
  constructor(row) {
    row.open();
    this.inner = row.isAbsent() ? null : new Inner(row);
    this.at = row.date();
    this.metadata = row.isAbsent() ? null : row.metadata();
    this.items = row.list((item) => new Inner(item));
    this.last = row.isAbsent() ? null : row.text();
    this.raw = row.raw();
  }
}

const outer = (row) => new Outer(row);

/** A row as the native part writes it: `-` is absent, `{` begins a record. */
const rowOf = (...values) =>
  `${values.map((value) => `\u0001${value === '-' ? '\u0003' : value === '{' ? '\u0003{' : value}`).join('')}\u0001`;

test('an absent record differs from one whose fields are absent', () => {
  const inner = (...values) => read([rowOf('{', ...values, '0', '-', '0', '-', '1'), 'raw'], outer).inner;
  assert.strictEqual(inner('-'), null);
  assert.deepStrictEqual({ ...inner('{', '-', '-') }, { first: null, second: null });
  assert.deepStrictEqual({ ...inner('{', '', 'false') }, { first: '', second: false });
});

const WHOLE = rowOf('{', '{', 'a text', 'true', '1777621400622', '{"a":1}', '2', '{', '-', '-', '{', 'b', 'false', 'last', '1');

test('a row that is cut off anywhere is refused', () => {
  assert.strictEqual(read([WHOLE, 'raw'], outer).raw, 'raw');
  for (let length = 0; length < WHOLE.length; length += 1) {
    assert.throws(() => read([WHOLE.slice(0, length), 'raw'], outer), InternalError, `the first ${length} characters`);
  }
});

test('a row with a value too many or too few is refused', () => {
  const values = WHOLE.slice(1, -1).split('\u0001');
  for (let at = 0; at < values.length; at += 1) {
    const [before, after] = [values.slice(0, at), values.slice(at)];
    for (const changed of [[...before, ...after.slice(1)], [...before, 'more', ...after], [...before, '\u0003', ...after]]) {
      const row = `\u0001${changed.join('\u0001')}\u0001`;
      assert.throws(() => read([row, 'raw'], outer), InternalError, JSON.stringify(row));
    }
  }
});

test('a value of another kind is refused, and is not in the error', () => {
  const refused = (value, method) => {
    assert.throws(
      () => read([rowOf(value), 'raw'], (row) => row[method]((item) => item.text())),
      (error) => error instanceof InternalError && !error.message.includes('0712345678'),
      `${method} of ${value}`,
    );
  };
  for (const value of ['', '0712345678 ', 'true', '-', '{', 'NaN', 'Infinity']) {
    if (value !== '0712345678 ') for (const method of ['number', 'date', 'raw', 'list']) refused(value, method);
    if (value !== 'true') refused(value, 'flag');
    if (value !== 'true') refused(value, 'metadata');
  }
  for (const value of ['-', '{']) refused(value, 'text');
  refused('2', 'raw');
  refused('999999999', 'list');
});

test('an answer without a value is used up too', () => {
  assert.strictEqual(read(rowOf('-')), undefined);
  assert.throws(() => read(rowOf('a value')), InternalError);
  assert.throws(() => new Row('', []), InternalError);
});
