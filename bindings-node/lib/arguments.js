'use strict';
// Encodes arguments as one JSON text with the contract's names. The native addon checks the types of the fields, so
// that all languages have the same checks.

const { AS_IS, DURATIONS, NAMES, TIMES } = require('./contract');
const { ConfigurationError, InvalidRequestError } = require('./errors');

/** The maximum depth of nested values. The contract needs less. */
const MAX_DEPTH = 8;

/** The maximum delay of Node's timers, in milliseconds. */
const MAX_DELAY = 2 ** 31 - 1;

/** Encodes the arguments of an operation. Errors name the operation. */
function write(request, operation) {
  return JSON.stringify(encodeFields(request ?? {}, '', 0, false, rejectWith(InvalidRequestError, operation)));
}

/** Encodes the options of a constructor. */
function configure(options) {
  return JSON.stringify(encodeFields(options ?? {}, '', 0, false, rejectWith(ConfigurationError)));
}

/** Returns an object that has only fields of `names`. Null and undefined become an empty object. */
function checkOptions(options, names, path, operation) {
  const reject = rejectWith(InvalidRequestError, operation);
  if (options === undefined || options === null) return {};
  const isSignal = typeof options === 'object' && typeof options.aborted === 'boolean';
  if (isSignal) reject(path, 'must be an object with named fields: pass the signal as `{ signal }`');
  checkObject(options, path, reject);
  for (const name of Object.keys(options)) {
    if (!names.includes(name)) reject(redactName(name), `unknown field; expected one of: ${names.join(', ')}`);
  }
  return options;
}

const rejectWith = (ErrorClass, operation) => (path, remedy) => {
  throw new ErrorClass(path ? `${path}: ${remedy}` : remedy, { operation, field: path || undefined });
};

function checkObject(value, path, reject) {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) reject(path, 'must be an object with named fields');
  // The content of a Map, a Set or a Promise is not in fields, and would be lost.
  const prototype = Object.getPrototypeOf(value);
  const isPlain = prototype === null || prototype === Object.prototype;
  if (Symbol.iterator in value || (!isPlain && Object.keys(value).length === 0 && prototype.constructor !== Object)) {
    const type = prototype?.constructor?.name ?? 'list';
    reject(path, `must be an object with named fields, and is a ${type}${type === 'Map' ? ': use Object.fromEntries(map)' : ''}`);
  }
}

function encodeFields(object, path, depth, asIs, reject) {
  checkObject(object, path, reject);
  if (depth > MAX_DEPTH) reject(path, 'is nested too deeply');
  const encoded = Object.create(null);
  for (const name of Object.keys(object)) {
    const fieldPath = path ? `${path}.${redactName(name)}` : redactName(name);
    if (/\p{Surrogate}/u.test(name)) reject(path, 'must have names without lone surrogates');
    if (!asIs && name.includes('_')) reject(fieldPath, `unknown field; names are written as in \`${camel(name)}\``);
    // Redacted before the conversion: the native addon could not recognize the name in snake case.
    const key = asIs ? name : snake(redactName(name));
    if (!asIs && depth === 0 && DURATIONS.has(name)) encoded[key] = toSeconds(object[name], fieldPath, reject);
    else if (!asIs && TIMES.has(name) && typeof object[name] === 'number') reject(fieldPath, TIME_REMEDY);
    else encoded[key] = encodeValue(object[name], fieldPath, depth + 1, asIs || AS_IS.has(name), reject);
  }
  return encoded;
}

/** Returns a name for an error. Text that is not like a field's name may be a secret or a phone number. */
function redactName(name) {
  const digits = name.replace(/[^0-9]/g, '').length;
  const isName = /^[A-Za-z_][\w.-]{0,39}$/.test(name) && digits <= 2 && (digits === 0 || !/[A-Z]/.test(name));
  return isName ? name : '[redacted]';
}

const TIME_REMEDY =
  "must be a Date, or ISO 8601 text with an offset such as '2026-05-01T10:43:20+03:00'; for milliseconds use new Date(milliseconds)";

/** Converts a duration in milliseconds, as Node has it, to seconds, as the contract has it. */
function toSeconds(duration, path, reject) {
  if (duration === undefined || duration === null) return duration;
  if (typeof duration !== 'number' || !Number.isFinite(duration)) reject(path, 'must be a number of milliseconds');
  if (duration <= 0) reject(path, 'must be a number of milliseconds, greater than zero');
  if (duration < 1) reject(path, `must be 1 millisecond or more: half a second is 500, not 0.5`);
  if (duration > MAX_DELAY) reject(path, `must be at most ${MAX_DELAY} milliseconds (24 days)`);
  return duration / 1000;
}

function encodeValue(value, path, depth, asIs, reject) {
  if (depth > MAX_DEPTH + 1) reject(path, 'is nested too deeply');
  switch (typeof value) {
    case 'undefined':
    case 'boolean':
      return value;
    case 'string':
      // A lone surrogate cannot be encoded in UTF-8, so the server would receive a different text.
      return /\p{Surrogate}/u.test(value) ? reject(path, 'must be text without lone surrogates') : value;
    case 'bigint':
      return String(value);
    case 'number':
      if (!Number.isFinite(value)) reject(path, 'must be a finite number');
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
        reject(path, 'must be exact: pass a number this large as text or a BigInt');
      }
      return value;
    case 'object':
      if (value === null) return null;
      if (value instanceof Date && Number.isNaN(value.getTime())) reject(path, 'must be a valid date, and is an Invalid Date');
      // Dates, and the decimal and time types of libraries.
      if (typeof value.toJSON === 'function') return encodeValue(value.toJSON(), path, depth + 1, asIs, reject);
      if (Array.isArray(value)) {
        return value.map((item, index) => encodeValue(item, `${path}[${index}]`, depth + 1, asIs, reject));
      }
      return encodeFields(value, path, depth, asIs, reject);
    default:
      return reject(path, `must be data, and is a ${typeof value}`);
  }
}

/** Encodes a record that an operation takes as an argument: as the raw text that it was read from. */
function rawTextOf(record, path) {
  if (typeof record?.raw !== 'string') rejectWith(InvalidRequestError)(path, 'must be a record that `get` or `wait` returned');
  return { raw: record.raw };
}

/** Throws a `ConfigurationError` if a constructor without parameters got arguments, which it would ignore. */
function rejectArguments(values, remedy) {
  if (values.some((value) => value !== undefined)) rejectWith(ConfigurationError)('options', remedy);
}

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const camel = (name) => name.replace(/_+([^_])/g, (_, letter) => letter.toUpperCase());

/** Returns a field path as the caller wrote it: `destinations[0].phoneNumber`. Names in metadata do not change. */
function camelCasePath(path) {
  let asIs = false;
  const parts = path.split('.').map((part) => {
    // An environment variable such as K2_CLIENT_ID keeps its name.
    const name = asIs || part === part.toUpperCase() ? part : camel(part);
    asIs ||= AS_IS.has(name);
    return name;
  });
  return parts.join('.');
}

/** Returns the detail of an error with JavaScript's names in place of the contract's. */
function camelCaseNames(detail, path) {
  const rest = path && detail.startsWith(path) ? detail.slice(path.length) : detail;
  const renamed = rest.replace(/(?<![/\w])[a-z0-9]+(?:_[a-z0-9]+)+\b/g, (word) => (NAMES.has(word) ? camel(word) : word));
  return rest === detail ? renamed : camelCasePath(path) + renamed;
}

module.exports = {
  camelCaseNames,
  camelCasePath,
  checkOptions,
  configure,
  rawTextOf,
  rejectArguments,
  write,
};
