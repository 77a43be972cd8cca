'use strict';
// Journals in PostgreSQL, with pg.

const assert = require('node:assert/strict');
const { test } = require('node:test');
const { Client, types } = require('pg');
const { createTables, once, pgJournal } = require('../../journal');
const { createDatabase, createShop } = require('./databases');
const { event, testStore, wage } = require('./support');

const create = { create: (t) => createShop(t, 'pg'), createEmpty: (t) => createDatabase(t, 'pg') };

testStore('pg', create, (shared) => {
  const pay = (client, key = 'wage-1') => client.sendMoney.create(wage(), { idempotencyKey: key });

  test('client is refused, because it can be inside of a transaction', async (t) => {
    const database = await create.create(t);
    const client = await database.connect();
    for (const each of [client, new Client(database.place)]) assert.throws(() => pgJournal(each), { kind: 'configuration', field: 'pool' });
  });

  test('claim outside of a transaction is refused', async (t) => {
    const database = await create.create(t);
    const client = await database.connect();
    await client.query('SELECT 1');
    for (const each of [client, database.pool]) assert.throws(() => once(event, each), { kind: 'configuration', field: 'database' });
    await client.query('BEGIN');
    assert.equal(await once(event, client), true);
    await client.query('ROLLBACK');
    assert.throws(() => once(event, client), { kind: 'configuration' });
  });

  test('connections that the server closes are replaced', async (t) => {
    const database = await create.create(t);
    const client = shared.client(database.journal());
    await shared.assertPaid(100, () => pay(client));
    const other = new Client(database.place);
    await other.connect();
    await other.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()');
    await other.end();
    await shared.assertPaid(100, () => pay(client, 'wage-2'));
    assert.equal((await client.journal.get('wage-2')).state, 'accepted');
  });

  test('connection that breaks before anything is sent is an error of the journal, and the next call pays', async (t) => {
    const database = await create.create(t);
    const client = shared.client(database.journal({ createTables: false }));
    const other = new Client(database.place);
    await other.connect();
    await other.query('BEGIN');
    await other.query('LOCK TABLE kopokopo_journal IN SHARE MODE');
    await shared.assertPaid(0, async () => {
      const refused = assert.rejects(pay(client), { kind: 'journal', message: /nothing was sent/ });
      const waiting =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'";
      // Not within the transaction, which would see the same activity every time.
      while ((await database.pool.query(waiting)).rowCount === 0);
      await refused;
    });
    await other.end();
    await shared.assertPaid(100, () => pay(client));
  });

  test('commit whose confirmation is lost is found by the journal', async (t) => {
    const { pool } = await create.create(t);
    for (const verb of ['INSERT', 'UPDATE']) {
      let losses = 1;
      const lossy = {
        async query(query) {
          const result = await pool.query(query);
          if (query.text.startsWith(verb) && losses-- > 0) throw new Error('Connection terminated unexpectedly');
          return result;
        },
      };
      const client = shared.client(pgJournal(lossy));
      const { id } = await shared.assertPaid(100, () => pay(client, verb));
      const record = await client.journal.get(verb);
      assert.deepEqual([record.state, record.id, record.attempt], ['accepted', id, 1]);
    }
  });

  test('outcome that cannot be written at first is written later', async (t) => {
    const { pool } = await create.create(t);
    let failures = 3;
    const failing = {
      async query(query) {
        if (query.text.startsWith('UPDATE') && failures-- > 0) throw new Error('Connection terminated unexpectedly');
        return pool.query(query);
      },
    };
    const client = shared.client(pgJournal(failing));
    await shared.assertPaid(100, () => pay(client));
    assert.equal((await client.journal.get('wage-1')).state, 'accepted');
  });

  test('parsers of the program for its own queries do not matter', async (t) => {
    const { pool } = await create.create(t);
    const parse = types.getTypeParser(types.builtins.INT8);
    types.setTypeParser(types.builtins.INT8, (text) => new Date(Number(text)));
    t.after(() => types.setTypeParser(types.builtins.INT8, parse));
    const client = shared.client(pgJournal(pool));
    const { id } = await pay(client);
    assert.equal((await client.journal.get('wage-1')).id, id);
  });

  test('pool with one connection is enough', async (t) => {
    const pool = (await create.create(t)).createPool({ max: 1 });
    const client = shared.client(pgJournal(pool));
    await shared.assertPaid(1600, () => Promise.all(Array.from({ length: 16 }, (_, index) => pay(client, `wage-${index}`))));
  });

  test('tables of a schema in the search path are used', async (t) => {
    const pool = (await create.createEmpty(t)).createPool({ options: '-c search_path=shop' });
    await pool.query('CREATE SCHEMA shop');
    await createTables(pool);
    await shared.assertPaid(100, () => pay(shared.client(pgJournal(pool, { createTables: false }))));
    assert.equal((await pool.query('SELECT * FROM shop.kopokopo_journal')).rowCount, 1);
  });

  test('events that wait for each other are each handled once', async (t) => {
    const database = await create.create(t);
    // Two transactions claim the same event. The second waits for the first, and handles it if the first is rolled back.
    const [first, second] = [await database.connect(), await database.connect()];
    for (const client of [first, second]) await client.query('BEGIN');
    assert.equal(await once(event, first), true);
    const waiting = once(event, second);
    await first.query('ROLLBACK');
    assert.equal(await waiting, true);
    await second.query('COMMIT');
    assert.equal(await database.deliver(event), false);
  });
});
