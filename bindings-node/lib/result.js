'use strict';
// Results of the native addon: a value, an object with methods, or an error.

const { camelCaseNames, camelCasePath } = require('./arguments');
const { Decoder } = require('./decoder');
const errors = require('./errors');
const host = require('./host');

const ERROR_CLASSES = Object.fromEntries(Object.values(errors).map((errorClass) => [errorClass.kind, errorClass]));

/** The first character of the text of an error. */
const ERROR_MARK = '!'.charCodeAt(0);

/**
 * Returns the value that `take` decodes from a result. Without `take`, the result must be absent.
 *
 * A result is an encoded text, or an array of that text and the raw texts that it refers to. `raw` is the text that
 * was passed in; the result does not repeat it.
 *
 * @throws The error that the result contains.
 */
function read(result, take = expectAbsent, raw) {
  const isText = typeof result === 'string';
  if (isText && result.charCodeAt(0) === ERROR_MARK) throw createError(result, read);
  const decoder = isText ? new Decoder(result, raw && [null, raw.toString()]) : new Decoder(result[0], result);
  const value = take(decoder);
  decoder.end();
  return value;
}

function expectAbsent(decoder) {
  decoder.isAbsent();
}

/**
 * Creates the error that the text of a result describes. The stack trace starts at the caller of `calledFunction`.
 */
function createError(text, calledFunction, cause) {
  const [fields, [id, location, state, requestId, sentAt, idempotencyKey, fingerprint]] = JSON.parse(text.slice(1));
  const [kind, detail, operation, field, status, serverCode, messages, retryAfter, attempts, body] = fields;
  const error = new ERROR_CLASSES[kind](camelCaseNames(detail, field), {
    operation,
    field: field && camelCasePath(field),
    status,
    serverCode,
    messages: Object.freeze(messages),
    retryAfter: retryAfter === null ? null : retryAfter * 1000,
    attempts,
    body,
    id,
    location,
    state,
    requestId,
    sentAt: sentAt && new Date(sentAt),
    idempotencyKey,
    fingerprint,
    cause: cause ?? host.systemError(kind, detail),
  });
  Error.captureStackTrace?.(error, calledFunction);
  return error;
}

module.exports = { createError, read };
