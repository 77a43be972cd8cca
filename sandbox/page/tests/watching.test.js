// Money, traffic, faults and time, and what a program needs.

import assert from 'node:assert';
import { createHmac } from 'node:crypto';
import { execFile, execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { Receiver, open, push, startSandbox, until, withPage } from './support.js';

/** Runs a command. The receiver is in this process, so it must not wait for the command. */
const shell = (command, variables = {}) => promisify(execFile)('sh', ['-c', command], { env: { ...process.env, ...variables } });

/** What the page writes to the clipboard. */
async function copied(page, context, sandbox, button) {
  await context.grantPermissions(['clipboard-read', 'clipboard-write'], { origin: sandbox.url });
  await button.click();
  await page.getByText('Copied', { exact: true }).waitFor();
  return page.evaluate(() => navigator.clipboard.readText());
}

const entry = (page, text) => page.locator('#traffic > li').filter({ hasText: text }).first();

test('tills, transactions, money that was sent and reversals are shown, and the sum is zero', withPage(async ({ sandbox, page }) => {
  await sandbox.control('PUT', '/settings', { callback_retries_ms: [] });
  await open(page, sandbox, 'money');
  await page.getByText('0 of the latest 0 transactions').waitFor();
  const pay = (body) => sandbox.control('POST', '/pay', { till_number: 'K000000', ...body });
  const { resource } = await pay({ amount: 10, phone_number: '0711222333', first_name: 'Amina' });
  await pay({ amount: '20.50', kind: 'card' });
  await pay({ amount: 30, kind: 'b2b', till_number: '112233' });
  await page.getByText('3 of the latest 3 transactions').waitFor();
  await page.getByText('KES 100,030.50').waitFor();
  const count = (text) => page.getByText(`${text} of the latest 3 transactions`).waitFor();
  for (const [label, value, rows] of [['Search', 'amina', 1], ['Search', '20.50', 1], ['Search', '254711222333', 1], ['Search', 'nothing', 0]]) {
    await page.locator('#search').fill(value);
    await count(rows);
    assert.strictEqual(await page.locator('#transactions tr').count(), rows, `${label} ${value}`);
  }
  await page.locator('#search').fill('');
  for (const [filter, value] of [['kind', 'card'], ['till', '112233']]) {
    await page.locator(`#${filter}-filter`).selectOption(value);
    await count(1);
    await page.locator(`#${filter}-filter`).selectOption('');
  }
  await sandbox.api('/api/v2/reversals', { transaction_reference: resource.reference, reason: 'a wrong order', _links: { callback_url: 'http://127.0.0.1:9/' } });
  const to = { type: 'mobile_wallet', phone_number: '254712345678', amount: 40, network: 'Safaricom', description: 'd' };
  await sandbox.api('/api/v2/send_money', { destinations: [to], _links: { callback_url: 'http://127.0.0.1:9/' } });
  await page.getByText('a wrong order').waitFor();
  await page.getByText('KES 40.00 to 254712345678').waitFor();
  await page.getByText(/money is sent: send_money/).waitFor();
  await page.locator('#status-filter').selectOption('pending_reversal');
  await count(1);
  await sandbox.control('POST', '/clock/advance', { seconds: 60 });
  await page.locator('#batches').getByText('Transferred').waitFor();
  await page.locator('#reversals').getByText('KES 10.00 Transferred').waitFor();
  await page.getByText('Nothing is pending.').waitFor();
  await page.locator('#status-filter').selectOption('reversed');
  await count(1);
  assert.strictEqual(await page.locator('#unaccounted').textContent(), 'KES 0.00');
  await page.getByText('It is zero, as it must be').waitFor();
  await page.getByLabel('Show empty tills').check();
  await page.locator('#tills').getByText('Third Till').waitFor();
}));

test('requests and callbacks come in order with bodies, signature and attempts, and are sent again', withPage(async ({ sandbox, page, context }) => {
  const receiver = await Receiver.start([500, 200]);
  try {
    await sandbox.control('PUT', '/settings', { callback_retries_ms: [] });
    await open(page, sandbox, 'traffic');
    const id = await sandbox.api('/api/v2/incoming_payments', push({ callback: receiver.url, metadata: { note: "it's $HOME `x`" } }));
    await sandbox.control('POST', `/incoming_payments/${id}/customer`, { action: 'enter_pin' });
    const callback = entry(page, 'callback');
    await callback.getByText('not accepted').waitFor();
    await callback.locator('summary').click();
    const [sent] = receiver.deliveries;
    await callback.getByText(sent.signature).waitFor();
    await callback.getByText('"Incoming Payment Request"').waitFor();
    assert.strictEqual(createHmac('sha256', sandbox.apiKey).update(sent.body).digest('hex'), sent.signature);
    await callback.getByRole('button', { name: 'Send again' }).click();
    await callback.getByText('delivered').waitFor();
    await callback.getByText('2 attempts').waitFor();
    const command = await copied(page, context, sandbox, callback.getByRole('button', { name: 'Copy as curl' }));
    await shell(command);
    await until(() => receiver.deliveries.length === 3, 'the command');
    assert.deepStrictEqual(receiver.deliveries[2], sent);
    const request = entry(page, 'incoming_payments.create');
    await request.locator('summary').click();
    await request.getByText('"till_number": "K000000"').waitFor();
    const again = await copied(page, context, sandbox, request.getByRole('button', { name: 'Copy as curl' }));
    assert.ok(again.includes('$K2_TOKEN') && !again.includes('Bearer ey'), again);
    await shell(again, { K2_TOKEN: 'unknown' });
    await entry(page, 'InvalidAccessToken').waitFor();
    const { body } = (await sandbox.control('GET', '/requests')).at(-1);
    assert.strictEqual(body.metadata.note, "it's $HOME `x`");
    const order = await page.locator('#traffic > li summary').allTextContents();
    assert.ok(order.findIndex((text) => text.includes('incoming_payment ')) < order.findIndex((text) => text.includes('oauth.token')), order.join('\n'));
  } finally {
    await receiver.close();
  }
}));

test('a refusal has its rule and its grade, and a callback to another host says why it is withheld', withPage(async ({ sandbox, page }) => {
  await open(page, sandbox, 'traffic');
  await sandbox.api('/api/v2/incoming_payments', { ...push(), till_number: 'nothing' }, 400);
  const refused = entry(page, 'Till number is invalid');
  await refused.locator('summary').click();
  await refused.getByText('Rule: ').waitFor();
  await refused.getByText('extrapolated', { exact: true }).waitFor();
  const id = await sandbox.api('/api/v2/incoming_payments', push({ callback: 'https://shop.example/k2' }));
  await sandbox.control('POST', `/incoming_payments/${id}/customer`, { action: 'cancel' });
  const withheld = entry(page, 'withheld');
  await withheld.locator('summary').click();
  await withheld.getByText('--allow-remote-callbacks').waitFor();
  await page.locator('#traffic-filter').selectOption('bad');
  await page.getByText('2 of 4').waitFor();
  await page.locator('#traffic-search').fill('nothing');
  await page.getByText('1 of 4').waitFor();
}));

test('a fault is switched on and off', withPage(async ({ sandbox, page }) => {
  await open(page, sandbox, 'faults');
  await page.getByText('No fault is on.').waitFor();
  await page.getByLabel('Operation, or callback').selectOption('incoming_payments.create');
  await page.getByLabel('What fails').selectOption('status');
  await page.getByLabel('Status, for a status fault').fill('503');
  await page.getByRole('button', { name: 'Switch on' }).click();
  await page.getByRole('button', { name: 'Switch off status of incoming_payments.create' }).waitFor();
  await page.getByLabel('What fails').selectOption('callback_twice');
  await page.getByLabel('Operation, or callback').selectOption('incoming_payment');
  await page.getByLabel('Always').check();
  await page.getByLabel('Status, for a status fault').fill('');
  await page.getByRole('button', { name: 'Switch on' }).click();
  await page.getByText('callback_twice').last().waitFor();
  const faults = await until(async () => {
    const list = await sandbox.control('GET', '/faults');
    return list.length === 2 && list;
  }, 'two faults');
  assert.deepStrictEqual(faults.map(({ kind, times, status }) => [kind, times, status]), [['status', 1, 503], ['callback_twice', null, null]]);
  await sandbox.api('/api/v2/incoming_payments', push(), 503);
  await page.getByRole('button', { name: 'Switch off status of incoming_payments.create' }).waitFor({ state: 'detached' });
  await page.getByLabel('What fails').selectOption('status');
  // A callback cannot fail with a status.
  assert.strictEqual(await page.getByLabel('Operation, or callback').inputValue(), '*');
  assert.ok(await page.locator('#fault-operation option[value="incoming_payment"]').isDisabled());
  await page.getByLabel('Operation, or callback').selectOption('polling.get');
  await page.getByLabel('Status, for a status fault').fill('99');
  await page.getByLabel('Always').check();
  await page.getByRole('button', { name: 'Switch on' }).click();
  await page.getByText(/status: must be between/).waitFor();
  await page.getByRole('button', { name: 'Switch off callback_twice of incoming_payment' }).click();
  await page.getByRole('button', { name: 'Switch off callback_twice of incoming_payment' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Switch all off' }).click();
  await page.getByText('No fault is on.').waitFor();
  await page.getByRole('link', { name: 'Traffic' }).click();
  await entry(page, 'fault status').waitFor();
}));

test('the clock moves by an hour, a day, 31 days, to the next step and to the expiry of a link', withPage(async ({ sandbox, page }) => {
  await sandbox.api('/api/v2/payment_links', { till_number: 'K000000', amount: 900, _links: { callback_url: 'http://127.0.0.1:9/' } });
  await open(page, sandbox, 'faults');
  const now = async () => Date.parse((await sandbox.control('GET', '/state')).now);
  for (const [name, seconds] of [['+ 1 hour', 3600], ['+ 1 day', 86_400]]) {
    const before = await now();
    await page.getByRole('button', { name }).click();
    await until(async () => (await now()) - before >= seconds * 1000, name);
  }
  await page.getByRole('button', { name: /the expiry of the link/ }).click();
  await page.getByText('No link is active.').waitFor();
  assert.strictEqual((await sandbox.control('GET', '/payment_links'))[0].status, 'Expired');
  const before = await now();
  await page.getByRole('button', { name: '+ 31 days' }).click();
  await until(async () => (await now()) - before >= 31 * 86_400_000, '31 days');
  const next = page.getByRole('button', { name: 'To the next step' });
  await until(() => next.isDisabled(), 'nothing is due');
  const to = { type: 'mobile_wallet', phone_number: '254712345678', amount: 40, network: 'Safaricom', description: 'd' };
  await sandbox.renew();
  await sandbox.api('/api/v2/send_money', { destinations: [to], _links: { callback_url: 'http://127.0.0.1:9/' } });
  await next.click();
  await until(async () => (await sandbox.control('GET', '/resources/send_money'))[0].attributes.status === 'Processed', 'the next step');
  await sandbox.control('PUT', '/settings', { pace: 'real' });
  await until(() => page.getByLabel('real').isChecked(), 'the pace');
  await page.getByLabel('instant').check();
  await until(async () => (await sandbox.control('GET', '/settings')).pace === 'instant', 'the pace of the page');
}));

test('everything begins anew with a button, and with a reset of a program', withPage(async ({ sandbox, page }) => {
  await sandbox.control('POST', '/pay', { till_number: '555555', amount: 7 });
  await open(page, sandbox, 'faults');
  await page.getByRole('button', { name: 'Start anew' }).click();
  await page.getByText('Everything is as at the start').waitFor();
  assert.deepStrictEqual(await sandbox.control('GET', '/transactions'), []);
  await page.getByRole('link', { name: 'Traffic' }).click();
  await sandbox.api('/api/v2/incoming_payments', push());
  await entry(page, 'incoming_payments.create').waitFor();
  await sandbox.control('POST', '/reset', { keep_tokens: true });
  await page.getByText('No request yet').waitFor();
}));

test('the variables and the first lines have the values of this sandbox', withPage(async ({ sandbox, page, context }) => {
  await open(page, sandbox, 'start');
  const code = page.locator('#snippet');
  const lines = await code.textContent();
  const printed = execFileSync('sh', ['-c', `${lines}\nprintf '%s|' "$K2_BASE_URL" "$K2_CLIENT_ID" "$K2_CLIENT_SECRET" "$K2_API_KEY"`]).toString();
  assert.strictEqual(printed, `${[sandbox.url, sandbox.clientId, sandbox.clientSecret, sandbox.apiKey].join('|')}|`);
  const languages = await page.getByLabel('Language').locator('option').allTextContents();
  for (const name of ['.env file', 'PowerShell', 'Python', 'Node', 'Kotlin', 'Java', 'Swift', 'Ruby', 'PHP', 'Go', 'Dart', 'Rust', 'curl']) assert.ok(languages.includes(name), name);
  for (const name of languages) {
    await page.getByLabel('Language').selectOption(name);
    const text = await code.textContent();
    assert.ok(text.includes(sandbox.url) && text.includes(sandbox.clientId) && text.split('\n').length <= 11, name);
  }
  await page.getByLabel('Language').selectOption('curl');
  const response = execFileSync('sh', ['-c', await code.textContent()]).toString();
  assert.ok(response.startsWith('HTTP/1.1 201 Created') && response.includes(`location: ${sandbox.url}/api/v2/incoming_payments/`), response);
  await page.getByLabel('Language').selectOption('Python');
  const text = await copied(page, context, sandbox, page.getByRole('button', { name: 'Copy the code' }));
  execFileSync('python3', ['-c', 'import ast, sys; ast.parse(sys.stdin.read())'], { input: text });
  assert.strictEqual(await copied(page, context, sandbox, page.getByRole('button', { name: 'Copy K2_API_KEY' })), sandbox.apiKey);
}));

test('the stream goes on with what happened while the page was away, also from a new sandbox', withPage(async ({ sandbox, page, context }) => {
  await open(page, sandbox, 'traffic');
  await context.setOffline(true);
  await sandbox.api('/api/v2/incoming_payments', push());
  await context.setOffline(false);
  await entry(page, 'incoming_payments.create').waitFor();
}));

test('the page says that the sandbox is gone, and is live again with the next one at the address', async () => {
  await withPage(async ({ page }) => {
    const first = await startSandbox({ pace: 'manual' });
    const port = Number(new URL(first.url).port);
    await page.context().route('**/*', (route) => route.continue());
    await page.goto(`${first.url}/_sandbox/ui#traffic`);
    await page.getByText('live', { exact: true }).waitFor();
    await first.stop();
    await page.getByText(/^(reconnecting|disconnected)$/).waitFor();
    const second = await startSandbox({ pace: 'manual', port });
    try {
      await page.getByText('live', { exact: true }).waitFor();
      await second.api('/api/v2/incoming_payments', push());
      await entry(page, 'incoming_payments.create').waitFor();
    } finally {
      await page.goto('about:blank');
      await second.stop();
    }
  }, { anyLoopback: true })();
});
