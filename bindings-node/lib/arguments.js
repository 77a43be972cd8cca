'use strict';
// What goes in: one JSON text with the contract's names. Its types are checked on the other side, in every language alike.

const { AS_IS, NAMES } = require('./contract');
const { InvalidRequestError } = require('./errors');

/** Nothing of the contract is so deep. */
const DEEPEST = 8;

/** Called with another kind of error for options. */
function write(given, Refusal = InvalidRequestError) {
  return JSON.stringify(fields(given ?? {}, '', 0, false, Refusal));
}

function refuse(Refusal, place, remedy) {
  throw new Refusal(place ? `${place}: ${remedy}` : remedy, place ? { field: place } : {});
}

function fields(given, place, depth, asIs, Refusal) {
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    refuse(Refusal, place, 'must be an object with named fields');
  }
  if (depth > DEEPEST) refuse(Refusal, place, 'is nested too deeply');
  const written = Object.create(null);
  for (const name of Object.keys(given)) {
    const inside = place ? `${place}.${name}` : name;
    if (!asIs && name.includes('_')) refuse(Refusal, inside, `is not known here; names are written as in \`${camel(name)}\``);
    written[asIs ? name : snake(name)] = value(given[name], inside, depth + 1, asIs || AS_IS.has(name), Refusal);
  }
  return written;
}

function value(given, place, depth, asIs, Refusal) {
  switch (typeof given) {
    case 'undefined':
    case 'boolean':
      return given;
    case 'string':
      // Half of a character cannot be sent, and would arrive as another text.
      return /\p{Surrogate}/u.test(given) ? refuse(Refusal, place, 'must be text without lone surrogates') : given;
    case 'bigint':
      return String(given);
    case 'number':
      if (!Number.isFinite(given)) refuse(Refusal, place, 'must be a finite number');
      if (Number.isInteger(given) && !Number.isSafeInteger(given)) {
        refuse(Refusal, place, 'must be exact: so large a number must be text or a BigInt');
      }
      return given;
    case 'object':
      if (given === null) return null;
      if (given instanceof Date && Number.isNaN(given.getTime())) refuse(Refusal, place, 'must be a date, and is an invalid one');
      // Dates, and the exact decimals and times of libraries.
      if (typeof given.toJSON === 'function') return value(given.toJSON(), place, depth + 1, asIs, Refusal);
      if (Array.isArray(given)) return given.map((item, at) => value(item, `${place}[${at}]`, depth + 1, asIs, Refusal));
      return fields(given, place, depth, asIs, Refusal);
    default:
      return refuse(Refusal, place, `must be data, and is a ${typeof given}`);
  }
}

/** A record that goes in again is the text that it was read from. */
function again(given, place) {
  if (typeof given?.raw !== 'string') refuse(InvalidRequestError, place, 'must be what `get` or `wait` answered');
  return { raw: given.raw };
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

module.exports = { again, placeOf, sentence, write };
