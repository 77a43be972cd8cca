'use strict';
// Converts values of this package to the form of the vectors (tests/vectors/README.md), except types that JavaScript
// does not have. Edge runtimes load this file too, so it uses no module of Node.

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const convertFields = (object) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [snake(name), toVector(value, name)]));

/** Converts a value. `field` is the name of the field that has it. */
function toVector(value, field) {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (Number.isFinite(value)) return value;
  if (value instanceof Date) return { $timestamp: value.toISOString() };
  if (Array.isArray(value)) return value.map((item) => toVector(item));
  if (typeof value !== 'object') throw new Error(`${field} is ${String(value)}`);
  if (field === 'metadata') return { $metadata: value };
  const { name } = value.constructor;
  // The raw text is not an own property, so that JSON and logs do not contain it.
  const raw = value.raw === undefined ? {} : { raw: value.raw };
  return name === 'Object' ? convertFields(value) : { $record: name, ...convertFields(value), ...raw };
}

/** Converts an expected value of a vector to what `toVector` returns. `document` is the body of the vector. */
function expectedValue(value, document) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => expectedValue(item, document));
  if ('$amount' in value) return value.$amount;
  if ('$word' in value) return value.$word;
  if ('$raw' in value) return value.$raw === 'document' ? document : value.$raw;
  if ('$timestamp' in value) return { $timestamp: new Date(value.$timestamp).toISOString() };
  if ('$metadata' in value) return value;
  const { $union: _, ...fields } = value;
  return Object.fromEntries(Object.entries(fields).map(([name, item]) => [name, expectedValue(item, document)]));
}

/** Returns the converted value that `create` returns, or the class, kind, message, field and body of its error. */
function outcome(create, KopoKopoError) {
  try {
    return { value: toVector(create()) };
  } catch (error) {
    if (!(error instanceof KopoKopoError)) throw error;
    const { name, kind, message, field, body } = error;
    return { error: { name, kind, message, field, body } };
  }
}

module.exports = { expectedValue, outcome, toVector };
