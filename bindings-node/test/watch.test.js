'use strict';
// Watches: the snapshots of a resource until it is final.

const assert = require('node:assert');
const { test } = require('node:test');
const { NotFinalError, NotFoundError } = require('..');
const { PUSH, accept, payment, start } = require('./shared/stub_server');

const OFTEN = { interval: 20, maxInterval: 50 };

/** Responds with a pending payment `times` times, and then with a successful one. */
const pending = (times) => (request, response, number) => {
  if (request.method === 'POST') accept(request, response);
  else response.end(payment(number <= times ? 'Pending' : 'Success'));
};

async function collect(watch) {
  const snapshots = [];
  for await (const snapshot of watch) snapshots.push(snapshot);
  return snapshots;
}

test('watch yields each state once, and ends after the final one', async (t) => {
  const { client } = await start(t, pending(4));
  const push = await client.incomingPayments.create(PUSH);
  const snapshots = await collect(push.watch(OFTEN));
  assert.deepStrictEqual(snapshots.map(({ status }) => status), ['Pending', 'Success']);
  const second = await collect(client.incomingPayments.watch(push.id, OFTEN));
  assert.deepStrictEqual(second.map(({ status, isFinal }) => [status, isFinal]), [['Success', true]]);
});

test('breaking out of a watch ends it immediately', async (t) => {
  const { client, methods } = await start(t, pending(1000));
  const began = Date.now();
  for await (const { status } of client.incomingPayments.watch('an-id', { interval: 60_000, maxInterval: 60_000 })) {
    assert.strictEqual(status, 'Pending');
    break;
  }
  assert.ok(Date.now() - began < 30_000);
  assert.strictEqual(methods.length, 1);
});

test('return ends a watch during a poll and during a pause', async (t) => {
  const { client, nextRequest } = await start(t, (_request, response, number) => {
    if (number > 1) response.end(payment('Pending'));
  });
  const polling = client.incomingPayments.watch('an-id');
  const requested = nextRequest();
  const first = polling.next();
  await requested;
  assert.deepStrictEqual(await polling.return('over'), { done: true, value: 'over' });
  assert.deepStrictEqual(await first, { done: true, value: undefined });
  assert.deepStrictEqual(await polling.next(), { done: true, value: undefined });

  const pausing = client.incomingPayments.watch('an-id', { interval: 60_000, maxInterval: 60_000 });
  await pausing.next();
  const second = pausing.next();
  await pausing.return();
  assert.deepStrictEqual(await second, { done: true, value: undefined });
});

test('concurrent calls of next run one after the other', async (t) => {
  const { client } = await start(t, pending(1));
  const watch = client.incomingPayments.watch('an-id', OFTEN);
  const snapshots = await Promise.all([watch.next(), watch.next(), watch.next()]);
  assert.deepStrictEqual(snapshots.map(({ value }) => value?.status), ['Pending', 'Success', undefined]);
});

test('aborted watch and watch after its timeout throw NotFinalError', async (t) => {
  const { client } = await start(t, pending(1000));
  for (const options of [{ signal: AbortSignal.timeout(150) }, { timeout: 150 }, { signal: AbortSignal.abort() }]) {
    const watch = client.incomingPayments.watch('an-id', { ...OFTEN, ...options });
    const error = await collect(watch).then(() => undefined, (error) => error);
    assert.ok(error instanceof NotFinalError, error);
    assert.strictEqual(error.id, 'an-id');
    assert.deepStrictEqual(await watch.next(), { done: true, value: undefined }, 'the error is thrown once');
  }
});

test('error ends a watch, and has the id', async (t) => {
  const { client } = await start(t, (_request, response) => {
    response.writeHead(404, { 'content-type': 'application/json' }).end('{"error_code":404,"error_message":"Not found"}');
  });
  const watch = client.incomingPayments.watch('an-id', OFTEN);
  const error = await watch.next().then(() => undefined, (error) => error);
  assert.ok(error instanceof NotFoundError, error);
  assert.strictEqual(error.id, 'an-id');
  assert.deepStrictEqual(await watch.next(), { done: true, value: undefined });
  assert.throws(() => client.incomingPayments.watch('an-id', 5), { kind: 'invalid_request' });
  assert.throws(() => client.incomingPayments.watch('an-id', { interval: 0 }), { kind: 'invalid_request', field: 'interval' });
});
