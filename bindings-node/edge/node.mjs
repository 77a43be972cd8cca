// Node and Bun, for tests of programs that run in edge runtimes.

import { readFileSync } from 'node:fs';
import { start } from './engine.mjs';

start(new WebAssembly.Module(readFileSync(new URL('./kopokopo.wasm', import.meta.url))));

export * from './webhooks.mjs';
