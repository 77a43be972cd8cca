// The library as WebAssembly (`wasm/src`): one instance, made on first use, and made anew after a trap.

import answers from '../lib/answer.js';
import contract from '../lib/contract.js';
import errors from '../lib/errors.js';
import host from '../lib/host.js';

const encoder = new TextEncoder();

/** A byte order mark is part of a text. */
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The length in front of each block of bytes. */
const HEAD = 4;

/** Memory never shrinks. An instance that grew beyond this for one large body is dropped. */
const LARGEST_MEMORY = 32 * 1024 * 1024;

let module;
let live;

/** Sets the compiled module. The entry for each kind of runtime has its own way to load it. */
export function start(compiled) {
  module = compiled;
  const hash = answers.read(call('contract_hash'), (row) => row.text());
  if (hash !== contract.HASH) {
    throw new Error('kopokopo: kopokopo.wasm belongs to another version of the package: install the package again, and clear the bundler\'s cache');
  }
  host.callFunction ??= callFunction;
}

/** Calls a function of no object, and reads its answer with `take`. */
export const callFunction = (name, given, take) => answers.read(call('call_function', name, given), take);

/** The answer of an exported function, which takes texts, bytes, and null for what is absent: for `read`. */
export function call(name, ...given) {
  try {
    live ??= new WebAssembly.Instance(module).exports;
    const parts = taken(live, live[name](...given.map((one) => lent(live, one))));
    if (live.memory.buffer.byteLength > LARGEST_MEMORY) live = undefined;
    return parts.length === 1 ? parts[0] : parts;
  } catch (cause) {
    // A trap leaves memory as it was in the middle of the call.
    live = undefined;
    throw new errors.InternalError('internal error in kopokopo, please report it', { cause });
  }
}

/** A block with what is given. The function frees it. */
function lent({ allocate, memory }, given) {
  if (given === null) return 0;
  const bytes = typeof given === 'string' ? encoder.encode(given) : given;
  const at = allocate(bytes.byteLength) >>> 0;
  new Uint8Array(memory.buffer, at + HEAD, bytes.byteLength).set(bytes);
  return at;
}

/** The texts in an answer, each with its length in front. */
function taken({ memory, release }, answer) {
  const start = answer >>> 0;
  const view = new DataView(memory.buffer);
  const end = start + HEAD + view.getUint32(start, true);
  const parts = [];
  for (let at = start + HEAD; at < end; ) {
    const length = view.getUint32(at, true);
    parts.push(decoder.decode(new Uint8Array(memory.buffer, at + HEAD, length)));
    at += HEAD + length;
  }
  release(start);
  return parts;
}

/** A body as text, if it is asked for. */
export const textOf = (bytes) => ({ toString: () => decoder.decode(bytes) });
