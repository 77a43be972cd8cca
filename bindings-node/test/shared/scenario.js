'use strict';
// Runs the scenarios of tests/README.md through this package.

const { setTimeout: sleep } = require('node:timers/promises');
const { KopoKopo, KopoKopoError } = require('../..');
const { Receiver, Sandbox, TIMEOUT } = require('./harness');
const { differences, matches, redactMessage, resolve, resolveText } = require('./matching');

/** The computed fields of payloads. */
const HELPERS = ['is_received', 'is_paid', 'failed_disbursements', 'is_reversed', 'is_failed', 'is_cancelled', 'has_failed_attempt'];

/** Methods whose first argument is not an object. */
const POSITIONAL = new Set(['get', 'cancel', 'revoke', 'introspect', 'wait', 'watch']);

/**
 * Returns whether programs retry after an error: timeouts and connection errors, by kind or by the names of Node's
 * errors.
 */
const isRetried = ({ kind, name }) => ['timeout', 'connection'].includes(kind) || ['TimeoutError', 'AbortError'].includes(name);

const camel = (name) => name.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
const snake = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Returns a value as in JSON, with the contract's names. Names in metadata do not change. */
function toJson(value) {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(toJson);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [snake(name), name === 'metadata' ? item : toJson(item)]),
  );
}

/** Returns a value with JavaScript's names. Names in metadata do not change. */
function camelCaseKeys(value) {
  if (Array.isArray(value)) return value.map(camelCaseKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [camel(name), name === 'metadata' ? item : camelCaseKeys(item)]),
  );
}

function errorToJson(error) {
  return {
    kind: error.kind,
    // Messages have JavaScript's names too.
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

/** `helpers` are the computed fields of a payload. */
function eventToJson(event) {
  const { payload, ...fields } = toJson(event);
  const { kind, ...content } = payload;
  const data = Object.values(content)[0] ?? null;
  const computed = HELPERS.filter((name) => data && name in data).map((name) => [name, data[name]]);
  return { ...fields, kind, data, helpers: Object.fromEntries(computed) };
}

/** Returns the fields of a handle, or the result of an operation as in JSON. */
function resultToJson(value) {
  if (value === undefined || value === null) return {};
  return typeof value.watch === 'function' ? { id: value.id, location: value.location } : toJson(value);
}

/** Returns options with JavaScript's names. Both sides have durations in milliseconds. */
function toOptions(options) {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name.replace(/_ms$/, '')), value]));
}

async function collect(watch) {
  const snapshots = [];
  for await (const snapshot of watch) snapshots.push(snapshot);
  return snapshots;
}

/** Returns the value of a call, or the package's error. */
async function outcome(call) {
  try {
    return { value: await call() };
  } catch (error) {
    if (error instanceof KopoKopoError) return { error };
    throw error;
  }
}

function check(condition, message) {
  if (!condition) throw new Error(message);
}

/** Repeats a check until it succeeds, or the time is up. */
async function eventually(attempt) {
  const deadline = Date.now() + TIMEOUT;
  for (;;) {
    try {
      return await attempt();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await sleep(20);
    }
  }
}

class ScenarioRunner {
  constructor(scenario, sandbox, receiver) {
    Object.assign(this, { scenario, sandbox, receiver });
    this.names = { callback: receiver.url, base_url: sandbox.baseUrl, client_id: sandbox.credentials.clientId };
    this.client = this.newClient(scenario.client ?? {});
  }

  newClient({ retry_base_ms = 10, ...options }) {
    return new KopoKopo({ ...this.sandbox.credentials, ...toOptions({ retry_base_ms, ...options }) });
  }

  async step(step) {
    if ('call' in step) return this.call(step);
    if ('receive' in step) return this.receive(step);
    if ('sleep_ms' in step) return sleep(step.sleep_ms);
    if ('state' in step) {
      return eventually(async () => this.assertMatches(await this.sandbox.control('GET /_sandbox/state'), step.state));
    }
    if ('client' in step) {
      this.client = this.newClient(step.client);
      return undefined;
    }
    const control = resolveText(step.control, this.names);
    const body = step.body === undefined ? undefined : resolve(step.body, this.names);
    return this.finishStep(step, await this.sandbox.control(control, body, step.status ?? 200));
  }

  async call({ call: operation, with: request = {}, wait, options, parallel = 1, retry_chain: retries = 0, ...step }) {
    const [section, name] = operation.split('.');
    const client = options ? this.client.withOptions(toOptions(options)) : this.client;
    const fields = camelCaseKeys(resolve(request, this.names));
    const passed = POSITIONAL.has(name) ? Object.values(fields) : Object.keys(fields).length ? [fields] : [];
    const { timeout_ms = 10_000, interval_ms = 20 } = wait ?? {};
    const waitOptions = toOptions({ timeout_ms, interval_ms, max_interval_ms: Math.max(500, interval_ms) });
    const run = async () => {
      const method = (...args) => client[camel(section)][camel(name)](...args);
      if (name === 'watch') return collect(method(...passed, waitOptions));
      if (name === 'wait') return method(...passed, waitOptions);
      const result = await method(...passed);
      return wait ? result.wait(waitOptions) : result;
    };
    const runWithRetries = async () => {
      let found = await outcome(run);
      for (let left = retries; left > 0 && found.error && isRetried(found.error); left -= 1) found = await outcome(run);
      return found;
    };
    for (const found of await Promise.all(Array.from({ length: parallel }, runWithRetries))) {
      this.compare(operation, found, resultToJson, step);
    }
  }

  async receive({ receive: topic, count = 1, within_ms: within = 5000, ...step }) {
    const verify = ({ body, signature }) => this.client.webhooks.verify(body, signature);
    const hasTopic = (delivery) => {
      try {
        return topic === '*' || verify(delivery).topic === topic;
      } catch {
        return false;
      }
    };
    if (count === 0) check(!(await this.receiver.take(hasTopic, within)), `${topic}: expected none, and one arrived`);
    for (let received = 0; received < count; received += 1) {
      const delivery = await this.receiver.take(hasTopic, within);
      check(delivery, `${topic}: ${received} of ${count} arrived`);
      this.compare(topic, await outcome(() => verify(delivery)), eventToJson, step);
    }
  }

  compare(name, found, convert, step) {
    if (step.expect_error) {
      check(found.error, `${name}: expected an error, found ${JSON.stringify(toJson(found.value))}`);
      this.finishStep({ ...step, expect: step.expect_error }, errorToJson(found.error));
    } else {
      check(!found.error, `${name}: ${found.error?.message}`);
      this.finishStep(step, convert(found.value));
    }
  }

  /** Stores the result of a step under its name, and compares it with the expectations. */
  finishStep(step, found) {
    if (step.as) this.names[step.as] = found;
    this.assertMatches(found, step.expect ?? {});
  }

  assertMatches(found, expected) {
    const messages = differences(found, expected, this.names);
    check(messages.length === 0, messages.join('; '));
  }

  async requests(expected) {
    const requests = await this.sandbox.control('GET /_sandbox/requests');
    if (!Array.isArray(expected)) {
      const counts = {};
      for (const { operation } of requests) counts[operation] = (counts[operation] ?? 0) + 1;
      for (const operation of new Set([...Object.keys(counts), ...Object.keys(expected)])) {
        const [actual, count] = [counts[operation] ?? 0, expected[operation] ?? 0];
        check(matches(actual, count), `${operation}: expected ${JSON.stringify(count)}, found ${actual}`);
      }
      return;
    }
    for (const { $repeat: repeated, ...entry } of expected) {
      check(requests.length, `expected one more ${entry.operation}`);
      this.assertMatches(requests.shift(), entry);
      while (repeated && requests.length && differences(requests[0], entry, this.names).length === 0) requests.shift();
    }
    check(requests.length === 0, `unexpected request: ${requests[0]?.operation}`);
  }
}

/** Runs a scenario. An error names the step, and contains no phone number and no secret. */
async function runScenario(scenario) {
  const sandbox = await Sandbox.start();
  const receiver = await Receiver.start(scenario.receiver?.statuses);
  let position = 'setup';
  try {
    const runner = new ScenarioRunner(scenario, sandbox, receiver);
    if (scenario.settings) await sandbox.control('PUT /_sandbox/settings', scenario.settings);
    for (const [index, step] of scenario.steps.entries()) {
      position = `step ${index + 1}`;
      await runner.step(step);
    }
    position = 'requests';
    if (scenario.requests) await eventually(() => runner.requests(scenario.requests));
  } catch (error) {
    throw new Error(redactMessage(`${scenario.name}: ${position}: ${error.message}`));
  } finally {
    await receiver.close();
    await sandbox.close();
  }
}

module.exports = { runScenario };
