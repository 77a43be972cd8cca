'use strict';
// Performs the requests of the conformance runner with this package. tests/conformance.md describes them.

const readline = require('node:readline');
const { inspect } = require('node:util');
const kopokopo = require('..');
const { surface } = require('./shared/surface');
const { camel, errorToTagged, fromTagged, toTagged } = require('./shared/tagged');

const { KopoKopo, KopoKopoError, WebhookVerifier } = kopokopo;

const HELLO = {
  language: 'node',
  engines: ['promise'],
  timestamp_digits: 3,
  keeps_offsets: false,
  journal: true,
  untyped: ['$amount', '$word', '$union'],
};

/** Methods whose first argument is not an object. */
const POSITIONAL = new Set(['get', 'cancel', 'revoke', 'introspect', 'wait', 'watch', 'reconcile', 'reconcileAll', 'observe']);
/** The one method with parameters that can be left out in the middle. */
const RESOLVE = ['key', 'state', 'reason', 'id', 'attempt'];

const clients = new Map();

/** Options with JavaScript's names. Lengths of time are in milliseconds there. */
const toOptions = (options) => Object.fromEntries(Object.entries(options).map(([name, value]) => [camel(name.replace(/_ms$/, '')), value]));

const requests = {
  hello: () => HELLO,
  surface,
  client({ client: name, options, journal }) {
    let client = new KopoKopo(toOptions(options));
    if (journal) client = client.withJournal({ execute: (request) => ask(journal.url, request) }, toOptions(journal.options ?? {}));
    clients.set(name, client);
    return client;
  },
  async call({ client: name, operation, with: request = {}, wait, options }) {
    const client = options ? clients.get(name).withOptions(toOptions(options)) : clients.get(name);
    const [section, method] = operation.split('.').map(camel);
    const fields = fromTagged(request);
    const passed = method === 'resolve' ? RESOLVE.map((name) => fields[name]) : POSITIONAL.has(method) ? Object.values(fields) : Object.keys(fields).length ? [fields] : [];
    // Lengths of time are in milliseconds in JavaScript.
    if (method === 'reconcileAll') passed[0] *= 1000;
    const isWait = method === 'wait' || method === 'watch';
    const found = client[section][method](...passed, ...(isWait ? [toOptions(wait ?? {})] : []));
    if (method === 'watch') return collect(found);
    return wait && !isWait ? (await found).wait(toOptions(wait)) : found;
  },
  verify: ({ client, body, signature }) => clients.get(client).webhooks.verify(Buffer.from(body, 'base64'), signature),
  verifier: ({ options, method, body, signature }) => new WebhookVerifier(toOptions(options))[camel(method)](Buffer.from(body, 'base64'), signature),
  // Functions of a text have positional arguments.
  function: ({ name, with: request }) => kopokopo[camel(name)](...Object.values(fromTagged(request))),
  close: ({ client }) => void clients.delete(client),
};

/** The journal's store, which is the runner's. */
async function ask(url, body) {
  const response = await fetch(url, { method: 'POST', body });
  const text = await response.text();
  if (response.status !== 200) throw new Error(text);
  return text;
}

async function collect(states) {
  const found = [];
  for await (const state of states) found.push(state);
  return found;
}

/** Returns the response to a request, without its id. */
async function respond(request) {
  const answer = (response, value) => (request.texts ? { ...response, texts: texts(value) } : response);
  try {
    const value = await requests[request.do](request);
    if (request.do === 'hello' || request.do === 'surface') return { value };
    return answer({ value: value instanceof KopoKopo ? null : toTagged(value) }, value);
  } catch (error) {
    if (error instanceof KopoKopoError) return answer({ error: errorToTagged(error) }, error);
    return { exception: `${error?.stack ?? error}` };
  }
}

/** Returns the text forms of a result, an error or a client. JSON of records has personal data, because programs store it. */
function texts(value) {
  const hasAllInJson = !(value instanceof KopoKopoError || value instanceof KopoKopo);
  const found = { inspect: inspect(value, { depth: 10 }), nested: inspect({ order: [value] }, { depth: 10 }), string: `${value}` };
  if (hasAllInJson) return found;
  const hidden = inspect(value, { depth: 10, showHidden: true, getters: true });
  return { ...found, hidden, json: JSON.stringify(value), stack: `${value.stack}`, body: `${value.body}` };
}

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  const { id, ...request } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id, ...(await respond(request)) })}\n`);
});
