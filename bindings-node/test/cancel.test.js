'use strict';
// The errors of aborted calls (docs/adr/0010-cancelling-a-create.md). Errors that programs retry must be safe to retry.

const assert = require('node:assert');
const { setTimeout: sleep } = require('node:timers/promises');
const { test } = require('node:test');
const { InvalidRequestError, NotFinalError, OutcomeUnknownError } = require('..');
const { PUSH, accept, payment, start } = require('./shared/stub_server');

const failure = (call) => call.then(() => assert.fail('expected an error'), (error) => error);

/** Retries as retry libraries do: after errors with the names of timeouts, aborted calls and connection errors. */
async function withRetries(call, times = 5) {
  for (let left = times; ; left -= 1) {
    try {
      return await call();
    } catch (error) {
      const isRetried = ['TimeoutError', 'AbortError', 'ConnectionError'].includes(error.name) && left > 0;
      if (!isRetried) throw error;
    }
  }
}

test('create aborted after it was sent rejects with OutcomeUnknownError, whose cause is the reason', async (t) => {
  const { client, count, nextRequest } = await start(t, () => {});
  const abort = new AbortController();
  const reason = new Error('the customer left');
  const requested = nextRequest();
  const call = client.incomingPayments.create(PUSH, { signal: abort.signal });
  await requested;
  abort.abort(reason);
  const error = await failure(call);
  assert.ok(error instanceof OutcomeUnknownError, error);
  assert.deepStrictEqual([error.name, error.kind, error.operation], ['OutcomeUnknownError', 'outcome_unknown', 'incoming_payments.create']);
  assert.strictEqual(error.cause, reason);
  assert.ok(error.sentAt instanceof Date && error.attempts === 1);
  assert.strictEqual(count('POST'), 1);
});

test('retry loop around a create with AbortSignal.timeout sends it once', async (t) => {
  const { client, count } = await start(t, () => {});
  const error = await failure(withRetries(() => client.incomingPayments.create(PUSH, { signal: AbortSignal.timeout(300) })));
  assert.ok(error instanceof OutcomeUnknownError, error);
  assert.strictEqual(error.cause.name, 'TimeoutError');
  assert.strictEqual(count('POST'), 1);
});

test('retry loop around a create and its aborted wait sends the create once', async (t) => {
  const { client, count } = await start(t, (request, response) => {
    if (request.method === 'POST') accept(request, response);
    else response.end(payment('Pending'));
  });
  const chain = async () => (await client.incomingPayments.create(PUSH)).wait({ signal: AbortSignal.timeout(300) });
  const error = await failure(withRetries(chain));
  assert.ok(error instanceof NotFinalError, error);
  assert.deepStrictEqual([error.id, error.cause.name, count('POST')], ['an-id', 'TimeoutError', 1]);
  assert.match(error.location, /incoming_payments\/an-id$/);
});

test('create aborted while its token is fetched rejects with the reason, and is never sent', async (t) => {
  const { client, count } = await start(t, () => {}, { holdsToken: true });
  const reason = new Error('too late');
  const abort = new AbortController();
  setTimeout(() => abort.abort(reason), 100);
  assert.strictEqual(await failure(client.incomingPayments.create(PUSH, { signal: abort.signal })), reason);
  await sleep(100);
  assert.strictEqual(count('POST'), 0);
});

test('create with an aborted signal sends nothing', async (t) => {
  const { client, count } = await start(t, accept);
  const error = await failure(client.incomingPayments.create(PUSH, { signal: AbortSignal.abort() }));
  assert.strictEqual(error.name, 'AbortError');
  assert.strictEqual(count('POST'), 0);
});

test('result that exists when the call is aborted is delivered', async (t) => {
  const { client } = await start(t, accept);
  for (const busy of [50, 200]) {
    const abort = new AbortController();
    const call = client.incomingPayments.create(PUSH, { signal: abort.signal });
    // The response arrives while this thread is busy, and the call is aborted before the result can be delivered. The
    // outcome is unknown only if the response has not arrived by then.
    const until = Date.now() + busy;
    await sleep(20);
    while (Date.now() < until);
    abort.abort();
    const outcome = await call.catch((error) => error);
    if (outcome instanceof Error) assert.ok(outcome instanceof OutcomeUnknownError, outcome);
    else assert.strictEqual(outcome.id, 'an-id');
  }
});

test('aborted read rejects with the reason', async (t) => {
  const { client, nextRequest } = await start(t, () => {});
  const reason = new Error('enough');
  const abort = new AbortController();
  const requested = nextRequest();
  const call = client.incomingPayments.get('an-id', { signal: abort.signal });
  await requested;
  abort.abort(reason);
  assert.strictEqual(await failure(call), reason);
});

test('aborted wait by id rejects with NotFinalError', async (t) => {
  const { client } = await start(t, (_request, response) => response.end(payment('Pending')));
  for (const signal of [AbortSignal.timeout(100), AbortSignal.abort(new Error('enough'))]) {
    const error = await failure(client.incomingPayments.wait('an-id', { signal }));
    assert.ok(error instanceof NotFinalError, error);
    assert.deepStrictEqual([error.id, error.operation, error.cause], ['an-id', 'incoming_payments.wait', signal.reason]);
  }
});

test('signal that is passed as the options is refused', async (t) => {
  const { client, methods } = await start(t, accept);
  for (const call of [
    client.incomingPayments.get('an-id', AbortSignal.timeout(10)),
    client.incomingPayments.create(PUSH, AbortSignal.timeout(10)),
    client.oauth.tokenInfo(AbortSignal.timeout(10)),
  ]) {
    const error = await failure(call);
    assert.ok(error instanceof InvalidRequestError, error);
    assert.match(error.message, /pass the signal as `\{ signal \}`/);
  }
  assert.deepStrictEqual(methods, []);
  const push = await client.incomingPayments.create(PUSH);
  for (const options of [5, 'soon', [], new Map(), { timeOut: 5 }]) {
    assert.ok((await failure(push.wait(options))) instanceof InvalidRequestError);
    assert.ok((await failure(client.incomingPayments.wait('an-id', options))) instanceof InvalidRequestError);
  }
});

test('options of a call set its timeout and retries', async (t) => {
  const { client, count } = await start(t, (request, response) => {
    if (request.method === 'POST') accept(request, response);
  });
  const error = await failure(client.incomingPayments.get('an-id', { timeout: 300, maxRetries: 0 }));
  assert.deepStrictEqual([error.kind, count('GET')], ['timeout', 1]);
  const unknown = await failure(client.incomingPayments.get('an-id', { time_out: 3 }));
  assert.deepStrictEqual([unknown.field, unknown.operation], ['time_out', 'incoming_payments.get']);
  assert.match(unknown.message, /expected one of: signal, /);
});

test('refused connection has the system error as its cause', async (t) => {
  const { client } = await start(t, () => {}, { client: { baseUrl: 'http://127.0.0.1:1', maxRetries: 0 } });
  const error = await failure(client.incomingPayments.create(PUSH));
  assert.deepStrictEqual([error.kind, error.cause?.code], ['connection', 'ECONNREFUSED'], error.message);
  assert.strictEqual(JSON.parse(JSON.stringify(error)).cause.code, 'ECONNREFUSED');
});

test('invalid signal is refused before sending, or does not change the result', async (t) => {
  const { client, count } = await start(t, (request, response) => setTimeout(accept, 50, request, response));
  const listeners = { addEventListener() {}, removeEventListener() {} };
  const throwing = () => {
    throw new Error('error of the signal');
  };
  for (const signal of [
    { aborted: false, addEventListener() {} },
    { ...listeners, aborted: 'no' },
    { ...listeners, aborted: false, addEventListener: throwing },
  ]) {
    const error = await failure(client.incomingPayments.create(PUSH, { signal }));
    assert.ok(error instanceof InvalidRequestError && error.field === 'signal', error);
  }
  assert.strictEqual(count('POST'), 0);

  const push = await client.incomingPayments.create(PUSH, { signal: { ...listeners, aborted: false, removeEventListener: throwing } });
  assert.strictEqual(push.id, 'an-id');
  let abort;
  const signal = {
    ...listeners,
    aborted: false,
    get reason() {
      return throwing();
    },
    addEventListener(_, listener) {
      abort = listener;
    },
  };
  const call = client.incomingPayments.create(PUSH, { signal });
  while (count('POST') < 2) await sleep(5);
  abort();
  const error = await failure(call);
  assert.ok(error instanceof OutcomeUnknownError && error.cause.name === 'AbortError', error);
});
