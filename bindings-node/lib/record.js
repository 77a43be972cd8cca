'use strict';
// What all records have in common.

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

const redactors = {
  secret: () => '[redacted]',
  personal: () => '[redacted]',
  metadata: (value) => Object.fromEntries(Object.keys(value).map((name) => [name, '[redacted]'])),
  raw: (value) => `[${value.length} characters]`,
};

/** Keeps fields out of logs. Whoever wants them asks for them, or for JSON. */
function hide(Class, hidden) {
  Object.defineProperty(Class.prototype, INSPECT, {
    value() {
      // Of the same class, but inspected as it is.
      const shown = Object.create(Class.prototype, { [INSPECT]: { value: undefined } });
      for (const [name, value] of Object.entries(this)) {
        const redact = Object.hasOwn(hidden, name) && value !== null ? redactors[hidden[name]] : undefined;
        shown[name] = redact ? redact(value) : value;
      }
      return shown;
    },
  });
}

module.exports = { hide };
