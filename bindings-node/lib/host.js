'use strict';
// What records and results need from the library: from its native addon, or from WebAssembly. The module that is loaded
// sets these functions. If both are loaded, as in tests, those of the native addon are used: both have the same classes
// of records.

const host = {
  /** Calls a function that belongs to no object, and decodes its result with `take`. */
  callFunction: undefined,
  /** Returns the system error behind a failed connection. Only clients make connections. */
  systemError: () => undefined,
};

module.exports = host;
