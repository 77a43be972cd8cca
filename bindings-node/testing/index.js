'use strict';
// `kopokopo/testing`: the Kopo Kopo API on this machine, for tests.

const { spawn } = require('node:child_process');
const http = require('node:http');
const { setTimeout: sleep } = require('node:timers/promises');
const { SandboxError, findBinary } = require('./binary');
const { write } = require('./codec');
const { Controls } = require('./controls');

/** It starts within milliseconds, but a machine can be loaded. */
const START_TIMEOUT = 60_000;
const STOP_TIMEOUT = 10_000;
const CALL_TIMEOUT = 30_000;
/** A fault can close the port for a while. */
const REFUSED_TIMEOUT = 10_000;
const WAIT_TIMEOUT = 20_000;
const POLL_INTERVAL = 20;
const MAX_ERROR = 10_000;
const WITHOUT_RESPONSE = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE'];

const OPTIONS = ['binary', 'pace', 'port', 'tills', 'seed', 'allowRemoteCallbacks'];

/** `k2 sandbox` in a process of its own, which ends with this process. */
class Sandbox extends Controls {
  #child;
  #startup;
  #exited;

  constructor(child, startup, exited) {
    super();
    this.#child = child;
    this.#startup = startup;
    this.#exited = exited;
  }

  get baseUrl() {
    return this.#startup.base_url;
  }

  get clientId() {
    return this.#startup.client_id;
  }

  get clientSecret() {
    return this.#startup.client_secret;
  }

  get apiKey() {
    return this.#startup.api_key;
  }

  get credentials() {
    const { baseUrl, clientId, clientSecret, apiKey } = this;
    return { baseUrl, clientId, clientSecret, apiKey };
  }

  get env() {
    return Object.fromEntries(Object.entries(this.#startup).map(([name, value]) => [`K2_${name.toUpperCase()}`, value]));
  }

  client(options) {
    // Only here, because the helpers work without the native addon.
    const { KopoKopo } = require('..');
    return new KopoKopo({ ...this.credentials, privateToken: true, ...options });
  }

  async waitForRequest(operation, { timeout = WAIT_TIMEOUT } = {}) {
    checkKnown('operation', operation, (await this.operations()).operations);
    const find = async () => (await this.requests()).find((request) => request.operation === operation);
    return wait(find, `no request of ${operation} arrived`, timeout);
  }

  async waitForDelivery(topic, { timeout = WAIT_TIMEOUT } = {}) {
    checkKnown('topic', topic, (await this.operations()).callbacks);
    const find = async () => (await this.deliveries()).find((found) => found.topic === topic && (found.delivered || found.withheld));
    return wait(find, `no delivery of ${topic} was received with 2xx`, timeout);
  }

  async request(method, path, body) {
    const deadline = Date.now() + REFUSED_TIMEOUT;
    for (;;) {
      try {
        return await requestOnce(new URL(path, this.baseUrl), method, body);
      } catch (error) {
        if (!WITHOUT_RESPONSE.includes(error.code)) throw error;
        // A connection that is cut while the port closes may have had an effect.
        if (error.code !== 'ECONNREFUSED' && method === 'POST') {
          throw new SandboxError(`${method} ${path}: the connection ended before the response`);
        }
        if (this.#child.exitCode !== null || this.#child.signalCode !== null || Date.now() > deadline) {
          throw new SandboxError(`${method} ${path}: the sandbox does not listen any more`);
        }
        await sleep(POLL_INTERVAL);
      }
    }
  }

  async control(method, path, body, accepts = []) {
    const response = await this.request(method, `/_sandbox${path}`, body);
    if (response.status === 200 || accepts.includes(response.status)) return response.body;
    throw new SandboxError(`${method} /_sandbox${path}: ${response.status}: ${response.body?.error ?? JSON.stringify(response.body)}`);
  }

  async close() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    // A program that waits for it stays alive until it has ended.
    this.#child.ref();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), STOP_TIMEOUT);
    this.#child.stdin.end();
    await this.#exited;
    clearTimeout(timer);
  }
}

// Node 18 has no `await using`.
if (Symbol.asyncDispose) {
  Object.defineProperty(Sandbox.prototype, Symbol.asyncDispose, { value: Sandbox.prototype.close, writable: true, configurable: true });
}

function checkKnown(parameter, value, known) {
  if (!known.includes(value)) throw new SandboxError(`${parameter}: there is no ${JSON.stringify(value)}; expected one of ${known.join(', ')}`);
}

async function wait(find, failure, timeout) {
  const deadline = Date.now() + timeout;
  for (;;) {
    const found = await find();
    if (found !== undefined) return found;
    if (Date.now() >= deadline) throw new SandboxError(`${failure} within ${timeout} ms`);
    await sleep(POLL_INTERVAL);
  }
}

function requestOnce(url, method, body) {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' };
    const request = http.request(url, { method, agent: false, headers, timeout: CALL_TIMEOUT });
    request.once('error', reject);
    request.once('timeout', () => request.destroy(new SandboxError(`${method} ${url.pathname}: no response within ${CALL_TIMEOUT} ms`)));
    request.once('response', async (response) => {
      try {
        const parts = [];
        for await (const part of response) parts.push(part);
        const content = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode, body: content ? JSON.parse(content) : null });
      } catch (error) {
        reject(error);
      }
    });
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

function argumentsOf(options) {
  for (const name of Object.keys(options)) {
    if (!OPTIONS.includes(name)) throw new TypeError(`${name}: unknown option; expected one of ${OPTIONS.join(', ')}`);
  }
  const { pace = 'instant', port = 0, tills = {}, seed, allowRemoteCallbacks } = options;
  const balances = Object.entries(tills).map(([number, balance]) => `--till=${number}=${write({}, balance, 'amount', `tills.${number}`)}`);
  return [
    'sandbox',
    '--json',
    '--exit-with-stdin',
    `--pace=${pace}`,
    `--port=${port}`,
    ...balances,
    ...(seed === undefined ? [] : [`--seed=${seed}`]),
    ...(allowRemoteCallbacks ? ['--allow-remote-callbacks'] : []),
  ];
}

/** Starts a sandbox on a free port, with new credentials. It ends with this process. */
async function startSandbox(options = {}) {
  const args = argumentsOf(options);
  const program = findBinary(options.binary);
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    errors = (errors + text).slice(-MAX_ERROR);
  });
  // The sandbox may have ended before its stdin is closed.
  child.stdin.on('error', () => {});
  const exited = new Promise((resolve) => child.once('close', resolve));
  const failed = new Promise((_, reject) => {
    child.once('error', (error) => reject(new SandboxError(`could not start ${program}: ${error.message}`)));
    child.once('close', (code) => {
      const reason = errors.trim() || `it ended with status ${code} and no message`;
      reject(new SandboxError(`${program} sandbox did not start: ${reason}`));
    });
  });
  failed.catch(() => {});
  let timer;
  // A process that the program started can keep the pipes open after the program has ended.
  const expired = new Promise((_, reject) => {
    const late = new SandboxError(`${program} sandbox did not start within ${START_TIMEOUT} ms`);
    timer = setTimeout(() => reject(late), START_TIMEOUT);
  });
  let line;
  try {
    line = await Promise.race([firstLine(child.stdout), failed, expired]);
    const startup = JSON.parse(line);
    for (const name of ['base_url', 'client_id', 'client_secret', 'api_key']) if (typeof startup?.[name] !== 'string') throw new SyntaxError(name);
    // A test that does not close it ends anyway.
    for (const handle of [child, child.stdin, child.stdout, child.stderr]) handle.unref();
    return new Sandbox(child, startup, exited);
  } catch (error) {
    child.kill('SIGKILL');
    for (const pipe of [child.stdin, child.stdout, child.stderr]) pipe.destroy();
    child.unref();
    if (error instanceof SyntaxError) throw new SandboxError(`${program} is not the sandbox: its first line is not as expected`);
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** Never resolves if the stream ends before a line. */
function firstLine(stream) {
  return new Promise((resolve) => {
    let text = '';
    stream.setEncoding('utf8').on('data', (part) => {
      if (text.includes('\n')) return;
      text += part;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
  });
}

module.exports = { SandboxError, findBinary, startSandbox };
