// Vercel's Edge runtime: its bundlers hand over a compiled module for this suffix. Compiling bytes is forbidden there.

import module from './kopokopo.wasm?module';
import { start } from './engine.mjs';

start(module);

export * from './webhooks.mjs';
