import type { Event, JournalStore } from '..';

/** The part of a database of better-sqlite3 or node:sqlite that this package uses. */
export interface SqliteDatabase {
  exec(sql: string): unknown;
  prepare(sql: string): { all(...parameters: any[]): any[]; run(...parameters: any[]): { changes: number | bigint } };
}

/** The part of a Pool or a client of pg that this package uses. */
export interface PgClient {
  query(...query: any[]): Promise<any>;
}

/** A record of the journal, as stores keep it. Look only at these fields. */
export interface StoredRecord {
  readonly idempotency_key: string;
  readonly version: number;
  readonly state: string;
  readonly operation: string;
  /** Milliseconds since 1970. */
  readonly created_at: number;
}

/** The records to list, in the order of their keys. Null: it does not matter. */
export interface StoredQuery {
  readonly states: readonly string[];
  /** The operation. */
  readonly name: string | null;
  readonly created_from: number | null;
  readonly created_before: number | null;
  readonly after_key: string | null;
  readonly limit: number;
}

type MaybePromise<T> = T | Promise<T>;

/** Keeps records anywhere. Each method must be atomic and durable. */
export interface RecordStore {
  /** Adds a record. False, and nothing is changed, if its key exists. */
  insert(record: StoredRecord): MaybePromise<boolean>;
  /** Replaces the record with the same key if it has this version. Otherwise false, and nothing is changed. */
  update(record: StoredRecord, version: number): MaybePromise<boolean>;
  /** Reads a record. */
  get(key: string): MaybePromise<StoredRecord | null | undefined>;
  /** Reads the records that match. */
  list(query: StoredQuery): MaybePromise<readonly StoredRecord[]>;
}

/** Options of a journal in a database. */
export interface DatabaseOptions {
  /** Whether the tables are created if they do not exist. Default true. */
  readonly createTables?: boolean;
}

/**
 * A journal in a SQLite database: one of better-sqlite3, a DatabaseSync of node:sqlite, or the path of a file, which
 * node:sqlite opens (Node 22.13 or later). Its commits are on the disk when they return. It waits up to 30 seconds for
 * other writers, without blocking the event loop.
 *
 * The journal needs a database object of its own, although the file can be the one of the program. While the object is
 * inside of a transaction, calls with a key fail with `JournalError`, and nothing is sent: a rollback would remove the
 * record of a request that was sent.
 *
 * @throws `ConfigurationError` for anything else, such as `:memory:`.
 */
export function sqliteJournal(database: SqliteDatabase | string, options?: DatabaseOptions): JournalStore;

/**
 * A journal in PostgreSQL, with a Pool of pg. Connections that break are replaced by the pool. Listen to its `error` events:
 * otherwise an idle connection that breaks ends the program.
 *
 * @throws `ConfigurationError` for anything else, such as a client, which can be inside of a transaction.
 */
export function pgJournal(pool: PgClient, options?: DatabaseOptions): JournalStore;

/** A journal whose records are kept anywhere else. */
export function customJournal(store: RecordStore): JournalStore;

/**
 * Claims an event inside of the caller's own transaction. True the first time: then handle it, and commit. If the
 * transaction is rolled back, the next delivery is the first again. Payments are claimed by their `paymentKey`, because
 * one payment can be reported by two events; others by their `dedupeKey`. The tables must exist: see `createTables`.
 *
 * @throws `ConfigurationError` outside of a transaction: the claim would be committed before the handler has succeeded.
 * Also if the table `kopokopo_events` is missing.
 */
export function once(event: Event, database: SqliteDatabase): boolean;
export function once(event: Event, client: PgClient): Promise<boolean>;

/** Creates the journal's tables, unless they exist. */
export function createTables(database: SqliteDatabase): void;
export function createTables(client: PgClient): Promise<void>;
