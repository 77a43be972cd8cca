// Deno, and other runtimes that have `fetch` and can compile WebAssembly from bytes.

import { start } from './engine.mjs';

const response = await fetch(new URL('./kopokopo.wasm', import.meta.url));
start(await WebAssembly.compile(await response.arrayBuffer()));

export * from './webhooks.mjs';
