'use strict';
// Valid and invalid calls of the package, for comparing the native addon with WebAssembly. Uses no module of Node.

const { outcome } = require('../shared/tagged');

const PAYMENT = JSON.stringify({
  topic: 'buygoods_transaction_received',
  id: '1',
  event: { resource: { amount: '1500.50', currency: 'KES', till_number: 'K000000', reference: 'OJJ1MPU40Z', status: 'Received', sender_first_name: 'Jané 😀' } },
});

const SENT = JSON.stringify({
  data: { id: 'an-id', type: 'send_money', attributes: {
    status: 'Processed',
    transfer_batches: [{ status: 'Transferred', disbursements: [{ status: 'Transferred', amount: '10', phone_number: '+254712345678' }] }],
  } },
});

/** Returns the outcome of each call by name, with the exports of `library`. */
function calls(library) {
  const { KopoKopoError, WebhookVerifier, disbursementsTo, hashPhone, signWebhook } = library;
  const verifier = new WebhookVerifier({ apiKeys: ['key', 'other'], maxBody: 5000 });
  const signed = (body, key = 'key') => [body, signWebhook(key, body)];
  const event = verifier.verify(...signed(PAYMENT));
  const bytes = new TextEncoder().encode(PAYMENT);
  const all = {
    ...Object.fromEntries(
      [
        undefined, null, {}, [], 'text', 7, { apiKeys: [] }, { apiKeys: 'key' }, { apiKeys: [''] }, { apiKeys: [' ', '\n'] }, { apiKeys: [7] },
        { apiKeys: ['key\n'] }, { apiKeys: ['key', ' other'] }, { apiKeys: ['key'], maxBody: -1 }, { apiKeys: ['key'], maxBody: 1.5 },
        { apiKeys: ['key'], maxBody: '10' }, { apiKey: 'key' }, { api_keys: ['key'] }, { apiKeys: ['key'], clientSecret: 'key' },
        { apiKeys: ['half \ud83d'] }, { apiKeys: new Map() }, new Map(), { apiKeys: ['key'], clientSecret: 7 }, { apiKeys: ['key'], maxBody: 2 ** 60 },
        { apiKeys: ['key', 'key'], maxBody: 0 }, { apiKeys: ['key'], clientSecret: null, maxBody: null },
      ].map((options, index) => [`options ${index}`, () => new WebhookVerifier(options).maxBody]),
    ),
    ...Object.fromEntries(
      [undefined, null, '', ' ', 'x', 'é'.repeat(64), 'A'.repeat(64), '0'.repeat(64), 'g'.repeat(64), '0'.repeat(63), 7, {}, ['a', 'b'], '\ud83d'].flatMap((signature, index) => [
        [`signature ${index}`, () => verifier.verify(PAYMENT, signature)],
        [`only signature ${index}`, () => verifier.verifySignature(PAYMENT, signature) ?? null],
      ]),
    ),
    ...Object.fromEntries(
      [undefined, null, 7, {}, [], JSON.parse(PAYMENT), true, new Date(0)].flatMap((body, index) => [
        [`body ${index}`, () => verifier.verify(body, 'x')],
        [`parsed body ${index}`, () => verifier.parseUnverified(body)],
        [`signed body ${index}`, () => signWebhook('key', body)],
      ]),
    ),
    ...Object.fromEntries(
      ['', '[]', 'null', '{', '{}', '\ufeff{}', `{"a":${'['.repeat(200)}${']'.repeat(200)}}`, '{"topic":1}', `${' '.repeat(5001)}{}`, '{"topic":"\ud83d"}'].map((body, index) => [
        `text ${index}`, () => verifier.verify(...signed(body)),
      ]),
    ),
    'bytes that are not UTF-8': () => verifier.verify(...signed(new Uint8Array([0x7b, 0xff, 0x7d]))),
    'a Uint8Array': () => verifier.verify(bytes, signWebhook('key', bytes)),
    'an ArrayBuffer': () => verifier.verify(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength), signWebhook('key', bytes)),
    'a view in the middle of its buffer': () => {
      const larger = new Uint8Array(bytes.length + 20);
      larger.set(bytes, 7);
      return verifier.verify(new DataView(larger.buffer, 7, bytes.length), signWebhook('other', bytes));
    },
    'another key': () => verifier.verify(...signed(PAYMENT, 'a third')),
    'the client secret': () => new WebhookVerifier({ apiKeys: ['key'], clientSecret: 'secret' }).verify(...signed(PAYMENT, 'secret')),
    'without a signature': () => verifier.parseUnverified(PAYMENT),
    'a signature': () => signWebhook('key', PAYMENT),
    'a blank key': () => signWebhook(' ', PAYMENT),
    'a key that is not text': () => signWebhook(7, PAYMENT),
    'a hash': () => hashPhone('0712 345 678'),
    'a hash of an invalid phone number': () => hashPhone('07'),
    'a hash of nothing': () => hashPhone(undefined),
    'a hash of a number': () => hashPhone(712345678),
    'one recipient': () => disbursementsTo(verifier.parseUnverified(SENT).payload.sendMoney, '0712345678'),
    'no recipient': () => disbursementsTo(verifier.parseUnverified(SENT).payload.sendMoney, undefined),
    'not a record': () => disbursementsTo({}, '1'),
    'the wrong request': () => disbursementsTo({ raw: PAYMENT }, '1'),
    'console and JSON': () => JSON.stringify([event, library.redact(event)]),
    amounts: () => [library.compareAmounts('100.00', 100), library.amountsEqual('1', '2')],
    'an invalid amount': () => library.compareAmounts('x', 1),
    ...Object.fromEntries(
      [
        { amount: '1500.50' }, { amount: 1500 }, { amount: 1500n, tillNumber: 'K000000' }, { amount: 1501 }, { amount: 1, tillNumber: 'K1' },
        { amount: 1, currency: 'UGX' }, { amount: 0 }, { amount: -1 }, { amount: 1.5 }, { amount: 'x' }, {}, undefined, { price: 1 }, { amount: 1, currency: 'x' },
      ].map((expected, index) => [`paid at least ${index}`, () => event.isPaidAtLeast(expected)]),
    ),
  };
  return Object.fromEntries(Object.entries(all).map(([name, call]) => [name, outcome(call, KopoKopoError)]));
}

module.exports = calls;
