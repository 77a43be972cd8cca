'use strict';
// What goes in: values of JavaScript, and what is refused before it reaches the library.

const assert = require('node:assert');
const { inspect } = require('node:util');
const { test } = require('node:test');
const { InvalidRequestError, KopoKopo, Links, WebhookVerifier, hashPhone, signWebhook } = require('..');
const { placeOf, sentence, write } = require('../lib/arguments');

const written = (given) => JSON.parse(write(given));

test('names become those of the contract, but for those of metadata', () => {
  const given = { tillNumber: 'K', destinations: [{ phoneNumber: '1' }], metadata: { orderId: 1, order_id: 2 } };
  assert.deepStrictEqual(written(given), {
    till_number: 'K',
    destinations: [{ phone_number: '1' }],
    metadata: { orderId: 1, order_id: 2 },
  });
  assert.strictEqual(write({ metadata: JSON.parse('{"__proto__": "x"}') }), '{"metadata":{"__proto__":"x"}}');
});

test('values of JavaScript become those of JSON', () => {
  class Decimal {
    toJSON() {
      return '10.50';
    }
  }
  const at = new Date('2026-05-01T10:43:20+03:00');
  assert.deepStrictEqual(written({ at, big: 12345678901234567890n, exact: new Decimal(), none: null, left: undefined, is: true }), {
    at: '2026-05-01T07:43:20.000Z',
    big: '12345678901234567890',
    exact: '10.50',
    none: null,
    is: true,
  });
});

test('what JSON cannot say is refused by its place', () => {
  const endless = { metadata: {} };
  endless.metadata.self = endless;
  for (const [given, place] of [
    [{ amount: Number.NaN }, 'amount'],
    [{ amount: Number.POSITIVE_INFINITY }, 'amount'],
    [{ amount: 2 ** 53 }, 'amount'],
    [{ fromTime: new Date('never') }, 'fromTime'],
    [{ destinations: [{ description: 'half \uD83D' }] }, 'destinations[0].description'],
    [{ metadata: { call: () => {} } }, 'metadata.call'],
    [{ metadata: { own: Symbol('x') } }, 'metadata.own'],
    [{ till_number: 'K' }, 'till_number'],
    [endless, /^metadata\.self/],
  ]) {
    assert.throws(
      () => write(given),
      (error) => {
        assert.ok(error instanceof InvalidRequestError, inspect(error));
        if (place instanceof RegExp) assert.match(error.field, place);
        else assert.strictEqual(error.field, place);
        return error.message.startsWith(error.field);
      },
    );
  }
  for (const given of ['text', 7, [], true]) assert.throws(() => write(given), /must be an object with named fields/);
  assert.doesNotThrow(() => write({ description: 'whole \u{1F600}' }));
});

test('what would be ignored is refused', () => {
  for (const [given, place, remedy] of [
    [{ metadata: new Map([['orderId', 1]]) }, 'metadata', /is a Map: use Object\.fromEntries\(map\)/],
    [{ metadata: new Set(['orderId']) }, 'metadata', /is a Set/],
    [{ metadata: Promise.resolve({}) }, 'metadata', /is a Promise/],
    [{ callbackUrl: Promise.resolve('https://shop.example') }, 'callbackUrl', /is a Promise/],
    [{ fromTime: Date.now() }, 'fromTime', /use new Date\(milliseconds\)/],
    [{ metadata: new (class Empty {})() }, 'metadata', /is a Empty/],
  ]) {
    assert.throws(() => write(given), (error) => error.field === place && remedy.test(error.message));
  }
  assert.deepStrictEqual(written({ callbackUrl: new URL('https://shop.example/k2') }), { callback_url: 'https://shop.example/k2' });
  class Request {
    tillNumber = 'K000000';
  }
  assert.deepStrictEqual(written(new Request()), { till_number: 'K000000' });
  assert.throws(() => KopoKopo.fromEnv({ timeout: 1000 }), { kind: 'configuration', field: 'options', message: /withOptions/ });
  assert.throws(() => new WebhookVerifier({ apiKeys: 'k' }), { kind: 'configuration', field: 'apiKeys' });
});

test('nested and recursive values are refused, with their place', () => {
  const list = [];
  list.push(list);
  const json = { toJSON: () => json };
  for (const [given, place] of [
    [{ metadata: { a: list } }, /^metadata\.a\[0\]/],
    [{ amount: json }, /^amount$/],
    [{ metadata: { '\ud800': 1 } }, /^metadata$/],
  ]) {
    assert.throws(() => write(given), (error) => error instanceof InvalidRequestError && place.test(error.field));
  }
});

test('names that may be secrets are not in errors', async () => {
  const client = new KopoKopo({ clientId: 'i', clientSecret: 'a secret', baseUrl: 'http://127.0.0.1:9' });
  const failures = [];
  for (const make of [
    () => write({ '0712345678': () => 1 }),
    () => write({ metadata: { '0712345678': () => 1 } }),
    () => write({ metadata: { S3CRETSECRET: Symbol.iterator } }),
    () => new KopoKopo({ clientId: 'i', clientSecret: 'x', S3CRETSECRET: 1 }),
    () => new WebhookVerifier({ apiKeys: ['key'], S3CRETSECRET: 1 }),
    () => client.incomingPayments.get('1', { '0712345678': 1 }),
    () => client.incomingPayments.create({ '0712345678': 1 }),
  ]) {
    try {
      await make();
    } catch (error) {
      failures.push(`${error.field} ${error.message}`);
    }
  }
  assert.strictEqual(failures.length, 7);
  for (const failure of failures) assert.ok(failure.includes('[redacted]') && !/S3CRET|712345678/.test(failure), failure);
});

test('lengths of time are milliseconds', () => {
  assert.deepStrictEqual(written({ timeout: 45_000, retryBase: 500, connectTimeout: 3100 }), { timeout: 45, retry_base: 0.5, connect_timeout: 3.1 });
  assert.deepStrictEqual(written({ timeout: undefined, interval: null }), { interval: null });
  assert.deepStrictEqual(written({ metadata: { timeout: 5 } }), { metadata: { timeout: 5 } }, "metadata's names are the program's own");
  for (const [wrong, why] of [
    [0.5, /half a second is 500/],
    [-1, /number of milliseconds, greater than zero/],
    [0, /number of milliseconds, greater than zero/],
    [1e15, /at most 2147483647 milliseconds/],
    [Number.NaN, /number of milliseconds/],
    ['45s', /number of milliseconds/],
    [45n, /number of milliseconds/],
  ]) {
    assert.throws(() => write({ timeout: wrong }), (error) => error.field === 'timeout' && why.test(error.message));
  }
});

test('places and sentences have the names that the caller wrote', () => {
  assert.strictEqual(placeOf('destinations[0].phone_number'), 'destinations[0].phoneNumber');
  assert.strictEqual(placeOf('metadata.order_id'), 'metadata.order_id');
  assert.strictEqual(sentence('til_number: is not known; known are till_number', 'til_number'), 'tilNumber: is not known; known are tillNumber');
  assert.strictEqual(sentence('must be one of mobile_wallet, bank_account'), 'must be one of mobile_wallet, bank_account');
  assert.strictEqual(sentence('use `sweep_all_funds`, see K2_BASE_URL'), 'use `sweepAllFunds`, see K2_BASE_URL');
});

test('every name of the contract comes back as it was', () => {
  const { NAMES } = require('../lib/contract');
  for (const name of NAMES) assert.deepStrictEqual(Object.keys(written({ [placeOf(name)]: name.endsWith('timeout') || /interval|retry_/.test(name) ? 1 : '1' })), [name]);
});

const body = Buffer.from('{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Wanjikũ"}}}');
const verifier = new WebhookVerifier({ apiKeys: ['key'] });
const signature = signWebhook('key', body);

test('a body is bytes in any form, or their text', () => {
  const buffer = body.buffer.slice(body.byteOffset, body.byteOffset + body.byteLength);
  const shared = new Uint8Array(new SharedArrayBuffer(body.length));
  shared.set(body);
  const within = new Uint8Array(body.length + 7).fill(32);
  within.set(body, 3);
  for (const form of [
    body,
    new Uint8Array(buffer),
    buffer,
    new DataView(buffer),
    shared,
    within.subarray(3, 3 + body.length),
    body.toString(),
  ]) {
    const event = verifier.verify(form, signature);
    assert.strictEqual(event.payload.customer.firstName, 'Wanjikũ');
    assert.strictEqual(event.raw, body.toString());
  }
});

test('an event stays as it was verified, whatever becomes of the bytes', () => {
  const bytes = Buffer.from(body);
  const event = verifier.verify(bytes, signature);
  bytes.fill(0);
  assert.strictEqual(event.raw, body.toString());
});

test('a parsed body is refused with the remedy', () => {
  for (const parsed of [JSON.parse(body), null, undefined, 7, [1, 2]]) {
    assert.throws(() => verifier.verify(parsed, signature), (error) => {
      assert.ok(error instanceof InvalidRequestError);
      return error.field === 'body' && /raw body/.test(error.message) && /kopokopo\/express/.test(error.message);
    });
  }
});

test('a header that came twice is no signature', () => {
  assert.throws(() => verifier.verify(body, [signature, signature]), { kind: 'signature' });
  assert.throws(() => verifier.verify(body, { signature }), { kind: 'invalid_request', field: 'signature' });
  assert.throws(() => verifier.verify(body), { kind: 'signature' });
});

test('errors print what they have', () => {
  const shown = inspect(new InvalidRequestError('amount: must be given', { field: 'amount', body: 'hidden' }));
  assert.match(shown, /^InvalidRequestError: amount: must be given\n/);
  assert.match(shown, /kind: 'invalid_request',\n\s+field: 'amount'\n\}$/);
  const bare = new InvalidRequestError('x');
  assert.deepStrictEqual([bare.status, bare.messages, bare.attempts, bare.body], [null, [], 0, null]);
  assert.deepStrictEqual(JSON.parse(JSON.stringify(bare)), { name: 'InvalidRequestError', message: 'x', kind: 'invalid_request' });
  const full = new InvalidRequestError('x', { operation: 'reversals.create', body: 'hidden', cause: Object.assign(new Error('y'), { code: 'E' }) });
  assert.deepStrictEqual(JSON.parse(JSON.stringify(full)), {
    name: 'InvalidRequestError',
    message: 'reversals.create: x',
    kind: 'invalid_request',
    operation: 'reversals.create',
    cause: { name: 'Error', message: 'y', code: 'E' },
  });
});

test('what is wrong with options is an error of the configuration', () => {
  for (const [options, field] of [
    [undefined, 'clientId'],
    [{ clientId: 'a', clientSecret: 'b', timeout: Number.NaN }, 'timeout'],
    [{ clientId: 'a', clientSecret: 'b', time_out: 1 }, 'time_out'],
    [{ clientId: 'a', clientSecret: 'b', environment: 'live' }, 'environment'],
  ]) {
    assert.throws(() => new KopoKopo(options), { name: 'ConfigurationError', field });
  }
  assert.throws(() => new WebhookVerifier({ apiKeys: [] }), { name: 'ConfigurationError', field: 'apiKeys' });
  assert.throws(() => hashPhone('nobody'), { kind: 'invalid_request', field: 'phoneNumber' });
  assert.throws(() => signWebhook(7, body), { kind: 'invalid_request', field: 'apiKey' });
});

test('webhooks of a client without an API key are refused at once', () => {
  const client = new KopoKopo({ clientId: 'a', clientSecret: 'b' });
  assert.throws(() => client.webhooks, { name: 'ConfigurationError', field: 'apiKey' });
});

test('a client prints its origin, and records what they are', () => {
  const client = new KopoKopo({ clientId: 'a', clientSecret: 'canary', apiKey: 'canary' });
  assert.strictEqual(inspect(client), "KopoKopo { baseUrl: 'https://sandbox.kopokopo.com' }");
  const { links } = verifier.verify(body, signature);
  assert.ok(links instanceof Links);
  assert.strictEqual(client.incomingPayments, client.incomingPayments);
});
