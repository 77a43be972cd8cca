// Vercel's Edge runtime: its bundlers import `.wasm?module` as a compiled module. It does not allow compiling bytes.

import module from './kopokopo.wasm?module';
import { start } from './engine.mjs';

start(module);

export * from './webhooks.mjs';
