'use strict';
// What all records have in common.

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

const REDACTED = '[redacted]';

const redactors = {
  secret: () => REDACTED,
  personal: () => REDACTED,
  metadata: (value) => Object.fromEntries(Object.keys(value).map((name) => [name, REDACTED])),
};

/** The fields that a record's class hides, and why. */
const hiddenBy = new Map();

/** Keeps fields out of the console. JSON has personal data, because programs store and send it, but no secret. */
function hide(Class, hidden) {
  hiddenBy.set(Class, hidden);
  if (Object.keys(hidden).length === 0) return;
  Object.defineProperty(Class.prototype, INSPECT, {
    value() {
      // Of the same class, but inspected as it is.
      const shown = Object.create(Class.prototype, { [INSPECT]: { value: undefined } });
      return Object.assign(shown, shownOf(this, hidden));
    },
  });
  const secrets = Object.entries(hidden).filter(([, why]) => why === 'secret');
  if (secrets.length === 0) return;
  Object.defineProperty(Class.prototype, 'toJSON', {
    value() {
      return shownOf(this, Object.fromEntries(secrets));
    },
  });
}

function shownOf(record, hidden) {
  const shown = {};
  for (const [name, value] of Object.entries(record)) {
    shown[name] = Object.hasOwn(hidden, name) && value !== null ? redactors[hidden[name]](value) : value;
  }
  return shown;
}

/**
 * A copy for a log: the records in it, at any depth, without personal data, secrets and metadata's values. Everything
 * that is no record, list or plain object stays as it is.
 */
function redact(value, copies = new Map()) {
  if (value === null || typeof value !== 'object') return value;
  if (copies.has(value)) return copies.get(value);
  const prototype = Object.getPrototypeOf(value);
  const hidden = hiddenBy.get(prototype?.constructor);
  if (!hidden && !Array.isArray(value) && prototype !== null && prototype !== Object.prototype) return value;
  const copy = Array.isArray(value) ? [] : {};
  copies.set(value, copy);
  for (const [name, item] of Object.entries(hidden ? shownOf(value, hidden) : value)) copy[name] = redact(item, copies);
  return copy;
}

module.exports = { hide, redact };
