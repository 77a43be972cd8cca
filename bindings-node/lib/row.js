'use strict';
// What comes back: one text of values in the contract's order (`udl/src/value/codec.rs`), read from its beginning to
// its end. Slices of one text cost less than any other way into JavaScript.

const { InternalError } = require('./errors');

const BEFORE = '\u0001';
const ESCAPE = '\u0002';

// The same and others, as the numbers that `charCodeAt` returns.
const BEFORE_CODE = 1;
const MARK_CODE = 3;
const OPEN_CODE = 123;

/** A row that does not fit the contract. Its values may be personal data, so the error has none of them. */
function refuse() {
  throw new InternalError('internal error in kopokopo, please report it: a result could not be read');
}

class Row {
  #text;
  #raws;
  /** Where the mark before the next value is. */
  #at = 0;
  #isEscaped;

  /** The raw texts are numbered from 1. */
  constructor(text, raws) {
    if (text.charCodeAt(0) !== BEFORE_CODE) refuse();
    this.#text = text;
    this.#raws = raws;
    this.#isEscaped = text.includes(ESCAPE);
  }

  /** Whether the next value is absent. Then it is read. */
  isAbsent() {
    const from = this.#at + 1;
    if (this.#text.charCodeAt(from) !== MARK_CODE || this.#text.charCodeAt(from + 1) !== BEFORE_CODE) return false;
    this.#at = from + 1;
    return true;
  }

  /** Reads the beginning of a record or a union. */
  open() {
    const from = this.#at + 1;
    const text = this.#text;
    const isOpen = text.charCodeAt(from) === MARK_CODE && text.charCodeAt(from + 1) === OPEN_CODE;
    if (!isOpen || text.charCodeAt(from + 2) !== BEFORE_CODE) refuse();
    this.#at = from + 2;
  }

  /** Nothing is left. */
  end() {
    if (this.#at !== this.#text.length - 1) refuse();
  }

  /** Each value's method reads one that is there. */
  text() {
    const value = this.#next();
    return this.#isEscaped ? unescaped(value) : value;
  }

  flag() {
    const value = this.#next();
    if (value === 'true') return true;
    return value === 'false' ? false : refuse();
  }

  number() {
    const value = this.#next();
    const number = Number(value);
    return value !== '' && Number.isFinite(number) ? number : refuse();
  }

  date() {
    return new Date(this.number());
  }

  metadata() {
    const text = this.text();
    try {
      return Object.freeze(JSON.parse(text));
    } catch {
      return refuse();
    }
  }

  raw() {
    return this.#raws?.[this.number()] ?? refuse();
  }

  /** A list says first how many there are. */
  list(item) {
    const count = this.number();
    const items = [];
    while (items.length < count) items.push(item(this));
    return Object.freeze(items);
  }

  #next() {
    const from = this.#at + 1;
    const end = this.#text.indexOf(BEFORE, from);
    if (end < 0 || this.#text.charCodeAt(from) === MARK_CODE) refuse();
    this.#at = end;
    return this.#text.slice(from, end);
  }
}

/** A character of this format's own stands there as itself plus 64. */
function unescaped(value) {
  const [first, ...others] = value.split(ESCAPE);
  return first + others.map((part) => String.fromCharCode(part.charCodeAt(0) - 64) + part.slice(1)).join('');
}

module.exports = { Row };
