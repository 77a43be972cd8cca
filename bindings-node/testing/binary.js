'use strict';
// Finds the program that has the sandbox: `k2`.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');

const VARIABLE = 'K2_SANDBOX_BIN';

/** It prints its version at once, but a machine can be loaded. */
const PROBE_TIMEOUT = 30_000;

/** The sandbox did not start, has ended, or refused a call of its control API. */
class SandboxError extends Error {}
Object.defineProperty(SandboxError.prototype, 'name', { value: 'SandboxError' });

/** Returns the path of `k2`: the option, K2_SANDBOX_BIN, the package `kopokopo-sandbox`, or `k2` of the PATH. */
function findBinary(binary) {
  for (const [source, file] of [['binary', binary], [VARIABLE, process.env[VARIABLE]]]) {
    if (!file) continue;
    if (isProgram(file)) return file;
    throw new SandboxError(`${source}: ${file} is not a program: expected the path of k2`);
  }
  const installed = ofPackage();
  if (installed) return installed;
  const remedy = `install it with \`npm install --save-dev kopokopo-sandbox\`, or set ${VARIABLE} to the path of k2`;
  const found = onPath();
  if (!found) throw new SandboxError(`the sandbox is not installed: ${remedy}`);
  if (!isOurs(found)) throw new SandboxError(`${found} is another program with the same name, not the sandbox: ${remedy}`);
  return found;
}

/** The package of the program that is tested may have it, or a folder above this package. */
function ofPackage() {
  let file;
  try {
    file = require.resolve('kopokopo-sandbox', { paths: [process.cwd(), __dirname] });
  } catch {
    return undefined;
  }
  return require(file).binaryPath();
}

function onPath() {
  const names = process.platform === 'win32' ? ['k2.exe'] : ['k2'];
  const folders = (process.env.PATH ?? '').split(path.delimiter).filter(Boolean);
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find(isProgram);
}

function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

function isOurs(file) {
  try {
    const options = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: PROBE_TIMEOUT, killSignal: 'SIGKILL' };
    return execFileSync(file, ['--version'], options).includes('(kopokopo)');
  } catch {
    return false;
  }
}

module.exports = { SandboxError, findBinary };
