'use strict';
// Asynchronous calls of the native addon, with cancellation.

const { checkOptions, write } = require('./arguments');
const { OPTIONS } = require('./contract');
const errors = require('./errors');
const host = require('./host');
const native = require('./native');
const { createError, read } = require('./result');
const { systemError } = require('./system_error');

host.callFunction = (name, argumentsText, take) => read(native.callFunction(name, argumentsText), take);
host.systemError = systemError;

/** The pending calls: the function that resolves each, by the number of the call. */
const pending = new Map();

/** The native objects whose calls have an idempotency key. */
const targetsWithKey = new WeakSet();
let lastNumber = 0;

/** Open while calls are pending: it keeps the event loop running. Closed afterwards, so that no handle is left open. */
let dispatcher;

function complete(number, result) {
  const resolve = pending.get(number);
  if (resolve && remove(number)) resolve(result);
}

function remove(number) {
  const wasPending = pending.delete(number);
  if (pending.size === 0) {
    dispatcher.close();
    dispatcher = undefined;
  }
  return wasPending;
}

/**
 * Calls a method that sends requests. Returns a promise of its result, for `read` or `toObject`.
 *
 * `resource` is what a wait waits for. If the signal aborts a call that has one, the promise rejects with a
 * `NotFinalError`.
 */
async function call(target, method, argumentsText, signal, resource) {
  const abortError = () => (resource ? notFinal(signal, resource) : reasonOf(signal));
  if (signal?.aborted) throw abortError();
  const result = await new Promise((resolve) => {
    lastNumber = (lastNumber + 1) >>> 0;
    const number = lastNumber;
    let abortHandle;
    const abort = () => {
      if (!abortHandle || !pending.has(number)) return;
      const outcome = abortHandle.cancel(targetsWithKey.has(target));
      // True: the result exists already, and is delivered.
      if (outcome !== true && remove(number)) resolve({ outcome });
    };
    // Before anything is sent: a signal that throws must not lose the result of a create.
    addListener(signal, abort, method);
    dispatcher ??= native.open(complete);
    pending.set(number, (result) => {
      resolve(result);
      removeListener(signal, abort);
    });
    abortHandle = dispatcher.call(number, target, method, argumentsText, Boolean(signal));
  });
  if (result?.outcome === undefined) return result;
  // Null: no create was sent, and none will be. Otherwise a create was sent, and its response is unknown.
  throw result.outcome === null ? abortError() : createError(result.outcome, call, reasonOf(signal));
}

function addListener(signal, abort, operation) {
  try {
    signal?.addEventListener('abort', abort, { once: true });
  } catch (cause) {
    throw new errors.InvalidRequestError('signal: must be an AbortSignal', { operation, field: 'signal', cause });
  }
}

function removeListener(signal, abort) {
  try {
    signal?.removeEventListener('abort', abort);
  } catch {
    // The call has its result. An error of the signal must not replace it.
  }
}

/** Returns the reason of an aborted signal. A getter that throws must not replace the outcome of a create. */
function reasonOf(signal) {
  let reason;
  try {
    reason = signal.reason;
  } catch {}
  return reason ?? new DOMException('This operation was aborted', 'AbortError');
}

/**
 * Returns the error of an aborted wait. The signal's reason is only its cause: it may be a TimeoutError, and programs
 * that retry after a TimeoutError would create the request again.
 */
function notFinal(signal, { id, location, operation }) {
  const detail = `the wait was aborted. The request is not cancelled; fetch it later by id ${id}`;
  return new errors.NotFinalError(detail, { operation, id, location, cause: reasonOf(signal) });
}

/** Returns the signal in the options of a call that takes no other option. */
function signalOf(options) {
  return checkSignal(checkOptions(options, ['signal'], 'options').signal);
}

/**
 * Returns the object to call, and the signal in the options of the call. The object has other limits if the options
 * have limits.
 */
function applyCallOptions(target, withLimits, operation, options) {
  const { signal, ...others } = checkOptions(options, ['signal', ...OPTIONS.CallOptions], 'options', operation);
  const limits = Object.entries(others).filter(([, value]) => value !== undefined && value !== null);
  const limited = limits.length === 0 ? target : withLimits(write(Object.fromEntries(limits), operation));
  if (limits.some(([name]) => name === 'idempotencyKey')) targetsWithKey.add(limited);
  return [limited, checkSignal(signal, operation)];
}

/** Returns the options of a wait without the signal, and the signal. */
function splitOptions(options, names, operation) {
  const { signal, ...others } = checkOptions(options, ['signal', ...names], 'options', operation);
  return [others, checkSignal(signal, operation)];
}

function checkSignal(signal, operation) {
  if (signal === null || signal === undefined) return undefined;
  const hasMethod = (name) => typeof signal[name] === 'function';
  const isSignal = typeof signal.aborted === 'boolean' && ['addEventListener', 'removeEventListener'].every(hasMethod);
  if (isSignal) return signal;
  throw new errors.InvalidRequestError('signal: must be an AbortSignal', { operation, field: 'signal' });
}

/** Returns a section of a client, and a function that returns the same section of a client with other limits. */
function openSection(client, name) {
  const sectionOf = (owner) => toObject(owner.ask(name, '{}'));
  return [sectionOf(client), (limits) => sectionOf(toObject(client.ask('with_options', limits)))];
}

/** Returns the object that is the result. Throws the error if the result is one. */
function toObject(result) {
  if (typeof result === 'string') throw createError(result, toObject);
  return result;
}

/**
 * Checks the argument of a constructor that only this package calls: a native object, or an array that begins with one.
 */
function assertNative(value) {
  const first = Array.isArray(value) ? value[0] : value;
  if (!(first instanceof native.Native)) throw new TypeError('this class has no public constructor: use a client');
  return value;
}

module.exports = {
  applyCallOptions,
  assertNative,
  call,
  native,
  notFinal,
  openSection,
  read,
  signalOf,
  splitOptions,
  toObject,
};
