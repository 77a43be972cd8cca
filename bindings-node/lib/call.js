'use strict';
// Calls into the native part, and what they return.

const { failure, read } = require('./answer');
const { named, write } = require('./arguments');
const { OPTIONS } = require('./contract');
const errors = require('./errors');
const host = require('./host');
const native = require('./native');
const { systemError } = require('./system_error');

host.callFunction = (name, given, take) => read(native.callFunction(name, given), take);
host.systemError = systemError;

/** Who waits for a call, by its number. */
const waiting = new Map();
let last = 0;

/** Open while calls are under way: the event loop waits for it, and nothing is left behind afterwards. */
let line;

function settle(number, answer) {
  const resolve = waiting.get(number);
  if (resolve && leave(number)) resolve(answer);
}

function leave(number) {
  const left = waiting.delete(number);
  if (waiting.size === 0) {
    line.close();
    line = undefined;
  }
  return left;
}

/**
 * The answer of a method that sends requests: for `read` or `object`. `resource` is what a wait waits for: one that is
 * aborted is not final.
 */
async function call(own, method, given, signal, resource) {
  const reason = () => (resource ? notFinal(signal, resource) : reasonOf(signal));
  if (signal?.aborted) throw reason();
  const answer = await new Promise((resolve) => {
    last = (last + 1) >>> 0;
    const number = last;
    let ticket;
    const abort = () => {
      if (!ticket || !waiting.has(number)) return;
      const outcome = ticket.cancel();
      // If the result has arrived, it is delivered, and not lost.
      if (outcome !== true && leave(number)) resolve({ outcome });
    };
    // Before anything is sent: a signal that throws must not lose the result of a create.
    listen(signal, abort, method);
    line ??= native.open(settle);
    waiting.set(number, (result) => {
      resolve(result);
      forget(signal, abort);
    });
    ticket = line.call(number, own, method, given, Boolean(signal));
  });
  if (answer?.outcome === undefined) return answer;
  // Nothing was sent, and nothing will be; or a create was sent, and its response is unknown.
  throw answer.outcome === null ? reason() : failure(answer.outcome, call, reasonOf(signal));
}

function listen(signal, abort, operation) {
  try {
    signal?.addEventListener('abort', abort, { once: true });
  } catch (cause) {
    throw new errors.InvalidRequestError('signal: must be an AbortSignal', { operation, field: 'signal', cause });
  }
}

function forget(signal, abort) {
  try {
    signal?.removeEventListener('abort', abort);
  } catch {
    // The call has its result, which an error of a foreign signal must not replace.
  }
}

/** The reason of an aborted signal. A getter that throws must not replace the outcome of a create. */
function reasonOf(signal) {
  let reason;
  try {
    reason = signal.reason;
  } catch {}
  return reason ?? new DOMException('This operation was aborted', 'AbortError');
}

/** What an aborted wait rejects with. The signal's own reason may be a TimeoutError, after which programs create again. */
function notFinal(signal, { id, location, operation }) {
  const detail = `the wait was aborted. The request is not cancelled; fetch it later by id ${id}`;
  return new errors.NotFinalError(detail, { operation, id, location, cause: reasonOf(signal) });
}

/** The signal in a call's own options. */
function signalOf(options) {
  return checked(named(options, ['signal'], 'options').signal);
}

/** The signal in a call's own options, and the object to call: one with other limits, if the options have any. */
function limited(own, withLimits, operation, options) {
  const { signal, ...given } = named(options, ['signal', ...OPTIONS.CallOptions], 'options', operation);
  const limits = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  const to = limits.length === 0 ? own : withLimits(write(Object.fromEntries(limits), operation));
  return [to, checked(signal, operation)];
}

/** The options of a wait, and the signal among them. */
function split(options, names, operation) {
  const { signal, ...given } = named(options, ['signal', ...names], 'options', operation);
  return [given, checked(signal, operation)];
}

function checked(signal, operation) {
  if (signal === null || signal === undefined) return undefined;
  const isListener = (name) => typeof signal[name] === 'function';
  const isSignal = typeof signal.aborted === 'boolean' && ['addEventListener', 'removeEventListener'].every(isListener);
  if (isSignal) return signal;
  throw new errors.InvalidRequestError('signal: must be an AbortSignal', { operation, field: 'signal' });
}

/** A section of a client, and a function for the same section of a client with other limits. */
function section(client, name) {
  const of = (found) => object(found.ask(name, '{}'));
  return [of(client), (limits) => of(object(client.ask('with_options', limits)))];
}

/** The object that is an answer. */
function object(answer) {
  if (typeof answer === 'string') throw failure(answer, object);
  return answer;
}

/** What only a client makes: a handle's native part, or a section's with what belongs to it. */
function made(own) {
  const found = Array.isArray(own) ? own[0] : own;
  if (!(found instanceof native.Native)) throw new TypeError('this class has no public constructor: a client makes it');
  return own;
}

module.exports = { call, limited, made, native, notFinal, object, read, section, signalOf, split };
