#!/usr/bin/env node
'use strict';
// `npx kopokopo-sandbox` is `k2 sandbox`.

const { spawn } = require('node:child_process');
const { binaryPath } = require('..');

let binary;
try {
  binary = binaryPath();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
const child = spawn(binary, ['sandbox', ...process.argv.slice(2)], { stdio: 'inherit' });
// A terminal sends Ctrl-C to both. Others send a signal to this process only.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.once('error', (error) => {
  console.error(`could not start ${binary}: ${error.message}`);
  process.exitCode = 1;
});
child.once('exit', (code, signal) => {
  if (signal) process.kill(process.pid, signal);
  else process.exitCode = code;
});
