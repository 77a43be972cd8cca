'use strict';
// `kopokopo/edge` does in every edge runtime what the native part does in Node, field by field.

const assert = require('node:assert');
const fs = require('node:fs');
const path = require('node:path');
const { after, before, describe, test } = require('node:test');
const kopokopo = require('kopokopo');
const { CASES, HEADER, KEY, PAID, conforms, listening, sign } = require('./adapters/support');
const calls = require('./edge/calls');
const { bundle, runtimes } = require('./edge/runtimes');
const { expected } = require('./shared/neutral');
const { TESTS } = require('./shared/stage');
const { deletions } = require('./shared/vectors');

const contract = JSON.parse(fs.readFileSync(path.join(TESTS, 'contract.json'), 'utf8'));
const [head, ...documents] = deletions();

const WASM = path.join(__dirname, '../edge/kopokopo.wasm');

/** As much as one request to a runtime carries. */
const AT_ONCE = 500;

/** What `kopokopo/edge` has beside what the package itself has. */
const OWN = ['verify', 'webhooks'];

/** The records that an event can hold, by the declarations: all others come from a client. */
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
  return [...Object.keys(kopokopo).filter((name) => !clients.includes(name) && !others.includes(name)), ...OWN].sort();
}

test('the declarations have the names of the module', () => {
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

    const ask = async (at, given) => {
      const { status, text } = await runtime.ask(at, { body: JSON.stringify(given) });
      assert.strictEqual(status, 200, text);
      return JSON.parse(text);
    };
    const verified = async (cases) => {
      const found = [];
      for (let at = 0; at < cases.length; at += AT_ONCE) {
        found.push(...(await ask('/verified', { apiKeys: [head.api_key], cases: cases.slice(at, at + AT_ONCE) })));
      }
      return found;
    };

    test('has the names of the package that need no client', async () => assert.deepStrictEqual(await ask('/names'), names()));

    test('returns and refuses what the native part does, in the same words', async () => {
      const [own, native] = [await ask('/calls'), JSON.parse(JSON.stringify(calls(kopokopo)))];
      assert.ok(Object.keys(native).length > 100);
      for (const [call, outcome] of Object.entries(native)) assert.deepStrictEqual(own[call], outcome, call);
      assert.deepStrictEqual(Object.keys(own), Object.keys(native));
    });

    test('reads every deletion vector as Rust does', async () => {
      assert.ok(documents.length > 5000);
      const found = await verified(documents.map(({ document, signature }) => ({ document, signature })));
      const wrong = [];
      for (const [at, { name: sample, document, error, event }] of documents.entries()) {
        const own = error ? { error: found[at].error?.kind } : found[at].value;
        const rust = error ? { error } : expected(event, document);
        // As text, so that the order of names counts too.
        if (JSON.stringify(own) !== JSON.stringify(rust)) wrong.push({ sample, own, rust });
      }
      if (wrong.length > 0) assert.deepStrictEqual(wrong[0].own, wrong[0].rust, `${wrong.length} differ, first ${wrong[0].sample}`);
    });

    test('refuses every forged signature', async () => {
      const forged = ({ document }, at) => ({ document, signature: at % 2 ? sign(document, 'another key') : sign(`${document} `, head.api_key) });
      for (const { error } of await verified(documents.map(forged))) assert.strictEqual(error?.kind, 'signature');
    });

    test('handles requests', async () => {
      const post = (body, headers) => runtime.ask('/k2/results', { body, headers: { 'content-type': 'application/json', ...headers } });
      const own = CASES.filter(({ options, raw }) => JSON.stringify(options.apiKeys) === JSON.stringify([KEY]) && !options.clientSecret && !options.maxBody && raw.length < 200_000);
      assert.ok(own.length > 30);
      for (const { name: sample, raw, signature, status } of own) {
        // fetch sends no such header.
        if (typeof signature === 'string' && /[^\t\x20-\x7e]/.test(signature)) continue;
        const answer = await post(raw, signature === null ? {} : { [HEADER]: signature });
        assert.strictEqual(answer.status, status === 200 ? 202 : status, `${sample}: ${answer.text}`);
      }
      const { text } = await post(PAID, { [HEADER]: sign(PAID) });
      assert.strictEqual(text, new kopokopo.WebhookVerifier({ apiKeys: [KEY] }).parseUnverified(PAID).dedupeKey);
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

  /** Counts the instances that are made while something runs. */
  function instances(run) {
    const { Instance } = WebAssembly;
    let made = 0;
    WebAssembly.Instance = class extends Instance {
      constructor(...given) {
        super(...given);
        made += 1;
      }
    };
    try {
      run();
    } finally {
      WebAssembly.Instance = Instance;
    }
    return made;
  }

  const verify = () => new edge.WebhookVerifier({ apiKeys: [KEY] }).verify(PAID, sign(PAID));

  test('the classes are those of the package', () => {
    assert.ok(verify() instanceof kopokopo.Event);
    assert.strictEqual(edge.SignatureError, kopokopo.SignatureError);
  });

  test('an instance that trapped is never used again', async () => {
    const { call } = await import('../edge/engine.mjs');
    assert.strictEqual(verify().topic, 'buygoods_transaction_received');
    assert.strictEqual(instances(verify), 0);
    for (const trap of [
      // More than memory can hold.
      () => call('parse_unverified', { byteLength: 0xfffffff0 }),
      // The address of no block.
      () => call('parse_unverified', new (class extends Uint8Array { get byteLength() { return 0xffffffff; } })(1)),
      () => call('no_such_function'),
    ]) {
      assert.throws(trap, (error) => {
        assert.ok(error instanceof kopokopo.InternalError && error.cause instanceof Error);
        return error.message === 'internal error in kopokopo, please report it';
      });
      assert.strictEqual(instances(() => assert.strictEqual(verify().topic, 'buygoods_transaction_received')), 1);
    }
  });

  test('an instance that grew for a large body is dropped', () => {
    const large = Buffer.concat([PAID, Buffer.alloc(20_000_000, ' ')]);
    const verifier = new edge.WebhookVerifier({ apiKeys: [KEY], maxBody: 30_000_000 });
    assert.strictEqual(verifier.verify(large, sign(large)).raw.length, large.length);
    assert.strictEqual(instances(verify), 1);
    assert.strictEqual(instances(verify), 0);
  });

  test('a module of another version is refused', async () => {
    const { start } = await import('../edge/engine.mjs');
    const { default: own } = await import('../lib/contract.js');
    const module = new WebAssembly.Module(fs.readFileSync(WASM));
    own.HASH = '0'.repeat(contract.hash.length);
    try {
      assert.throws(() => start(module), /belongs to another version of the package/);
    } finally {
      own.HASH = contract.hash;
    }
    start(module);
    assert.strictEqual(verify().topic, 'buygoods_transaction_received');
  });

  test('a request whose body was read before says how to leave it', async () => {
    const request = new Request('http://shop.example', { method: 'POST', body: '{}' });
    await request.json();
    const verifier = new edge.WebhookVerifier({ apiKeys: [KEY] });
    await assert.rejects(edge.verify(verifier, request), /^InvalidRequestError: kopokopo\/edge: .*`await verify\(verifier, request\)`/);
    await assert.rejects(edge.verify(verifier, {}), /^InvalidRequestError: kopokopo\/edge: .*is not the request/);
  });
});

test('errors keep their names where a bundler shortens them', async () => {
  const source = `
    import { WebhookVerifier } from 'kopokopo/edge';
    try { new WebhookVerifier({ apiKeys: [] }); } catch (error) { found = [error.name, error.toJSON().name]; }`;
  const compiledModule = new WebAssembly.Module(fs.readFileSync(WASM));
  const given = (build) => {
    build.onResolve({ filter: /\.wasm$/ }, () => ({ path: 'module', namespace: 'wasm' }));
    build.onLoad({ filter: /.*/, namespace: 'wasm' }, () => ({ contents: 'export default compiledModule;' }));
  };
  const script = await bundle('workerd', source, given, { format: 'iife', minify: true, keepNames: false });
  assert.deepStrictEqual(new Function('compiledModule', `let found; ${script}; return found;`)(compiledModule), ['ConfigurationError', 'ConfigurationError']);
});

conforms('kopokopo/edge', async (verifier, handler, onRefusal) => {
  const http = require('node:http');
  const { Readable } = require('node:stream');
  const { webhooks } = await import('kopokopo/edge');
  const handle = webhooks(verifier, handler, { onRefusal });
  return listening(
    http.createServer(async (incoming, response) => {
      const headers = new Headers();
      for (let at = 0; at < incoming.rawHeaders.length; at += 2) headers.append(incoming.rawHeaders[at], incoming.rawHeaders[at + 1]);
      try {
        const request = new Request('http://shop.example', { method: 'POST', headers, body: Readable.toWeb(incoming), duplex: 'half' });
        const answer = await handle(request);
        response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
      } catch {
        response.writeHead(500).end();
      }
    }),
  );
});
