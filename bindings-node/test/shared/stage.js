'use strict';
// What tests play on: `k2 sandbox`, and a receiver of what it sends.

const { spawn } = require('node:child_process');
const http = require('node:http');
const path = require('node:path');
const readline = require('node:readline');
const { setTimeout: sleep } = require('node:timers/promises');

const ROOT = path.resolve(__dirname, '../../..');
const TESTS = path.join(ROOT, 'tests');
const TARGET = process.env.CARGO_TARGET_DIR ?? path.join(ROOT, 'target');
const K2 = process.env.K2_BINARY ?? path.join(TARGET, 'debug', 'k2');
const PATIENCE = 3000;

/** A sandbox of its own, in a process that ends with this one. */
class Sandbox {
  static async start(...options) {
    const child = spawn(K2, ['sandbox', '--json', '--exit-with-stdin', ...options], { stdio: ['pipe', 'pipe', 'ignore'] });
    const failed = new Promise((_, reject) => {
      child.once('error', reject);
      child.once('exit', (code) => reject(new Error(`k2 sandbox ended with ${code}`)));
    });
    failed.catch(() => {});
    const lines = readline.createInterface({ input: child.stdout });
    const line = await Promise.race([new Promise((resolve) => lines.once('line', resolve)), failed]);
    return new Sandbox(child, JSON.parse(line));
  }

  constructor(child, said) {
    this.child = child;
    this.baseUrl = said.base_url;
    this.credentials = {
      baseUrl: said.base_url,
      clientId: said.client_id,
      clientSecret: said.client_secret,
      apiKey: said.api_key,
    };
  }

  /** Sends `PUT /_sandbox/faults` with a body. A fault may have closed the port for a while. */
  async ask(control, body) {
    const deadline = Date.now() + PATIENCE;
    for (;;) {
      try {
        return await this.once(control, body);
      } catch (error) {
        if (error.code !== 'ECONNREFUSED' || Date.now() > deadline) throw error;
        await sleep(20);
      }
    }
  }

  once(control, body) {
    const [method, ...place] = control.split(' ');
    const url = new URL(place.join(' '), this.baseUrl);
    return new Promise((resolve, reject) => {
      const request = http.request(url, { method, agent: false, headers: { 'content-type': 'application/json' } });
      request.once('error', reject);
      request.once('response', async (answer) => {
        const parts = [];
        for await (const part of answer) parts.push(part);
        const content = Buffer.concat(parts).toString();
        resolve({ status: answer.statusCode, body: content ? JSON.parse(content) : null });
      });
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  async control(control, body, expected = 200) {
    const answer = await this.ask(control, body);
    if (answer.status !== expected) {
      throw new Error(`${control}: expected ${expected}, found ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  close() {
    return new Promise((resolve) => {
      this.child.removeAllListeners('exit');
      this.child.once('exit', resolve);
      this.child.stdin.end();
    });
  }
}

/** Keeps the raw body and the signature of whatever arrives. */
class Receiver {
  static async start(answers = []) {
    const receiver = new Receiver([...answers]);
    await new Promise((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    receiver.url = `http://127.0.0.1:${receiver.server.address().port}/k2/results`;
    return receiver;
  }

  constructor(answers) {
    this.arrivals = [];
    this.news = [];
    this.server = http.createServer(async (request, response) => {
      const parts = [];
      for await (const part of request) parts.push(part);
      const signature = request.headers['x-kopokopo-signature'] ?? null;
      this.arrivals.push({ body: Buffer.concat(parts), signature });
      response.writeHead(answers.shift() ?? 200, { connection: 'close' }).end();
      for (const tell of this.news.splice(0)) tell();
    });
  }

  /** The first that is wanted, taken out; undefined when the time is up. */
  async take(wanted, within) {
    const deadline = Date.now() + within;
    for (;;) {
      const at = this.arrivals.findIndex(wanted);
      if (at >= 0) return this.arrivals.splice(at, 1)[0];
      const left = deadline - Date.now();
      if (left <= 0) return undefined;
      let timer;
      await Promise.race([
        new Promise((resolve) => this.news.push(resolve)),
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

module.exports = { K2, PATIENCE, Receiver, Sandbox, TARGET, TESTS };
