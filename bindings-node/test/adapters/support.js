'use strict';
// Shared by the tests of the webhook adapters: the cases, an HTTP client that sends exactly the given bytes, and the
// tests that every adapter must pass.

const assert = require('node:assert');
const { createHmac } = require('node:crypto');
const net = require('node:net');
const { after, before, describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { JournalError, SignatureError, WebhookVerifier } = require('kopokopo');
const { body, header, payloads, vectors } = require('../shared/vectors');

const KEY = 'api-key';
const HEADER = 'X-KopoKopo-Signature';
const TIMEOUT = 20_000;

const sign = (raw, key = KEY) => createHmac('sha256', key).update(raw).digest('hex');

function hostile() {
  const file = vectors('hostile_webhooks');
  return file.cases
    // Invalid options are errors of the receiver, and not of its requests.
    .filter(({ expect }) => expect.error !== 'configuration')
    .map(({ name, expect, ...webhook }) => {
      const raw = body(webhook.body);
      const options = { apiKeys: webhook.api_keys ?? file.api_keys };
      if (webhook.client_secret) options.clientSecret = webhook.client_secret;
      if (webhook.max_body) options.maxBody = webhook.max_body;
      const isTooLarge = raw.length > (webhook.max_body ?? 10_485_760);
      const status = expect.error ? (isTooLarge ? 413 : { signature: 401, decode: 400 }[expect.error]) : 200;
      return { name, raw, signature: header(webhook.signature, raw), options, status, topic: expect.topic };
    });
}

function genuine() {
  const samples = payloads('webhook-', 'result-').map(([name, raw]) => ({
    name,
    raw,
    signature: sign(raw),
    options: { apiKeys: [KEY] },
    status: 200,
  }));
  const signed = vectors('webhook_signatures')
    .cases.map(({ name, api_key: key, body: description, signature }) => ({ name, raw: body(description), signature, options: { apiKeys: [key] }, status: 200 }))
    .filter(({ raw }) => raw.toString().trimStart().startsWith('{'));
  return [...samples, ...signed];
}

const CASES = [...hostile(), ...genuine()];
const PAID = payloads('webhook-buygoods_transaction_received')[0][1];

/** Returns the cases in groups with the same options of the verifier. */
function casesByOptions() {
  const groups = new Map();
  for (const webhook of CASES) {
    const key = JSON.stringify(webhook.options);
    groups.set(key, [...(groups.get(key) ?? []), webhook]);
  }
  return [...groups].map(([key, cases]) => [JSON.parse(key), cases]);
}

/**
 * Posts bytes over loopback, with one signature header for each signature. Returns a promise of the status and the
 * text.
 *
 * With `half`, sends the first half of the body and closes the connection.
 */
function send(port, raw, signatures, { headers = {}, chunked = false, half = false, path = '/k2/results', name = HEADER } = {}) {
  const all = { Host: 'shop.example', Connection: 'close', 'Content-Type': 'application/json', ...headers };
  if (chunked) all['Transfer-Encoding'] = 'chunked';
  else all['Content-Length'] ??= raw.length;
  const lines = [
    `POST ${path} HTTP/1.1`,
    ...Object.entries(all).map(([key, value]) => `${key}: ${value}`),
    ...[signatures].flat().filter((value) => value !== null).map((value) => `${name}: ${value}`),
  ];
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    const timer = setTimeout(() => socket.destroy(new Error('no response')), TIMEOUT);
    const parts = [];
    let failure;
    socket.on('data', (part) => parts.push(part));
    socket.on('error', (error) => (failure = error));
    socket.on('close', () => {
      clearTimeout(timer);
      const response = Buffer.concat(parts).toString();
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(response)?.[1]);
      if (status) resolve({ status, text: response.slice(response.indexOf('\r\n\r\n') + 4) });
      else if (half) resolve(undefined);
      else reject(failure ?? new Error('no response'));
    });
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    if (half) {
      socket.write(raw.subarray(0, raw.length / 2), () => sleep(20).then(() => socket.destroy()));
    } else if (chunked) {
      for (let start = 0; start < raw.length; start += 50_000) {
        const part = raw.subarray(start, start + 50_000);
        socket.write(`${part.length.toString(16)}\r\n`);
        socket.write(part);
        socket.write('\r\n');
      }
      socket.write('0\r\n\r\n');
    } else {
      socket.write(raw);
    }
  });
}

/** Starts a node:http server on loopback. Returns a promise of what `serve` of `testAdapter` must return. */
async function listen(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, close: () => closeServer(server) };
}

function closeServer(server) {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

/**
 * Tests an adapter. `serve(verifier, handler, options)` starts the framework with one route, /k2/results, and returns a
 * promise of { port, close }. The options are those of the adapter: `onRefusal` and `journal`. `isFrameworkResponse(webhook, status)` accepts responses that the framework sends
 * before the adapter runs. `adapterReadsBody` is false if the framework reads the body.
 */
function testAdapter(framework, serve, { isFrameworkResponse = () => false, adapterReadsBody = true } = {}) {
  describe(framework, () => {
    for (const [options, cases] of casesByOptions()) {
      describe(JSON.stringify(options), () => {
        const events = [];
        let server;
        before(async () => {
          server = await serve(new WebhookVerifier(options), (event) => void events.push(event), { onRefusal: () => {} });
        });
        after(() => server.close());
        for (const webhook of cases) {
          test(webhook.name, async () => {
            events.length = 0;
            const { status } = await send(server.port, webhook.raw, webhook.signature);
            // node:http refuses a header that contains a control character.
            const isMalformed = typeof webhook.signature === 'string' && webhook.signature.includes('\0');
            if (!isFrameworkResponse(webhook, status)) assert.strictEqual(status, isMalformed ? 400 : webhook.status);
            assert.strictEqual(events.length, status === 200 ? 1 : 0);
            if (status === 200 && webhook.topic !== undefined) assert.strictEqual(events[0].topic, webhook.topic);
          });
        }
      });
    }

    describe('one server', () => {
      const events = [];
      const refusals = [];
      let handler = (event) => void events.push(event);
      let observe = () => null;
      let server;
      before(async () => {
        const verifier = new WebhookVerifier({ apiKeys: [KEY], maxBody: 100_000 });
        const journal = { observe: (event) => observe(event) };
        server = await serve(verifier, (...args) => handler(...args), { onRefusal: (error) => refusals.push(error), journal });
      });
      after(() => server.close());

      const assertStatus = async (expected, ...request) => {
        events.length = 0;
        refusals.length = 0;
        const { status, text } = await send(server.port, ...request);
        assert.strictEqual(status, expected, text);
        assert.strictEqual(events.length, expected === 200 ? 1 : 0);
        return text;
      };

      test('case of the header name does not matter', async () => {
        for (const name of ['x-kopokopo-signature', 'X-KOPOKOPO-SIGNATURE']) await assertStatus(200, PAID, sign(PAID), { name });
      });

      test('equal signatures count as one, and different ones are refused', async () => {
        await assertStatus(200, PAID, [sign(PAID), sign(PAID)]);
        await assertStatus(401, PAID, [sign(PAID), '0'.repeat(64)]);
        await assertStatus(401, PAID, ['0'.repeat(64), sign(PAID)]);
        await assertStatus(401, PAID, [sign(PAID), '']);
      });

      test('chunked body is accepted', () => assertStatus(200, PAID, sign(PAID), { chunked: true }));

      test('chunked body larger than maxBody is refused with a response', async () => {
        const raw = Buffer.concat([PAID, Buffer.alloc(2_000_000, ' ')]);
        await assertStatus(413, raw, sign(raw), { chunked: true });
      });

      const sendLargeContentLength = () =>
        assertStatus(413, Buffer.alloc(0), sign(PAID), { headers: { 'Content-Length': 100_001 } });
      if (adapterReadsBody) test('Content-Length larger than maxBody is refused before the body arrives', sendLargeContentLength);

      test('connection closed during the body does not affect the next request', async () => {
        events.length = 0;
        await send(server.port, PAID, sign(PAID), { half: true });
        await assertStatus(200, PAID, sign(PAID));
      });

      test('request without a body is refused', async () => {
        events.length = 0;
        const { status } = await send(server.port, Buffer.alloc(0), null);
        assert.ok(status === 401 || isFrameworkResponse({ status: 401 }, status), String(status));
        assert.deepStrictEqual(events, []);
      });

      test('onRefusal gets the reason, and the response does not contain it', async () => {
        const text = await assertStatus(401, PAID, sign(PAID, 'wrong-key'));
        assert.doesNotMatch(text, /match|key|raw/);
        assert.strictEqual(refusals.length, 1);
        assert.ok(refusals[0] instanceof SignatureError);
        assert.match(refusals[0].message, /does not match/);
      });

      test('journal observes verified events before the handler is called', async () => {
        const observed = [];
        observe = async (event) => {
          await sleep(1);
          assert.deepStrictEqual(events, []);
          observed.push(event);
        };
        await assertStatus(200, PAID, sign(PAID));
        assert.strictEqual(observed.length, 1);
        assert.strictEqual(observed[0], events[0]);
        await assertStatus(401, PAID, sign(PAID, 'wrong-key'));
        assert.strictEqual(observed.length, 1);
      });

      test('journal that fails is a 500, and the handler is not called', async () => {
        const failure = new JournalError('the database is not available');
        for (const fail of [() => Promise.reject(failure), () => { throw new TypeError('any other error'); }]) {
          observe = fail;
          const text = await assertStatus(500, PAID, sign(PAID));
          assert.doesNotMatch(text, /database|error/);
          assert.strictEqual(refusals.length, 1);
          assert.strictEqual(refusals[0].kind, 'journal');
        }
        assert.match(refusals[0].cause.message, /any other error/);
        observe = () => null;
        await assertStatus(200, PAID, sign(PAID));
      });

      test('any error of the handler is passed to the framework', async () => {
        for (const failure of [new Error('the database is not available'), new SignatureError('from another verification')]) {
          handler = async () => {
            throw failure;
          };
          await assertStatus(500, PAID, sign(PAID));
        }
        handler = (event) => void events.push(event);
      });
    });
  });
}

/** Sends a valid webhook to an invalid configuration, and returns a promise of the error that the framework handles. */
async function errorOf(start) {
  let handled;
  const server = await start((error) => (handled = error));
  try {
    const { status } = await send(server.port, PAID, sign(PAID));
    assert.strictEqual(status, 500);
  } finally {
    await server.close();
  }
  return handled;
}

module.exports = { CASES, HEADER, KEY, PAID, closeServer, errorOf, listen, send, sign, testAdapter };
