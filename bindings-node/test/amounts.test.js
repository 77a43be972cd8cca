'use strict';
// Exact comparison of amounts, and the check of a payment against the expected amount.

const assert = require('node:assert');
const { test } = require('node:test');
const { InvalidRequestError, KopoKopo, WebhookVerifier, amountsEqual, compareAmounts } = require('..');
const { payloads, vectors } = require('./shared/vectors');

test('amounts with different texts are compared by value', () => {
  for (const { text, shown } of vectors('amounts').texts) {
    assert.ok(amountsEqual(text, shown), text);
    assert.strictEqual(compareAmounts(text, `${shown.includes('.') ? shown : `${shown}.0`}1`), shown.startsWith('-') ? 1 : -1, text);
  }
  class Decimal {
    toJSON() {
      return '10.50';
    }
  }
  for (const [a, b, order] of [
    ['10.5', new Decimal(), 0],
    [100, '100.00', 0],
    [100n, 100, 0],
    ['0.1', '0.10', 0],
    ['0.3', '0.30000000000000004', -1],
    ['9007199254740993', 9007199254740992n, 1],
    ['-1', '1', -1],
    ['-0', '0', 0],
    ['62.50', '62.49', 1],
    ['9', '10', -1],
  ]) {
    assert.strictEqual(compareAmounts(a, b), order, `${a} and ${b}`);
    assert.strictEqual(compareAmounts(b, a), order === 0 ? 0 : -order);
  }
  assert.deepStrictEqual(['10', '9.5', '100'].sort(compareAmounts), ['9.5', '10', '100']);
});

test('value that is not an exact amount is refused with the name of the argument', () => {
  for (const invalid of [0.1, Number.NaN, 2 ** 53, '', 'ten', '1e', '1e300', '0x10', '1,000', '.5', null, undefined, {}, [], new Date(), '1'.repeat(100)]) {
    assert.throws(() => amountsEqual(invalid, '1'), (error) => error instanceof InvalidRequestError && error.field === 'a');
    assert.throws(() => compareAmounts('1', invalid), { field: 'b' });
  }
});

test('number that is not an exact amount is refused in a request', async () => {
  const client = new KopoKopo({ clientId: 'a', clientSecret: 'b', baseUrl: 'http://127.0.0.1:9' });
  for (const amount of [10.5, Number.NaN, 1e21]) {
    const payment = { tillNumber: 'K000000', phoneNumber: '0712345678', amount, callbackUrl: 'https://shop.example' };
    await assert.rejects(client.incomingPayments.create(payment), { kind: 'invalid_request', field: 'amount' }, String(amount));
  }
});

test('isPaidAtLeast checks amount, currency and till', () => {
  const verifier = new WebhookVerifier({ apiKeys: ['key'] });
  const [, raw] = payloads('result-incoming-payment-success')[0];
  const event = verifier.parseUnverified(raw);
  const payment = event.payload.incomingPayment;
  const { amount, currency, tillNumber } = payment.transaction;
  for (const paid of [event, payment]) {
    assert.strictEqual(paid.isPaidAtLeast({ amount, currency, tillNumber }), true);
    assert.strictEqual(paid.isPaidAtLeast({ amount: '0.01' }), true);
    assert.strictEqual(paid.isPaidAtLeast({ amount: `${amount}.01` }), false);
    assert.strictEqual(paid.isPaidAtLeast({ amount, tillNumber: 'K999999' }), false);
    assert.strictEqual(paid.isPaidAtLeast({ amount, currency: 'USD' }), false);
    for (const invalid of [undefined, '100', { amount: 0.5 }, { amount: '0' }, { amount, till: '1' }, {}]) {
      assert.throws(() => paid.isPaidAtLeast(invalid), InvalidRequestError);
    }
  }
  const [, failed] = payloads('result-incoming-payment-failed')[0];
  assert.strictEqual(verifier.parseUnverified(failed).isPaidAtLeast({ amount: '1' }), false);
  assert.ok(event.paymentKey && event.paymentKey === payment.paymentKey);
  assert.notStrictEqual(event.dedupeKey, event.paymentKey);
  assert.strictEqual(KopoKopo.prototype.isPaidAtLeast, undefined);
});
