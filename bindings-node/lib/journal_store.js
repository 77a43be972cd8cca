'use strict';
// Attaches a journal's store to a client.

const { configure } = require('./arguments');
const { toObject } = require('./call');
const { ConfigurationError } = require('./errors');

/** Returns the native client with a journal. A store's own fields are the defaults of its options. */
function attachJournal(client, store, options) {
  if (typeof store?.execute !== 'function') {
    throw new ConfigurationError('journal: must be a store, such as sqliteJournal(db) of kopokopo/journal', { field: 'journal' });
  }
  const { dialect, placeholder, createTables } = store;
  // An option that is undefined is absent: the store decides.
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined);
  const all = configure({ dialect, placeholder, createTables, ...Object.fromEntries(given) });
  return toObject(client.withJournal(wrapStore(store), all));
}

/** Splits the options of a client into those of the native addon and the journal, and makes the client. */
function makeClient(options, make) {
  // Anything else has no journal, and is refused as a whole.
  const { journal, ...others } = isObject(options) ? options : {};
  const client = toObject(make(configure(isObject(options) && 'journal' in options ? others : options)));
  return journal === undefined || journal === null ? client : attachJournal(client, journal);
}

const isObject = (value) => typeof value === 'object' && value !== null;

/** Returns the function that the native addon calls for each request of the journal. */
function wrapStore(store) {
  const run = async (text) => {
    const result = await store.execute(text);
    if (typeof result !== 'string') throw new TypeError(`execute returned ${typeof result}; expected text`);
    return result;
  };
  return (request) => {
    if (request.isWarning()) return warn(request.text());
    run(request.text()).then(
      (result) => request.result(result),
      (error) => request.fail(describe(error)),
    );
  };
}

/** Says that an outcome could not be written: as Node's own warnings, so that `process.on('warning')` hears of it. */
function warn(text) {
  process.emitWarning(`kopokopo: ${text}`, { type: 'KopoKopoWarning', code: 'KOPOKOPO_OUTCOME_NOT_WRITTEN' });
}

/**
 * Returns what a store's error says. Databases say what is wrong in the text. The core removes secrets that it knows.
 *
 * It never throws: otherwise the journal would wait for a result until its time limit.
 */
function describe(error) {
  try {
    const { name, code } = error;
    // A connection that is refused at each of several addresses has an error without a text.
    const texts = [error.message, ...(error.errors ?? []).map(({ message }) => message)].filter((text) => typeof text === 'string' && text);
    const text = texts.join('; ') || code;
    // Not by its class: in test runners the classes of Node's own errors are other ones.
    if (typeof name === 'string' && typeof text === 'string') return `${name}: ${text}`;
  } catch {}
  return 'it threw what is no Error';
}

/** Returns the raw text of an event, or of a record that has one. */
function eventText(event) {
  return typeof event === 'string' ? event : event?.raw;
}

module.exports = { attachJournal, eventText, makeClient };
