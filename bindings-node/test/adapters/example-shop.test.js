'use strict';
// The example shop, in its own process, with payments on the sandbox.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { startSandbox } = require('../shared/harness');

const SHOP = path.resolve(__dirname, '../../examples/express-shop/shop.mjs');
const TIMEOUT = 20_000;
const CANCELLED = '254700000002';
const PENDING = '254700000006';

class Shop {
  static async open(t) {
    const sandbox = await startSandbox();
    const { baseUrl, clientId, clientSecret, apiKey } = sandbox.credentials;
    const child = spawn(process.execPath, [SHOP], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        K2_BASE_URL: baseUrl,
        K2_CLIENT_ID: clientId,
        K2_CLIENT_SECRET: clientSecret,
        K2_API_KEY: apiKey,
        PORT: '0',
      },
    });
    const exited = new Promise((resolve) => child.once('exit', resolve));
    t.after(async () => {
      child.kill();
      await Promise.all([exited, sandbox.close()]);
    });
    const errors = [];
    child.stderr.on('data', (part) => errors.push(part));
    const lines = [];
    const output = readline.createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const line = await Promise.race([
      new Promise((resolve) => output.once('line', resolve)),
      exited.then(() => assert.fail(`the shop did not start: ${Buffer.concat(errors)}`)),
    ]);
    return new Shop(sandbox, line.replace('listening: ', ''), errors, lines);
  }

  constructor(sandbox, url, errors, lines) {
    Object.assign(this, { sandbox, url, errors, lines });
  }

  async send(path, body, headers = {}) {
    const response = await fetch(this.url + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const text = await response.text();
    return { status: response.status, body: response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text };
  }

  async order(phoneNumber = '0712345678', item = 'samosa') {
    const { status, body } = await this.send('/orders', { item, phoneNumber });
    assert.strictEqual(status, 201, JSON.stringify(body));
    return body;
  }

  async statusOf(order) {
    return (await this.send(`/orders/${order.id}`)).body.status;
  }

  fault(fault) {
    return this.sandbox.fault(fault);
  }

  /** Returns a promise of the callbacks that the sandbox sent. */
  async deliveries() {
    const sent = await this.sandbox.deliveries();
    return sent.filter(({ topic }) => topic === 'incoming_payment');
  }

  /** Returns a promise of the statuses with which the shop responded to callbacks. */
  async callbackStatuses() {
    return (await this.deliveries()).flatMap(({ attempts }) => attempts.map(({ status }) => status));
  }

  async requests(operation) {
    const requests = await this.sandbox.requests();
    return requests.filter((request) => request.operation === operation).length;
  }

  async received() {
    return Number((await this.sandbox.state()).received);
  }

  async until(condition) {
    const deadline = Date.now() + TIMEOUT;
    while (!(await condition())) {
      assert.ok(Date.now() < deadline, `timeout: ${Buffer.concat(this.errors)}`);
      await sleep(20);
    }
  }
}

test('order is paid by its callback', async (t) => {
  const shop = await Shop.open(t);
  const order = await shop.order();
  await shop.until(async () => (await shop.callbackStatuses()).length === 1);
  assert.strictEqual(await shop.statusOf(order), 'paid');
  assert.strictEqual(await shop.received(), 62.5);
  assert.strictEqual(await shop.requests('incoming_payments.get'), 0, 'the callback was enough: the payment was not fetched');
});

test('double click creates one STK push', async (t) => {
  const shop = await Shop.open(t);
  const click = () => shop.send('/orders', { item: 'coffee', phoneNumber: '0712345678', cartId: '17' });
  const [first, second] = await Promise.all([click(), click()]);
  assert.deepStrictEqual([first.status, second.status].sort(), [200, 201]);
  assert.strictEqual(first.body.id, second.body.id);
  assert.strictEqual(await shop.requests('incoming_payments.create'), 1);
});

test('order of a customer who cancels is failed', async (t) => {
  const shop = await Shop.open(t);
  const order = await shop.order(CANCELLED);
  await shop.until(async () => (await shop.statusOf(order)) === 'failed');
  assert.match((await shop.send(`/orders/${order.id}`)).body.note, /cancelled/i);
});

test('repeated callback counts once', async (t) => {
  const shop = await Shop.open(t);
  await shop.fault({ operation: 'incoming_payment', kind: 'callback_twice' });
  const order = await shop.order();
  await shop.until(async () => (await shop.callbackStatuses()).length === 2);
  for (const { id } of await shop.deliveries()) await shop.sandbox.resendDelivery(id);
  await shop.until(async () => (await shop.callbackStatuses()).length === 3);
  assert.deepStrictEqual(await shop.callbackStatuses(), [200, 200, 200]);
  assert.strictEqual(shop.lines.filter((line) => line.startsWith('event: incoming_payment ')).length, 1);
  assert.strictEqual(await shop.statusOf(order), 'paid');
});

test('status request fetches the payment if the callback is lost', async (t) => {
  const shop = await Shop.open(t);
  await shop.fault({ operation: 'incoming_payment', kind: 'callback_never' });
  const order = await shop.order();
  await shop.until(async () => (await shop.statusOf(order)) === 'paid');
  assert.deepStrictEqual(await shop.callbackStatuses(), []);
  assert.ok((await shop.requests('incoming_payments.get')) >= 1);
});

test('order whose create response was lost sends one push, and is paid by its callback', async (t) => {
  const shop = await Shop.open(t);
  await shop.fault({ operation: 'incoming_payments.create', kind: 'reset_after_effect' });
  const order = await shop.order();
  assert.ok(['unknown', 'paid'].includes(order.status), order.status);
  await shop.until(async () => (await shop.statusOf(order)) === 'paid');
  assert.strictEqual(await shop.requests('incoming_payments.create'), 1);
  assert.strictEqual(await shop.received(), 62.5);
});

test('order with an unknown outcome stays unknown without a callback', async (t) => {
  const shop = await Shop.open(t);
  await shop.fault({ operation: 'incoming_payments.create', kind: 'reset_before_effect' });
  const order = await shop.order();
  assert.strictEqual(order.status, 'unknown');
  assert.ok(order.note);
  assert.strictEqual(await shop.statusOf(order), 'unknown');
  assert.strictEqual(await shop.requests('incoming_payments.create'), 1);
});

test('invalid phone number is a 422 that names the field', async (t) => {
  const shop = await Shop.open(t);
  const { status, body } = await shop.send('/orders', { item: 'coffee', phoneNumber: '12' });
  assert.strictEqual(status, 422);
  assert.match(body.error, /phoneNumber/);
  assert.strictEqual(await shop.requests('incoming_payments.create'), 0);
});

test('order with a pending payment stays pending until it is paid', async (t) => {
  const shop = await Shop.open(t);
  const order = await shop.order(PENDING);
  assert.strictEqual(await shop.statusOf(order), 'pending');
  await shop.sandbox.customerPays(order.paymentId);
  await shop.until(async () => (await shop.statusOf(order)) === 'paid');
});

test('callback without a valid signature does not change the order', async (t) => {
  const shop = await Shop.open(t);
  const order = await shop.order(PENDING);
  const attributes = { status: 'Success', metadata: { orderId: order.id } };
  const claim = { data: { id: '1', type: 'incoming_payment', attributes } };
  for (const headers of [{}, { 'X-KopoKopo-Signature': '0'.repeat(64) }]) {
    assert.strictEqual((await shop.send('/k2/results', claim, headers)).status, 401);
  }
  assert.strictEqual(await shop.statusOf(order), 'pending');
});

test('unknown item cannot be ordered', async (t) => {
  const shop = await Shop.open(t);
  for (const item of ['tea', 'toString', null]) {
    assert.strictEqual((await shop.send('/orders', { item, phoneNumber: '0712345678' })).status, 404);
  }
});
