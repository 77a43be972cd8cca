// Cloudflare Workers: the bundler imports `.wasm` as a compiled module. They do not allow compiling bytes.

import module from './kopokopo.wasm';
import { start } from './engine.mjs';

start(module);

export * from './webhooks.mjs';
