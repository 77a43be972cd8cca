'use strict';
// Decodes the results of the native addon: one text with values in the contract's order (`udl/src/value/codec.rs`),
// read from start to end. Slices of one text are the cheapest way to pass values to JavaScript.

const { InternalError } = require('./errors');

/** The character before each value, and after the last one. */
const SEPARATOR = '\u0001';
const ESCAPE = '\u0002';

// Character codes, for `charCodeAt`.
const SEPARATOR_CODE = 1;
const MARK_CODE = 3;
const OPEN_CODE = 123;

/** Throws the error for a text that does not match the contract. Values may be personal data, so the error has none. */
function fail() {
  throw new InternalError('internal error in kopokopo, please report it: a result could not be decoded');
}

class Decoder {
  #text;
  #raws;
  /** The index of the separator before the next value. */
  #index = 0;
  #hasEscapes;

  /** Raw texts are numbered from 1. */
  constructor(text, raws) {
    if (text.charCodeAt(0) !== SEPARATOR_CODE) fail();
    this.#text = text;
    this.#raws = raws;
    this.#hasEscapes = text.includes(ESCAPE);
  }

  /** Returns whether the next value is absent. If it is, moves past it. */
  isAbsent() {
    const from = this.#index + 1;
    if (this.#text.charCodeAt(from) !== MARK_CODE || this.#text.charCodeAt(from + 1) !== SEPARATOR_CODE) return false;
    this.#index = from + 1;
    return true;
  }

  /** Reads the beginning of a record or a union. */
  open() {
    const from = this.#index + 1;
    const text = this.#text;
    const isOpen = text.charCodeAt(from) === MARK_CODE && text.charCodeAt(from + 1) === OPEN_CODE;
    if (!isOpen || text.charCodeAt(from + 2) !== SEPARATOR_CODE) fail();
    this.#index = from + 2;
  }

  /** Checks that all values were read. */
  end() {
    if (this.#index !== this.#text.length - 1) fail();
  }

  // Each method below reads a value of one type, which must be present.

  text() {
    const value = this.#next();
    return this.#hasEscapes ? decodeEscapes(value) : value;
  }

  flag() {
    const value = this.#next();
    if (value === 'true') return true;
    return value === 'false' ? false : fail();
  }

  number() {
    const value = this.#next();
    const number = Number(value);
    return value !== '' && Number.isFinite(number) ? number : fail();
  }

  date() {
    return new Date(this.number());
  }

  metadata() {
    const text = this.text();
    try {
      return Object.freeze(JSON.parse(text));
    } catch {
      return fail();
    }
  }

  raw() {
    return this.#raws?.[this.number()] ?? fail();
  }

  /** Reads a list: the number of its items, then each item with `readItem`. */
  list(readItem) {
    const count = this.number();
    const items = [];
    while (items.length < count) items.push(readItem(this));
    return Object.freeze(items);
  }

  #next() {
    const from = this.#index + 1;
    const end = this.#text.indexOf(SEPARATOR, from);
    if (end < 0 || this.#text.charCodeAt(from) === MARK_CODE) fail();
    this.#index = end;
    return this.#text.slice(from, end);
  }
}

/** In an encoded text, each of the format's own characters is written as an escape and the character plus 64. */
function decodeEscapes(value) {
  const [first, ...others] = value.split(ESCAPE);
  return first + others.map((part) => String.fromCharCode(part.charCodeAt(0) - 64) + part.slice(1)).join('');
}

module.exports = { Decoder };
