'use strict';
// The base class of all errors.

/** The defaults of the fields. They are on the prototype, so that an error prints only the fields that are set. */
const DEFAULTS = {
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
  idempotencyKey: null,
  fingerprint: null,
};

/** A body may contain personal data. Programs can read it, but it is not in logs. */
const NOT_ENUMERABLE = new Set(['body']);

class KopoKopoError extends Error {
  constructor(detail, fields = {}) {
    super(fields.operation ? `${fields.operation}: ${detail}` : detail, fields.cause === undefined ? {} : { cause: fields.cause });
    define(this, 'detail', detail, false);
    define(this, 'kind', new.target.kind, true);
    for (const name of Object.keys(DEFAULTS)) {
      const value = fields[name] ?? DEFAULTS[name];
      if (value !== DEFAULTS[name] && value.length !== 0) define(this, name, value, !NOT_ENUMERABLE.has(name));
    }
  }

  /** The name is derived from the kind, because bundlers shorten the names of classes: `InvalidRequestError`. */
  get name() {
    if (this.kind === undefined) return 'KopoKopoError';
    return `${this.kind.replace(/(?:^|_)([a-z])/g, (_, letter) => letter.toUpperCase())}Error`;
  }

  /** Returns what a logger writes: the message, the kind and all fields that are set, without the body. */
  toJSON() {
    const { name, message, code } = this.cause instanceof Error ? this.cause : {};
    return { name: this.name, message: this.message, ...this, ...(name && { cause: { name, message, code } }) };
  }
}

function define(error, name, value, enumerable) {
  Object.defineProperty(error, name, { value, enumerable, writable: false, configurable: true });
}

for (const [name, value] of Object.entries(DEFAULTS)) define(KopoKopoError.prototype, name, value, false);

module.exports = { KopoKopoError };
