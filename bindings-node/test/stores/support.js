'use strict';
// What the stores of all databases must do.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const path = require('node:path');
const readline = require('node:readline');
const { after, before, describe, test } = require('node:test');
const { KopoKopo, WebhookVerifier } = require('../..');
const { createTables } = require('../../journal');
const { startSandbox } = require('../shared/harness');
const { payloads } = require('../shared/vectors');

const EVENT = payloads('webhook-buygoods_transaction_received')[0][1].toString();
const event = new WebhookVerifier({ apiKeys: ['api-key'] }).parseUnverified(EVENT);

function wage(amount = '100') {
  const destination = { type: 'mobile_wallet', phoneNumber: '0712345678', amount, description: 'Wages' };
  return { destinations: [destination], callbackUrl: 'https://shop.example/results' };
}

/** Starts workers that work at the same moment. Returns a promise of their results. */
async function runWorkers(parameters, env) {
  const workers = [1, 2].map(() => {
    const options = { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'inherit'] };
    const child = spawn(process.execPath, [path.join(__dirname, 'worker.js'), ...parameters], options);
    return { child, lines: readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
  });
  for (const { lines } of workers) assert.equal((await lines.next()).value, 'ready');
  for (const { child } of workers) child.stdin.end('go\n');
  return (await Promise.all(workers.map(({ lines }) => lines.next()))).flatMap(({ value }) => JSON.parse(value));
}

/**
 * Tests the stores of a driver. `create(t)` returns a promise of a database with the journal's tables, and
 * `createEmpty(t)` of one without. `more(sandbox)` has more tests.
 */
function testStore(driver, { createEmpty, create }, more) {
  describe(driver, () => {
    const shared = {};
    before(async () => {
      shared.sandbox = await startSandbox();
    });
    after(() => shared.sandbox.close());

    shared.client = (journal) => new KopoKopo({ ...shared.sandbox.credentials, journal });
    /** Calls a function, and asserts the money that it moves. */
    shared.assertPaid = async (amount, run) => {
      const paidOut = async () => Number((await shared.sandbox.state()).paidOut);
      const paid = await paidOut();
      const result = await run();
      assert.equal((await paidOut()) - paid, amount);
      return result;
    };
    const environment = () => {
      const { baseUrl, clientId, clientSecret, apiKey } = shared.sandbox.credentials;
      return { K2_BASE_URL: baseUrl, K2_CLIENT_ID: clientId, K2_CLIENT_SECRET: clientSecret, K2_API_KEY: apiKey, K2_EVENT: EVENT };
    };
    const effects = (database) => database.run('SELECT event FROM effects');

    test('64 parallel creates with one key have one effect', async (t) => {
      const client = shared.client((await createEmpty(t)).journal());
      const options = { idempotencyKey: 'wage-1', inProgressWait: 30_000 };
      const handles = await shared.assertPaid(100, () =>
        Promise.all(Array.from({ length: 64 }, () => client.sendMoney.create(wage(), options))),
      );
      assert.equal(new Set(handles.map(({ id }) => id)).size, 1);
      const record = await client.journal.get('wage-1');
      assert.deepEqual([record.state, record.id, record.attempt, record.evidence], ['accepted', handles[0].id, 1, 'response']);
    });

    test('two processes with one key have one effect, also if they create the tables', async (t) => {
      const { place } = await createEmpty(t);
      const ids = await shared.assertPaid(100, () => runWorkers([driver, place, 'wage-1', '16'], environment()));
      assert.equal(ids.length, 32);
      assert.equal(new Set(ids).size, 1);
    });

    test('parallel updates of one record: one succeeds', async (t) => {
      const database = await create(t);
      const client = shared.client(database.journal());
      await client.sendMoney.create(wage(), { idempotencyKey: 'wage-1' });
      await database.run("UPDATE kopokopo_journal SET state = 'unknown', resource_id = NULL");
      const resolve = (id) => client.journal.resolve('wage-1', 'accepted', 'seen on the dashboard', id);
      const results = await Promise.allSettled(Array.from({ length: 64 }, (_, index) => resolve(`id-${index}`)));
      const done = results.filter(({ status }) => status === 'fulfilled');
      assert.equal(done.length, 1);
      assert.equal((await client.journal.get('wage-1')).id, done[0].value.id);
    });

    test('records that were refused are sent again once', async (t) => {
      const client = shared.client((await create(t)).journal());
      const options = { idempotencyKey: 'wage-1', inProgressWait: 30_000 };
      await shared.sandbox.fault({ operation: 'send_money.create', kind: 'status', status: 422 });
      await assert.rejects(client.sendMoney.create(wage(), options), { kind: 'invalid_request' });
      assert.equal((await client.journal.get('wage-1')).state, 'refused');
      await shared.assertPaid(100, () => Promise.all(Array.from({ length: 16 }, () => client.sendMoney.create(wage(), options))));
      assert.equal((await client.journal.get('wage-1')).attempt, 2);
    });

    test('row that another language has written is read, and the other way around', async (t) => {
      const database = await create(t);
      const client = shared.client(database.journal());
      const { id } = await client.sendMoney.create(wage(), { idempotencyKey: 'from-node' });
      const [row] = await database.run("SELECT * FROM kopokopo_journal WHERE idempotency_key = 'from-node'");
      const { owner, fingerprint, created_at, updated_at, deadline_at, sent_at, details, ...others } = row;
      assert.deepEqual(
        { ...others, version: Number(row.version), attempt: Number(row.attempt) },
        {
          idempotency_key: 'from-node',
          version: 2,
          state: 'accepted',
          operation: 'send_money.create',
          attempt: 1,
          resource_id: id,
          payment_key: null,
          error: null,
          evidence: 'response',
        },
      );
      assert.equal(fingerprint.length, 64);
      assert.ok(owner.length > 0 && details === null);
      assert.equal(sent_at, null);
      for (const time of [created_at, updated_at, deadline_at]) assert.ok(Math.abs(Number(time) - Date.now()) < 3_600_000);
      const names = Object.keys(row);
      const written = { ...row, idempotency_key: 'from-python', resource_id: 'another-id', owner: 'another-worker', evidence: null };
      const marks = names.map(() => '?').join(', ');
      await database.run(`INSERT INTO kopokopo_journal (${names.join(', ')}) VALUES (${marks})`, names.map((name) => written[name]));
      const handle = await shared.assertPaid(0, () => client.sendMoney.create(wage(), { idempotencyKey: 'from-python' }));
      assert.equal(handle.id, 'another-id');
      const listed = await client.journal.list({ states: ['accepted'], operation: 'send_money.create', afterKey: 'from-node' });
      assert.deepEqual(listed.map(({ key }) => key), ['from-python']);
    });

    test('64 parallel deliveries of an event have one effect', async (t) => {
      const database = await create(t);
      const firsts = await Promise.all(Array.from({ length: 64 }, () => database.deliver(event)));
      assert.equal(firsts.filter(Boolean).length, 1);
      assert.equal((await effects(database)).length, 1);
    });

    test('deliveries of an event to two processes have one effect', async (t) => {
      const database = await create(t);
      const firsts = await runWorkers([driver, database.place, '', '32'], environment());
      assert.equal(firsts.length, 64);
      assert.equal(firsts.filter(Boolean).length, 1);
      assert.equal((await effects(database)).length, 1);
    });

    test('event whose transaction is rolled back is handled by its next delivery', async (t) => {
      const database = await create(t);
      const failing = () => {
        throw new Error('the handler fails');
      };
      const deliveries = Array.from({ length: 8 }, () => database.deliver(event, failing));
      for (const { status } of await Promise.allSettled(deliveries)) assert.equal(status, 'rejected');
      assert.deepEqual(await effects(database), []);
      assert.equal(await database.deliver(event), true);
      assert.equal(await database.deliver(event), false);
      const [{ event_key }] = await database.run('SELECT event_key FROM kopokopo_events');
      assert.equal(event_key, event.paymentKey);
      assert.equal((await effects(database)).length, 1);
    });

    test('missing tables have an error that says what to do', async (t) => {
      const database = await createEmpty(t);
      const isClear = (error) => {
        assert.match(error.message, /has no table kopokopo_(events|journal): call createTables\(database\)/);
        return true;
      };
      await assert.rejects(database.deliver(event), (error) => isClear(error) && error.kind === 'configuration' && error.cause instanceof Error);
      const options = { dialect: undefined, placeholder: undefined, createTables: undefined };
      const client = shared.client().withJournal(database.journal({ createTables: false }), options);
      const pay = () => client.sendMoney.create(wage(), { idempotencyKey: 'wage-1' });
      await shared.assertPaid(0, () => assert.rejects(pay(), (error) => isClear(error) && error.kind === 'journal'));
      await createTables(database.pool ?? database.database);
      await shared.assertPaid(100, pay);
    });

    more(shared);
  });
}

module.exports = { EVENT, event, testStore, wage };
