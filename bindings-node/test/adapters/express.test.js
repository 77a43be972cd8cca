'use strict';

const assert = require('node:assert');
const http = require('node:http');
const { test } = require('node:test');
const { InvalidRequestError, SignatureError, WebhookVerifier } = require('kopokopo');
const { verify, webhooks } = require('kopokopo/express');
const { KEY, PAID, conforms, listening, send, sign, toldOf } = require('./support');

const verifier = new WebhookVerifier({ apiKeys: [KEY] });
const quiet = { onRefusal: () => {} };

for (const version of ['express', 'express4']) {
  const express = require(version);
  const name = `Express ${require(`${version}/package.json`).version}`;

  /** An application that answers 500 to every error, without a word in the log. */
  const app = (prepare, told = () => {}) => {
    const app = express();
    prepare(app);
    // Express knows a handler of errors by its four parameters.
    app.use((error, _request, response, _next) => {
      told(error);
      response.status(500).end();
    });
    return listening(http.createServer(app));
  };

  conforms(name, (verifier, handler, onRefusal) =>
    app((app) => {
      app.post('/k2/results', webhooks(verifier, handler, { onRefusal }));
      app.use(express.json());
    }),
  );

  conforms(`${name} with express.raw()`, (verifier, handler, onRefusal) =>
    app((app) => app.post('/k2/results', express.raw({ type: '*/*', limit: '20mb' }), webhooks(verifier, handler, { onRefusal }))),
    { readsItself: false },
  );

  for (const [parser, prepare] of [
    ['express.json()', (app) => app.use(express.json())],
    ['a reader of its own', (app) => app.use((request, _response, next) => request.resume().on('end', next))],
    ['somebody who is reading still', (app) => app.use((request, _response, next) => next(void request.on('data', () => {})))],
  ]) {
    test(`${name}: ${parser} first is answered by the fix`, async () => {
      const called = [];
      const error = await toldOf((told) =>
        app((app) => {
          prepare(app);
          app.post('/k2/results', webhooks(verifier, (event) => called.push(event)));
        }, told),
      );
      assert.ok(error instanceof InvalidRequestError, error);
      assert.strictEqual(error.field, 'body');
      assert.match(error.message, /^Express: .*express\.json\(\).*put `app\.post\(.*above `app\.use\(express\.json\(\)\)`$/s);
      assert.deepStrictEqual(called, []);
    });
  }

  test(`${name}: a raw body that a parser kept is taken`, async (t) => {
    const server = await app((app) => {
      app.use(express.json({ verify: (request, _response, buffer) => (request.rawBody = buffer) }));
      app.post('/k2/results', webhooks(verifier, () => {}, quiet));
    });
    t.after(server.close);
    assert.strictEqual((await send(server.port, PAID, sign(PAID))).status, 200);
    assert.strictEqual((await send(server.port, PAID, sign(PAID, 'wrong-key'))).status, 401);
  });

  test(`${name}: a raw body that was kept as text is taken`, async (t) => {
    for (const parser of [
      express.json({ verify: (request, _response, buffer) => (request.rawBody = buffer.toString()) }),
      express.text({ type: '*/*' }),
    ]) {
      const server = await app((app) => {
        app.use(parser);
        app.post('/k2/results', webhooks(verifier, () => {}, quiet));
      });
      t.after(server.close);
      assert.strictEqual((await send(server.port, PAID, sign(PAID))).status, 200);
      assert.strictEqual((await send(server.port, PAID, sign(PAID, 'wrong-key'))).status, 401);
    }
  });

  test(`${name}: the parser that another route needs stands below`, async (t) => {
    const server = await app((app) => {
      app.post('/k2/results', webhooks(verifier, () => {}, quiet));
      app.use(express.json());
      app.post('/orders', (request, response) => response.json({ item: request.body.item }));
    });
    t.after(server.close);
    const { text } = await send(server.port, Buffer.from('{"item":"coffee"}'), null, { path: '/orders' });
    assert.strictEqual(text, '{"item":"coffee"}');
  });

  test(`${name}: the handler may answer itself, or leave it`, async (t) => {
    const server = await app((app) => {
      app.post('/k2/results', webhooks(verifier, (event, _request, response) => response.status(202).json({ topic: event.topic })));
      app.post('/silent', webhooks(verifier, (_event, _request, response) => void response.status(204)));
    });
    t.after(server.close);
    const answer = await send(server.port, PAID, sign(PAID));
    assert.deepStrictEqual(answer, { status: 202, text: '{"topic":"buygoods_transaction_received"}' });
    assert.strictEqual((await send(server.port, PAID, sign(PAID), { path: '/silent' })).status, 204);
  });

  test(`${name}: verify gives the event to a route of one's own`, async (t) => {
    const server = await app((app) => {
      app.post('/k2/results', (request, response, next) =>
        verify(verifier, request).then((event) => response.send(event.id), next),
      );
    });
    t.after(server.close);
    assert.strictEqual((await send(server.port, PAID, sign(PAID))).text, JSON.parse(PAID).id);
  });
}

test('a request of node:http is one of Express too', async (t) => {
  const server = await listening(http.createServer(webhooks(verifier, () => {}, quiet)));
  t.after(server.close);
  assert.strictEqual((await send(server.port, PAID, sign(PAID))).status, 200);
  assert.strictEqual((await send(server.port, PAID, null)).status, 401);
});

test('a parsed body in the place of the request is answered by the fix', async () => {
  for (const given of [JSON.parse(PAID), PAID, PAID.toString(), null, undefined, []]) {
    await assert.rejects(verify(verifier, given), (error) => {
      assert.ok(error instanceof InvalidRequestError);
      assert.match(error.message, /^Express: verify was given .*that is not the request/);
      return true;
    });
  }
});

test('what is set up wrongly fails at the start', () => {
  assert.throws(() => webhooks({ webhooks: verifier }, () => {}), InvalidRequestError);
  assert.throws(() => webhooks(undefined, () => {}), InvalidRequestError);
  assert.throws(() => webhooks(verifier), InvalidRequestError);
});

test('a sender who left before anybody read is no hang', async (t) => {
  let refusal;
  const done = new Promise((resolve) => {
    refusal = resolve;
  });
  const handle = webhooks(verifier, () => {}, { onRefusal: refusal });
  const server = await listening(
    http.createServer((request, response) => request.once('close', () => handle(request, response)).destroy()),
  );
  t.after(server.close);
  await send(server.port, PAID, sign(PAID), { half: true });
  const error = await done;
  assert.ok(error instanceof SignatureError);
  assert.match(error.message, /broke off/);
});
