'use strict';
// Values of this package as tagged values (tests/conformance.md), and back. JavaScript has no types for amounts, words and
// unions. Edge runtimes load this file too, so it uses no module of Node.

const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const convertFields = (object, fields) => Object.fromEntries(fields.map((name) => [snake(name), toTagged(object[name], name)]));

/** Converts a result. `field` is the name of the field that has it. */
function toTagged(value, field) {
  if (value === undefined) return null;
  if (value === null || typeof value === 'boolean' || Number.isInteger(value)) return value;
  if (typeof value === 'string') return field === 'raw' ? { $raw: value } : value;
  if (value instanceof Date) return { $timestamp: value.toISOString() };
  if (Array.isArray(value)) return value.map((item) => toTagged(item));
  if (typeof value !== 'object') throw new Error(`${field} is ${String(value)}`);
  if (field === 'metadata') return { $metadata: value };
  const { name } = value.constructor;
  if (typeof value.watch === 'function') return { $handle: name, id: value.id, location: value.location };
  // The raw text is not an own property, so that JSON and logs do not contain it.
  const fields = convertFields(value, [...Object.keys(value), ...(value.raw === undefined ? [] : ['raw'])]);
  return name === 'Object' ? fields : { $record: name, ...fields };
}

function errorToTagged(error) {
  const { kind, detail, field, name } = error;
  const others = convertFields(error, [
    'operation', 'status', 'serverCode', 'messages', 'attempts', 'body', 'id', 'location', 'state', 'requestId', 'sentAt', 'idempotencyKey',
    'fingerprint',
  ]);
  // Programs retry timeouts and connection errors, by kind or by the names of Node's errors.
  const isRetried = ['timeout', 'connection'].includes(kind) || ['TimeoutError', 'AbortError'].includes(name);
  return { kind, detail, field, ...others, retry_after_ms: error.retryAfter && Math.trunc(error.retryAfter), class: name, retried: isRetried, camel: true };
}

/** Converts an argument. Timestamps are texts, because a `Date` cannot have every text that a test passes. */
function fromTagged(value) {
  if (Array.isArray(value)) return value.map(fromTagged);
  if (value === null || typeof value !== 'object') return value;
  for (const tag of ['$metadata', '$timestamp']) if (tag in value) return value[tag];
  if ('$bytes' in value) return Buffer.from(value.$bytes, 'base64');
  const { $union: union, kind, ...fields } = value;
  const converted = Object.fromEntries(Object.entries(fields).map(([name, item]) => [camel(name), fromTagged(item)]));
  return union ? { type: kind, ...converted } : { ...(kind === undefined ? {} : { kind: fromTagged(kind) }), ...converted };
}

/** Returns the converted value that `create` returns, or the class, kind, message, field and body of its error. */
function outcome(create, KopoKopoError) {
  try {
    return { value: toTagged(create()) };
  } catch (error) {
    if (!(error instanceof KopoKopoError)) throw error;
    const { name, kind, message, field, body } = error;
    return { error: { name, kind, message, field, body } };
  }
}

module.exports = { camel, errorToTagged, fromTagged, outcome, toTagged };
