'use strict';
// A project of its own that uses this package, as its users bundle it.

const { execFile } = require('node:child_process');
const fs = require('node:fs');
const net = require('node:net');
const os = require('node:os');
const path = require('node:path');

const { files } = require('../../package.json');

const HERE = path.join(__dirname, '../..');

const PROGRAM = `
  import { WebhookVerifier, signWebhook } from 'kopokopo';
  const body = '{"topic":"customer_created","id":"1","event":{"resource":{}}}';
  console.log(new WebhookVerifier({ apiKeys: ['key'] }).verify(body, signWebhook('key', body)).payload.kind);
`;

/** What every refusal must say: the cause, and the remedy for this bundler. */
const REMEDIES = [/a bundler has packed this package/, /serverExternalPackages: \['kopokopo'\]/, /--external:kopokopo/];

/** A folder with files and this package in its node_modules, gone after the test. */
function project(t, sources) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  t.after(() => fs.rmSync(folder, { recursive: true, force: true }));
  // As npm installs it: some bundlers treat a link to a package as the program's own code.
  const installed = path.join(folder, 'node_modules', 'kopokopo');
  fs.mkdirSync(installed, { recursive: true });
  for (const file of ['package.json', ...files]) fs.cpSync(path.join(HERE, file), path.join(installed, file), { recursive: true });
  for (const native of fs.readdirSync(HERE).filter((file) => file.endsWith('.node'))) {
    // A debug build is large.
    fs.symlinkSync(path.join(HERE, native), path.join(installed, native));
  }
  for (const [name, text] of Object.entries(sources)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }
  return folder;
}

/** What a program said, and its status. An error comes with the line of the bundle it is in, which is all of the bundle. */
function run(file, given, cwd, env = {}) {
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...given], { cwd, env: { ...process.env, ...env } }, (error, stdout, stderr) => {
      resolve({ code: error ? (error.code ?? 1) : 0, said: (stdout + stderr).trim().replaceAll(/^.{5000,}$/gm, '') });
    });
  });
}

/** A port of loopback that nothing listens on. */
async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

module.exports = { HERE, PROGRAM, REMEDIES, freePort, project, run };
