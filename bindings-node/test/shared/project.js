'use strict';
// A project in its own folder that uses this package, as users have it.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

const { files } = require('../../package.json');

const PACKAGE = path.join(__dirname, '../..');

const PROGRAM = `
  import { WebhookVerifier, signWebhook } from 'kopokopo';
  const body = '{"topic":"customer_created","id":"1","event":{"resource":{}}}';
  console.log(new WebhookVerifier({ apiKeys: ['key'] }).verify(body, signWebhook('key', body)).payload.kind);
`;

/** What the error of a bundled package must contain: the cause, and the remedies. */
const REMEDIES = [/a bundler has packed this package/, /serverExternalPackages: \['kopokopo'\]/, /--external:kopokopo/];

/** Creates a folder with files, and with this package in node_modules. Removes it after the test. */
function project(t, sources) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  // Copied, as npm does it: some bundlers treat a symbolic link to a package as the program's own code.
  const installed = path.join(folder, 'node_modules', 'kopokopo');
  fs.mkdirSync(installed, { recursive: true });
  for (const file of ['package.json', ...files]) fs.cpSync(path.join(PACKAGE, file), path.join(installed, file), { recursive: true });
  for (const native of fs.readdirSync(PACKAGE).filter((file) => file.endsWith('.node'))) {
    // A link, because a debug build is large.
    fs.symlinkSync(path.join(PACKAGE, native), path.join(installed, native));
  }
  for (const [name, text] of Object.entries(sources)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

/**
 * Runs a program. Returns a promise of its exit code and its output. Lines of more than 5000 characters are removed:
 * they are the minified bundle, which Node prints with an error.
 */
function run(file, args, cwd, env = {}) {
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { cwd, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? 1) : 0, output: (stdout + stderr).trim().replaceAll(/^.{5000,}$/gm, '') });
    });
  });
}

/** Returns a promise of an unused port on loopback. */
async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

module.exports = { PACKAGE, PROGRAM, REMEDIES, freePort, project, run };
