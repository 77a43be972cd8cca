'use strict';
// Journals in SQLite, with better-sqlite3 and with node:sqlite if this Node has it. K2_TEST_SQLITE chooses one of them.

const assert = require('node:assert/strict');
const events = require('node:events');
const fs = require('node:fs');
const { isBuiltin } = require('node:module');
const os = require('node:os');
const path = require('node:path');
const { test } = require('node:test');
const { Worker } = require('node:worker_threads');
const { ConfigurationError } = require('../..');
const { once, sqliteJournal } = require('../../journal');
const { createDatabase, createShop } = require('./databases');
const { event, testStore, wage } = require('./support');

const hasNodeSqlite = isBuiltin('node:sqlite');
const found = ['better-sqlite3', ...(hasNodeSqlite ? ['node:sqlite'] : [])];

for (const driver of process.env.K2_TEST_SQLITE ? [process.env.K2_TEST_SQLITE] : found) {
  const create = { create: (t) => createShop(t, driver), createEmpty: (t) => createDatabase(t, driver) };
  testStore(driver, create, (shared) => {
    const pay = (client, key = 'wage-1') => client.sendMoney.create(wage(), { idempotencyKey: key });

    test('transaction of the program is refused, and nothing is sent', async (t) => {
      const { database } = await create.create(t);
      const client = shared.client(sqliteJournal(database));
      database.exec('BEGIN');
      await shared.assertPaid(0, () => assert.rejects(pay(client), { kind: 'journal', message: /inside of a transaction of the program/ }));
      database.exec('ROLLBACK');
      await shared.assertPaid(100, () => pay(client));
    });

    test('create waits for another writer of this thread', async (t) => {
      const shop = await create.create(t);
      const client = shared.client(shop.journal());
      shop.database.exec('BEGIN IMMEDIATE');
      const paid = pay(client);
      // The timers of this thread run while the journal waits.
      await new Promise((resolve) => setTimeout(resolve, 200));
      assert.equal(await Promise.race([paid, 'waiting']), 'waiting');
      shop.database.exec('COMMIT');
      await paid;
    });

    test('statements of the program wait for other writers as before', async (t) => {
      const shop = await create.create(t);
      const database = shop.open();
      database.exec('PRAGMA busy_timeout = 1234');
      await pay(shared.client(sqliteJournal(database)));
      assert.deepEqual(Object.values(database.prepare('PRAGMA busy_timeout').all()[0]), [1234]);
      database.close();
    });

    test('claim outside of a transaction is refused', async (t) => {
      const { database } = await create.create(t);
      assert.throws(() => once(event, database), { kind: 'configuration', field: 'database' });
    });

    const moves = {
      deleted: (place) => fs.rmSync(place),
      replaced: (place) => {
        fs.copyFileSync(place, `${place}-2`);
        fs.renameSync(`${place}-2`, place);
      },
    };
    for (const [how, move] of Object.entries(moves)) {
      test(`nothing is sent if the file is ${how} while it is open`, async (t) => {
        const shop = await create.create(t);
        const client = shared.client(shop.journal());
        await shared.assertPaid(100, () => pay(client, 'before'));
        move(shop.place);
        const refused = { kind: 'journal', message: /was deleted or replaced while it was open/ };
        await shared.assertPaid(0, async () => {
          for (const key of ['before', 'after']) await assert.rejects(pay(client, key), refused);
        });
      });
    }

    test('writes are durable', async (t) => {
      const shop = await create.createEmpty(t);
      const database = shop.open();
      sqliteJournal(database);
      const pragma = (name) => Object.values(database.prepare(`PRAGMA ${name}`).all()[0])[0];
      assert.deepEqual([pragma('journal_mode'), Number(pragma('synchronous'))], ['wal', 2]);
      database.close();
    });

    test('programs that open a new file at once wait for each other', async (t) => {
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'k2-open-'));
      t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
      const workerData = { driver, folder, files: 50, threads: 3, arrived: new SharedArrayBuffer(4 * 50) };
      const threads = Array.from({ length: 3 }, () => new Worker(path.join(__dirname, 'opener.js'), { workerData }));
      const ends = await Promise.all(threads.map((thread) => events.once(thread, 'exit')));
      assert.deepEqual(ends.flat(), [0, 0, 0]);
    });

    test('file that other programs use keeps its mode', async (t) => {
      const { database, open } = await create.create(t);
      const mode = (connection) => Object.values(connection.prepare('PRAGMA journal_mode').all()[0])[0];
      assert.equal(mode(database), 'delete');
      const own = open();
      sqliteJournal(own);
      assert.equal(mode(own), 'delete');
      own.close();
    });

    test('database that is closed is an error of the journal, and nothing is sent', async (t) => {
      const shop = await create.create(t);
      const database = shop.open();
      const client = shared.client(sqliteJournal(database));
      database.close();
      await shared.assertPaid(0, () => assert.rejects(pay(client), { kind: 'journal' }));
    });

    test('BigInt columns are read', async (t) => {
      const shop = await create.create(t);
      const prepare = (database) => (sql) => {
        const statement = database.prepare(sql);
        (statement.setReadBigInts ?? statement.safeIntegers).call(statement, true);
        return statement;
      };
      const database = shop.open();
      const bigints = { exec: (sql) => database.exec(sql), prepare: prepare(database), inTransaction: false };
      const client = shared.client(sqliteJournal(bigints));
      const { id } = await pay(client);
      const record = await client.journal.get('wage-1');
      assert.deepEqual([record.id, record.attempt, record.createdAt instanceof Date], [id, 1, true]);
      database.exec('BEGIN');
      assert.equal(once(event, { ...bigints, inTransaction: true }), true);
      database.exec('COMMIT');
      database.close();
    });
  });
}

test('path of a file is opened by node:sqlite, or has an error with the remedy', async (t) => {
  const { place } = await createDatabase(t, found.at(-1));
  if (hasNodeSqlite) {
    assert.equal(sqliteJournal(place).dialect, 'sqlite');
    const folder = path.dirname(place);
    const error = { kind: 'configuration', field: 'database', message: new RegExp(`cannot be opened at ${folder}:`) };
    assert.throws(() => sqliteJournal(folder), error);
  } else assert.throws(() => sqliteJournal(place), { kind: 'configuration', field: 'database', message: /Node 22\.13.*better-sqlite3/ });
});

test('database in memory, and invalid options, are refused', () => {
  for (const path of [':memory:', '']) assert.throws(() => sqliteJournal(path), { field: 'database', message: /must be a file/ });
  for (const place of [':memory:', '']) {
    const temporary = found.includes('node:sqlite') ? new (require('node:sqlite').DatabaseSync)(place) : new (require('better-sqlite3'))(place);
    assert.throws(() => sqliteJournal(temporary), { field: 'database', message: /must be a file/ });
  }
  const database = { exec() {}, prepare: () => ({ all: () => [{ timeout: 0, name: 'main', file: 'journal.db' }] }) };
  assert.throws(() => sqliteJournal(database, { createTable: false }), ConfigurationError);
  assert.throws(() => sqliteJournal(database, { createTables: 0 }), { field: 'createTables' });
  sqliteJournal(database, undefined);
  sqliteJournal(database, null);
});
