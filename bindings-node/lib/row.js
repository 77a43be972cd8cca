'use strict';
// What comes back: one text of values, one after the other in the contract's order (`src/row.rs`). Taken off in that
// order, because slices of one text cost less than any other way into JavaScript.

const BEFORE = '\u0001';
const ESCAPE = '\u0002';
const NOTHING = '\u0003';

class Row {
  #text;
  #raws;
  #at = 0;
  #escaped;

  /** The raw texts are numbered from 1. */
  constructor(text, raws) {
    this.#text = text;
    this.#raws = raws;
    this.#escaped = text.includes(ESCAPE);
  }

  /** Each value's method answers null where there is none. */
  text() {
    const from = this.#at + 1;
    const next = this.#text.indexOf(BEFORE, from);
    this.#at = next < 0 ? this.#text.length : next;
    const value = this.#text.slice(from, this.#at);
    if (value === NOTHING) return null;
    return this.#escaped ? unescaped(value) : value;
  }

  flag() {
    const value = this.text();
    return value && value === 'true';
  }

  number() {
    const value = this.text();
    return value && Number(value);
  }

  date() {
    const milliseconds = this.number();
    return milliseconds === null ? null : new Date(milliseconds);
  }

  metadata() {
    const value = this.text();
    return value && Object.freeze(JSON.parse(value));
  }

  raw() {
    const value = this.text();
    return value && this.#raws[Number(value)];
  }

  /** A list says first how many there are. */
  list(item) {
    const count = this.number();
    if (count === null) return null;
    const items = [];
    while (items.length < count) items.push(item(this));
    return Object.freeze(items);
  }

  /** Goes past what is absent, and says whether it was. */
  skip() {
    const from = this.#at + 1;
    if (!this.#text.startsWith(NOTHING, from)) return false;
    this.#at = from + 1;
    return true;
  }
}

/** A character of this format's own stands there as itself plus 64. */
function unescaped(value) {
  const [first, ...others] = value.split(ESCAPE);
  return first + others.map((part) => String.fromCharCode(part.charCodeAt(0) - 64) + part.slice(1)).join('');
}

module.exports = { Row };
