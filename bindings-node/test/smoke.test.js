'use strict';
// The package end to end, against a sandbox.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const { promisify } = require('node:util');
const { after, before, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const {
  AuthenticationError,
  IncomingPayment,
  InvalidRequestError,
  KopoKopo,
  KopoKopoError,
  OutcomeUnknownError,
  disbursementsTo,
} = require('..');
const { Receiver, startSandbox } = require('./shared/harness');

const FAST = { timeout: 10_000, interval: 20, maxInterval: 500 };

let sandbox;
let receiver;
let k2;
before(async () => {
  sandbox = await startSandbox();
  receiver = await Receiver.start();
  k2 = new KopoKopo(sandbox.credentials);
});
after(() => Promise.all([receiver.close(), sandbox.close()]));

const push = (fields) => ({
  tillNumber: 'K000000',
  phoneNumber: '0712345678',
  amount: '100.00',
  callbackUrl: receiver.url,
  ...fields,
});

const requests = async (operation) =>
  (await sandbox.requests()).filter((request) => request.operation === operation).length;

test('payment is created, paid, and reported by a signed callback', async () => {
  const created = await k2.incomingPayments.create(push({ metadata: { order_id: '17', orderId: 18 } }));
  assert.ok(created.location.startsWith(sandbox.baseUrl) && created.location.endsWith(created.id));
  assert.deepStrictEqual(JSON.parse(JSON.stringify(created)), { id: created.id, location: created.location });
  const payment = await created.wait(FAST);
  assert.ok(payment instanceof IncomingPayment);
  assert.strictEqual(payment.isPaid, true);
  assert.strictEqual(payment.transaction.amount, '100');
  assert.ok(payment.initiationTime instanceof Date);
  assert.deepStrictEqual(payment.metadata, { order_id: '17', orderId: 18 }, 'names in metadata do not change');
  assert.strictEqual(JSON.parse(payment.raw).data.id, payment.id);
  assert.throws(() => Object.assign(payment, { isPaid: false }), TypeError);
  assert.strictEqual((await created.get()).id, payment.id);

  const { body, signature } = await receiver.take((delivery) => delivery.body.includes(payment.id), 5000);
  const event = k2.webhooks.verify(body, signature);
  assert.strictEqual(event.payload.kind, 'incoming_payment');
  assert.strictEqual(event.payload.incomingPayment.isPaid, true);
  assert.strictEqual(event.raw, body.toString());
  assert.strictEqual(event.payload.incomingPayment.raw, event.raw);
});

test('send money to two destinations has the result of each', async () => {
  const wallet = (phoneNumber, amount) => ({ type: 'mobile_wallet', phoneNumber, amount, description: 'a refund' });
  const destinations = [wallet('0712345678', 10n), wallet('254700000002', '20')];
  const sent = await (await k2.sendMoney.create({ destinations, callbackUrl: receiver.url })).wait(FAST);
  assert.strictEqual(sent.isPaid, false);
  assert.strictEqual(sent.failedDisbursements.length, 1);
  const [disbursement] = disbursementsTo(sent, '0712345678');
  assert.deepStrictEqual([disbursement.isPaid, disbursement.amount], [true, '10']);
  assert.deepStrictEqual(disbursementsTo(sent, '0799999999'), []);
  assert.throws(() => disbursementsTo({ ...sent, raw: undefined }, '1'), /sendMoney: must be a record/);
});

test('invalid field is named as the caller wrote it, and nothing is sent', async () => {
  const sent = await requests('send_money.create');
  const wallet = { type: 'mobile_wallet', phoneNumber: 'not a number', amount: '1', description: 'd' };
  await assert.rejects(k2.sendMoney.create({ destinations: [wallet], callbackUrl: receiver.url }), (error) => {
    assert.ok(error instanceof InvalidRequestError && error instanceof KopoKopoError && error instanceof Error);
    assert.strictEqual(error.kind, 'invalid_request');
    assert.strictEqual(error.field, 'destinations[0].phoneNumber');
    assert.match(error.message, /destinations\[0\]\.phoneNumber/);
    assert.doesNotMatch(error.message, /phone_number/);
    return true;
  });
  assert.strictEqual(await requests('send_money.create'), sent);
});

test('stack trace of an error has the caller', async () => {
  async function theCaller() {
    await k2.incomingPayments.get('');
  }
  await assert.rejects(theCaller(), (error) => /^InvalidRequestError: .*\n +at IncomingPayments\.get .*\n +at async theCaller /m.test(error.stack));
});

test('lost response to a create is an unknown outcome, and is not retried', async () => {
  const sent = await requests('incoming_payments.create');
  await sandbox.fault({ operation: 'incoming_payments.create', kind: 'reset_after_effect' });
  const error = await k2.incomingPayments.create(push()).catch((found) => found);
  assert.ok(error instanceof OutcomeUnknownError);
  assert.deepStrictEqual([error.kind, error.operation, error.attempts], ['outcome_unknown', 'incoming_payments.create', 1]);
  assert.strictEqual(await requests('incoming_payments.create'), sent + 1);
});

test('User-Agent of requests has the product and this package', async () => {
  await new KopoKopo({ ...sandbox.credentials, product: 'my-shop/1.4' }).payments.get('33333333-3333-4333-8333-333333333333');
  const sent = await sandbox.requests();
  assert.match(sent.at(-1).userAgent, /^my-shop\/1\.4 kopokopo-node\/\d/);
});

test('error has the status of the server', async () => {
  const error = await k2.incomingPayments.get('00000000-0000-4000-8000-000000000000').catch((found) => found);
  assert.deepStrictEqual([error.name, error.kind, error.status], ['NotFoundError', 'not_found', 404]);
});

test('aborted call rejects immediately with the reason of its signal', async () => {
  await sandbox.fault({ operation: 'incoming_payments.get', kind: 'hang_before_effect' });
  const abort = new AbortController();
  const started = Date.now();
  const call = k2.incomingPayments.get('33333333-3333-4333-8333-333333333333', { signal: abort.signal });
  const reason = new Error('the customer left');
  setTimeout(() => abort.abort(reason), 20);
  await assert.rejects(call, reason);
  assert.ok(Date.now() - started < 5000);
  await sandbox.clearFaults().catch(() => {});
});

test('aborted signal sends nothing, and the listeners of other signals are removed', async () => {
  const sent = await requests('incoming_payments.create');
  await assert.rejects(k2.incomingPayments.create(push(), { signal: AbortSignal.abort() }), { name: 'AbortError' });
  assert.strictEqual(await requests('incoming_payments.create'), sent);
  const listeners = new Set();
  const signal = {
    aborted: false,
    addEventListener: (_, listener) => listeners.add(listener),
    removeEventListener: (_, listener) => listeners.delete(listener),
  };
  const created = await k2.incomingPayments.create(push(), { signal });
  await created.wait({ ...FAST, signal });
  assert.strictEqual(listeners.size, 0);
});

test('aborted wait rejects with the id', async () => {
  const created = await k2.incomingPayments.create(push({ phoneNumber: '254700000006' }));
  await assert.rejects(created.wait({ signal: AbortSignal.timeout(50) }), { kind: 'not_final', id: created.id });
});

test('unknown or invalid option is refused with its name', async () => {
  for (const [call, field] of [
    [k2.incomingPayments.get('1', { timeOut: 3 }), 'timeOut'],
    [k2.incomingPayments.get('1', { signal: 'now' }), 'signal'],
    [k2.incomingPayments.create(push({ tilNumber: '1' })), 'tilNumber'],
    [k2.incomingPayments.get(7), 'id'],
  ]) {
    const error = await call.catch((found) => found);
    assert.deepStrictEqual([error.kind, error.field, error.operation !== null], ['invalid_request', field, true]);
  }
});

test('client with other options uses its own timeout', async () => {
  assert.throws(() => k2.withOptions({ timeout: 0 }), { kind: 'configuration', field: 'timeout' });
  await sandbox.fault({ operation: 'incoming_payments.get', kind: 'hang_before_effect', times: 3 });
  const impatient = k2.withOptions({ timeout: 200, maxRetries: 0 });
  await assert.rejects(impatient.incomingPayments.get('33333333-3333-4333-8333-333333333333'), { kind: 'timeout' });
  await sandbox.clearFaults();
});

test('token source supplies the tokens, and is called once', async () => {
  const { accessToken } = await k2.oauth.token();
  for (const result of [accessToken, { token: accessToken }, { token: accessToken, expiresIn: 60 }]) {
    let calls = 0;
    const client = KopoKopo.withTokenSource(
      async () => {
        calls += 1;
        return result;
      },
      { baseUrl: sandbox.baseUrl },
    );
    await Promise.all([client.payments.get('33333333-3333-4333-8333-333333333333'), client.oauth.tokenInfo()]);
    assert.strictEqual(calls, 1);
  }
});

test('call fails with the remedy if the token source returns no token', async () => {
  for (const [tokenSource, message] of [
    [() => undefined, /must return a token/],
    [() => ({ token: 't', expiresIn: '60' }), /expiresIn/],
    [() => ({ token: 't', expiresIn: -1 }), /expires/],
    [
      () => {
        throw new Error('canary');
      },
      /it threw an error/,
    ],
  ]) {
    const client = KopoKopo.withTokenSource(tokenSource, { baseUrl: sandbox.baseUrl });
    await assert.rejects(client.oauth.tokenInfo(), (error) => {
      assert.ok(error instanceof AuthenticationError);
      assert.match(error.message, message);
      return !error.message.includes('canary');
    });
  }
  assert.throws(() => KopoKopo.withTokenSource('token'), { kind: 'configuration', field: 'tokenSource' });
});

test('worker threads have their own clients', async () => {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    const { KopoKopo } = require(workerData.path);
    const call = () => new KopoKopo(workerData.credentials).payments.get('33333333-3333-4333-8333-333333333333');
    Promise.all([call(), call()]).then(([first]) => parentPort.postMessage(first.id));
  `;
  const workerData = { path: require.resolve('..'), credentials: sandbox.credentials };
  const workers = Array.from({ length: 4 }, () => new Worker(source, { eval: true, workerData }));
  const ids = await Promise.all(workers.map(async (worker) => (await once(worker, 'message'))[0]));
  assert.deepStrictEqual([...new Set(ids)], ['33333333-3333-4333-8333-333333333333']);
  await Promise.all(workers.map((worker) => worker.terminate()));
});

test('concurrent calls each get their own result', async () => {
  const server = http.createServer((request, response) => {
    request.resume();
    if (request.url === '/oauth/token') return response.end('{"access_token":"t","token_type":"Bearer","expires_in":3600}');
    const id = request.url.split('/').pop();
    const respond = () => response.end(JSON.stringify({ data: { id, type: 'incoming_payment', attributes: { status: 'Success' } } }));
    return setTimeout(respond, Math.random() * 20);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new KopoKopo({ clientId: 'a', clientSecret: 'b', baseUrl: `http://127.0.0.1:${server.address().port}` });
  const ids = Array.from({ length: 200 }, (_, index) => `payment-${index}`);
  const found = await Promise.all(ids.map((id) => client.incomingPayments.get(id)));
  assert.deepStrictEqual(found.map(({ id }) => id), ids);
  server.closeAllConnections();
  server.close();
});

for (const [name, type, source] of [
  ['require', 'commonjs', "const { KopoKopo, InvalidRequestError } = require('kopokopo'); const own = require('kopokopo');"],
  ['import', 'module', "import { KopoKopo, InvalidRequestError } from 'kopokopo'; import * as own from 'kopokopo';"],
]) {
  test(`${name} loads the package by its name, and the program exits`, async () => {
    const { baseUrl, clientId, clientSecret } = sandbox.credentials;
    const program = `${source}
      const k2 = new KopoKopo(${JSON.stringify({ baseUrl, clientId, clientSecret })});
      k2.incomingPayments.create({}).catch((error) => console.log(error instanceof InvalidRequestError, own.KopoKopo === KopoKopo));
      k2.oauth.tokenInfo().then(() => console.log('called'));`;
    const options = { cwd: __dirname, timeout: 20_000 };
    const { stdout } = await promisify(execFile)(process.execPath, [`--input-type=${type}`, '-e', program], options);
    assert.deepStrictEqual(stdout.trim().split('\n'), ['true true', 'called']);
  });
}
