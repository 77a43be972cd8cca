'use strict';

const assert = require('node:assert');
const http = require('node:http');
const { Readable } = require('node:stream');
const { test } = require('node:test');
const { InvalidRequestError, SignatureError, WebhookVerifier } = require('kopokopo');
const { verify, webhooks } = require('kopokopo/next');
const { Hono } = require('hono');
const { serve: serveHono } = require('@hono/node-server');
const { HEADER, KEY, PAID, closed, conforms, listening, sign, toldOf } = require('./support');

const verifier = new WebhookVerifier({ apiKeys: [KEY] });

/** Calls a route handler as Next.js does: a Request whose body comes from the connection. */
function route(handler, told = () => {}) {
  const server = http.createServer(async (incoming, response) => {
    const headers = new Headers();
    for (let at = 0; at < incoming.rawHeaders.length; at += 2) headers.append(incoming.rawHeaders[at], incoming.rawHeaders[at + 1]);
    const request = new Request(`http://shop.example${incoming.url}`, { method: 'POST', headers, body: Readable.toWeb(incoming), duplex: 'half' });
    try {
      const answer = await handler(request, { params: Promise.resolve({}) });
      response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
    } catch (error) {
      told(error);
      response.writeHead(500).end();
    }
  });
  return listening(server);
}

conforms('a route handler', (verifier, handler, onRefusal) => route(webhooks(verifier, handler, { onRefusal })));

conforms('Hono', async (verifier, handler, onRefusal) => {
  const app = new Hono();
  const handle = webhooks(verifier, handler, { onRefusal });
  app.onError((_error, context) => context.text('sorry', 500));
  app.post('/k2/results', (context) => handle(context.req.raw));
  const server = serveHono({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  return { port: server.address().port, close: () => closed(server) };
});

const post = (body, headers = { [HEADER]: sign(PAID) }) =>
  new Request('http://shop.example/k2/results', { method: 'POST', headers, body, ...(body instanceof ReadableStream ? { duplex: 'half' } : {}) });

for (const [how, read] of [
  ['request.json()', (request) => request.json()],
  ['request.text()', (request) => request.text()],
  ['a reader', (request) => void request.body.getReader()],
]) {
  test(`${how} first is answered by the fix`, async () => {
    const error = await toldOf((told) =>
      route(async (request) => {
        await read(request);
        return webhooks(verifier, () => {})(request);
      }, told),
    );
    assert.ok(error instanceof InvalidRequestError, error);
    assert.strictEqual(error.field, 'body');
    assert.match(error.message, /^Next\.js: .*`await verify\(verifier, request\)` in place of request\.json\(\)/);
  });
}

test('a request of the Pages Router is told where to go', async () => {
  await assert.rejects(verify(verifier, { headers: {}, body: {} }), (error) => {
    assert.ok(error instanceof InvalidRequestError);
    assert.match(error.message, /kopokopo\/express and `export const config = \{ api: \{ bodyParser: false \} \}`/);
    return true;
  });
});

test('a parsed body in the place of the request is answered by the fix', async () => {
  for (const given of [JSON.parse(PAID), PAID, null]) {
    await assert.rejects(verify(verifier, given), /Next\.js: verify was given .*that is not the request/);
  }
});

test('the handler gets the request and its context, and may answer itself', async () => {
  const handler = webhooks(verifier, async (event, request, { params }) =>
    Response.json({ topic: event.topic, method: request.method, ...(await params) }, { status: 202 }),
  );
  const answer = await handler(post(PAID), { params: Promise.resolve({ till: 'K000000' }) });
  assert.strictEqual(answer.status, 202);
  assert.deepStrictEqual(await answer.json(), { topic: 'buygoods_transaction_received', method: 'POST', till: 'K000000' });
});

test('verify gives the event', async () => {
  assert.strictEqual((await verify(verifier, post(PAID))).topic, 'buygoods_transaction_received');
});

test('a stream that fails is a body that broke off', async () => {
  const stream = new ReadableStream({
    pull(controller) {
      controller.error(new Error('reset'));
    },
  });
  await assert.rejects(verify(verifier, post(stream)), (error) => {
    assert.ok(error instanceof SignatureError);
    assert.match(error.message, /broke off/);
    return true;
  });
});

test('a body beyond the cap is not read to its end', async () => {
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

test('what is set up wrongly fails at the start', () => {
  assert.throws(() => webhooks(undefined, () => {}), InvalidRequestError);
  assert.throws(() => webhooks(verifier), InvalidRequestError);
});
