'use strict';
// What records and answers need of the library: its native part, or WebAssembly. Whatever is loaded sets it. If both are
// loaded, as in tests, the native part stays, because the classes of records are the same.

const host = {
  /** Calls a function of no object, and reads its answer with `take`. */
  callFunction: undefined,
  /** The system's error behind a failed connection. Only a client makes connections. */
  systemError: () => undefined,
};

module.exports = host;
