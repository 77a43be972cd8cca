'use strict';

const assert = require('node:assert');
const { test } = require('node:test');
const { InvalidRequestError, WebhookVerifier } = require('kopokopo');
const { verify, webhooks } = require('kopokopo/fastify');
const { HEADER, KEY, PAID, errorOf, send, sign, testAdapter } = require('./support');

const verifier = new WebhookVerifier({ apiKeys: [KEY] });
const url = '/k2/results';

async function serve(app) {
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: app.server.address().port, close: () => app.close() };
}

for (const version of ['fastify', 'fastify4']) {
  const Fastify = require(version);
  const name = `Fastify ${require(`${version}/package.json`).version}`;

  testAdapter(name, (verifier, handler, options) => {
    const app = Fastify({ forceCloseConnections: true });
    app.register(webhooks, { verifier, url, handler, ...options });
    return serve(app);
  });

  testAdapter(`${name} with a prefix, and with parsers of the application`, (verifier, handler, options) => {
    const app = Fastify({ forceCloseConnections: true, bodyLimit: 10 });
    app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, JSON.parse(body)));
    app.register(webhooks, { prefix: '/k2', verifier, url: '/results', handler, ...options });
    return serve(app);
  });

  test(`${name}: JSON parser before verify has an error with the remedy`, async () => {
    const error = await errorOf((onError) => {
      const app = Fastify();
      app.post(url, (request) => verify(verifier, request));
      app.setErrorHandler((error, _request, reply) => reply.code(onError(error) && 500).send());
      return serve(app);
    });
    assert.ok(error instanceof InvalidRequestError, error);
    assert.strictEqual(error.field, 'body');
    assert.match(error.message, /^Fastify: .*`app\.register\(webhooks, \{ verifier, url, handler \}\)`/);
  });

  test(`${name}: other routes keep their JSON parser`, async (t) => {
    const app = Fastify();
    app.register(webhooks, { verifier, url, handler: () => {} });
    app.post('/orders', (request) => ({ item: request.body.item }));
    const server = await serve(app);
    t.after(server.close);
    const { text } = await send(server.port, Buffer.from('{"item":"coffee"}'), null, { path: '/orders' });
    assert.strictEqual(text, '{"item":"coffee"}');
  });

  test(`${name}: verify accepts bytes, text or a stream from a parser of the scope`, async (t) => {
    const app = Fastify();
    for (const [path, ...parser] of [
      ['/bytes', { parseAs: 'buffer' }, (_request, body, done) => done(null, body)],
      ['/text', { parseAs: 'string' }, (_request, body, done) => done(null, body)],
      ['/stream', (_request, payload, done) => done(null, payload)],
    ]) {
      app.register(async (scope) => {
        scope.removeAllContentTypeParsers();
        scope.addContentTypeParser('*', ...parser);
        scope.post(path, async (request) => (await verify(verifier, request)).topic);
      });
    }
    const server = await serve(app);
    t.after(server.close);
    for (const path of ['/bytes', '/text', '/stream']) {
      assert.strictEqual((await send(server.port, PAID, sign(PAID), { path })).text, 'buygoods_transaction_received');
    }
  });

  test(`${name}: handler may send the response, return it, or do neither`, async () => {
    const app = Fastify();
    const handlers = {
      '/sends': (event, _request, reply) => reply.code(202).send({ topic: event.topic }),
      '/returns': async (event) => ({ topic: event.topic }),
      '/neither': () => {},
      '/null': async () => null,
      '/status': (_event, _request, reply) => void reply.code(204),
      '/sends-late': async (_event, _request, reply) => void reply.send('sent'),
    };
    for (const [url, handler] of Object.entries(handlers)) app.register(webhooks, { verifier, url, handler });
    const responses = {};
    for (const url of Object.keys(handlers)) {
      const headers = { 'content-type': 'application/json', [HEADER]: sign(PAID) };
      const { statusCode, body } = await app.inject({ method: 'POST', url, headers, payload: PAID });
      responses[url] = [statusCode, body];
    }
    await app.close();
    const topic = '{"topic":"buygoods_transaction_received"}';
    assert.deepStrictEqual(responses, {
      '/sends': [202, topic],
      '/returns': [200, topic],
      '/neither': [200, ''],
      '/null': [200, ''],
      '/status': [204, ''],
      '/sends-late': [200, 'sent'],
    });
  });

  test(`${name}: hooks of the application run first, and refusals are in its log`, async () => {
    const lines = [];
    const app = Fastify({ logger: { level: 'warn', stream: { write: (line) => lines.push(JSON.parse(line).msg) } } });
    app.addHook('preHandler', async (request, reply) => {
      if (request.query.closed) await reply.code(503).send('closed');
    });
    app.register(webhooks, { verifier, url, handler: () => {} });
    const post = async (url) => (await app.inject({ method: 'POST', url, payload: PAID, headers: { [HEADER]: '0'.repeat(64) } })).statusCode;
    assert.strictEqual(await post(`${url}?closed=1`), 503);
    assert.deepStrictEqual(lines, []);
    assert.strictEqual(await post(url), 401);
    assert.strictEqual(lines.length, 1);
    assert.match(lines[0], /^kopokopo: webhook refused: .*does not match/);
    await app.close();
  });

  test(`${name}: missing verifier or handler fails when the plugin is loaded`, async () => {
    for (const options of [{ url, handler: () => {} }, { url, verifier }]) {
      const app = Fastify();
      app.register(webhooks, options);
      await assert.rejects(async () => app.ready(), InvalidRequestError);
      await app.close().catch(() => {});
    }
  });

  test(`${name}: parsed body instead of the request has an error with the remedy`, async () => {
    for (const value of [JSON.parse(PAID), PAID, null]) {
      await assert.rejects(verify(verifier, value), /Fastify: verify was called with .*instead of the request/);
    }
  });
}
