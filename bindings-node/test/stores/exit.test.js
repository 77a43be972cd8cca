'use strict';
// What the journal knows after the end of a program, or of a thread, during a create.

const assert = require('node:assert/strict');
const { spawn } = require('node:child_process');
const path = require('node:path');
const { after, before, test } = require('node:test');
const { Worker } = require('node:worker_threads');
const { KopoKopo } = require('../..');
const { startSandbox } = require('../shared/harness');
const { createDatabase } = require('./databases');
const { wage } = require('./support');

const driver = process.env.K2_TEST_SQLITE ?? 'better-sqlite3';
const SCRIPT = path.join(__dirname, 'aborted.js');

let sandbox;
before(async () => {
  sandbox = await startSandbox();
});
after(() => sandbox.close());

const paidOut = async () => Number((await sandbox.state()).paidOut);

function environment() {
  const { baseUrl, clientId, clientSecret, apiKey } = sandbox.credentials;
  return { ...process.env, K2_BASE_URL: baseUrl, K2_CLIENT_ID: clientId, K2_CLIENT_SECRET: clientSecret, K2_API_KEY: apiKey };
}

/** Runs the script, and returns a promise of what it prints. */
async function run(...parameters) {
  const child = spawn(process.execPath, [SCRIPT, driver, ...parameters], { env: environment(), stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data) => (output += data));
  await new Promise((resolve) => child.once('close', resolve));
  return output.trim();
}

test('outcome of a create that was aborted is written before the program ends', async (t) => {
  const database = await createDatabase(t, driver);
  const paid = await paidOut();
  await sandbox.fault({ operation: 'send_money.create', kind: 'delay', delayMs: 1000 });
  assert.equal(await run(database.place, 'after sending'), 'outcome_unknown');
  const client = new KopoKopo({ ...sandbox.credentials, journal: database.journal() });
  const record = await client.journal.get('wage-1');
  assert.equal(record.state, 'accepted');
  assert.equal((await client.sendMoney.create(wage(), { idempotencyKey: 'wage-1' })).id, record.id);
  assert.equal((await paidOut()) - paid, 100);
});

test('create that was aborted before it was sent is known not to be sent', async (t) => {
  const database = await createDatabase(t, driver);
  const paid = await paidOut();
  assert.equal(await run(database.place, 'before sending'), 'AbortError');
  const client = new KopoKopo({ ...sandbox.credentials, journal: database.journal() });
  assert.equal((await client.journal.get('wage-1')).state, 'not_sent');
  assert.equal((await paidOut()) - paid, 0);
  await client.sendMoney.create(wage(), { idempotencyKey: 'wage-1' });
  assert.equal((await paidOut()) - paid, 100);
});

test('thread that ends during a create leaves a record that is not sent again', async (t) => {
  const database = await createDatabase(t, driver);
  const paid = await paidOut();
  await sandbox.fault({ operation: 'send_money.create', kind: 'hang_after_effect' });
  const worker = new Worker(SCRIPT, { argv: [driver, database.place, 'never'], workerData: sandbox.credentials });
  const client = new KopoKopo({ ...sandbox.credentials, journal: database.journal() });
  while ((await paidOut()) === paid);
  await worker.terminate();
  const error = await client.sendMoney.create(wage(), { idempotencyKey: 'wage-1' }).catch((error) => error);
  assert.equal(error.kind, 'in_progress');
  assert.equal((await client.journal.get('wage-1')).state, 'started');
  assert.equal((await paidOut()) - paid, 100);
});
