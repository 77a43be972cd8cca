'use strict';

const assert = require('node:assert');
const { createRequire } = require('node:module');
const path = require('node:path');
const { test } = require('node:test');
const { InvalidRequestError, WebhookVerifier } = require('kopokopo');
const { WebhookGuard, eventOf, verify } = require('kopokopo/nestjs');
const { KEY, PAID, errorOf, send, sign, testAdapter } = require('./support');

const LIMIT = 20_000_000;
const verifier = new WebhookVerifier({ apiKeys: [KEY] });

const quiet = { onRefusal: () => {} };

/** Tests one version of Nest: the one of this package, or one in a folder with its own dependencies. */
function testVersion(folder) {
  const load = createRequire(path.resolve(__dirname, folder, 'package.json'));
  load('reflect-metadata');
  const { Catch, Controller, HttpCode, HttpException, Module, Post, Req, UseGuards } = load('@nestjs/common');
  const { NestFactory } = load('@nestjs/core');
  const { ExpressAdapter } = load('@nestjs/platform-express');
  const { FastifyAdapter } = load('@nestjs/platform-fastify');
  const { version } = load('@nestjs/core/package.json');

  /** Applies decorators to a class, as the output of TypeScript does. */
  function decorate(type, decorators, methods) {
    for (const [name, methodDecorators, parameters] of methods) {
      const descriptor = Object.getOwnPropertyDescriptor(type.prototype, name);
      for (const [index, decorator] of parameters.entries()) decorator(type.prototype, name, index);
      for (const decorator of methodDecorators) decorator(type.prototype, name, descriptor);
    }
    for (const decorator of decorators) decorator(type);
    return type;
  }

  function createController(guard, handler) {
    class Results {
      results(request) {
        return handler(eventOf(request));
      }
    }
    const guards = guard ? [UseGuards(guard)] : [];
    return decorate(Results, [Controller('k2')], [['results', [Post('results'), HttpCode(200), ...guards], [Req()]]]);
  }

  /** Creates an exception filter as in Nest's documentation: exceptions other than HttpException are a 500. */
  const createFilter = (onError) =>
    decorate(
      class {
        catch(error, host) {
          onError(error);
          const status = error instanceof HttpException ? error.getStatus() : 500;
          const response = host.switchToHttp().getResponse();
          if (response.raw) response.code(status).send(error.message);
          else response.status(status).end(error.message);
        }
      },
      [Catch()],
      [],
    );

  async function serve(adapter, controller, { onError, rawBody = true, logger = false } = {}) {
    const application = decorate(class {}, [Module({ controllers: [controller] })], []);
    const app = await NestFactory.create(application, adapter, { rawBody, logger, forceCloseConnections: true, abortOnError: false });
    // The default limit with Express is 100 KB.
    if (adapter instanceof ExpressAdapter) app.useBodyParser('json', { limit: LIMIT });
    if (onError) app.useGlobalFilters(new (createFilter(onError))());
    await app.listen(0, '127.0.0.1');
    return { port: app.getHttpServer().address().port, close: () => app.close() };
  }

  /** Nest's parsers run before guards, so a body that is not JSON gets 400 before its signature is verified. */
  const isFrameworkResponse = (webhook, status) => status === 400 && webhook.status !== 200;

  for (const [platform, adapter] of [
    ['Express', () => new ExpressAdapter()],
    ['Fastify', () => new FastifyAdapter({ bodyLimit: LIMIT })],
  ]) {
    const name = `NestJS ${version} on ${platform}`;

    testAdapter(name, (verifier, handler, options) => serve(adapter(), createController(new WebhookGuard(verifier, options), handler)), {
      isFrameworkResponse,
      adapterReadsBody: false,
    });

    testAdapter(
      `${name} with a custom exception filter`,
      (verifier, handler, { onRefusal, journal }) =>
        serve(adapter(), createController(new WebhookGuard(verifier, { exception: HttpException, journal, ...quiet }), handler), {
          onError: (error) => onRefusal(error.cause),
        }),
      { isFrameworkResponse, adapterReadsBody: false },
    );

    test(`${name}: missing rawBody has an error with the remedy`, async () => {
      const error = await errorOf((onError) => serve(adapter(), createController(new WebhookGuard(verifier, quiet), () => {}), { onError, rawBody: false }));
      assert.ok(error instanceof InvalidRequestError, error);
      assert.strictEqual(error.field, 'body');
      assert.match(error.message, /^NestJS: .*`NestFactory\.create\(AppModule, \{ rawBody: true \}\)`$/);
    });

    test(`${name}: eventOf without the guard has an error with the remedy`, async () => {
      const error = await errorOf((onError) => serve(adapter(), createController(undefined, () => {}), { onError }));
      assert.ok(error instanceof InvalidRequestError, error);
      assert.match(error.message, /^NestJS: .*`@UseGuards\(new WebhookGuard\(k2\.webhooks\)\)`/);
    });

    test(`${name}: verify accepts the request of a custom route`, async (t) => {
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

    test(`${name}: no content type causes a 500`, async (t) => {
      const server = await serve(adapter(), createController(new WebhookGuard(verifier, quiet), () => {}));
      t.after(server.close);
      for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'nonsense', '']) {
        const { status } = await send(server.port, PAID, null, { headers: { 'Content-Type': type } });
        assert.ok([400, 401, 415].includes(status), `${type}: ${status}`);
      }
    });
  }
}

for (const folder of ['../..', '../frameworks/nestjs12']) testVersion(folder);

test('exception of the guard has the reason as its cause', async () => {
  const guard = new WebhookGuard(verifier, quiet);
  const request = { headers: {}, rawBody: PAID };
  await assert.rejects(guard.canActivate({ switchToHttp: () => ({ getRequest: () => request }) }), (error) => {
    assert.deepStrictEqual([error.statusCode, error.status, error.expose, error.message], [401, 401, true, 'invalid signature']);
    assert.match(error.cause.message, /missing/);
    return true;
  });
});

test('missing verifier throws immediately', () => {
  assert.throws(() => new WebhookGuard(undefined), InvalidRequestError);
});
