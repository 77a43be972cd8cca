'use strict';
// No handle is open after all calls: Jest's --detectOpenHandles reports open handles.

const assert = require('node:assert');
const { createHook } = require('node:async_hooks');
const { setTimeout: sleep } = require('node:timers/promises');
const { test } = require('node:test');
const { PUSH, accept, start } = require('./shared/stub_server');

test('no handle is open after all calls', async (t) => {
  const open = new Map();
  const hook = createHook({
    init: (id, type) => /napi|kopokopo/i.test(type) && open.set(id, type),
    destroy: (id) => open.delete(id),
  }).enable();
  t.after(() => hook.disable());
  const { client } = await start(t, (request, response) => {
    if (request.method === 'POST') accept(request, response);
  });
  const calls = [client.incomingPayments.create(PUSH), client.incomingPayments.create(PUSH)];
  await sleep(0);
  assert.ok(open.size > 0, 'pending calls keep the program running');
  await Promise.all(calls);
  await assert.rejects(client.incomingPayments.get('an-id', { signal: AbortSignal.timeout(50) }));
  for (let left = 100; open.size > 0 && left > 0; left -= 1) await sleep(20);
  assert.deepStrictEqual([...open.values()], []);
});
