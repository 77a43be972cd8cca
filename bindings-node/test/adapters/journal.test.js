'use strict';
// The adapters with the journal of a client.

const assert = require('node:assert');
const http = require('node:http');
const { test } = require('node:test');
const { KopoKopo, WebhookVerifier } = require('kopokopo');
const { customJournal } = require('kopokopo/journal');
const lambda = require('kopokopo/aws-lambda');
const express = require('kopokopo/express');
const fastify = require('kopokopo/fastify');
const { WebhookGuard } = require('kopokopo/nestjs');
const next = require('kopokopo/next');
const { startSandbox } = require('../shared/harness');
const { memoryStore } = require('../shared/stores');
const { KEY, listen } = require('./support');

test('result that is delivered again after a failure of the journal makes the request accepted', async (t) => {
  const sandbox = await startSandbox();
  t.after(() => sandbox.close());
  await sandbox.changeSettings({ callbackRetriesMs: Array(20).fill(100) });
  await sandbox.fault({ operation: 'send_money.create', kind: 'reset_after_effect' });
  const store = memoryStore();
  const update = store.update;
  const k2 = new KopoKopo({ ...sandbox.credentials, journal: customJournal(store) });
  const refusals = [];
  let handled;
  const isHandled = new Promise((resolve) => {
    handled = resolve;
  });
  const handle = express.webhooks(k2.webhooks, handled, { journal: k2.journal, onRefusal: ({ kind }) => refusals.push(kind) });
  const server = await listen(http.createServer(handle));
  t.after(server.close);
  const pay = () =>
    k2.sendMoney.create(
      {
        destinations: [{ type: 'mobile_wallet', phoneNumber: '0712345678', amount: '100', description: 'Wages' }],
        callbackUrl: `http://127.0.0.1:${server.port}/k2/results`,
      },
      { idempotencyKey: 'wage-1' },
    );
  // Only an observation makes this record accepted. It succeeds after the create, and after two failures.
  let isCreating = true;
  store.update = (record, version) => {
    if (record.state === 'accepted' && (isCreating || refusals.length < 2)) throw new Error('the database is not available');
    return update(record, version);
  };
  await assert.rejects(pay(), { kind: 'outcome_unknown' });
  isCreating = false;
  await isHandled;
  assert.ok(refusals.length >= 2);
  assert.deepStrictEqual(new Set(refusals), new Set(['journal']));
  const record = await k2.journal.get('wage-1');
  assert.deepStrictEqual([record.state, record.evidence], ['accepted', 'result received']);
  assert.strictEqual((await pay()).id, record.id);
});

test('journal without a method observe is refused, and a missing one is not', async () => {
  const verifier = new WebhookVerifier({ apiKeys: [KEY] });
  const scope = { removeAllContentTypeParsers() {}, addContentTypeParser() {}, post() {} };
  for (const make of [
    async (journal) => express.webhooks(verifier, () => {}, { journal }),
    async (journal) => next.webhooks(verifier, () => {}, { journal }),
    async (journal) => lambda.webhooks(verifier, () => {}, { journal }),
    async (journal) => new WebhookGuard(verifier, { journal }),
    (journal) => fastify.webhooks(scope, { verifier, url: '/k2/results', handler() {}, journal }),
  ]) {
    for (const journal of [{}, 'payments.db', 1, customJournal(memoryStore())]) {
      await assert.rejects(make(journal), { kind: 'configuration', field: 'journal' });
    }
    for (const journal of [undefined, null]) await make(journal);
  }
});
