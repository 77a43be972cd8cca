'use strict';
// Calls into the native part, and what they answer.

const { placeOf, sentence } = require('./arguments');
const errors = require('./errors');
const native = require('./native');
const { Row } = require('./row');

const KINDS = Object.fromEntries(Object.values(errors).map((found) => [found.code, found]));

/** Who waits for a call, by its number. */
const waiting = new Map();
let last = 0;

const line = native.open((number, answer) => {
  const resolve = waiting.get(number);
  if (resolve && leave(number)) resolve(answer);
});

/** The event loop goes on as long as somebody waits. */
function leave(number) {
  const left = waiting.delete(number);
  if (waiting.size === 0) line.release();
  return left;
}

/** The answer of a method that asks the server: for `read` or `object`. */
function call(own, method, given, signal) {
  if (signal?.aborted) throw reasonOf(signal);
  return new Promise((resolve, reject) => {
    last = (last + 1) >>> 0;
    const number = last;
    if (waiting.size === 0) line.hold();
    waiting.set(number, resolve);
    const ticket = line.call(number, own, method, given, Boolean(signal));
    if (!signal) return;
    const abort = () => {
      if (!leave(number)) return;
      ticket?.abort();
      reject(reasonOf(signal));
    };
    signal.addEventListener('abort', abort, { once: true });
    waiting.set(number, (answer) => {
      signal.removeEventListener('abort', abort);
      resolve(answer);
    });
  });
}

const reasonOf = (signal) => signal.reason ?? new DOMException('This operation was aborted', 'AbortError');

/** The signal in a call's own options. */
function signalOf(options) {
  const { signal = null, ...others } = options ?? {};
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) refuse(unknown, 'is not known here; known are signal');
  return checked(signal);
}

/** What a method takes, and the signal beside it. */
function apart(options) {
  const { signal = null, ...given } = options ?? {};
  return [given, checked(signal)];
}

function checked(signal) {
  if (signal === null) return undefined;
  if (typeof signal.aborted !== 'boolean' || typeof signal.addEventListener !== 'function') {
    refuse('signal', 'must be an AbortSignal');
  }
  return signal;
}

function refuse(field, remedy) {
  throw new errors.InvalidRequestError(`${field}: ${remedy}`, { field });
}

/**
 * The value of an answer, which `take` reads off a row; without it there is none. Raw texts stand beside the row in the
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

/** The object that is an answer. */
function object(answer) {
  if (typeof answer === 'string') throw failure(answer, object);
  return answer;
}

/** The error in an answer. Its stack begins where the program called. */
function failure(text, from) {
  const [known, [id, location, state, requestId, sentAt]] = JSON.parse(text.slice(1));
  const [kind, detail, operation, field, status, serverCode, messages, retryAfter, attempts, body] = known;
  const error = new KINDS[kind](sentence(detail, field), {
    operation,
    field: field && placeOf(field),
    status,
    serverCode,
    messages: Object.freeze(messages),
    retryAfter,
    attempts,
    body,
    id,
    location,
    state,
    requestId,
    sentAt: sentAt && new Date(sentAt),
  });
  Error.captureStackTrace?.(error, from);
  return error;
}

/** An object that only the native part makes. */
function made(own) {
  if (!(own instanceof native.Native)) throw new TypeError('a client makes this: there is no other way');
  return own;
}

module.exports = { apart, call, made, native, object, read, signalOf };
