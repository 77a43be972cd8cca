'use strict';
// `kopokopo/edge` has the same results in every edge runtime as the native addon in Node.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const kopokopo = require('kopokopo');
const { CASES, HEADER, KEY, PAID, listen, sign, testAdapter } = require('./adapters/support');
const calls = require('./edge/calls');
const { bundle, runtimes } = require('./edge/runtimes');
const { TESTS } = require('./shared/harness');
const { outcome } = require('./shared/tagged');
const { deletions } = require('./shared/vectors');

const contract = JSON.parse(fs.readFileSync(path.join(TESTS, 'contract.json'), 'utf8'));

const verifier = new kopokopo.WebhookVerifier({ apiKeys: [KEY] });

/** Bodies with their signatures. */
const documents = [...deletions()].map(([name, document]) => ({ name, document, signature: sign(document) }));

const WASM = path.join(__dirname, '../edge/kopokopo.wasm');

/** The number of documents in one request to a runtime. */
const BATCH = 500;

/** The exports of `kopokopo/edge` that the package does not have. */
const OWN = ['verify', 'webhooks'];

/** The functions of the package that are for the databases of servers. */
const OF_SERVERS = ['eventClaim', 'journalSchema'];

/** Returns the names of the records that an event can contain, from the declarations. Clients return the others. */
function recordsOfEvents() {
  const text = fs.readFileSync(path.join(__dirname, '../index.d.ts'), 'utf8').replace(/\/\*\*[^]*?\*\//g, '');
  const bodies = new Map([...text.matchAll(/^export (?:class|type) (\w+)([^]*?)^(?:\}|$)/gm)].map(([, name, body]) => [name, body]));
  const found = new Set();
  const add = (name) => {
    if (found.has(name) || !bodies.has(name)) return;
    found.add(name);
    for (const word of bodies.get(name).match(/\b[A-Z]\w+/g) ?? []) add(word);
  };
  add('Event');
  return [...found].filter((name) => contract.records[name]);
}

function names() {
  const clients = Object.keys(contract.objects).filter((name) => name !== 'WebhookVerifier');
  const events = recordsOfEvents();
  assert.ok(events.length > 20);
  const others = Object.keys(contract.records).filter((name) => !events.includes(name));
  return [...Object.keys(kopokopo).filter((name) => !clients.includes(name) && !others.includes(name) && !OF_SERVERS.includes(name)), ...OWN].sort();
}

test('declarations have the names of the module', () => {
  const text = fs.readFileSync(path.join(__dirname, '../edge/index.d.mts'), 'utf8').replace(/^ *\/\/.*$/gm, '');
  const values = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list]) => list.split(',').map((name) => name.trim()));
  assert.deepStrictEqual(values.filter((name) => name && !name.startsWith('type ')).sort(), names());
});

for (const [name, start] of Object.entries(runtimes)) {
  describe(name, () => {
    let runtime;
    before(async () => {
      runtime = await start();
    });
    after(() => runtime?.close());

    const send = async (path, value) => {
      const { status, text } = await runtime.send(path, { body: JSON.stringify(value) });
      assert.strictEqual(status, 200, text);
      return JSON.parse(text);
    };
    const verify = async (cases) => {
      const found = [];
      for (let start = 0; start < cases.length; start += BATCH) {
        found.push(...(await send('/verify', { apiKeys: [KEY], cases: cases.slice(start, start + BATCH) })));
      }
      return found;
    };

    test('exports the names of the package that need no client', async () => assert.deepStrictEqual(await send('/names'), names()));

    test('has the same results and errors as the native addon', async () => {
      const [edge, native] = [await send('/calls'), JSON.parse(JSON.stringify(calls(kopokopo)))];
      assert.ok(Object.keys(native).length > 100);
      for (const [call, outcome] of Object.entries(native)) assert.deepStrictEqual(edge[call], outcome, call);
      assert.deepStrictEqual(Object.keys(edge), Object.keys(native));
    });

    test('reads every sample with a missing or changed part as the native addon does', async () => {
      assert.ok(documents.length > 5000);
      const found = await verify(documents.map(({ document, signature }) => ({ document, signature })));
      for (const [index, { name, document, signature }] of documents.entries()) {
        const native = outcome(() => verifier.verify(document, signature), kopokopo.KopoKopoError);
        // As text, so that the order of the names is compared too.
        const [actual, expected] = [found[index], native].map((value) => JSON.stringify(value));
        if (actual !== expected) assert.deepStrictEqual(JSON.parse(actual), JSON.parse(expected), name);
        assert.strictEqual(actual, expected, name);
      }
    });

    test('refuses every forged signature', async () => {
      const forged = ({ document }, index) => ({ document, signature: index % 2 ? sign(document, 'another key') : sign(`${document} `) });
      for (const { error } of await verify(documents.map(forged))) assert.strictEqual(error?.kind, 'signature');
    });

    test('responds to requests', async () => {
      const post = (body, headers) => runtime.send('/k2/results', { body, headers: { 'content-type': 'application/json', ...headers } });
      const cases = CASES.filter(({ options, raw }) => JSON.stringify(options.apiKeys) === JSON.stringify([KEY]) && !options.clientSecret && !options.maxBody && raw.length < 200_000);
      assert.ok(cases.length > 30);
      for (const { name: sample, raw, signature, status } of cases) {
        // fetch cannot send such a header.
        if (typeof signature === 'string' && /[^\t\x20-\x7e]/.test(signature)) continue;
        const response = await post(raw, signature === null ? {} : { [HEADER]: signature });
        assert.strictEqual(response.status, status === 200 ? 202 : status, `${sample}: ${response.text}`);
      }
      const { text } = await post(PAID, { [HEADER]: sign(PAID) });
      assert.strictEqual(text, new kopokopo.WebhookVerifier({ apiKeys: [KEY] }).parseUnverified(PAID).dedupeKey);
      const failed = await runtime.send('/k2/journal-fails', { body: PAID, headers: { [HEADER]: sign(PAID) } });
      assert.deepStrictEqual(failed, { status: 500, text: 'journal failed' });
      const large = Buffer.alloc(200_001, ' ');
      assert.deepStrictEqual(await post(large, { [HEADER]: sign(large) }), { status: 413, text: 'body too large' });
    });
  });
}

describe('in Node', () => {
  let edge;
  before(async () => {
    edge = await import('kopokopo/edge');
  });

  /** Returns how many instances of WebAssembly modules a function creates. */
  function countInstances(run) {
    const { Instance } = WebAssembly;
    let count = 0;
    WebAssembly.Instance = class extends Instance {
      constructor(...args) {
        super(...args);
        count += 1;
      }
    };
    try {
      run();
    } finally {
      WebAssembly.Instance = Instance;
    }
    return count;
  }

  const verify = () => new edge.WebhookVerifier({ apiKeys: [KEY] }).verify(PAID, sign(PAID));

  test('classes are those of the package', () => {
    assert.ok(verify() instanceof kopokopo.Event);
    assert.strictEqual(edge.SignatureError, kopokopo.SignatureError);
  });

  test('instance is not used again after a trap', async () => {
    const { call } = await import('../edge/engine.mjs');
    assert.strictEqual(verify().topic, 'buygoods_transaction_received');
    assert.strictEqual(countInstances(verify), 0);
    for (const trap of [
      // More than the memory can hold.
      () => call('parse_unverified', { byteLength: 0xfffffff0 }),
      // An invalid address of a block.
      () => call('parse_unverified', new (class extends Uint8Array { get byteLength() { return 0xffffffff; } })(1)),
      () => call('no_such_function'),
    ]) {
      assert.throws(trap, (error) => {
        assert.ok(error instanceof kopokopo.InternalError && error.cause instanceof Error);
        return error.message === 'internal error in kopokopo, please report it';
      });
      assert.strictEqual(countInstances(() => assert.strictEqual(verify().topic, 'buygoods_transaction_received')), 1);
    }
  });

  test('instance that has grown for a large body is dropped', () => {
    const large = Buffer.concat([PAID, Buffer.alloc(20_000_000, ' ')]);
    const verifier = new edge.WebhookVerifier({ apiKeys: [KEY], maxBody: 30_000_000 });
    assert.strictEqual(verifier.verify(large, sign(large)).raw.length, large.length);
    assert.strictEqual(countInstances(verify), 1);
    assert.strictEqual(countInstances(verify), 0);
  });

  test('journal without a method observe is refused', () => {
    const verifier = new edge.WebhookVerifier({ apiKeys: [KEY] });
    assert.throws(() => edge.webhooks(verifier, () => {}, { journal: {} }), { kind: 'configuration', field: 'journal' });
    edge.webhooks(verifier, () => {}, { journal: undefined });
  });

  test('module of another version is refused', async () => {
    const { start } = await import('../edge/engine.mjs');
    const { default: packageContract } = await import('../lib/contract.js');
    const module = new WebAssembly.Module(fs.readFileSync(WASM));
    packageContract.HASH = '0'.repeat(contract.hash.length);
    try {
      assert.throws(() => start(module), /belongs to another version of the package/);
    } finally {
      packageContract.HASH = contract.hash;
    }
    start(module);
    assert.strictEqual(verify().topic, 'buygoods_transaction_received');
  });

  test('request whose body was read before has an error with the remedy', async () => {
    const request = new Request('http://shop.example', { method: 'POST', body: '{}' });
    await request.json();
    const verifier = new edge.WebhookVerifier({ apiKeys: [KEY] });
    await assert.rejects(edge.verify(verifier, request), /^InvalidRequestError: kopokopo\/edge: .*`await verify\(verifier, request\)`/);
    await assert.rejects(edge.verify(verifier, {}), /^InvalidRequestError: kopokopo\/edge: .*instead of the request/);
  });
});

test('errors keep their names if a bundler shortens the names of classes', async () => {
  const source = `
    import { WebhookVerifier } from 'kopokopo/edge';
    try { new WebhookVerifier({ apiKeys: [] }); } catch (error) { found = [error.name, error.toJSON().name]; }`;
  const compiledModule = new WebAssembly.Module(fs.readFileSync(WASM));
  const wasm = (build) => {
    build.onResolve({ filter: /\.wasm$/ }, () => ({ path: 'module', namespace: 'wasm' }));
    build.onLoad({ filter: /.*/, namespace: 'wasm' }, () => ({ contents: 'export default compiledModule;' }));
  };
  const script = await bundle('workerd', source, wasm, { format: 'iife', minify: true, keepNames: false });
  assert.deepStrictEqual(new Function('compiledModule', `let found; ${script}; return found;`)(compiledModule), ['ConfigurationError', 'ConfigurationError']);
});

testAdapter('kopokopo/edge', async (verifier, handler, options) => {
  const http = require('node:http');
  const { Readable } = require('node:stream');
  const { webhooks } = await import('kopokopo/edge');
  const handle = webhooks(verifier, handler, options);
  return listen(
    http.createServer(async (incoming, response) => {
      const headers = new Headers();
      for (let index = 0; index < incoming.rawHeaders.length; index += 2) headers.append(incoming.rawHeaders[index], incoming.rawHeaders[index + 1]);
      try {
        const request = new Request('http://shop.example', { method: 'POST', headers, body: Readable.toWeb(incoming), duplex: 'half' });
        const result = await handle(request);
        response.writeHead(result.status).end(Buffer.from(await result.arrayBuffer()));
      } catch {
        response.writeHead(500).end();
      }
    }),
  );
});
