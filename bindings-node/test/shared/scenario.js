'use strict';
// Plays the scenarios of tests/README.md through this package.

const { setTimeout: sleep } = require('node:timers/promises');
const { KopoKopo, KopoKopoError } = require('../..');
const { differences, fill, fillText, fits, redacted } = require('./matching');
const { PATIENCE, Receiver, Sandbox } = require('./stage');

const HELPERS = ['is_received', 'is_paid', 'failed_disbursements', 'is_reversed', 'is_failed', 'is_cancelled', 'has_failed_attempt'];

/** Methods whose one argument is not an object. */
const PLAIN = new Set(['get', 'cancel', 'revoke', 'introspect', 'wait', 'watch']);

/** What programs retry: timeouts and connection errors, by this package's kinds and by the names that Node's own have. */
const isRetried = ({ kind, name }) => ['timeout', 'connection'].includes(kind) || ['TimeoutError', 'AbortError'].includes(name);

const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** A value as tests compare it: as in JSON, with the contract's names. Metadata's names are the program's own. */
function plain(value) {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [snake(name), name === 'metadata' ? item : plain(item)]),
  );
}

/** The same value with JavaScript's names. */
function own(value) {
  if (Array.isArray(value)) return value.map(own);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [camel(name), name === 'metadata' ? item : own(item)]),
  );
}

function error(error) {
  return {
    kind: error.kind,
    // Names in sentences are JavaScript's too.
    detail: error.detail.replace(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g, snake),
    operation: error.operation,
    field: error.field && snake(error.field),
    status: error.status,
    server_code: error.serverCode,
    messages: [...error.messages],
    retry_after: error.retryAfter === null ? null : Math.trunc(error.retryAfter / 1000),
    attempts: error.attempts,
    body: error.body,
    id: error.id,
    location: error.location,
    state: error.state,
  };
}

function event(event) {
  const { payload, ...found } = plain(event);
  const { kind, ...held } = payload;
  const data = Object.values(held)[0] ?? null;
  const helpers = Object.fromEntries(HELPERS.filter((name) => data && name in data).map((name) => [name, data[name]]));
  return { ...found, kind, data, helpers };
}

/** A handle is what it says of itself. */
function answer(value) {
  if (value === undefined || value === null) return {};
  return typeof value.watch === 'function' ? { id: value.id, location: value.location } : plain(value);
}

/** Lengths of time are milliseconds here as there. */
function settings(options) {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name.replace(/_ms$/, '')), value]));
}

async function states(watch) {
  const found = [];
  for await (const state of watch) found.push(state);
  return found;
}

/** The value, or the package's own error. */
async function outcome(call) {
  try {
    return { value: await call() };
  } catch (error) {
    if (error instanceof KopoKopoError) return { error };
    throw error;
  }
}

function check(fine, why) {
  if (!fine) throw new Error(why);
}

async function settle(look) {
  const deadline = Date.now() + PATIENCE;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(20);
    }
  }
}

class Play {
  constructor(scenario, sandbox, receiver) {
    Object.assign(this, { scenario, sandbox, receiver });
    this.names = { callback: receiver.url, base_url: sandbox.baseUrl, client_id: sandbox.credentials.clientId };
    this.client = this.newClient(scenario.client ?? {});
  }

  newClient({ retry_base_ms = 10, ...options }) {
    return new KopoKopo({ ...this.sandbox.credentials, ...settings({ retry_base_ms, ...options }) });
  }

  async step(step) {
    if ('call' in step) return this.call(step);
    if ('receive' in step) return this.receive(step);
    if ('sleep_ms' in step) return sleep(step.sleep_ms);
    if ('state' in step) {
      return settle(async () => this.differs(await this.sandbox.control('GET /_sandbox/state'), step.state));
    }
    if ('client' in step) {
      this.client = this.newClient(step.client);
      return undefined;
    }
    const control = fillText(step.control, this.names);
    const body = step.body === undefined ? undefined : fill(step.body, this.names);
    return this.takeIn(step, await this.sandbox.control(control, body, step.status ?? 200));
  }

  async call({ call: operation, with: given = {}, wait, options, parallel = 1, retry_chain: retries = 0, ...step }) {
    const [section, name] = operation.split('.');
    const client = options ? this.client.withOptions(settings(options)) : this.client;
    const values = own(fill(given, this.names));
    const passed = PLAIN.has(name) ? Object.values(values) : Object.keys(values).length ? [values] : [];
    const { timeout_ms = 10_000, interval_ms = 20 } = wait ?? {};
    const waiting = settings({ timeout_ms, interval_ms, max_interval_ms: Math.max(500, interval_ms) });
    const make = async () => {
      const method = (...given) => client[camel(section)][camel(name)](...given);
      if (name === 'watch') return states(method(...passed, waiting));
      if (name === 'wait') return method(...passed, waiting);
      const made = await method(...passed);
      return wait ? made.wait(waiting) : made;
    };
    const chain = async () => {
      let found = await outcome(make);
      for (let left = retries; left > 0 && found.error && isRetried(found.error); left -= 1) found = await outcome(make);
      return found;
    };
    for (const found of await Promise.all(Array.from({ length: parallel }, chain))) {
      this.compare(operation, found, answer, step);
    }
  }

  async receive({ receive: topic, count = 1, within_ms: within = 5000, ...step }) {
    const verify = ({ body, signature }) => this.client.webhooks.verify(body, signature);
    const wanted = (arrival) => {
      try {
        return topic === '*' || verify(arrival).topic === topic;
      } catch {
        return false;
      }
    };
    if (count === 0) check(!(await this.receiver.take(wanted, within)), `${topic}: expected none, and one arrived`);
    for (let nth = 0; nth < count; nth += 1) {
      const arrival = await this.receiver.take(wanted, within);
      check(arrival, `${topic}: ${nth} of ${count} arrived`);
      this.compare(topic, await outcome(() => verify(arrival)), event, step);
    }
  }

  compare(what, found, shown, step) {
    if (step.expect_error) {
      check(found.error, `${what}: expected an error, found ${JSON.stringify(plain(found.value))}`);
      this.takeIn({ ...step, expect: step.expect_error }, error(found.error));
    } else {
      check(!found.error, `${what}: ${found.error?.message}`);
      this.takeIn(step, shown(found.value));
    }
  }

  takeIn(step, found) {
    if (step.as) this.names[step.as] = found;
    this.differs(found, step.expect ?? {});
  }

  differs(found, expected) {
    const wrong = differences(found, expected, this.names);
    check(wrong.length === 0, wrong.join('; '));
  }

  async requests(expected) {
    const seen = await this.sandbox.control('GET /_sandbox/requests');
    if (!Array.isArray(expected)) {
      const counts = {};
      for (const { operation } of seen) counts[operation] = (counts[operation] ?? 0) + 1;
      for (const operation of new Set([...Object.keys(counts), ...Object.keys(expected)])) {
        const [found, wanted] = [counts[operation] ?? 0, expected[operation] ?? 0];
        check(fits(found, wanted), `${operation}: expected ${JSON.stringify(wanted)}, found ${found}`);
      }
      return;
    }
    for (const { $repeat: repeated, ...entry } of expected) {
      check(seen.length, `expected ${entry.operation} more`);
      this.differs(seen.shift(), entry);
      while (repeated && seen.length && differences(seen[0], entry, this.names).length === 0) seen.shift();
    }
    check(seen.length === 0, `not expected: ${seen[0]?.operation}`);
  }
}

/** Plays one; a failure names the step, and shows nobody's number or secret. */
async function play(scenario) {
  const sandbox = await Sandbox.start();
  const receiver = await Receiver.start(scenario.receiver?.statuses);
  let at = 'stage';
  try {
    const stage = new Play(scenario, sandbox, receiver);
    if (scenario.settings) await sandbox.control('PUT /_sandbox/settings', scenario.settings);
    for (const [index, step] of scenario.steps.entries()) {
      at = `step ${index + 1}`;
      await stage.step(step);
    }
    at = 'requests';
    if (scenario.requests) await settle(() => stage.requests(scenario.requests));
  } catch (error) {
    throw new Error(redacted(`${scenario.name}: ${at}: ${error.message}`));
  } finally {
    await receiver.close();
    await sandbox.close();
  }
}

module.exports = { play };
