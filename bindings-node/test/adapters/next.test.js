'use strict';

const assert = require('node:assert');
const http = require('node:http');
const { Readable } = require('node:stream');
const { test } = require('node:test');
const { InvalidRequestError, SignatureError, WebhookVerifier } = require('kopokopo');
const { verify, webhooks } = require('kopokopo/next');
const { Hono } = require('hono');
const { serve: serveHono } = require('@hono/node-server');
const { HEADER, KEY, PAID, closeServer, errorOf, listen, sign, testAdapter } = require('./support');

const verifier = new WebhookVerifier({ apiKeys: [KEY] });

/**
 * Starts a server that calls a route handler as Next.js does: with a Request whose body is the stream of the
 * connection.
 */
function route(handler, onError = () => {}) {
  const server = http.createServer(async (incoming, response) => {
    const headers = new Headers();
    for (let index = 0; index < incoming.rawHeaders.length; index += 2) headers.append(incoming.rawHeaders[index], incoming.rawHeaders[index + 1]);
    const request = new Request(`http://shop.example${incoming.url}`, { method: 'POST', headers, body: Readable.toWeb(incoming), duplex: 'half' });
    try {
      const result = await handler(request, { params: Promise.resolve({}) });
      response.writeHead(result.status).end(Buffer.from(await result.arrayBuffer()));
    } catch (error) {
      onError(error);
      response.writeHead(500).end();
    }
  });
  return listen(server);
}

testAdapter('route handler', (verifier, handler, options) => route(webhooks(verifier, handler, options)));

testAdapter('Hono', async (verifier, handler, options) => {
  const app = new Hono();
  const handle = webhooks(verifier, handler, options);
  app.onError((_error, context) => context.text('sorry', 500));
  app.post('/k2/results', (context) => handle(context.req.raw));
  const server = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  return { port: server.address().port, close: () => closeServer(server) };
});

const post = (body, headers = { [HEADER]: sign(PAID) }) =>
  new Request('http://shop.example/k2/results', { method: 'POST', headers, body, ...(body instanceof ReadableStream ? { duplex: 'half' } : {}) });

for (const [how, read] of [
  ['request.json()', (request) => request.json()],
  ['request.text()', (request) => request.text()],
  ['a reader', (request) => void request.body.getReader()],
]) {
  test(`${how} before the adapter has an error with the remedy`, async () => {
    const error = await errorOf((onError) =>
      route(async (request) => {
        await read(request);
        return webhooks(verifier, () => {})(request);
      }, onError),
    );
    assert.ok(error instanceof InvalidRequestError, error);
    assert.strictEqual(error.field, 'body');
    assert.match(error.message, /^Next\.js: .*`await verify\(verifier, request\)` instead of request\.json\(\)/);
  });
}

test('request of the Pages Router has an error with the remedy', async () => {
  await assert.rejects(verify(verifier, { headers: {}, body: {} }), (error) => {
    assert.ok(error instanceof InvalidRequestError);
    assert.match(error.message, /kopokopo\/express and `export const config = \{ api: \{ bodyParser: false \} \}`/);
    return true;
  });
});

test('parsed body instead of the request has an error with the remedy', async () => {
  for (const value of [JSON.parse(PAID), PAID, null]) {
    await assert.rejects(verify(verifier, value), /Next\.js: verify was called with .*instead of the request/);
  }
});

test('handler gets the request and its context, and may return the response', async () => {
  const handler = webhooks(verifier, async (event, request, { params }) =>
    Response.json({ topic: event.topic, method: request.method, ...(await params) }, { status: 202 }),
  );
  const response = await handler(post(PAID), { params: Promise.resolve({ till: 'K000000' }) });
  assert.strictEqual(response.status, 202);
  assert.deepStrictEqual(await response.json(), { topic: 'buygoods_transaction_received', method: 'POST', till: 'K000000' });
});

test('verify returns the event', async () => {
  assert.strictEqual((await verify(verifier, post(PAID))).topic, 'buygoods_transaction_received');
});

test('error of the stream is an incomplete body', async () => {
  const stream = new ReadableStream({
    pull(controller) {
      controller.error(new Error('reset'));
    },
  });
  await assert.rejects(verify(verifier, post(stream)), (error) => {
    assert.ok(error instanceof SignatureError);
    assert.match(error.message, /connection closed before the full body/);
    return true;
  });
});

test('body larger than maxBody is not read completely', async () => {
  let pulled = 0;
  let cancelled = false;
  const stream = new ReadableStream({
    pull(controller) {
      pulled += 1;
      controller.enqueue(new Uint8Array(1000));
    },
    cancel() {
      cancelled = true;
    },
  });
  const small = new WebhookVerifier({ apiKeys: [KEY], maxBody: 5000 });
  assert.strictEqual((await webhooks(small, () => {}, { onRefusal: () => {} })(post(stream))).status, 413);
  assert.ok(pulled < 20);
  assert.ok(cancelled);
});

test('missing verifier or handler throws immediately', () => {
  assert.throws(() => webhooks(undefined, () => {}), InvalidRequestError);
  assert.throws(() => webhooks(verifier), InvalidRequestError);
});
