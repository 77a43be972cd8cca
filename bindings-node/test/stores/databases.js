'use strict';
// Databases of the tests, each with a table `effects` of a shop. SQLite's are files, and PostgreSQL's are databases of the
// server that tests/with-postgres.sh starts.

const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { once, pgJournal, sqliteJournal } = require('../../journal');

const EFFECTS = 'CREATE TABLE effects (event TEXT NOT NULL)';

/** A place for a new database. `remove` deletes it. */
function createSqlite() {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'k2-journal-'));
  return { place: path.join(folder, 'shop.db'), remove: () => fs.rmSync(folder, { recursive: true, force: true }) };
}

class Sqlite {
  constructor(open, place) {
    this.place = place;
    this.open = () => open(place);
    this.database = open(place);
    this.database.exec('PRAGMA busy_timeout = 10000');
  }

  /** A store with an object of its own. */
  journal(options) {
    return sqliteJournal(this.open(), options);
  }

  async run(sql, parameters = []) {
    const statement = this.database.prepare(sql);
    if (!sql.startsWith('SELECT')) return void statement.run(...parameters);
    return statement.all(...parameters).map((row) => ({ ...row }));
  }

  /** Handles an event as a shop does: in one transaction. Returns whether it was the first delivery. */
  async deliver(event, handle = () => {}) {
    this.database.exec('BEGIN');
    try {
      const isFirst = once(event, this.database);
      if (isFirst) this.database.prepare('INSERT INTO effects VALUES (?)').run(event.dedupeKey);
      handle();
      this.database.exec('COMMIT');
      return isFirst;
    } catch (error) {
      this.database.exec('ROLLBACK');
      throw error;
    }
  }

  async close() {
    this.database.close();
  }
}

let databases = 0;

/** Runs one statement as the administrator of the server. */
async function administer(sql) {
  const url = process.env.K2_TEST_POSTGRES;
  if (!url) throw new Error('K2_TEST_POSTGRES is not set: run the tests with `sh ../tests/with-postgres.sh npm test`');
  const client = new (require('pg').Client)(url);
  await client.connect();
  await client.query(sql).finally(() => client.end());
  return url;
}

async function createPostgres() {
  databases += 1;
  const name = `shop_${process.pid}_${databases}`;
  const place = new URL(await administer(`CREATE DATABASE ${name}`));
  place.pathname = name;
  return { place: place.href, remove: () => administer(`DROP DATABASE ${name} WITH (FORCE)`) };
}

class Postgres {
  constructor(place) {
    this.place = place;
    this.pools = [];
    this.clients = [];
    this.pool = this.createPool({ max: 30 });
  }

  createPool(options) {
    const pool = new (require('pg').Pool)({ connectionString: this.place, ...options });
    // An idle connection that breaks is an event of the pool, which would end a program that does not listen.
    pool.on('error', () => {});
    this.pools.push(pool);
    return pool;
  }

  journal(options) {
    return pgJournal(this.pool, options);
  }

  async run(sql, parameters = []) {
    let index = 0;
    return (await this.pool.query(sql.replace(/\?/g, () => `$${++index}`), parameters)).rows;
  }

  async deliver(event, handle = () => {}) {
    const client = await this.pool.connect();
    try {
      await client.query('BEGIN');
      const isFirst = await once(event, client);
      if (isFirst) await client.query('INSERT INTO effects VALUES ($1)', [event.dedupeKey]);
      handle();
      await client.query('COMMIT');
      return isFirst;
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  async close() {
    // A test that failed may not have released its clients.
    for (const client of this.clients) client.release(true);
    await Promise.all(this.pools.map((pool) => pool.end()));
  }

  /** A client of the pool, until the end of the test. */
  async connect() {
    const client = await this.pool.connect();
    this.clients.push(client);
    return client;
  }
}

const nodeSqlite = (place) => new (require('node:sqlite').DatabaseSync)(place);
const betterSqlite = (place) => new (require('better-sqlite3'))(place);

/** Each driver: where its databases are made, and how they are opened. */
const DRIVERS = {
  'better-sqlite3': { create: createSqlite, open: (place) => new Sqlite(betterSqlite, place) },
  'node:sqlite': { create: createSqlite, open: (place) => new Sqlite(nodeSqlite, place) },
  pg: { create: createPostgres, open: (place) => new Postgres(place) },
};

/** Creates and opens an empty database. It is removed after the test. */
async function createDatabase(t, driver) {
  const { place, remove } = await DRIVERS[driver].create();
  const database = DRIVERS[driver].open(place);
  t.after(async () => {
    await database.close();
    await remove();
  });
  return database;
}

/** The same with the tables of the shop and of the journal. */
async function createShop(t, driver) {
  const { createTables } = require('../../journal');
  const database = await createDatabase(t, driver);
  await database.run(EFFECTS);
  await createTables(database.pool ?? database.database);
  return database;
}

module.exports = { DRIVERS, createDatabase, createShop };
