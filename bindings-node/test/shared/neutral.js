'use strict';
// Values of this package in the form of the vectors (tests/vectors/README.md), as far as JavaScript has types of its own.
// Edge runtimes load this file too: it needs nothing of Node.

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const entries = (value) =>
  Object.fromEntries(Object.entries(value).map(([field, held]) => [snake(field), neutral(held, field)]));

function neutral(value, field) {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (Number.isFinite(value)) return value;
  if (value instanceof Date) return { $timestamp: value.toISOString() };
  if (Array.isArray(value)) return value.map((item) => neutral(item));
  if (typeof value !== 'object') throw new Error(`${field} is ${String(value)}`);
  if (field === 'metadata') return { $metadata: value };
  const { name } = value.constructor;
  // The raw text is no field of an object, so that JSON and logs do not have it.
  const raw = value.raw === undefined ? {} : { raw: value.raw };
  return name === 'Object' ? entries(value) : { $record: name, ...entries(value), ...raw };
}

/** What the vectors expect. */
function expected(value, document) {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map((item) => expected(item, document));
  if ('$amount' in value) return value.$amount;
  if ('$word' in value) return value.$word;
  if ('$raw' in value) return value.$raw === 'document' ? document : value.$raw;
  if ('$timestamp' in value) return { $timestamp: new Date(value.$timestamp).toISOString() };
  if ('$metadata' in value) return value;
  const { $union: _, ...fields } = value;
  return Object.fromEntries(Object.entries(fields).map(([name, held]) => [name, expected(held, document)]));
}

/** What `make` gives, or an error's class, kind, sentence, field and body. */
function outcome(make, KopoKopoError) {
  try {
    return { value: neutral(make()) };
  } catch (error) {
    if (!(error instanceof KopoKopoError)) throw error;
    const { name, kind, message, field, body } = error;
    return { error: { name, kind, message, field, body } };
  }
}

module.exports = { expected, neutral, outcome };
