'use strict';

const assert = require('node:assert');
const http = require('node:http');
const { test } = require('node:test');
const { InvalidRequestError, SignatureError, WebhookVerifier } = require('kopokopo');
const { verify, webhooks } = require('kopokopo/express');
const { KEY, PAID, errorOf, listen, send, sign, testAdapter } = require('./support');

const verifier = new WebhookVerifier({ apiKeys: [KEY] });
const quiet = { onRefusal: () => {} };

for (const version of ['express', 'express4']) {
  const express = require(version);
  const name = `Express ${require(`${version}/package.json`).version}`;

  /** Starts an application that responds with 500 to every error, and logs nothing. */
  const app = (prepare, onError = () => {}) => {
    const app = express();
    prepare(app);
    // Express recognizes an error handler by its four parameters.
    app.use((error, _request, response, _next) => {
      onError(error);
      response.status(500).end();
    });
    return listen(http.createServer(app));
  };

  testAdapter(name, (verifier, handler, options) =>
    app((app) => {
      app.post('/k2/results', webhooks(verifier, handler, options));
      app.use(express.json());
    }),
  );

  testAdapter(`${name} with express.raw()`, (verifier, handler, options) =>
    app((app) => app.post('/k2/results', express.raw({ type: '*/*', limit: '20mb' }), webhooks(verifier, handler, options))),
    { adapterReadsBody: false },
  );

  for (const [parser, prepare] of [
    ['express.json()', (app) => app.use(express.json())],
    ['another reader', (app) => app.use((request, _response, next) => request.resume().on('end', next))],
    ['a reader that has not finished', (app) => app.use((request, _response, next) => next(void request.on('data', () => {})))],
  ]) {
    test(`${name}: ${parser} before the adapter has an error with the remedy`, async () => {
      const called = [];
      const error = await errorOf((onError) =>
        app((app) => {
          prepare(app);
          app.post('/k2/results', webhooks(verifier, (event) => called.push(event)));
        }, onError),
      );
      assert.ok(error instanceof InvalidRequestError, error);
      assert.strictEqual(error.field, 'body');
      assert.match(error.message, /^Express: .*express\.json\(\).*put `app\.post\(.*above `app\.use\(express\.json\(\)\)`$/s);
      assert.deepStrictEqual(called, []);
    });
  }

  test(`${name}: raw body that a parser kept is verified`, async (t) => {
    const server = await app((app) => {
      app.use(express.json({ verify: (request, _response, buffer) => (request.rawBody = buffer) }));
      app.post('/k2/results', webhooks(verifier, () => {}, quiet));
    });
    t.after(server.close);
    assert.strictEqual((await send(server.port, PAID, sign(PAID))).status, 200);
    assert.strictEqual((await send(server.port, PAID, sign(PAID, 'wrong-key'))).status, 401);
  });

  test(`${name}: raw body that was kept as text is verified`, async (t) => {
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

  test(`${name}: JSON parser below the adapter works for other routes`, async (t) => {
    const server = await app((app) => {
      app.post('/k2/results', webhooks(verifier, () => {}, quiet));
      app.use(express.json());
      app.post('/orders', (request, response) => response.json({ item: request.body.item }));
    });
    t.after(server.close);
    const { text } = await send(server.port, Buffer.from('{"item":"coffee"}'), null, { path: '/orders' });
    assert.strictEqual(text, '{"item":"coffee"}');
  });

  test(`${name}: handler may send the response, or only set its status`, async (t) => {
    const server = await app((app) => {
      app.post('/k2/results', webhooks(verifier, (event, _request, response) => response.status(202).json({ topic: event.topic })));
      app.post('/status', webhooks(verifier, (_event, _request, response) => void response.status(204)));
    });
    t.after(server.close);
    const response = await send(server.port, PAID, sign(PAID));
    assert.deepStrictEqual(response, { status: 202, text: '{"topic":"buygoods_transaction_received"}' });
    assert.strictEqual((await send(server.port, PAID, sign(PAID), { path: '/status' })).status, 204);
  });

  test(`${name}: verify returns the event in a custom route`, async (t) => {
    const server = await app((app) => {
      app.post('/k2/results', (request, response, next) =>
        verify(verifier, request).then((event) => response.send(event.id), next),
      );
    });
    t.after(server.close);
    assert.strictEqual((await send(server.port, PAID, sign(PAID))).text, JSON.parse(PAID).id);
  });
}

test('request of node:http is accepted', async (t) => {
  const server = await listen(http.createServer(webhooks(verifier, () => {}, quiet)));
  t.after(server.close);
  assert.strictEqual((await send(server.port, PAID, sign(PAID))).status, 200);
  assert.strictEqual((await send(server.port, PAID, null)).status, 401);
});

test('parsed body instead of the request has an error with the remedy', async () => {
  for (const value of [JSON.parse(PAID), PAID, PAID.toString(), null, undefined, []]) {
    await assert.rejects(verify(verifier, value), (error) => {
      assert.ok(error instanceof InvalidRequestError);
      assert.match(error.message, /^Express: verify was called with .*instead of the request/);
      return true;
    });
  }
});

test('invalid verifier or missing handler throws immediately', () => {
  assert.throws(() => webhooks({ webhooks: verifier }, () => {}), InvalidRequestError);
  assert.throws(() => webhooks(undefined, () => {}), InvalidRequestError);
  assert.throws(() => webhooks(verifier), InvalidRequestError);
});

test('connection closed before the body is read rejects', async (t) => {
  let onRefusal;
  const done = new Promise((resolve) => {
    onRefusal = resolve;
  });
  const handle = webhooks(verifier, () => {}, { onRefusal });
  const server = await listen(
    http.createServer((request, response) => request.once('close', () => handle(request, response)).destroy()),
  );
  t.after(server.close);
  await send(server.port, PAID, sign(PAID), { half: true });
  const error = await done;
  assert.ok(error instanceof SignatureError);
  assert.match(error.message, /connection closed before the full body/);
});

test('handler that fails in a server of node:http responds 500, and the program goes on', async (t) => {
  const logged = t.mock.method(console, 'error', () => {});
  const failure = new Error('the database is down');
  const handle = webhooks(verifier, () => Promise.reject(failure));
  const server = await listen(http.createServer(handle));
  t.after(server.close);
  for (let delivery = 0; delivery < 2; delivery += 1) {
    assert.equal((await send(server.port, PAID, sign(PAID))).status, 500);
  }
  assert.deepEqual(
    logged.mock.calls.map((call) => call.arguments),
    [[failure], [failure]],
  );
});
