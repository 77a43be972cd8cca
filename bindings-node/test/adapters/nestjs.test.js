'use strict';

const assert = require('node:assert');
const { createRequire } = require('node:module');
const path = require('node:path');
const { test } = require('node:test');
const { InvalidRequestError, WebhookVerifier } = require('kopokopo');
const { WebhookGuard, eventOf, verify } = require('kopokopo/nestjs');
const { KEY, PAID, conforms, send, sign, toldOf } = require('./support');

const LIMIT = 20_000_000;
const verifier = new WebhookVerifier({ apiKeys: [KEY] });

const quiet = { onRefusal: () => {} };

/** The tests of one version of Nest: this package's own, or one in a folder with its own dependencies. */
function testsOf(folder) {
  const load = createRequire(path.resolve(__dirname, folder, 'package.json'));
  load('reflect-metadata');
  const { Catch, Controller, HttpCode, HttpException, Module, Post, Req, UseGuards } = load('@nestjs/common');
  const { NestFactory } = load('@nestjs/core');
  const { ExpressAdapter } = load('@nestjs/platform-express');
  const { FastifyAdapter } = load('@nestjs/platform-fastify');
  const { version } = load('@nestjs/core/package.json');

  /** A class with decorators, as TypeScript writes it down. */
  function decorate(type, decorators, methods) {
    for (const [name, own, parameters] of methods) {
      const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
      for (const [at, decorator] of parameters.entries()) decorator(type.prototype, name, at);
      for (const decorator of own) decorator(type.prototype, name, descriptor);
    }
    for (const decorator of decorators) decorator(type);
    return type;
  }

  function shop(guard, handler) {
    class Results {
      results(request) {
        return handler(eventOf(request));
      }
    }
    const guards = guard ? [UseGuards(guard)] : [];
    return decorate(Results, [Controller('k2')], [['results', [Post('results'), HttpCode(200), ...guards], [Req()]]]);
  }

  /** A filter as Nest's documentation has it: what is no HttpException is a 500. */
  const filter = (told) =>
    decorate(
      class {
        catch(error, host) {
          told(error);
          const status = error instanceof HttpException ? error.getStatus() : 500;
          const response = host.switchToHttp().getResponse();
          if (response.raw) response.code(status).send(error.message);
          else response.status(status).end(error.message);
        }
      },
      [Catch()],
      [],
    );

  async function serve(adapter, controller, { told, rawBody = true, logger = false } = {}) {
    const application = decorate(class {}, [Module({ controllers: [controller] })], []);
    const app = await NestFactory.create(application, adapter, { rawBody, logger, forceCloseConnections: true, abortOnError: false });
    // Express' own limit in Nest is 100 KB.
    if (adapter instanceof ExpressAdapter) app.useBodyParser('json', { limit: LIMIT });
    if (told) app.useGlobalFilters(new (filter(told))());
    await app.listen(0, '127.0.0.1');
    return { port: app.getHttpServer().address().port, close: () => app.close() };
  }

  /** Nest's parsers come before every guard: they answer 400 to what is no JSON, before anybody looks at the signature. */
  const differs = (one, status) => status === 400 && one.status !== 200;

  for (const [platform, adapter] of [
    ['Express', () => new ExpressAdapter()],
    ['Fastify', () => new FastifyAdapter({ bodyLimit: LIMIT })],
  ]) {
    const name = `NestJS ${version} on ${platform}`;

    conforms(name, (verifier, handler, onRefusal) => serve(adapter(), shop(new WebhookGuard(verifier, { onRefusal }), handler)), {
      differs,
      readsItself: false,
    });

    conforms(
      `${name} with a filter of its own`,
      (verifier, handler, onRefusal) =>
        serve(adapter(), shop(new WebhookGuard(verifier, { exception: HttpException, ...quiet }), handler), {
          told: (error) => onRefusal(error.cause),
        }),
      { differs, readsItself: false },
    );

    test(`${name}: without rawBody the answer is the fix`, async () => {
      const error = await toldOf((told) => serve(adapter(), shop(new WebhookGuard(verifier, quiet), () => {}), { told, rawBody: false }));
      assert.ok(error instanceof InvalidRequestError, error);
      assert.strictEqual(error.field, 'body');
      assert.match(error.message, /^NestJS: .*`NestFactory\.create\(AppModule, \{ rawBody: true \}\)`$/);
    });

    test(`${name}: eventOf without the guard is answered by the fix`, async () => {
      const error = await toldOf((told) => serve(adapter(), shop(undefined, () => {}), { told }));
      assert.ok(error instanceof InvalidRequestError, error);
      assert.match(error.message, /^NestJS: .*`@UseGuards\(new WebhookGuard\(k2\.webhooks\)\)`/);
    });

    test(`${name}: verify takes the request of a route of one's own`, async (t) => {
      class Results {
        async results(request) {
          return (await verify(verifier, request)).topic;
        }
      }
      decorate(Results, [Controller('k2')], [['results', [Post('results')], [Req()]]]);
      const server = await serve(adapter(), Results);
      t.after(server.close);
      assert.strictEqual((await send(server.port, PAID, sign(PAID))).text, 'buygoods_transaction_received');
    });

    test(`${name}: no content type makes a 500`, async (t) => {
      const server = await serve(adapter(), shop(new WebhookGuard(verifier, quiet), () => {}));
      t.after(server.close);
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'nonsense', '']) {
        const { status } = await send(server.port, PAID, null, { headers: { 'Content-Type': type } });
        assert.ok([400, 401, 415].includes(status), `${type}: ${status}`);
      }
    });
  }
}

for (const folder of ['../..', '../frameworks/nestjs12']) testsOf(folder);

test("a guard's refusal has its reason as its cause", async () => {
  const guard = new WebhookGuard(verifier, quiet);
  const request = { headers: {}, rawBody: PAID };
  await assert.rejects(guard.canActivate({ switchToHttp: () => ({ getRequest: () => request }) }), (error) => {
    assert.deepStrictEqual([error.statusCode, error.status, error.expose, error.message], [401, 401, true, 'signature refused']);
    assert.match(error.cause.message, /missing/);
    return true;
  });
});

test('what is set up wrongly fails at the start', () => {
  assert.throws(() => new WebhookGuard(undefined), InvalidRequestError);
});
