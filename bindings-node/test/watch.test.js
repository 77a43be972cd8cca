'use strict';
// The states of a resource, one after the other.

const assert = require('node:assert');
const { test } = require('node:test');
const { NotFinalError, NotFoundError } = require('..');
const { PUSH, accept, payment, start } = require('./shared/delayed');

const OFTEN = { interval: 20, maxInterval: 50 };

/** A server whose payment is pending so many times, and then has succeeded. */
const pending = (times) => (request, response, nth) => {
  if (request.method === 'POST') accept(request, response);
  else response.end(payment(nth <= times ? 'Pending' : 'Success'));
};

async function all(watch) {
  const states = [];
  for await (const state of watch) states.push(state);
  return states;
}

test('a watch gives each state once, and ends with the final one', async (t) => {
  const { client } = await start(t, pending(4));
  const push = await client.incomingPayments.create(PUSH);
  const states = await all(push.watch(OFTEN));
  assert.deepStrictEqual(states.map(({ status }) => status), ['Pending', 'Success']);
  const again = await all(client.incomingPayments.watch(push.id, OFTEN));
  assert.deepStrictEqual(again.map(({ status, isFinal }) => [status, isFinal]), [['Success', true]]);
});

test('breaking out of a watch ends it at once', async (t) => {
  const { client, seen } = await start(t, pending(1000));
  const began = Date.now();
  for await (const state of client.incomingPayments.watch('an-id', { interval: 60_000, maxInterval: 60_000 })) {
    assert.strictEqual(state.status, 'Pending');
    break;
  }
  assert.ok(Date.now() - began < 30_000);
  assert.strictEqual(seen.length, 1);
});

test('return ends a watch in the middle of a poll and of a pause', async (t) => {
  const { client, arrival } = await start(t, (_request, response, nth) => {
    if (nth > 1) response.end(payment('Pending'));
  });
  const polling = client.incomingPayments.watch('an-id');
  const arrived = arrival();
  const first = polling.next();
  await arrived;
  assert.deepStrictEqual(await polling.return('over'), { done: true, value: 'over' });
  assert.deepStrictEqual(await first, { done: true, value: undefined });
  assert.deepStrictEqual(await polling.next(), { done: true, value: undefined });

  const pausing = client.incomingPayments.watch('an-id', { interval: 60_000, maxInterval: 60_000 });
  await pausing.next();
  const second = pausing.next();
  await pausing.return();
  assert.deepStrictEqual(await second, { done: true, value: undefined });
});

test('two calls of next at a time come one after the other', async (t) => {
  const { client } = await start(t, pending(1));
  const watch = client.incomingPayments.watch('an-id', OFTEN);
  const states = await Promise.all([watch.next(), watch.next(), watch.next()]);
  assert.deepStrictEqual(states.map(({ value }) => value?.status), ['Pending', 'Success', undefined]);
});

test('a watch that is aborted, or whose time is up, is not final', async (t) => {
  const { client } = await start(t, pending(1000));
  for (const options of [{ signal: AbortSignal.timeout(150) }, { timeout: 150 }, { signal: AbortSignal.abort() }]) {
    const watch = client.incomingPayments.watch('an-id', { ...OFTEN, ...options });
    const error = await all(watch).then(() => undefined, (error) => error);
    assert.ok(error instanceof NotFinalError, error);
    assert.strictEqual(error.id, 'an-id');
    assert.deepStrictEqual(await watch.next(), { done: true, value: undefined }, 'an error is thrown once');
  }
});

test('an error ends a watch, and has the id', async (t) => {
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
