'use strict';
// The journal with stores in JavaScript. The scenarios test what the core does with any store.

const assert = require('node:assert/strict');
const { after, before, test } = require('node:test');
const { ConfigurationError, JournalError, KopoKopo, WebhookVerifier, signWebhook } = require('..');
const { createTables, customJournal, once, pgJournal, sqliteJournal } = require('../journal');
const { startSandbox } = require('./shared/harness');
const { memoryStore } = require('./shared/stores');

const KEY = 'an-api-key-of-the-usual-length-0123456789';
const BODY = JSON.stringify({
  topic: 'buygoods_transaction_received',
  id: '1',
  event: { resource: { reference: 'OJJ1MPU40Z', amount: '100', status: 'Received', till_number: 'K000000' } },
});

let sandbox;
before(async () => {
  sandbox = await startSandbox();
});
after(() => sandbox.close());

const memory = () => customJournal(memoryStore());

function wage(amount = '100') {
  const destination = { type: 'mobile_wallet', phoneNumber: '0712345678', amount, description: 'Wages' };
  return { destinations: [destination], callbackUrl: 'https://shop.example/results' };
}

async function paidOut() {
  return Number((await sandbox.state()).paidOut);
}

test('the same key sends one request, also in parallel', async () => {
  const paid = await paidOut();
  const client = new KopoKopo({ ...sandbox.credentials, journal: memory() });
  const options = { idempotencyKey: 'wage-1', inProgressWait: 10_000 };
  const handles = await Promise.all(Array.from({ length: 20 }, () => client.sendMoney.create(wage(), options)));
  assert.equal(new Set(handles.map(({ id }) => id)).size, 1);
  assert.equal((await paidOut()) - paid, 100);
  const record = await client.journal.get('wage-1');
  assert.deepEqual([record.state, record.id, record.attempt], ['accepted', handles[0].id, 1]);
  assert.deepEqual((await client.journal.list({})).map(({ key }) => key), ['wage-1']);
  await assert.rejects(client.sendMoney.create(wage('200'), options), { kind: 'invalid_request', field: 'idempotencyKey' });
});

test('a key without a journal, and a store that fails, send nothing', async () => {
  const paid = await paidOut();
  const plain = new KopoKopo(sandbox.credentials);
  await assert.rejects(plain.sendMoney.create(wage(), { idempotencyKey: 'a' }), { kind: 'configuration', field: 'journal' });
  const failing = () => {
    throw new Error('no connection to postgres://shop:hunter2@db/shop now');
  };
  for (const execute of [failing, async () => failing(), () => 1, () => '[']) {
    const client = plain.withJournal({ execute });
    await assert.rejects(client.sendMoney.create(wage(), { idempotencyKey: 'a' }), (error) => {
      assert.ok(error instanceof JournalError && !error.message.includes('hunter2'), error.message);
      return true;
    });
  }
  assert.equal(await paidOut(), paid);
  assert.throws(() => new KopoKopo({ ...sandbox.credentials, journal: 'payments.db' }), ConfigurationError);
  for (const make of [sqliteJournal, pgJournal, customJournal]) assert.throws(() => make({}), ConfigurationError);
});

test('any error of a store is an error of the journal, with its text', async () => {
  const unreadable = Object.defineProperty(new Error('a'), 'message', { get: () => { throw new Error('unreadable'); } });
  const refused = Object.assign(new AggregateError([new Error('connect ECONNREFUSED ::1:5432')]), { code: 'ECONNREFUSED' });
  // The errors of Node's own modules are those of another realm in some test runners.
  const foreign = require('node:vm').runInNewContext("new TypeError('of another realm')");
  for (const [error, text] of [
    [unreadable, /it threw what is no Error; nothing was sent$/],
    [Object.create(null), /it threw what is no Error/],
    [undefined, /it threw what is no Error/],
    ['text', /it threw what is no Error/],
    [refused, /AggregateError: connect ECONNREFUSED ::1:5432;/],
    [foreign, /TypeError: of another realm;/],
  ]) {
    const client = new KopoKopo({ ...sandbox.credentials, journal: { execute: () => Promise.reject(error) } });
    await assert.rejects(client.sendMoney.create(wage(), { idempotencyKey: 'a' }), { kind: 'journal', message: text });
  }
});

test('a lost response is unknown until the result is observed', async () => {
  const client = new KopoKopo({ ...sandbox.credentials, journal: memory() });
  await sandbox.fault({ operation: 'send_money.create', kind: 'reset_after_effect' });
  const pay = () => client.sendMoney.create(wage(), { idempotencyKey: 'lost-in-node' });
  await assert.rejects(pay(), (error) => {
    assert.deepEqual([error.kind, error.idempotencyKey, error.fingerprint.length], ['outcome_unknown', 'lost-in-node', 64]);
    return true;
  });
  await assert.rejects(pay(), { kind: 'outcome_unknown' });
  const deliveries = await sandbox.deliveries();
  const { body } = deliveries.findLast((delivery) => delivery.body.includes('lost-in-node'));
  const record = await client.journal.observe(client.webhooks.parseUnverified(body));
  assert.equal(record.state, 'accepted');
  assert.equal((await pay()).id, record.id);
});

test('pg runs the statements, and claims events inside of a transaction', async () => {
  const queries = [];
  const pg = {
    query: async (query, values) => {
      queries.push([query.text ?? query, query.values ?? values]);
      return { rows: [], rowCount: 1 };
    },
  };
  const client = new KopoKopo({ ...sandbox.credentials, journal: pgJournal(pg) });
  await client.sendMoney.create(wage(), { idempotencyKey: 'pg-1' });
  const [journalTable, eventsTable, index, insert, update] = queries.map(([text]) => text);
  assert.match(journalTable, /CREATE TABLE IF NOT EXISTS kopokopo_journal/);
  assert.match(eventsTable, /CREATE TABLE IF NOT EXISTS kopokopo_events/);
  assert.match(index, /CREATE INDEX IF NOT EXISTS kopokopo_journal_created_at/);
  assert.match(insert, /VALUES \(\$1, .*\$16\) ON CONFLICT \(idempotency_key\) DO NOTHING$/);
  assert.match(update, /WHERE idempotency_key = \$15 AND version = \$16$/);
  queries.length = 0;
  const event = new WebhookVerifier({ apiKeys: [KEY] }).verify(BODY, signWebhook(KEY, BODY));
  assert.equal(await once(event, pg), true);
  assert.deepEqual(queries[0][1][0], 'mpesa:received:OJJ1MPU40Z');
  await createTables(pg);
  assert.equal(queries.length, 4);
  assert.throws(() => once(event, { ...pg, idleCount: 0 }), ConfigurationError);
  assert.throws(() => once(event, { prepare() {}, inTransaction: false }), ConfigurationError);
});

test('an outcome that is not written is a warning of the process', async () => {
  const store = memoryStore();
  const failing = customJournal({ ...store, update: () => Promise.reject(new Error('the disk is full')) });
  const warnings = [];
  const listen = (warning) => warnings.push(warning);
  process.on('warning', listen);
  try {
    const client = new KopoKopo({ ...sandbox.credentials, journal: failing });
    assert.ok((await client.sendMoney.create(wage(), { idempotencyKey: 'lost-1' })).id);
    for (let waited = 0; warnings.length === 0 && waited < 1000; waited += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  } finally {
    process.off('warning', listen);
  }
  const [{ name, code, message }] = warnings;
  assert.deepEqual([name, code, warnings.length], ['KopoKopoWarning', 'KOPOKOPO_OUTCOME_NOT_WRITTEN', 1]);
  assert.match(message, /could not write the outcome \(accepted\) of send_money.create with the idempotency key lost-1: /);
});
