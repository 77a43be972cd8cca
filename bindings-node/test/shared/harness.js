'use strict';
// The servers of the tests: `k2 sandbox`, and a receiver of its webhooks.

const { spawn } = require('node:child_process');
const http = require('node:http');
const path = require('node:path');
const readline = require('node:readline');
const { setTimeout: sleep } = require('node:timers/promises');

const ROOT = path.resolve(__dirname, '../../..');
const TESTS = path.join(ROOT, 'tests');
const TARGET = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, 'target');
const K2 = process.env.K2_BINARY ?? path.join(TARGET, 'debug', 'k2');
const TIMEOUT = 3000;

/** A sandbox in its own process, which ends with this process. */
class Sandbox {
  static async start(...options) {
    const child = spawn(K2, ['sandbox', '--json', '--exit-with-stdin', ...options], { stdio: ['pipe', 'pipe', 'ignore'] });
    const failed = new Promise((_, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`k2 sandbox exited with ${code}`)));
    });
    failed.catch(() => {});
    const lines = readline.createInterface({ input: child.stdout });
    const line = await Promise.race([new Promise((resolve) => lines.once('line', resolve)), failed]);
    return new Sandbox(child, JSON.parse(line));
  }

  constructor(child, settings) {
    this.child = child;
    this.baseUrl = settings.base_url;
    this.credentials = {
      baseUrl: settings.base_url,
      clientId: settings.client_id,
      clientSecret: settings.client_secret,
      apiKey: settings.api_key,
    };
  }

  /** Sends a request such as `PUT /_sandbox/faults`. Retries, because a fault may have closed the port for a while. */
  async send(control, body) {
    const deadline = Date.now() + TIMEOUT;
    for (;;) {
      try {
        return await this.sendOnce(control, body);
      } catch (error) {
        if (error.code !== 'ECONNREFUSED' || Date.now() > deadline) throw error;
        await sleep(20);
      }
    }
  }

  sendOnce(control, body) {
    const [method, ...path] = control.split(' ');
    const url = new URL(path.join(' '), this.baseUrl);
    return new Promise((resolve, reject) => {
      const request = http.request(url, { method, agent: false, headers: { 'content-type': 'application/json' } });
      request.once('error', reject);
      request.once('response', async (response) => {
        const parts = [];
        for await (const part of response) parts.push(part);
        const content = Buffer.concat(parts).toString();
        resolve({ status: response.statusCode, body: content ? JSON.parse(content) : null });
      });
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Sends a request, and returns the body of its response, which must have the expected status. */
  async control(control, body, expected = 200) {
    const response = await this.send(control, body);
    if (response.status !== expected) {
      throw new Error(`${control}: expected ${expected}, found ${response.status}: ${JSON.stringify(response.body)}`);
    }
    return response.body;
  }

  close() {
    return new Promise((resolve) => {
      this.child.removeAllListeners('exit');
      this.child.once('exit', resolve);
      this.child.stdin.end();
    });
  }
}

/** Records the raw body and the signature of every request. */
class Receiver {
  /** `statuses` are those of the first responses. All others have 200. */
  static async start(statuses = []) {
    const receiver = new Receiver([...statuses]);
    await new Promise((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}/k2/results`;
    return receiver;
  }

  constructor(statuses) {
    this.deliveries = [];
    this.listeners = [];
    this.server = http.createServer(async (request, response) => {
      const parts = [];
      for await (const part of request) parts.push(part);
      const signature = request.headers['x-kopokopo-signature'] ?? null;
      this.deliveries.push({ body: Buffer.concat(parts), signature });
      response.writeHead(statuses.shift() ?? 200, { connection: 'close' }).end();
      for (const listener of this.listeners.splice(0)) listener();
    });
  }

  /** Removes and returns the first delivery that matches. Returns undefined if none arrives in time. */
  async take(matches, within) {
    const deadline = Date.now() + within;
    for (;;) {
      const index = this.deliveries.findIndex(matches);
      if (index >= 0) return this.deliveries.splice(index, 1)[0];
      const left = deadline - Date.now();
      if (left <= 0) return undefined;
      let timer;
      await Promise.race([
        new Promise((resolve) => this.listeners.push(resolve)),
        new Promise((resolve) => (timer = setTimeout(resolve, left))),
      ]);
      clearTimeout(timer);
    }
  }

  close() {
    this.server.closeAllConnections();
    return new Promise((resolve) => this.server.close(resolve));
  }
}

module.exports = { K2, TIMEOUT, Receiver, Sandbox, TARGET, TESTS };
