'use strict';
// Stores of journals, for tests.

/** The methods of `customJournal` over a Map. */
function memoryStore() {
  const records = new Map();
  return {
    insert: (record) => !records.has(record.idempotency_key) && Boolean(records.set(record.idempotency_key, record)),
    update: async (record, version) =>
      records.get(record.idempotency_key)?.version === version && Boolean(records.set(record.idempotency_key, record)),
    get: async (key) => records.get(key),
    list: ({ after_key: key }) => [...records.values()].filter((record) => key === null || record.idempotency_key > key),
  };
}

module.exports = { memoryStore };
