'use strict';
// The section of README.md on the journal runs unchanged, with each store.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const fs = require('node:fs');
const { isBuiltin } = require('node:module');
const path = require('node:path');
const { test } = require('node:test');
const { signWebhook } = require('../..');
const { startSandbox } = require('../shared/harness');
const { createDatabase } = require('./databases');
const { EVENT: SAMPLE } = require('./support');

const PACKAGE = path.join(__dirname, '../..');
const README = fs.readFileSync(path.join(PACKAGE, 'README.md'), 'utf8');

/** A payment into the till of the snippet. */
const EVENT = SAMPLE.replace('"000000"', '"K000000"');

const snippet = (name) => new RegExp(`^\`\`\`js ${name}\\n([^]*?)^\`\`\``, 'm').exec(README)[1];

/** Code before the recipe that loses the response to a create. */
const LOSE_RESPONSE = `
const { baseUrl } = payer;
const fault = JSON.stringify({ operation: 'send_money.create', kind: 'reset_after_effect' });
await fetch(new URL('/_sandbox/faults', baseUrl), { method: 'PUT', body: fault, headers: { 'content-type': 'application/json' } });
const lost = await payer.sendMoney.create(wages, { idempotencyKey: 'order-17-refund' }).catch(({ kind }) => kind);
console.log('lost', lost);
`;

/** Code after the snippet of a server that delivers an event twice. */
const DELIVER_TWICE = `
await new Promise((resolve) => server.once('listening', resolve));
for (let delivery = 0; delivery < 2; delivery += 1) {
  const headers = { 'x-kopokopo-signature': process.env.SIGNATURE };
  console.log('status', (await fetch(\`http://127.0.0.1:\${server.address().port}/\`, { method: 'POST', body: process.env.BODY, headers })).status);
}
`;

async function run(t, source, environment) {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  const { baseUrl, clientId, clientSecret, apiKey } = sandbox.credentials;
  const credentials = { K2_BASE_URL: baseUrl, K2_CLIENT_ID: clientId, K2_CLIENT_SECRET: clientSecret, K2_API_KEY: apiKey };
  const env = { ...process.env, ...credentials, BODY: EVENT, SIGNATURE: signWebhook(apiKey, EVENT), ...environment };
  const child = spawn(process.execPath, ['--input-type=module', '-'], { cwd: PACKAGE, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data));
  // Pools keep the program running.
  child.stdin.end(`${source}\nprocess.exit();`);
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0, output);
  return output;
}

const found = ['better-sqlite3', ...(isBuiltin('node:sqlite') ? ['node:sqlite'] : []), 'pg'];

for (const driver of process.env.K2_TEST_SQLITE ? [process.env.K2_TEST_SQLITE] : found) {
  test(`journal with ${driver} pays once, and lists what is unknown`, async (t) => {
    const { place } = await createDatabase(t, driver);
    const recipe = snippet('recipe');
    assert.ok(recipe.includes('15 * 60_000'));
    // The record of this test is new.
    const parts = [snippet(driver), snippet('journal'), LOSE_RESPONSE, recipe.replace('15 * 60_000', '1')];
    const source = parts.join('\n').replace("'/var/lib/shop/payments.db'", JSON.stringify(place));
    const output = await run(t, source, { DATABASE_URL: place });
    assert.match(output, /^true\nlost outcome_unknown\nlook for it on the dashboard: order-17-refund send_money\.create \d{4}-/m);
  });
}

if (!process.env.K2_TEST_SQLITE) {
  test('event that is delivered twice is handled once', async (t) => {
    const database = await createDatabase(t, 'pg');
    await database.run('CREATE TABLE orders (id TEXT NOT NULL, is_paid BOOLEAN NOT NULL)');
    await database.run('CREATE TABLE effects (id TEXT NOT NULL)');
    await database.run('CREATE RULE count_effects AS ON UPDATE TO orders DO ALSO INSERT INTO effects VALUES (NEW.id)');
    await database.run("INSERT INTO orders VALUES ('42', false)");
    const parts = [snippet('pg'), snippet('journal'), snippet('once'), DELIVER_TWICE];
    const output = await run(t, parts.join('\n').replace('3000', '0'), { DATABASE_URL: database.place });
    assert.match(output, /status 200\nstatus 200/);
    assert.deepEqual(await database.run('SELECT * FROM effects'), [{ id: '42' }]);
  });
}
