'use strict';
// `kopokopo/testing`: the sandbox as a dependency of tests.

const assert = require('node:assert');
const { execFileSync, spawn, spawnSync } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');
const { after, before, beforeEach, test } = require('node:test');
const { KopoKopo } = require('..');
const { SandboxError } = require('../testing');
const { K2, startSandbox } = require('./shared/harness');
const { calls } = require('../../sandbox/controls.json');
const { version } = require('../sandbox/package.json');

const PACKAGE = path.join(__dirname, '..');
const CALLBACK = 'https://shop.example/k2/results';
const PUSH = { tillNumber: 'K000000', phoneNumber: '0712345678', amount: '100', callbackUrl: CALLBACK };
const LEFT_TO_TEST = '254700000006';
const WALLET = '55555555-5555-4555-8555-555555555555';

let sandbox;
let k2;
before(async () => {
  sandbox = await startSandbox();
  k2 = sandbox.client();
});
beforeEach(() => sandbox.reset());
after(() => sandbox.close());

const push = async () => (await k2.incomingPayments.create({ ...PUSH, phoneNumber: LEFT_TO_TEST })).id;

test('every helper works', async () => {
  const called = new Set();
  const recorded = new Proxy(sandbox, {
    get(target, name) {
      if (typeof target[name] !== 'function') return target[name];
      return (...values) => {
        called.add(name);
        return target[name](...values);
      };
    },
  });
  for (const [name, error] of Object.entries({
    customerPays: undefined,
    customerCancels: 'Request cancelled by user',
    customerHasNoMoney: 'Insufficient funds',
    customerIgnores: 'DS timeout user cannot be reached',
    customerEntersWrongPin: 'The initiator information is invalid.',
    customerActs: 'Request cancelled by user',
  })) {
    const id = await push();
    await recorded[name](id, 'cancel');
    const payment = await k2.incomingPayments.wait(id, { interval: 20 });
    assert.deepStrictEqual([payment.isPaid, [...payment.errors]], [error === undefined, error ? [error] : []]);
  }
  const link = await k2.paymentLinks.create({ tillNumber: 'K000000', amount: '1', callbackUrl: CALLBACK });
  await recorded.customerActsOnLink(link.id, 'enter_pin');
  assert.ok((await k2.paymentLinks.get(link.id)).isPaid);

  const other = await k2.paymentLinks.create({ tillNumber: 'K000000', amount: '2', callbackUrl: CALLBACK });
  await recorded.customerPaysLink(other.id, { phoneNumber: '0711222333' });
  const { status } = await recorded.paymentLink(other.id);
  assert.deepStrictEqual([status, (await recorded.paymentLinks())[0].status], ['Paid', 'Paid']);
  const [newest] = await recorded.transactions();
  assert.deepStrictEqual([newest.kind, newest.amount, newest.payer, newest.status], ['buygoods', '2', '254711222333', 'received']);
  assert.match((await recorded.customers()).messages[0].text, /paid to Online Payments/);
  assert.strictEqual((await recorded.resources('payment_links'))[0].id, other.id);

  const balance = async (number) => (await recorded.state()).tills.find((till) => till.number === number)?.balance;
  assert.strictEqual((await recorded.setTill('K654321', { balance: '5000.50', name: 'My shop' })).balance, '5000.5');
  const paid = await recorded.pay({ tillNumber: 'K654321', amount: 250n, phoneNumber: '0712345678', firstName: 'Jane' });
  assert.strictEqual(paid.type, 'Buygoods Transaction');
  assert.strictEqual((await recorded.reverseTransaction(paid.resource.reference)).resource.status, 'Reversed');
  const card = await recorded.pay({ tillNumber: '7600314301', amount: '99.50', kind: 'card' });
  assert.ok((await recorded.voidTransaction(card.resource.reference)).type);
  assert.strictEqual(await balance('K654321'), '5000.5');

  assert.strictEqual((await recorded.trigger({ topic: 'customer_created' })).sent, 0);
  const sample = { topic: 'customer_created', url: 'http://127.0.0.1:9/', set: { 'event.type': 'x' } };
  assert.strictEqual((await recorded.trigger(sample)).sent, 1);
  const delivery = (await recorded.deliveries()).at(-1);
  assert.deepStrictEqual([delivery.topic, delivery.delivered, delivery.withheldBecause], ['customer_created', false, null]);
  await recorded.resendDelivery(delivery.id);
  const before = (await recorded.state()).now;
  assert.ok((await recorded.advanceClock(3600)).now > before);

  await recorded.fault({ kind: 'status', operation: 'payments.get', status: 503, times: null });
  assert.deepStrictEqual((await recorded.faults()).map(({ times }) => times), [null]);
  await recorded.setFaults([{ kind: 'delay', delayMs: 5 }, { kind: 'status', body: { a_b: [1] } }]);
  assert.deepStrictEqual(
    (await recorded.faults()).map(({ kind, times, delayMs, body }) => [kind, times, delayMs, body]),
    [['delay', 1, 5, null], ['status', 1, null, { a_b: [1] }]],
  );
  await recorded.clearFaults();
  assert.deepStrictEqual(await recorded.faults(), []);
  assert.ok((await recorded.operations()).operations.includes('send_money.create'));
  const request = (await recorded.requests()).findLast(({ operation }) => operation === 'payment_links.create');
  assert.deepStrictEqual([request.method, request.status, request.tookEffect], ['POST', 201, true]);

  assert.strictEqual((await recorded.changeSettings({ pace: 'manual' })).pace, 'manual');
  assert.strictEqual((await recorded.settings()).pace, 'manual');
  const id = await push();
  assert.ok((await recorded.pending()).waiting.some((waiting) => waiting.id === id));
  await recorded.setData({
    tills: [{ number: '777777', balance: 10 }],
    merchantWallets: [{ id: WALLET, first_name: 'Jane' }],
    transactions: [{ reference: 'TKJ1234567', tillNumber: '777777', amount: '250' }],
  });
  assert.strictEqual(await balance('777777'), '10');
  assert.strictEqual((await k2.merchantWallets.get(WALLET)).firstName, 'Jane');
  await recorded.setData({});
  const declared = await recorded.setCustomer('0712345678', { balance: '150.50', action: 'cancel', afterSeconds: 20 });
  assert.deepStrictEqual([declared.balance, declared.action, declared.afterSeconds], ['150.5', 'cancel', 20]);
  const exported = await recorded.exportState();
  await recorded.reset();
  assert.deepStrictEqual((await recorded.customers()).customers, []);
  await recorded.importState(exported);
  assert.deepStrictEqual((await recorded.customers()).customers, [declared]);
  await recorded.changeSettings({ pace: 'instant' });
  await recorded.reset();
  assert.strictEqual((await recorded.health()).status, 'ok');
  assert.strictEqual((await recorded.rules()).magic.length, 10);
  const camel = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  assert.deepStrictEqual([...called].sort(), calls.map(({ name }) => camel(name)).sort());
});

test('refused call says why', async () => {
  await assert.rejects(sandbox.fault({ kind: 'cough' }), { name: 'SandboxError', message: /400: kind: unknown variant `cough`/ });
  await assert.rejects(sandbox.customerPays('a/../b ?'), { name: 'SandboxError', message: /404: Incoming payment/ });
  await assert.rejects(sandbox.pay({ tillNumber: 'nothing', amount: 1 }), /known tills are/);
  await assert.rejects(sandbox.pay({ tillNumber: 'K000000', amount: 0.5 }), { name: 'TypeError', message: /options\.amount: must be an exact amount/ });
  await assert.rejects(sandbox.pay({ till_number: 'K000000', amount: 1 }), /options\.till_number: unknown field; expected one of tillNumber/);
  await assert.rejects(sandbox.pay({ tillNumber: 'K000000' }), /options\.amount: is missing/);
  await assert.rejects(sandbox.setFaults({ kind: 'delay' }), /faults: must be an array/);
  await assert.rejects(startSandbox({ speed: 1 }), /speed: unknown option; expected one of binary/);
  await assert.rejects(sandbox.waitForRequest('send_money.creates'), /there is no "send_money\.creates"; expected one of .*send_money\.create/);
  await assert.rejects(sandbox.waitForDelivery('incoming_payments'), /topic: there is no "incoming_payments"; expected one of .*incoming_payment/);
  for (const wrong of [undefined, null, '', {}, 1.5]) {
    await assert.rejects(sandbox.customerPays(wrong), { name: 'TypeError', message: 'id: must be a string that is not empty, or an integer' });
  }
  await assert.rejects(sandbox.waitForRequest('send_money.create', { timeout: 0 }), /no request of send_money\.create arrived within 0 ms/);
});

test('waits for a request, for a delivery, and while the port is closed', async () => {
  await k2.incomingPayments.create(PUSH);
  assert.strictEqual((await sandbox.waitForRequest('incoming_payments.create')).body.till_number, 'K000000');
  assert.ok((await sandbox.waitForDelivery('incoming_payment')).withheld);
  await sandbox.fault({ kind: 'refuse_connections', delayMs: 200 });
  await sandbox.clearFaults();
});

test('two sandboxes run at the same time, with their own tills and credentials', async () => {
  const others = await Promise.all([startSandbox({ tills: { K1: '5.50' } }), startSandbox({ seed: 7, pace: 'manual' })]);
  assert.strictEqual(new Set([sandbox, ...others].map(({ apiKey }) => apiKey)).size, 3);
  assert.strictEqual((await others[0].state()).tills.find(({ number }) => number === 'K1').balance, '5.5');
  assert.strictEqual((await others[1].settings()).pace, 'manual');
  assert.ok(!require('node:util').inspect(sandbox).includes(sandbox.clientSecret));
  for (const other of others) {
    await other.close();
    await other.close();
  }
  await assert.rejects(others[0].reset(), { name: 'SandboxError', message: /does not listen any more/ });
});

test('client that reads the environment uses the sandbox', async (t) => {
  for (const [name, value] of Object.entries(sandbox.env)) {
    assert.strictEqual(process.env[name], undefined, `the tests run without ${name}`);
    process.env[name] = value;
    t.after(() => delete process.env[name]);
  }
  await KopoKopo.fromEnv().incomingPayments.create(PUSH);
  assert.ok(await sandbox.waitForRequest('incoming_payments.create'));
});

/** Runs JavaScript in a process of its own. */
function run(source, { env = {}, cwd = PACKAGE, type = 'module' } = {}) {
  return execFileSync(process.execPath, [`--input-type=${type}`, '-e', source], { cwd, env: { ...process.env, ...env }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

const START = "import { startSandbox } from 'kopokopo/testing'; const sandbox = await startSandbox();";

test('process that does not close the sandbox ends, in ES modules and in CommonJS', () => {
  assert.strictEqual(run(`${START} console.log((await sandbox.health()).status);`).trim(), 'ok');
  const common = "const { startSandbox } = require('kopokopo/testing'); startSandbox().then((s) => s.health()).then((h) => console.log(h.status));";
  assert.strictEqual(run(common, { type: 'commonjs' }).trim(), 'ok');
});

const isAlive = (pid) => {
  try {
    process.kill(pid, 0);
    return !fs.readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
};

test('sandbox ends if its process is killed', { skip: process.platform !== 'linux' && 'reads /proc' }, async () => {
  const wrapper = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-')), 'k2');
  fs.writeFileSync(wrapper, `#!/bin/sh\necho $$ > "$0.pid"\nexec "${K2}" "$@"\n`, { mode: 0o755 });
  const child = spawn(process.execPath, ['--input-type=module', '-e', `${START} console.log('up'); setInterval(() => {}, 1000);`], {
    cwd: PACKAGE,
    env: { ...process.env, K2_SANDBOX_BIN: wrapper },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  const pid = Number(fs.readFileSync(`${wrapper}.pid`, 'utf8'));
  assert.ok(isAlive(pid));
  child.kill('SIGKILL');
  const deadline = Date.now() + 60_000;
  while (isAlive(pid)) {
    assert.ok(Date.now() < deadline, `the sandbox ${pid} is still there`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  fs.rmSync(path.dirname(wrapper), { recursive: true });
});

test('missing, foreign and broken programs are one clear error each', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const failure = (env, options = '') =>
    run(`import { startSandbox } from 'kopokopo/testing'; await startSandbox(${options}).catch((error) => console.log(String(error)));`, {
      env: { K2_SANDBOX_BIN: '', PATH: folder, ...env },
    });
  assert.match(failure({}), /SandboxError: the sandbox is not installed: install it with `npm install --save-dev kopokopo-sandbox`/);
  assert.match(failure({ K2_SANDBOX_BIN: '/nowhere/k2' }), /K2_SANDBOX_BIN: \/nowhere\/k2 is not a program/);
  assert.match(failure({}, "{ binary: '/nowhere/k2' }"), /binary: \/nowhere\/k2 is not a program/);
  const program = (script) => fs.writeFileSync(path.join(folder, 'k2'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  program('echo k2 1.24, speech recognition');
  assert.match(failure({}), /is another program with the same name, not the sandbox: install it/);
  const own = path.join(folder, 'k2');
  program('echo no such luck >&2; exit 3');
  assert.match(failure({ K2_SANDBOX_BIN: own }), /did not start: no such luck/);
  program('echo [1]; read line');
  assert.match(failure({ K2_SANDBOX_BIN: own }), /is not the sandbox: its first line is not as expected/);
  fs.rmSync(own);
  fs.symlinkSync(K2, own);
  assert.strictEqual(failure({}), '', 'the sandbox of the PATH');
  await assert.rejects(startSandbox({ port: Number(new URL(sandbox.baseUrl).port) }), (error) => error instanceof SandboxError && /port is in use/.test(error.message));
});

test('call without a response is not sent again and says why', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  let count = 0;
  const server = net.createServer((connection) => {
    count += 1;
    connection.once('data', () => connection.destroy());
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const startup = { base_url: `http://127.0.0.1:${server.address().port}`, client_id: 'a', client_secret: 'b', api_key: 'c' };
  const binary = path.join(folder, 'k2');
  fs.writeFileSync(binary, `#!/bin/sh\necho '${JSON.stringify(startup)}'; read line\n`, { mode: 0o755 });
  const cut = await startSandbox({ binary });
  t.after(() => cut.close());
  await assert.rejects(cut.reset(), { name: 'SandboxError', message: 'POST /_sandbox/reset: the connection ended before the response' });
  assert.strictEqual(count, 1);
});

test('packages of the sandbox are found by tests and by npx', async (t) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  // The program itself is large in a debug build.
  const program = path.join(folder, 'program');
  fs.writeFileSync(program, `#!/bin/sh\nexec "${K2}" "$@"\n`, { mode: 0o755 });
  const script = (...values) => execFileSync(process.execPath, [path.join(PACKAGE, 'scripts/package-sandbox.js'), ...values], { encoding: 'utf8', stdio: 'pipe' });
  assert.throws(() => script(folder, `cp-m=${program}`), /expected TRIPLE=BINARY with a target of x86_64-unknown-linux-gnu/);
  const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch];
  script(folder, ...['gnu', 'musl'].map((library) => `${machine}-unknown-linux-${library}=${program}`));
  const packed = fs.readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  assert.strictEqual(packed.length, 3);
  const manifest = JSON.parse(execFileSync('tar', ['-xzOf', path.join(folder, `kopokopo-sandbox-${version}.tgz`), 'package/package.json'], { encoding: 'utf8' }));
  const named = ['gnu', 'musl'].map((library) => `kopokopo-sandbox-linux-${process.arch}-${library}`);
  assert.deepStrictEqual(Object.keys(manifest.optionalDependencies), named);
  const library = process.report.getReport().header.glibcVersionRuntime ? 'gnu' : 'musl';
  const wanted = packed.filter((name) => !name.includes(library === 'gnu' ? 'musl' : 'gnu')).map((name) => `./${name}`);
  fs.writeFileSync(path.join(folder, 'package.json'), '{ "private": true }');
  const npm = (...values) => execFileSync('npm', values, { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  npm('install', '--silent', '--offline', '--no-audit', '--no-fund', '--omit=optional', ...wanted);
  fs.mkdirSync(path.join(folder, 'node_modules/kopokopo'));
  fs.symlinkSync(path.join(PACKAGE, 'testing'), path.join(folder, 'testing'));
  const found = run("const { findBinary } = require('./testing'); console.log(findBinary());", { cwd: folder, type: 'commonjs', env: { K2_SANDBOX_BIN: '' } });
  assert.match(found.trim(), /node_modules\/kopokopo-sandbox-linux-\w+-(gnu|musl)\/k2$/);
  assert.match(npm('exec', '--offline', '--', 'kopokopo-sandbox', '--help'), /k2 sandbox/);
  const elsewhere = { ...process.env, K2_SANDBOX_BIN: '/nowhere/k2' };
  const failure = spawnSync('npm', ['exec', '--offline', '--', 'kopokopo-sandbox'], { cwd: folder, env: elsewhere, encoding: 'utf8' });
  assert.match(failure.stderr, /could not start \/nowhere\/k2/);
});

test('example of docs/testing.md runs', () => {
  const [, source] = /^```js\n([^]*?)^```/m.exec(fs.readFileSync(path.join(PACKAGE, '../docs/testing.md'), 'utf8'));
  // The process of a test that runs in a test reports to that one, unless this variable is absent.
  assert.match(run(source, { env: { NODE_TEST_CONTEXT: undefined } }), /# pass 2\n|pass 2\n/);
});
