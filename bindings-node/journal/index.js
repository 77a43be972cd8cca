'use strict';
// Stores for the journal, and events that are handled once.

const { eventClaim, journalSchema } = require('..');
const { ConfigurationError } = require('../lib/errors');

/**
 * A journal in a SQLite database: one of better-sqlite3, or a DatabaseSync of node:sqlite. Its commits are on the disk
 * when they return, and it waits for other writers.
 */
function sqliteJournal(database, { createTables = true } = {}) {
  if (typeof database?.prepare !== 'function' || typeof database.exec !== 'function') {
    throw wrong('database', 'must be a database of better-sqlite3 or node:sqlite');
  }
  database.exec('PRAGMA journal_mode = WAL');
  database.exec('PRAGMA synchronous = FULL');
  database.exec('PRAGMA busy_timeout = 30000');
  const execute = (request) => {
    const { sql, parameters } = JSON.parse(request);
    const statement = database.prepare(sql);
    if (/^\s*SELECT/i.test(sql)) {
      return JSON.stringify({ rows: statement.all(...parameters).map((row) => Object.values(row)) });
    }
    return JSON.stringify({ changed: Number(statement.run(...parameters).changes) });
  };
  return { dialect: 'sqlite', placeholder: '?', createTables, execute };
}

/** A journal in PostgreSQL, with a Pool of pg. */
function pgJournal(pool, { createTables = true } = {}) {
  if (typeof pool?.query !== 'function') throw wrong('pool', 'must be a Pool of pg');
  const execute = async (request) => {
    const { sql, parameters } = JSON.parse(request);
    const { rows, rowCount } = await pool.query({ text: sql, values: parameters, rowMode: 'array' });
    return JSON.stringify({ rows, changed: rowCount ?? 0 });
  };
  return { dialect: 'postgres', placeholder: '$1', createTables, execute };
}

/**
 * A journal whose records are kept anywhere else: `insert(record)`, `update(record, version)`, `get(key)` and
 * `list(query)`, which may return promises. Each must be atomic and durable.
 */
function customJournal(store) {
  for (const name of ['insert', 'update', 'get', 'list']) {
    if (typeof store?.[name] !== 'function') throw wrong('store', `must have a method ${name}`);
  }
  const execute = async (request) => {
    const { operation, record, version, key, ...query } = JSON.parse(request);
    const given = { insert: [record], update: [record, version], get: [key], list: [query] }[operation];
    return JSON.stringify((await store[operation](...given)) ?? null);
  };
  return { execute };
}

/**
 * Claims an event inside of the caller's own transaction. True the first time: then handle it, and commit. If the
 * transaction is rolled back, the next delivery is the first again. Payments are claimed by their `paymentKey`, because
 * one payment can be reported by two events; others by their `dedupeKey`.
 *
 * `database` is a client of pg inside of a transaction, which returns a promise, or a database of better-sqlite3 or
 * node:sqlite.
 */
function once(event, database) {
  // Outside of a transaction the claim is committed at once, and an event whose handler fails is lost.
  const isOpen = database?.inTransaction ?? database?.isTransaction ?? true;
  if (!isOpen || typeof database?.idleCount === 'number') {
    throw wrong('database', 'must be inside of a transaction: for pg, pass the client of the transaction and not the Pool');
  }
  const parameters = [event.paymentKey ?? event.dedupeKey, Date.now()];
  if (typeof database?.prepare === 'function') {
    return Number(database.prepare(eventClaim('sqlite', '?')).run(...parameters).changes) === 1;
  }
  if (typeof database?.query === 'function') {
    return database.query(eventClaim('postgres', '$1'), parameters).then(({ rowCount }) => rowCount === 1);
  }
  throw wrong('database', 'must be a client of pg, or a database of better-sqlite3 or node:sqlite');
}

/** Creates the journal's tables, unless they exist. For a client or Pool of pg it returns a promise. */
function createTables(database) {
  if (typeof database?.exec === 'function') return journalSchema('sqlite').forEach((statement) => database.exec(statement));
  if (typeof database?.query !== 'function') throw wrong('database', 'must be a client of pg, or a database of SQLite');
  return journalSchema('postgres').reduce((done, statement) => done.then(() => database.query(statement)), Promise.resolve()).then(() => {});
}

function wrong(field, remedy) {
  return new ConfigurationError(`${field}: ${remedy}`, { field });
}

module.exports = { createTables, customJournal, once, pgJournal, sqliteJournal };
