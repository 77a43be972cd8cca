'use strict';
// What all errors have in common.

/** What an error has where nothing is known. These stay with the class: an error prints what it has. */
const NOTHING = {
  operation: null,
  field: null,
  status: null,
  serverCode: null,
  messages: Object.freeze([]),
  retryAfter: null,
  attempts: 0,
  body: null,
  id: null,
  location: null,
  state: null,
  requestId: null,
  sentAt: null,
};

const HIDDEN = new Set(['body']);

class KopoKopoError extends Error {
  constructor(detail, fields = {}) {
    super(fields.operation ? `${fields.operation}: ${detail}` : detail);
    define(this, 'detail', detail, false);
    define(this, 'code', new.target.code, true);
    for (const name of Object.keys(NOTHING)) {
      const value = fields[name] ?? NOTHING[name];
      // A body may hold what nobody wants in a log: whoever wants it asks for it.
      if (value !== NOTHING[name] && value.length !== 0) define(this, name, value, !HIDDEN.has(name));
    }
  }

  get name() {
    return this.constructor.name;
  }
}

function define(error, name, value, enumerable) {
  Object.defineProperty(error, name, { value, enumerable, writable: false, configurable: true });
}

for (const [name, value] of Object.entries(NOTHING)) define(KopoKopoError.prototype, name, value, false);

module.exports = { KopoKopoError };
