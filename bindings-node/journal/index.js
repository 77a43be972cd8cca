'use strict';
// Stores for the journal, and events that are handled once.

const { statSync } = require('node:fs');
const { performance } = require('node:perf_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { eventClaim, journalSchema } = require('..');
const { ConfigurationError } = require('../lib/errors');

/** How long a write waits for other writers of a SQLite database, in milliseconds. */
const PATIENCE = 30_000;

/** How long it blocks the thread at a time, and how long it leaves the thread to others then, in milliseconds. */
const PAUSE = 20;

/** Columns of PostgreSQL as text, whatever parsers the program has set for its own queries. */
const TEXTS = { getTypeParser: () => (text) => text };

/**
 * A journal in a SQLite database: one of better-sqlite3, a DatabaseSync of node:sqlite, or the path of a file, which
 * node:sqlite opens. Its commits are on the disk when they return, and it waits for other writers.
 */
function sqliteJournal(database, options) {
  const { createTables = true } = readOptions(options);
  const own = typeof database === 'string' ? openFile(database) : database;
  if (!isSqlite(own)) throw wrong('database', 'must be a path, or a database of better-sqlite3 or node:sqlite');
  // A database in memory, or in a temporary file, forgets what was sent.
  const path = Object.values(own.prepare('PRAGMA database_list').all()[0])[2];
  if (!path) throw inMemory();
  makeDurable(own);
  const file = fileAt(path);
  const run = (sql, parameters) => {
    if (fileAt(path) !== file) throw moved(path);
    // A rollback of the program would remove the record of a request that was sent, and the next call would pay again.
    if (isInTransaction(own)) {
      throw new Error('its database is inside of a transaction of the program: open a database for the journal alone');
    }
    const statement = own.prepare(sql);
    if (!/^\s*SELECT/i.test(sql)) return JSON.stringify({ changed: Number(statement.run(...parameters).changes) });
    return JSON.stringify({ rows: statement.all(...parameters).map((row) => Object.values(row)) }, withBigIntsAsText);
  };
  const execute = async (request) => {
    const { sql, parameters } = JSON.parse(request);
    const start = performance.now();
    for (;;) {
      try {
        const result = withTimeout(own, PAUSE, () => run(sql, parameters));
        // It may have happened during the statement.
        if (fileAt(path) !== file) throw moved(path);
        return result;
      } catch (error) {
        // The writer can be a transaction of this thread, which cannot end while the thread is blocked.
        if (!isBusy(error) || performance.now() - start > PATIENCE) return rethrow(error, 'kopokopo_journal');
      }
      await sleep(PAUSE);
    }
  };
  return { dialect: 'sqlite', placeholder: '?', createTables, execute };
}

/** Commits are on the disk when they return. A new file gets a write-ahead log; one that other programs use keeps its mode. */
function makeDurable(database) {
  const start = performance.now();
  for (;;) {
    try {
      database.exec('PRAGMA synchronous = FULL');
      const [tables] = Object.values(database.prepare('SELECT count(*) FROM sqlite_master').all()[0]);
      if (Number(tables) === 0) database.exec('PRAGMA journal_mode = WAL');
      return;
    } catch (error) {
      // While another process makes this change in a new file, SQLite does not wait, whatever its timeout.
      if (!isBusy(error) || performance.now() - start > PATIENCE) throw error;
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE / 2);
  }
}

/** Calls a function that waits so long for other writers. The program's own statements wait as before. */
function withTimeout(database, milliseconds, run) {
  const [before] = Object.values(database.prepare('PRAGMA busy_timeout').all()[0]);
  database.exec(`PRAGMA busy_timeout = ${milliseconds}`);
  try {
    return run();
  } finally {
    database.exec(`PRAGMA busy_timeout = ${before}`);
  }
}

const inMemory = () => wrong('database', 'must be a file, because a journal must survive the program');

/** Returns what identifies the file at a path: its device and its number there. */
function fileAt(path) {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found && `${found.dev} ${found.ino}`;
}

/** A record in a file that other processes do not find protects from nothing. */
const moved = (path) =>
  new Error(
    `the file ${path} was deleted or replaced while it was open. Its records are not in another file: restore it, or find out ` +
      'what was sent, and start the program again',
  );

/** A database of node:sqlite. */
function openFile(file) {
  if (file === '' || file === ':memory:') throw inMemory();
  try {
    const { DatabaseSync } = require('node:sqlite');
    return new DatabaseSync(file);
  } catch (error) {
    if (error.code === 'ERR_SQLITE_ERROR') throw wrong('database', `cannot be opened at ${file}: ${error.message}`, error);
    if (error.code !== 'ERR_UNKNOWN_BUILTIN_MODULE' && error.code !== 'MODULE_NOT_FOUND') throw error;
    throw wrong('database', 'a path needs Node 22.13 or later, which has node:sqlite: pass a database of better-sqlite3');
  }
}

const isSqlite = (database) => typeof database?.prepare === 'function' && typeof database.exec === 'function';

/** Whether a database of SQLite has an open transaction. Early versions of node:sqlite do not say. */
function isInTransaction(database) {
  const isOpen = database.inTransaction ?? database.isTransaction;
  if (typeof isOpen === 'boolean') return isOpen;
  try {
    database.exec('BEGIN');
  } catch {
    return true;
  }
  database.exec('ROLLBACK');
  return false;
}

/** better-sqlite3 has the name of the code, and node:sqlite the number, with more detail in the higher bits. */
const isBusy = ({ code, errcode }) => String(code).startsWith('SQLITE_BUSY') || (errcode & 0xff) === 5;

/** Throws an error of a database again. If a table is missing, the error says which, and what to do. */
function rethrow(cause, table) {
  const isMissingTable = cause?.code === '42P01' || /^no such table: /.test(cause?.message);
  if (!isMissingTable) throw cause;
  throw wrong('database', `has no table ${table}: call createTables(database) of kopokopo/journal before`, cause);
}

const withBigIntsAsText = (_name, value) => (typeof value === 'bigint' ? String(value) : value);

/** A journal in PostgreSQL, with a Pool of pg. */
function pgJournal(pool, options) {
  const { createTables = true } = readOptions(options);
  // As with SQLite: a client can be inside of a transaction of the program.
  if (typeof pool?.query !== 'function' || isPgClient(pool)) throw wrong('pool', 'must be a Pool of pg, and not one of its clients');
  const execute = async (request) => {
    const { sql, parameters } = JSON.parse(request);
    const query = { text: sql, values: parameters, rowMode: 'array', types: TEXTS };
    const { rows, rowCount } = await pool.query(query).catch((error) => rethrow(error, 'kopokopo_journal'));
    return JSON.stringify({ rows, changed: rowCount ?? 0 });
  };
  return { dialect: 'postgres', placeholder: '$1', createTables, execute };
}

const isPgClient = (client) => 'processID' in client || 'release' in client;

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
  const parameters = [event.paymentKey ?? event.dedupeKey, Date.now()];
  if (isSqlite(database)) {
    if (!isInTransaction(database)) throw wrong('database', OUTSIDE);
    try {
      return Number(database.prepare(eventClaim('sqlite', '?')).run(...parameters).changes) === 1;
    } catch (error) {
      return rethrow(error, 'kopokopo_events');
    }
  }
  if (typeof database?.query !== 'function') {
    throw wrong('database', 'must be a client of pg, or a database of better-sqlite3 or node:sqlite');
  }
  // Only newer versions of pg know the status of the transaction. A Pool has none: each query has another connection.
  const isPool = typeof database.idleCount === 'number';
  if (isPool || database.getTransactionStatus?.() === 'I') throw wrong('database', OUTSIDE);
  const isFirst = ({ rowCount }) => {
    // A client of another package that counts differently would lose every event.
    if (typeof rowCount !== 'number') throw wrong('database', 'must be a client of pg, whose results have a rowCount');
    return rowCount === 1;
  };
  return database.query(eventClaim('postgres', '$1'), parameters).then(isFirst, (error) => rethrow(error, 'kopokopo_events'));
}

/** Outside of a transaction the claim is committed at once, and an event whose handler fails is lost. */
const OUTSIDE = 'must be inside of a transaction: for pg, pass the client of the transaction and not the Pool';

/** Creates the journal's tables, unless they exist. For a client or Pool of pg it returns a promise. */
function createTables(database) {
  if (typeof database?.exec === 'function') return journalSchema('sqlite').forEach((statement) => database.exec(statement));
  if (typeof database?.query !== 'function') throw wrong('database', 'must be a client of pg, or a database of SQLite');
  return journalSchema('postgres').reduce((done, statement) => done.then(() => database.query(statement)), Promise.resolve()).then(() => {});
}

function readOptions(options) {
  const { createTables = true, ...others } = options ?? {};
  if (typeof createTables !== 'boolean') throw wrong('createTables', 'must be true or false');
  if (Object.keys(others).length > 0) throw wrong('options', 'unknown field; expected createTables');
  return { createTables };
}

function wrong(field, remedy, cause) {
  return new ConfigurationError(`${field}: ${remedy}`, { field, cause });
}

module.exports = { createTables, customJournal, once, pgJournal, sqliteJournal };
