// The library as WebAssembly (`wasm/src`): one instance, created on first use, and created again after a trap.

import contract from '../lib/contract.js';
import errors from '../lib/errors.js';
import host from '../lib/host.js';
import results from '../lib/result.js';

const utf8Encoder = new TextEncoder();

/** Keeps a byte order mark: it is part of the text. */
const utf8Decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The size of the length before each block of bytes. */
const HEADER_SIZE = 4;

/** The memory of an instance never shrinks. An instance that has grown beyond this, for a large body, is dropped. */
const MAX_MEMORY = 32 * 1024 * 1024;

let module;
let instance;

/** Sets the compiled module. Each kind of runtime has its own entry point, which loads the module. */
export function start(compiled) {
  module = compiled;
  const hash = results.read(call('contract_hash'), (decoder) => decoder.text());
  if (hash !== contract.HASH) {
    throw new Error(
      'kopokopo: kopokopo.wasm belongs to another version of the package: install the package again, and clear the ' +
        "bundler's cache",
    );
  }
  host.callFunction ??= callFunction;
}

/** Calls a function that belongs to no object, and decodes its result with `take`. */
export const callFunction = (name, argumentsText, take) => results.read(call('call_function', name, argumentsText), take);

/** Calls an exported function with texts, bytes, or null for absent values. Returns its result, for `read`. */
export function call(name, ...values) {
  try {
    instance ??= new WebAssembly.Instance(module).exports;
    const parts = takeTexts(instance, instance[name](...values.map((value) => allocateBlock(instance, value))));
    if (instance.memory.buffer.byteLength > MAX_MEMORY) instance = undefined;
    return parts.length === 1 ? parts[0] : parts;
  } catch (cause) {
    // A trap leaves the memory in an undefined state.
    instance = undefined;
    throw new errors.InternalError('internal error in kopokopo, please report it', { cause });
  }
}

/** Copies a text or bytes into a new block, and returns its address. The called function frees the block. */
function allocateBlock({ allocate, memory }, value) {
  if (value === null) return 0;
  const bytes = typeof value === 'string' ? utf8Encoder.encode(value) : value;
  const address = allocate(bytes.byteLength) >>> 0;
  new Uint8Array(memory.buffer, address + HEADER_SIZE, bytes.byteLength).set(bytes);
  return address;
}

/** Returns the texts in a result, in which each text follows its length. Frees the result. */
function takeTexts({ memory, release }, result) {
  const start = result >>> 0;
  const view = new DataView(memory.buffer);
  const end = start + HEADER_SIZE + view.getUint32(start, true);
  const parts = [];
  for (let offset = start + HEADER_SIZE; offset < end; ) {
    const length = view.getUint32(offset, true);
    parts.push(utf8Decoder.decode(new Uint8Array(memory.buffer, offset + HEADER_SIZE, length)));
    offset += HEADER_SIZE + length;
  }
  release(start);
  return parts;
}

/** A body that is decoded only when its text is used. */
export const textOf = (bytes) => ({ toString: () => utf8Decoder.decode(bytes) });
