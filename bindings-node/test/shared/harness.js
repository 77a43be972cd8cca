'use strict';
// The servers of the tests: `k2 sandbox`, and a receiver of its webhooks.

const http = require('node:http');
const path = require('node:path');
const { startSandbox } = require('../../testing');

const ROOT = path.resolve(__dirname, '../../..');
const TESTS = path.join(ROOT, 'tests');
const TARGET = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, 'target');
const K2 = path.resolve(process.env.K2_SANDBOX_BIN ?? path.join(TARGET, 'debug', 'k2'));
// Where `startSandbox` finds it, in the processes of tests too.
process.env.K2_SANDBOX_BIN = K2;
const TIMEOUT = 3000;

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

module.exports = { K2, TIMEOUT, Receiver, TARGET, TESTS, startSandbox };
