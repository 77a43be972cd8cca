'use strict';
// The encoding of arguments, and the values that are refused before they reach the native addon.

const assert = require('node:assert');
const { inspect } = require('node:util');
const { test } = require('node:test');
const { InvalidRequestError, KopoKopo, Links, WebhookVerifier, hashPhone, signWebhook } = require('..');
const { camelCaseNames, camelCasePath, write } = require('../lib/arguments');

const encode = (value) => JSON.parse(write(value));

test('names become the names of the contract, except in metadata', () => {
  const request = { tillNumber: 'K', destinations: [{ phoneNumber: '1' }], metadata: { orderId: 1, order_id: 2 } };
  assert.deepStrictEqual(encode(request), {
    till_number: 'K',
    destinations: [{ phone_number: '1' }],
    metadata: { orderId: 1, order_id: 2 },
  });
  assert.strictEqual(write({ metadata: JSON.parse('{"__proto__": "x"}') }), '{"metadata":{"__proto__":"x"}}');
});

test('values of JavaScript become values of JSON', () => {
  class Decimal {
    toJSON() {
      return '10.50';
    }
  }
  const at = new Date('2026-05-01T10:43:20+03:00');
  assert.deepStrictEqual(encode({ at, big: 12345678901234567890n, exact: new Decimal(), none: null, left: undefined, is: true }), {
    at: '2026-05-01T07:43:20.000Z',
    big: '12345678901234567890',
    exact: '10.50',
    none: null,
    is: true,
  });
});

test('value that JSON does not support is refused with its path', () => {
  const circular = { metadata: {} };
  circular.metadata.self = circular;
  for (const [value, path] of [
    [{ amount: Number.NaN }, 'amount'],
    [{ amount: Number.POSITIVE_INFINITY }, 'amount'],
    [{ amount: 2 ** 53 }, 'amount'],
    [{ fromTime: new Date('never') }, 'fromTime'],
    [{ destinations: [{ description: 'half \uD83D' }] }, 'destinations[0].description'],
    [{ metadata: { call: () => {} } }, 'metadata.call'],
    [{ metadata: { own: Symbol('x') } }, 'metadata.own'],
    [{ till_number: 'K' }, 'till_number'],
    [circular, /^metadata\.self/],
  ]) {
    assert.throws(
      () => write(value),
      (error) => {
        assert.ok(error instanceof InvalidRequestError, inspect(error));
        if (path instanceof RegExp) assert.match(error.field, path);
        else assert.strictEqual(error.field, path);
        return error.message.startsWith(error.field);
      },
    );
  }
  for (const value of ['text', 7, [], true]) assert.throws(() => write(value), /must be an object with named fields/);
  assert.doesNotThrow(() => write({ description: 'whole \u{1F600}' }));
});

test('value whose content would be ignored is refused', () => {
  for (const [value, path, remedy] of [
    [{ metadata: new Map([['orderId', 1]]) }, 'metadata', /is a Map: use Object\.fromEntries\(map\)/],
    [{ metadata: new Set(['orderId']) }, 'metadata', /is a Set/],
    [{ metadata: Promise.resolve({}) }, 'metadata', /is a Promise/],
    [{ callbackUrl: Promise.resolve('https://shop.example') }, 'callbackUrl', /is a Promise/],
    [{ fromTime: Date.now() }, 'fromTime', /use new Date\(milliseconds\)/],
    [{ metadata: new (class Empty {})() }, 'metadata', /is a Empty/],
  ]) {
    assert.throws(() => write(value), (error) => error.field === path && remedy.test(error.message));
  }
  assert.deepStrictEqual(encode({ callbackUrl: new URL('https://shop.example/k2') }), { callback_url: 'https://shop.example/k2' });
  class Request {
    tillNumber = 'K000000';
  }
  assert.deepStrictEqual(encode(new Request()), { till_number: 'K000000' });
  assert.throws(() => KopoKopo.fromEnv({ timeout: 1000 }), { kind: 'configuration', field: 'options', message: /withOptions/ });
  assert.throws(() => new WebhookVerifier({ apiKeys: 'k' }), { kind: 'configuration', field: 'apiKeys' });
});

test('errors keep the names of environment variables and paths', async () => {
  const saved = { ...process.env };
  for (const name of Object.keys(process.env)) if (name.startsWith('K2_')) delete process.env[name];
  try {
    assert.throws(() => KopoKopo.fromEnv(), (error) => error.field === 'K2_CLIENT_ID' && error.message.includes('K2_CLIENT_ID: '));
  } finally {
    Object.assign(process.env, saved);
  }
  const client = new KopoKopo({ clientId: 'i', clientSecret: 'a secret', baseUrl: 'http://127.0.0.1:9' });
  await assert.rejects(client.rawRequests.get('widgets'), /such as \/api\/v2\/incoming_payments/);
});

test('unknown options of webhooks are refused', () => {
  const { webhooks } = require('../webhooks/express');
  const verifier = new WebhookVerifier({ apiKeys: ['key'] });
  assert.throws(() => webhooks(verifier, () => {}, { maxBody: 10 }), { name: 'InvalidRequestError', field: 'maxBody' });
});

test('nested and recursive values are refused with their path', () => {
  const list = [];
  list.push(list);
  const json = { toJSON: () => json };
  for (const [value, path] of [
    [{ metadata: { a: list } }, /^metadata\.a\[0\]/],
    [{ amount: json }, /^amount$/],
    [{ metadata: { '\ud800': 1 } }, /^metadata$/],
  ]) {
    assert.throws(() => write(value), (error) => error instanceof InvalidRequestError && path.test(error.field));
  }
});

test('names that may be secrets are not in errors', async () => {
  const client = new KopoKopo({ clientId: 'i', clientSecret: 'a secret', baseUrl: 'http://127.0.0.1:9' });
  const failures = [];
  for (const call of [
    () => write({ '0712345678': () => 1 }),
    () => write({ metadata: { '0712345678': () => 1 } }),
    () => write({ metadata: { S3CRETSECRET: Symbol.iterator } }),
    () => new KopoKopo({ clientId: 'i', clientSecret: 'x', S3CRETSECRET: 1 }),
    () => new WebhookVerifier({ apiKeys: ['key'], S3CRETSECRET: 1 }),
    () => client.incomingPayments.get('1', { '0712345678': 1 }),
    () => client.incomingPayments.create({ '0712345678': 1 }),
  ]) {
    try {
      await call();
    } catch (error) {
      failures.push(`${error.field} ${error.message}`);
    }
  }
  assert.strictEqual(failures.length, 7);
  for (const failure of failures) assert.ok(failure.includes('[redacted]') && !/S3CRET|712345678/.test(failure), failure);
});

test('durations are milliseconds', () => {
  assert.deepStrictEqual(encode({ timeout: 45_000, retryBase: 500, connectTimeout: 3100 }), { timeout: 45, retry_base: 0.5, connect_timeout: 3.1 });
  assert.deepStrictEqual(encode({ timeout: undefined, interval: null }), { interval: null });
  assert.deepStrictEqual(encode({ metadata: { timeout: 5 } }), { metadata: { timeout: 5 } }, 'names in metadata do not change');
  for (const [invalid, message] of [
    [0.5, /half a second is 500/],
    [-1, /number of milliseconds, greater than zero/],
    [0, /number of milliseconds, greater than zero/],
    [1e15, /at most 2147483647 milliseconds/],
    [Number.NaN, /number of milliseconds/],
    ['45s', /number of milliseconds/],
    [45n, /number of milliseconds/],
  ]) {
    assert.throws(() => write({ timeout: invalid }), (error) => error.field === 'timeout' && message.test(error.message));
  }
});

test('paths and messages have the names that the caller wrote', () => {
  assert.strictEqual(camelCasePath('destinations[0].phone_number'), 'destinations[0].phoneNumber');
  assert.strictEqual(camelCasePath('metadata.order_id'), 'metadata.order_id');
  assert.strictEqual(camelCaseNames('til_number: unknown field; expected one of: till_number', 'til_number'), 'tilNumber: unknown field; expected one of: tillNumber');
  assert.strictEqual(camelCaseNames('must be one of mobile_wallet, bank_account'), 'must be one of mobile_wallet, bank_account');
  assert.strictEqual(camelCaseNames('use `sweep_all_funds`, see K2_BASE_URL'), 'use `sweepAllFunds`, see K2_BASE_URL');
});

test('every name of the contract is the same after conversion to camel case and back', () => {
  const { NAMES } = require('../lib/contract');
  for (const name of NAMES) assert.deepStrictEqual(Object.keys(encode({ [camelCasePath(name)]: name.endsWith('timeout') || /interval|retry_|_wait|older_/.test(name) ? 1 : '1' })), [name]);
});

const body = Buffer.from('{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Wanjikũ"}}}');
const verifier = new WebhookVerifier({ apiKeys: ['key'] });
const signature = signWebhook('key', body);

test('body is accepted as bytes of any class, or as text', () => {
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

test('event does not change if the bytes of the body change after verification', () => {
  const bytes = Buffer.from(body);
  const event = verifier.verify(bytes, signature);
  bytes.fill(0);
  assert.strictEqual(event.raw, body.toString());
});

test('parsed body is refused with the remedy', () => {
  for (const parsed of [JSON.parse(body), null, undefined, 7, [1, 2]]) {
    assert.throws(() => verifier.verify(parsed, signature), (error) => {
      assert.ok(error instanceof InvalidRequestError);
      return error.field === 'body' && /raw body/.test(error.message) && /kopokopo\/express/.test(error.message);
    });
  }
});

test('repeated header or value that is not text is refused as signature', () => {
  assert.throws(() => verifier.verify(body, [signature, signature]), { kind: 'signature' });
  assert.throws(() => verifier.verify(body, { signature }), { kind: 'invalid_request', field: 'signature' });
  assert.throws(() => verifier.verify(body), { kind: 'signature' });
});

test('error prints only the fields that are set', () => {
  const printed = inspect(new InvalidRequestError('amount: must be given', { field: 'amount', body: 'hidden' }));
  assert.match(printed, /^InvalidRequestError: amount: must be given\n/);
  assert.match(printed, /kind: 'invalid_request',\n\s+field: 'amount'\n\}$/);
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

test('invalid option is a configuration error', () => {
  for (const [options, field] of [
    [undefined, 'clientId'],
    [{ clientId: 'a', clientSecret: 'b', timeout: Number.NaN }, 'timeout'],
    [{ clientId: 'a', clientSecret: 'b', time_out: 1 }, 'time_out'],
    [{ clientId: 'a', clientSecret: 'b', environment: 'live' }, 'environment'],
  ]) {
    assert.throws(() => new KopoKopo(options), { name: 'ConfigurationError', field });
  }
  assert.throws(() => new WebhookVerifier({ apiKeys: [] }), { name: 'ConfigurationError', field: 'apiKeys' });
  assert.throws(() => hashPhone('not a number'), { kind: 'invalid_request', field: 'phoneNumber' });
  assert.throws(() => signWebhook(7, body), { kind: 'invalid_request', field: 'apiKey' });
});

test('webhooks of a client without an API key throw immediately', () => {
  const client = new KopoKopo({ clientId: 'a', clientSecret: 'b' });
  assert.throws(() => client.webhooks, { name: 'ConfigurationError', field: 'apiKey' });
});

test('client prints its origin, and records have their class', () => {
  const client = new KopoKopo({ clientId: 'a', clientSecret: 'canary', apiKey: 'canary' });
  assert.strictEqual(inspect(client), "KopoKopo { baseUrl: 'https://sandbox.kopokopo.com' }");
  const { links } = verifier.verify(body, signature);
  assert.ok(links instanceof Links);
  assert.strictEqual(client.incomingPayments, client.incomingPayments);
});
