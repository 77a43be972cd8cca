'use strict';
// What the tests of every webhook adapter share: the cases, a client that sends exactly what it is told, and what every
// framework must answer.

const assert = require('node:assert');
const { createHmac } = require('node:crypto');
const net = require('node:net');
const { after, before, describe, test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { SignatureError, WebhookVerifier } = require('kopokopo');
const { body, header, payloads, vectors } = require('../shared/vectors');

const KEY = 'api-key';
const HEADER = 'X-KopoKopo-Signature';
const PATIENCE = 20_000;

const sign = (raw, key = KEY) => createHmac('sha256', key).update(raw).digest('hex');

function hostile() {
  const file = vectors('hostile_webhooks');
  return file.cases
    // A receiver that was set up wrongly refuses to start: no stranger brings that about.
    .filter(({ expect }) => expect.error !== 'configuration')
    .map(({ name, expect, ...written }) => {
      const raw = body(written.body);
      const options = { apiKeys: written.api_keys ?? file.api_keys };
      if (written.client_secret) options.clientSecret = written.client_secret;
      if (written.max_body) options.maxBody = written.max_body;
      const isTooLarge = raw.length > (written.max_body ?? 10_485_760);
      const status = expect.error ? (isTooLarge ? 413 : { signature: 401, decode: 400 }[expect.error]) : 200;
      return { name, raw, signature: header(written.signature, raw), options, status, topic: expect.topic };
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
    .cases.map(({ name, api_key: key, body: written, signature }) => ({ name, raw: body(written), signature, options: { apiKeys: [key] }, status: 200 }))
    .filter(({ raw }) => raw.toString().trimStart().startsWith('{'));
  return [...samples, ...signed];
}

const CASES = [...hostile(), ...genuine()];
const PAID = payloads('webhook-buygoods-transaction-received')[0][1];

/** The cases, put together by the options of their verifier. */
function byOptions() {
  const groups = new Map();
  for (const one of CASES) {
    const key = JSON.stringify(one.options);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups].map(([key, cases]) => [JSON.parse(key), cases]);
}

/** Posts bytes over loopback, with as many signature headers as given. Answers with status and text. */
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
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), PATIENCE);
    const parts = [];
    let failure;
    socket.on('data', (part) => parts.push(part));
    socket.on('error', (error) => (failure = error));
    socket.on('close', () => {
      clearTimeout(timer);
      const answer = Buffer.concat(parts).toString();
      const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
      if (status) resolve({ status, text: answer.slice(answer.indexOf('\r\n\r\n') + 4) });
      else if (half) resolve(undefined);
      else reject(failure ?? new Error('no answer'));
    });
    socket.write(`${lines.join('\r\n')}\r\n\r\n`);
    if (half) {
      socket.write(raw.subarray(0, raw.length / 2), () => sleep(20).then(() => socket.destroy()));
    } else if (chunked) {
      for (let at = 0; at < raw.length; at += 50_000) {
        const part = raw.subarray(at, at + 50_000);
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

/** A server of node:http that listens, as `serve` is expected to give it. */
async function listening(server) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: server.address().port, close: () => closed(server) };
}

function closed(server) {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

/**
 * What an adapter must answer. `serve(verifier, handler, onRefusal)` starts the framework with one route, /k2/results, and
 * resolves to { port, close }. `differs(one, status)` accepts what the framework itself answers before the adapter;
 * `readsItself` is false where the framework reads the body.
 */
function conforms(framework, serve, { differs = () => false, tellsRefusals = true, readsItself = true } = {}) {
  describe(framework, () => {
    for (const [options, cases] of byOptions()) {
      describe(JSON.stringify(options), () => {
        const events = [];
        let server;
        before(async () => {
          server = await serve(new WebhookVerifier(options), (event) => void events.push(event), () => {});
        });
        after(() => server.close());
        for (const one of cases) {
          test(one.name, async () => {
            events.length = 0;
            const { status } = await send(server.port, one.raw, one.signature);
            // node:http takes no header with a control character in it.
            const isMalformed = typeof one.signature === 'string' && one.signature.includes('\0');
            if (!differs(one, status)) assert.strictEqual(status, isMalformed ? 400 : one.status);
            assert.strictEqual(events.length, status === 200 ? 1 : 0);
            if (status === 200 && one.topic !== undefined) assert.strictEqual(events[0].topic, one.topic);
          });
        }
      });
    }

    describe('one server', () => {
      const events = [];
      const refusals = [];
      let handler = (event) => void events.push(event);
      let server;
      before(async () => {
        const verifier = new WebhookVerifier({ apiKeys: [KEY], maxBody: 100_000 });
        server = await serve(verifier, (...given) => handler(...given), (error) => refusals.push(error));
      });
      after(() => server.close());

      const answers = async (expected, ...sent) => {
        events.length = 0;
        refusals.length = 0;
        const { status, text } = await send(server.port, ...sent);
        assert.strictEqual(status, expected, text);
        assert.strictEqual(events.length, expected === 200 ? 1 : 0);
        return text;
      };

      test('the header is found however its name is spelt', async () => {
        for (const name of ['x-kopokopo-signature', 'X-KOPOKOPO-SIGNATURE']) await answers(200, PAID, sign(PAID), { name });
      });

      test('the same signature twice is one, different ones are refused', async () => {
        await answers(200, PAID, [sign(PAID), sign(PAID)]);
        await answers(401, PAID, [sign(PAID), '0'.repeat(64)]);
        await answers(401, PAID, ['0'.repeat(64), sign(PAID)]);
        await answers(401, PAID, [sign(PAID), '']);
      });

      test('a body in chunks is put together', () => answers(200, PAID, sign(PAID), { chunked: true }));

      test('a body in chunks beyond the cap is refused, and the sender hears it', async () => {
        const raw = Buffer.concat([PAID, Buffer.alloc(2_000_000, ' ')]);
        await answers(413, raw, sign(raw), { chunked: true });
      });

      const announced = () =>
        answers(413, Buffer.alloc(0), sign(PAID), { headers: { 'Content-Length': 100_001 } });
      if (readsItself) test('a body that is announced beyond the cap is refused before it comes', announced);

      test('a sender who leaves in the middle of the body leaves nothing behind', async () => {
        events.length = 0;
        await send(server.port, PAID, sign(PAID), { half: true });
        await answers(200, PAID, sign(PAID));
      });

      test('a request without a body is refused', async () => {
        events.length = 0;
        const { status } = await send(server.port, Buffer.alloc(0), null);
        assert.ok(status === 401 || differs({ status: 401 }, status), String(status));
        assert.deepStrictEqual(events, []);
      });

      test('strangers learn nothing, and the program learns why', async () => {
        const text = await answers(401, PAID, sign(PAID, 'wrong-key'));
        assert.doesNotMatch(text, /match|key|raw/);
        if (!tellsRefusals) return;
        assert.strictEqual(refusals.length, 1);
        assert.ok(refusals[0] instanceof SignatureError);
        assert.match(refusals[0].message, /does not match/);
      });

      test("an error of the handler is the framework's, whatever it is", async () => {
        for (const failure of [new Error('the database is away'), new SignatureError('of something else')]) {
          handler = async () => {
            throw failure;
          };
          await answers(500, PAID, sign(PAID));
        }
        handler = (event) => void events.push(event);
      });
    });
  });
}

/** Sends a genuine webhook to a wrong set-up, and gives what the framework's own way for errors was told. */
async function toldOf(start) {
  let told;
  const server = await start((error) => (told = error));
  try {
    const { status } = await send(server.port, PAID, sign(PAID));
    assert.strictEqual(status, 500);
  } finally {
    await server.close();
  }
  return told;
}

module.exports = { CASES, HEADER, KEY, PAID, closed, conforms, listening, send, sign, toldOf };
