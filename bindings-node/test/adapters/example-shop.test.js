'use strict';
// The example shop, in a process of its own, taking money on the sandbox.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { test } = require('node:test');
const { setTimeout: sleep } = require('node:timers/promises');
const { Sandbox } = require('../shared/stage');

const SHOP = path.resolve(__dirname, '../../examples/express-shop/shop.mjs');
const PATIENCE = 20_000;
const CANCELS = '254700000002';
const LEFT_TO_YOU = '254700000006';

class Shop {
  static async open(t) {
    const sandbox = await Sandbox.start();
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
    const ended = new Promise((resolve) => child.once('exit', resolve));
    t.after(async () => {
      child.kill();
      await Promise.all([ended, sandbox.close()]);
    });
    const words = [];
    child.stderr.on('data', (part) => words.push(part));
    const lines = [];
    const output = readline.createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
    const line = await Promise.race([
      new Promise((resolve) => output.once('line', resolve)),
      ended.then(() => assert.fail(`the shop did not open: ${Buffer.concat(words)}`)),
    ]);
    return new Shop(sandbox, line.replace('open: ', ''), words, lines);
  }

  constructor(sandbox, url, words, lines) {
    Object.assign(this, { sandbox, url, words, lines });
  }

  async ask(place, body, headers = {}) {
    const answer = await fetch(this.url + place, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
    const text = await answer.text();
    return { status: answer.status, body: answer.headers.get('content-type')?.includes('json') ? JSON.parse(text) : text };
  }

  async order(phoneNumber = '0712345678', item = 'samosa') {
    const { status, body } = await this.ask('/orders', { item, phoneNumber });
    assert.strictEqual(status, 201, JSON.stringify(body));
    return body;
  }

  async stands(order) {
    return (await this.ask(`/orders/${order.id}`)).body.status;
  }

  fault(fault) {
    return this.sandbox.control('PUT /_sandbox/faults', fault);
  }

  /** The results that the sandbox sent, and what the shop answered. */
  async deliveries() {
    const sent = await this.sandbox.control('GET /_sandbox/deliveries');
    return sent.filter(({ topic }) => topic === 'incoming_payment');
  }

  async answers() {
    return (await this.deliveries()).flatMap(({ attempts }) => attempts.map(({ status }) => status));
  }

  async requests(operation) {
    const seen = await this.sandbox.control('GET /_sandbox/requests');
    return seen.filter((request) => request.operation === operation).length;
  }

  async received() {
    return Number((await this.sandbox.control('GET /_sandbox/state')).received);
  }

  async until(look) {
    const deadline = Date.now() + PATIENCE;
    while (!(await look())) {
      assert.ok(Date.now() < deadline, `waited in vain: ${Buffer.concat(this.words)}`);
      await sleep(20);
    }
  }
}

test('an order is paid by its callback', async (t) => {
  const shop = await Shop.open(t);
  const order = await shop.order();
  await shop.until(async () => (await shop.answers()).length === 1);
  assert.strictEqual(await shop.stands(order), 'paid');
  assert.strictEqual(await shop.received(), 62.5);
  assert.strictEqual(await shop.requests('incoming_payments.get'), 0, 'the callback told, nobody had to ask');
});

test('a double click makes one push', async (t) => {
  const shop = await Shop.open(t);
  const click = () => shop.ask('/orders', { item: 'coffee', phoneNumber: '0712345678', cartId: '17' });
  const [first, second] = await Promise.all([click(), click()]);
  assert.deepStrictEqual([first.status, second.status].sort(), [200, 201]);
  assert.strictEqual(first.body.id, second.body.id);
  assert.strictEqual(await shop.requests('incoming_payments.create'), 1);
});

test('a customer who cancels has a failed order', async (t) => {
  const shop = await Shop.open(t);
  const order = await shop.order(CANCELS);
  await shop.until(async () => (await shop.stands(order)) === 'failed');
  assert.match((await shop.ask(`/orders/${order.id}`)).body.note, /cancelled/i);
});

test('a callback that comes twice counts once', async (t) => {
  const shop = await Shop.open(t);
  await shop.fault({ operation: 'incoming_payment', kind: 'callback_twice' });
  const order = await shop.order();
  await shop.until(async () => (await shop.answers()).length === 2);
  for (const { id } of await shop.deliveries()) await shop.sandbox.control(`POST /_sandbox/deliveries/${id}/resend`);
  await shop.until(async () => (await shop.answers()).length === 3);
  assert.deepStrictEqual(await shop.answers(), [200, 200, 200]);
  assert.strictEqual(shop.lines.filter((line) => line.startsWith('told: incoming_payment ')).length, 1);
  assert.strictEqual(await shop.stands(order), 'paid');
});

test('a callback that never comes is made up for by the status page', async (t) => {
  const shop = await Shop.open(t);
  await shop.fault({ operation: 'incoming_payment', kind: 'callback_never' });
  const order = await shop.order();
  await shop.until(async () => (await shop.stands(order)) === 'paid');
  assert.deepStrictEqual(await shop.answers(), []);
  assert.ok((await shop.requests('incoming_payments.get')) >= 1);
});

test('an order whose answer was lost asks nobody twice and is paid by its callback', async (t) => {
  const shop = await Shop.open(t);
  await shop.fault({ operation: 'incoming_payments.create', kind: 'reset_after_effect' });
  const order = await shop.order();
  assert.ok(['unknown', 'paid'].includes(order.status), order.status);
  await shop.until(async () => (await shop.stands(order)) === 'paid');
  assert.strictEqual(await shop.requests('incoming_payments.create'), 1);
  assert.strictEqual(await shop.received(), 62.5);
});

test('an order of unknown outcome stays so until somebody knows', async (t) => {
  const shop = await Shop.open(t);
  await shop.fault({ operation: 'incoming_payments.create', kind: 'reset_before_effect' });
  const order = await shop.order();
  assert.strictEqual(order.status, 'unknown');
  assert.ok(order.note);
  assert.strictEqual(await shop.stands(order), 'unknown');
  assert.strictEqual(await shop.requests('incoming_payments.create'), 1);
});

test("a wrong phone number is the customer's to correct", async (t) => {
  const shop = await Shop.open(t);
  const { status, body } = await shop.ask('/orders', { item: 'coffee', phoneNumber: '12' });
  assert.strictEqual(status, 422);
  assert.match(body.error, /phoneNumber/);
  assert.strictEqual(await shop.requests('incoming_payments.create'), 0);
});

test('a pending payment stays asked', async (t) => {
  const shop = await Shop.open(t);
  const order = await shop.order(LEFT_TO_YOU);
  assert.strictEqual(await shop.stands(order), 'asked');
  await shop.sandbox.control(`POST /_sandbox/incoming_payments/${order.paymentId}/customer`, { action: 'enter_pin' });
  await shop.until(async () => (await shop.stands(order)) === 'paid');
});

test('a stranger pays nothing', async (t) => {
  const shop = await Shop.open(t);
  const order = await shop.order(LEFT_TO_YOU);
  const attributes = { status: 'Success', metadata: { orderId: order.id } };
  const claim = { data: { id: '1', type: 'incoming_payment', attributes } };
  for (const headers of [{}, { 'X-KopoKopo-Signature': '0'.repeat(64) }]) {
    assert.strictEqual((await shop.ask('/k2/results', claim, headers)).status, 401);
  }
  assert.strictEqual(await shop.stands(order), 'asked');
});

test('what is not sold cannot be ordered', async (t) => {
  const shop = await Shop.open(t);
  for (const item of ['tea', 'toString', null]) {
    assert.strictEqual((await shop.ask('/orders', { item, phoneNumber: '0712345678' })).status, 404);
  }
});
