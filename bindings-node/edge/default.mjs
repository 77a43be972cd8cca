// Deno, and whatever else has `fetch` and may compile bytes.

import { start } from './engine.mjs';

const response = await fetch(new URL('./kopokopo.wasm', import.meta.url));
start(await WebAssembly.compile(await response.arrayBuffer()));

export * from './webhooks.mjs';
