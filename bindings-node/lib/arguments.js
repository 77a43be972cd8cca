'use strict';
// What goes in: one JSON text with the contract's names. Its types are checked on the other side, in every language alike.

const { AS_IS, DURATIONS, NAMES, TIMES } = require('./contract');
const { ConfigurationError, InvalidRequestError } = require('./errors');

/** Nothing of the contract is so deep. */
const DEEPEST = 8;

/** The longest delay of Node's own timers. */
const LONGEST = 2 ** 31 - 1;

/** What an operation takes. An error names the operation. */
function write(given, operation) {
  return JSON.stringify(fields(given ?? {}, '', 0, false, refusing(InvalidRequestError, operation)));
}

/** What a constructor takes. */
function configure(given) {
  return JSON.stringify(fields(given ?? {}, '', 0, false, refusing(ConfigurationError)));
}

/** An object that has some of these fields and no others; null and undefined have none. */
function named(given, names, place, operation) {
  const refuse = refusing(InvalidRequestError, operation);
  if (given === undefined || given === null) return {};
  const isSignal = typeof given === 'object' && typeof given.aborted === 'boolean';
  if (isSignal) refuse(place, 'must be an object with named fields: pass the signal as `{ signal }`');
  checkObject(given, place, refuse);
  for (const name of Object.keys(given)) {
    if (!names.includes(name)) refuse(shown(name), `unknown field; expected one of: ${names.join(', ')}`);
  }
  return given;
}

const refusing = (Refusal, operation) => (place, remedy) => {
  throw new Refusal(place ? `${place}: ${remedy}` : remedy, { operation, field: place || undefined });
};

function checkObject(given, place, refuse) {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) refuse(place, 'must be an object with named fields');
  // A Map, a Set, a Promise: their content is in no field, and would be lost.
  const prototype = Object.getPrototypeOf(given);
  const isPlain = prototype === null || prototype === Object.prototype;
  if (Symbol.iterator in given || (!isPlain && Object.keys(given).length === 0 && prototype.constructor !== Object)) {
    const what = prototype?.constructor?.name ?? 'list';
    refuse(place, `must be an object with named fields, and is a ${what}${what === 'Map' ? ': use Object.fromEntries(map)' : ''}`);
  }
}

function fields(given, place, depth, asIs, refuse) {
  checkObject(given, place, refuse);
  if (depth > DEEPEST) refuse(place, 'is nested too deeply');
  const written = Object.create(null);
  for (const name of Object.keys(given)) {
    const inside = place ? `${place}.${shown(name)}` : shown(name);
    if (/\p{Surrogate}/u.test(name)) refuse(place, 'must have names without lone surrogates');
    if (!asIs && name.includes('_')) refuse(inside, `unknown field; names are written as in \`${camel(name)}\``);
    const key = asIs ? name : snake(name);
    if (!asIs && depth === 0 && DURATIONS.has(name)) written[key] = seconds(given[name], inside, refuse);
    else if (!asIs && TIMES.has(name) && typeof given[name] === 'number') refuse(inside, TIME_REMEDY);
    else written[key] = value(given[name], inside, depth + 1, asIs || AS_IS.has(name), refuse);
  }
  return written;
}

/** A name in an error. Text that no field can have may be a secret or a phone number in the wrong place. */
function shown(name) {
  const digits = name.replace(/[^0-9]/g, '').length;
  const isName = /^[A-Za-z_][\w.-]{0,39}$/.test(name) && digits <= 2 && (digits === 0 || !/[A-Z]/.test(name));
  return isName ? name : '[redacted]';
}

const TIME_REMEDY =
  "must be a Date, or ISO 8601 text with an offset such as '2026-05-01T10:43:20+03:00'; for milliseconds use new Date(milliseconds)";

/** Lengths of time are milliseconds in Node, and seconds in the contract. */
function seconds(given, place, refuse) {
  if (given === undefined || given === null) return given;
  if (typeof given !== 'number' || !Number.isFinite(given)) refuse(place, 'must be a number of milliseconds');
  if (given <= 0) refuse(place, 'must be a number of milliseconds, greater than zero');
  if (given < 1) refuse(place, `must be 1 millisecond or more: half a second is 500, not 0.5`);
  if (given > LONGEST) refuse(place, `must be at most ${LONGEST} milliseconds (24 days)`);
  return given / 1000;
}

function value(given, place, depth, asIs, refuse) {
  if (depth > DEEPEST + 1) refuse(place, 'is nested too deeply');
  switch (typeof given) {
    case 'undefined':
    case 'boolean':
      return given;
    case 'string':
      // Half of a character cannot be sent, and would arrive as another text.
      return /\p{Surrogate}/u.test(given) ? refuse(place, 'must be text without lone surrogates') : given;
    case 'bigint':
      return String(given);
    case 'number':
      if (!Number.isFinite(given)) refuse(place, 'must be a finite number');
      if (Number.isInteger(given) && !Number.isSafeInteger(given)) {
        refuse(place, 'must be exact: so large a number must be text or a BigInt');
      }
      return given;
    case 'object':
      if (given === null) return null;
      if (given instanceof Date && Number.isNaN(given.getTime())) refuse(place, 'must be a date, and is an invalid one');
      // Dates, and the exact decimals and times of libraries.
      if (typeof given.toJSON === 'function') return value(given.toJSON(), place, depth + 1, asIs, refuse);
      if (Array.isArray(given)) return given.map((item, at) => value(item, `${place}[${at}]`, depth + 1, asIs, refuse));
      return fields(given, place, depth, asIs, refuse);
    default:
      return refuse(place, `must be data, and is a ${typeof given}`);
  }
}

/** A record that goes in again is the text that it was read from. */
function again(given, place) {
  if (typeof given?.raw !== 'string') refusing(InvalidRequestError)(place, 'must be a record that `get` or `wait` returned');
  return { raw: given.raw };
}

/** A constructor that takes nothing is not given anything, which would be ignored. */
function nothing(given, remedy) {
  if (given.some((one) => one !== undefined)) refusing(ConfigurationError)('options', remedy);
}

const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

const camel = (name) => name.replace(/_+([^_])/g, (_, letter) => letter.toUpperCase());

/** A place as the caller wrote it: `destinations[0].phoneNumber`. The names in metadata are the caller's own. */
function placeOf(place) {
  let asIs = false;
  const parts = place.split('.').map((part) => {
    const shown = asIs ? part : camel(part);
    asIs ||= AS_IS.has(shown);
    return shown;
  });
  return parts.join('.');
}

/** A sentence with JavaScript's names. */
function sentence(detail, place) {
  const rest = place && detail.startsWith(place) ? detail.slice(place.length) : detail;
  const named = rest.replace(/\b[a-z0-9]+(?:_[a-z0-9]+)+\b/g, (word) => (NAMES.has(word) ? camel(word) : word));
  return rest === detail ? named : placeOf(place) + named;
}

module.exports = { again, configure, named, nothing, placeOf, sentence, write };
