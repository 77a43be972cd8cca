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

/** A body may hold personal data. It is there for programs that read it, and in no log. */
const HIDDEN = new Set(['body']);

class KopoKopoError extends Error {
  constructor(detail, fields = {}) {
    super(fields.operation ? `${fields.operation}: ${detail}` : detail, fields.cause === undefined ? {} : { cause: fields.cause });
    define(this, 'detail', detail, false);
    define(this, 'kind', new.target.kind, true);
    for (const name of Object.keys(NOTHING)) {
      const value = fields[name] ?? NOTHING[name];
      if (value !== NOTHING[name] && value.length !== 0) define(this, name, value, !HIDDEN.has(name));
    }
  }

  /** Bundlers shorten the names of classes, so it is made of the kind: `InvalidRequestError`. */
  get name() {
    if (this.kind === undefined) return 'KopoKopoError';
    return `${this.kind.replace(/(?:^|_)([a-z])/g, (_, letter) => letter.toUpperCase())}Error`;
  }

  /** What a logger writes: the message, the kind and everything that is known, without the body. */
  toJSON() {
    const { name, message, code } = this.cause instanceof Error ? this.cause : {};
    return { name: this.name, message: this.message, ...this, ...(name && { cause: { name, message, code } }) };
  }
}

function define(error, name, value, enumerable) {
  Object.defineProperty(error, name, { value, enumerable, writable: false, configurable: true });
}

for (const [name, value] of Object.entries(NOTHING)) define(KopoKopoError.prototype, name, value, false);

module.exports = { KopoKopoError };
