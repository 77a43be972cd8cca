'use strict';
// How records are printed and serialized.

const INSPECT = Symbol.for('nodejs.util.inspect.custom');

const REDACTED = '[redacted]';

const redactors = {
  secret: () => REDACTED,
  personal: () => REDACTED,
  metadata: (value) => Object.fromEntries(Object.keys(value).map((name) => [name, REDACTED])),
};

/** The hidden fields of each class of records, and why they are hidden. */
const hiddenFields = new Map();

/**
 * Hides fields of a class when records are printed on the console. JSON has personal data, because programs store and
 * send it, but no secrets.
 */
function hide(Class, hidden) {
  hiddenFields.set(Class, hidden);
  if (Object.keys(hidden).length === 0) return;
  Object.defineProperty(Class.prototype, INSPECT, {
    value() {
      // An object of the same class that util.inspect prints without this method.
      const copy = Object.create(Class.prototype, { [INSPECT]: { value: undefined } });
      return Object.assign(copy, redactFields(this, hidden));
    },
  });
  const secrets = Object.entries(hidden).filter(([, why]) => why === 'secret');
  if (secrets.length === 0) return;
  Object.defineProperty(Class.prototype, 'toJSON', {
    value() {
      return redactFields(this, Object.fromEntries(secrets));
    },
  });
}

function redactFields(record, hidden) {
  const redacted = {};
  for (const [name, value] of Object.entries(record)) {
    redacted[name] = Object.hasOwn(hidden, name) && value !== null ? redactors[hidden[name]](value) : value;
  }
  return redacted;
}

/**
 * Returns a copy for a log. Records in it, at any depth, have no personal data, secrets or metadata values. Values
 * other than records, lists and plain objects do not change.
 */
function redact(value, copies = new Map()) {
  if (value === null || typeof value !== 'object') return value;
  if (copies.has(value)) return copies.get(value);
  const prototype = Object.getPrototypeOf(value);
  const hidden = hiddenFields.get(prototype?.constructor);
  if (!hidden && !Array.isArray(value) && prototype !== null && prototype !== Object.prototype) return value;
  const copy = Array.isArray(value) ? [] : {};
  copies.set(value, copy);
  for (const [name, item] of Object.entries(hidden ? redactFields(value, hidden) : value)) copy[name] = redact(item, copies);
  return copy;
}

module.exports = { hide, redact };
