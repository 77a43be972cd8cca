'use strict';
// The JavaScript snippets of the READMEs run unchanged, against a sandbox.

const assert = require('node:assert');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { test } = require('node:test');
const { signWebhook } = require('..');
const { deno, edgeLight, workerd } = require('./edge/runtimes');
const { TESTS, startSandbox } = require('./shared/harness');

const PACKAGE = path.join(__dirname, '..');

/** Code after the snippets that sends a webhook to their server. */
const SEND_WEBHOOK = `
const server = app.listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const send = async (headers) => (await fetch(\`http://127.0.0.1:\${server.address().port}/k2/results\`, {
  method: 'POST', body: process.env.BODY, headers: { 'content-type': 'application/json', ...headers },
})).status;
console.log('statuses', await send({ 'x-kopokopo-signature': process.env.SIGNATURE }), await send({}));
server.close();
`;

function run(source, env, type = 'module') {
  const child = spawn(process.execPath, [`--input-type=${type}`, '-'], { cwd: PACKAGE, env: { ...process.env, ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  child.stdin.end(source);
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })));
}

test('snippets of README.md run, and receive a webhook', async (t) => {
  const text = fs.readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');
  const snippets = [...text.matchAll(/^```js\n([^]*?)^```/gm)].map((found) => found[1]);
  assert.ok(snippets.length > 0);
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  const { baseUrl, clientId, clientSecret, apiKey } = sandbox.credentials;
  const body = fs.readFileSync(path.join(TESTS, 'vectors/payloads/result-incoming-payment-success.json'), 'utf8');
  // The sandbox is fast, so the tests poll often.
  const source = snippets.join('\n').replaceAll('.wait({ ', '.wait({ interval: 20, ');
  const { code, output } = await run(source + SEND_WEBHOOK, {
    K2_BASE_URL: baseUrl,
    K2_CLIENT_ID: clientId,
    K2_CLIENT_SECRET: clientSecret,
    K2_API_KEY: apiKey,
    BODY: body,
    SIGNATURE: signWebhook(apiKey, Buffer.from(body)),
  });
  assert.strictEqual(code, 0, output);
  assert.match(output, /statuses 200 401/);
  assert.match(output, /^true /m);
  assert.doesNotMatch(output, /Assertion failed/);
});

test('CommonJS snippet of README.md runs', async () => {
  const [, source] = /^```js cjs\n([^]*?)^```/m.exec(fs.readFileSync(path.join(PACKAGE, 'README.md'), 'utf8'));
  const { code, output } = await run(`${source}\nconsole.log(typeof isPaid);`, {}, 'commonjs');
  assert.deepStrictEqual([code, output.trim()], [0, 'function']);
});

for (const [language, start] of Object.entries({ worker: workerd, vercel: edgeLight, deno })) {
  test(`snippet of README.md for ${language} receives webhooks in its runtime`, async (t) => {
    const [, source] = new RegExp(`^\`\`\`js ${language}\\n([^]*?)^\`\`\``, 'm').exec(fs.readFileSync(path.join(PACKAGE, 'README.md'), 'utf8'));
    const runtime = await start(source, { K2_API_KEY: 'api-key' });
    t.after(() => runtime.close());
    const body = fs.readFileSync(path.join(TESTS, 'vectors/payloads/webhook-buygoods_transaction_received.json'), 'utf8');
    const post = async (signature) => (await runtime.send('/k2/results', { body, headers: { 'x-kopokopo-signature': signature } })).status;
    assert.deepStrictEqual([await post(signWebhook('api-key', body)), await post(signWebhook('other', body))], [200, 401]);
  });
}

test('options, errors and examples that README.md names exist', () => {
  const text = fs.readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');
  const declarations = fs.readFileSync(path.join(PACKAGE, 'index.d.ts'), 'utf8');
  const defaults = [...text.matchAll(/^\| `(\w+)`(?:, `(\w+)`)? \| `([^`]+)`(?:, `([^`]+)`)? \|/gm)].flatMap(([, one, two, first, second]) => [
    [one, first],
    ...(two ? [[two, second]] : []),
  ]);
  assert.ok(defaults.length > 8);
  for (const [name, value] of defaults) {
    if (/Error$/.test(name)) assert.match(declarations, new RegExp(`class ${name} extends KopoKopoError \\{\\n  readonly kind: '${value}'`));
    else assert.match(declarations, new RegExp(`@defaultValue \`${value.replace('_', '')}\`\\n   \\*/\\n  readonly ${name}\\?`), name);
  }
  for (const [, folder] of text.matchAll(/`examples\/([\w-]+)`/g)) assert.ok(fs.existsSync(path.join(PACKAGE, 'examples', folder)));
});
