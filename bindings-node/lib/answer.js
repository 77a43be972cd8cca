'use strict';
// What a call returns: a value or an error.

const { placeOf, sentence } = require('./arguments');
const errors = require('./errors');
const host = require('./host');
const { Row } = require('./row');

const KINDS = Object.fromEntries(Object.values(errors).map((found) => [found.kind, found]));

/**
 * The value of an answer, which `take` reads off a row; without it the value is absent. Raw texts stand beside the row in the
 * answer, but for the one that was handed in.
 */
function read(answer, take = none, raw) {
  const isText = typeof answer === 'string';
  if (isText && answer.charCodeAt(0) === 33) throw failure(answer, read);
  const row = isText ? new Row(answer, raw && [null, raw.toString()]) : new Row(answer[0], answer);
  const value = take(row);
  row.end();
  return value;
}

function none(row) {
  row.isAbsent();
}

/** The error in an answer. Its stack begins where the program called. */
function failure(text, from, cause) {
  const [known, [id, location, state, requestId, sentAt]] = JSON.parse(text.slice(1));
  const [kind, detail, operation, field, status, serverCode, messages, retryAfter, attempts, body] = known;
  const error = new KINDS[kind](sentence(detail, field), {
    operation,
    field: field && placeOf(field),
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
    cause: cause ?? host.systemError(kind, detail),
  });
  Error.captureStackTrace?.(error, from);
  return error;
}

module.exports = { failure, read };
