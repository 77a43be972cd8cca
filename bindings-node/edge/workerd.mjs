// Cloudflare Workers: a module that the bundler compiled. Compiling bytes is forbidden there.

import module from './kopokopo.wasm';
import { start } from './engine.mjs';

start(module);

export * from './webhooks.mjs';
