// A sandbox, a browser, and a client of the API. Nothing leaves this machine.

import assert from 'node:assert';
import { existsSync, mkdirSync } from 'node:fs';
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import harness from '../../../bindings-node/test/shared/harness.js';

const { Receiver, startSandbox: start } = harness;
export { Receiver };

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const CHROMIUM = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser'].find((path) => path && existsSync(path));

/** Screenshots are here after a run. */
export const SHOTS = `${ROOT}target/page`;
mkdirSync(SHOTS, { recursive: true });

/** A machine can be loaded. */
export const PATIENCE = 30_000;

/** A name that would run a script if it were read as HTML. */
export const HOSTILE = `<img src=x onerror="document.body.dataset.hacked=1"><script>document.body.dataset.hacked=1</script>'"&`;

let browser;
before(async () => {
  assert.ok(CHROMIUM, 'Chromium is missing: apt-get install chromium');
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
});
after(() => browser?.close());

export async function startSandbox(options) {
  const sandbox = await start(options);
  const json = async (method, path, body, headers = {}) => {
    const response = await fetch(sandbox.baseUrl + path, {
      method, headers: { 'content-type': 'application/json', ...headers }, body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, location: response.headers.get('location'), body: text ? JSON.parse(text) : null };
  };
  const credentials = { grant_type: 'client_credentials', client_id: sandbox.clientId, client_secret: sandbox.clientSecret };
  const token = async () => (await json('POST', '/oauth/token', credentials)).body.access_token;
  let bearer = await token();
  return {
    ...sandbox.credentials,
    url: sandbox.baseUrl,
    /** Sends a request of the API. Returns the id of what it created. */
    async api(path, content, expected = 201) {
      const response = await json('POST', path, content, { authorization: `Bearer ${bearer}` });
      assert.strictEqual(response.status, expected, JSON.stringify(response.body));
      return response.location?.split('/').pop();
    },
    /** After the clock was moved, the first token has expired. */
    async renew() {
      bearer = await token();
    },
    control: async (method, path, content) => (await json(method, `/_sandbox${path}`, content)).body,
    stop: () => sandbox.close(),
  };
}

export const push = ({ phone = '254712345678', amount = '250', callback = 'http://127.0.0.1:9/none', ...rest } = {}) => ({
  payment_channel: 'M-PESA STK Push', till_number: 'K000000', amount: { currency: 'KES', value: amount },
  subscriber: { first_name: 'Jane', last_name: 'Doe', phone_number: phone }, _links: { callback_url: callback }, ...rest,
});

/** Chromium logs every refused request, and a stream that broke off. */
const EXPECTED = /status of (4|5)\d\d|net::ERR_/;

/** Runs a test with a sandbox and a page. Fails if the page loads something from elsewhere, runs a script of others, or logs an error. */
export function withPage(run, { sandbox: options = { pace: 'manual' }, context: look = {}, anyLoopback = false } = {}) {
  return async () => {
    const sandbox = await startSandbox(options);
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce', ...look });
    context.setDefaultTimeout(PATIENCE);
    const problems = [];
    const watch = (page) => {
      page.on('pageerror', (error) => problems.push(error.message));
      page.on('console', (message) => {
        if (message.type() === 'error' && !EXPECTED.test(message.text())) problems.push(message.text());
      });
    };
    context.on('page', watch);
    context.on('request', (request) => {
      const { hostname } = new URL(request.url());
      const own = anyLoopback ? ['127.0.0.1', 'localhost', ''].includes(hostname) : request.url().startsWith(`${sandbox.url}/`);
      if (!own) problems.push(`a request to ${request.url()}`);
    });
    try {
      const page = await context.newPage();
      await run({ sandbox, page, context });
      for (const one of context.pages()) assert.strictEqual(await one.evaluate(() => document.body.dataset.hacked), undefined, 'a name was read as HTML');
      assert.deepStrictEqual(problems, []);
    } finally {
      await context.close();
      await sandbox.stop();
    }
  };
}

/** Opens an area and waits until the page is live. */
export async function open(page, sandbox, area = 'customers') {
  await page.goto(`${sandbox.url}/_sandbox/ui#${area}`);
  await page.getByText('live', { exact: true }).waitFor();
}

/** Waits until a condition holds. */
export async function until(holds, what) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    const value = await holds();
    if (value) return value;
    assert.ok(Date.now() < deadline, `never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
