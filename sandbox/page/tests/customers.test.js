// Phones, payment links and the counter.

import assert from 'node:assert';
import { test } from 'node:test';
import { HOSTILE, SHOTS, open, push, until, withPage } from './support.js';

const phone = (page, number = '254712345678') => page.getByRole('article', { name: `Phone ${number}` });

test('a browser at the root gets to the page, and a prompt appears while it watches', withPage(async ({ sandbox, page }) => {
  await page.goto(sandbox.url);
  assert.ok(page.url().endsWith('/_sandbox/ui'));
  await page.getByText('No customer is asked to pay yet').waitFor();
  await page.getByText('live', { exact: true }).waitFor();
  await sandbox.api('/api/v2/incoming_payments', push({ metadata: { order: 42 } }));
  const shown = phone(page);
  for (const text of ['KES 250.00', 'Pay Online Payments (K000000)?', 'order: 42', 'Jane Doe']) await shown.getByText(text, { exact: true }).waitFor();
}));

test('the customer enters the PIN on the pad, and an SMS follows', withPage(async ({ sandbox, page }) => {
  const id = await sandbox.api('/api/v2/incoming_payments', push());
  await open(page, sandbox);
  const shown = phone(page);
  const pay = shown.getByRole('button', { name: 'Pay', exact: true });
  assert.ok(await pay.isDisabled());
  for (const digit of ['1', '9', '2', '7']) await shown.getByRole('button', { name: digit, exact: true }).click();
  await shown.getByRole('button', { name: 'Delete the last digit' }).click();
  assert.ok(await pay.isDisabled());
  await shown.getByRole('button', { name: '7', exact: true }).click();
  await pay.click();
  await shown.getByText(/Confirmed\. Ksh250\.00 paid to Online Payments K000000/).waitFor();
  assert.strictEqual(await shown.getByRole('button', { name: 'Cancel' }).count(), 0);
  assert.strictEqual((await sandbox.control('GET', '/resources/incoming_payments'))[0].id, id);
  assert.strictEqual((await sandbox.control('GET', '/transactions'))[0].amount, '250');
}));

test('the keyboard alone is enough to pay', withPage(async ({ sandbox, page }) => {
  await sandbox.api('/api/v2/incoming_payments', push());
  await open(page, sandbox);
  await phone(page).getByLabel('PIN (any four digits)').focus();
  await page.keyboard.type('12a34');
  await page.keyboard.press('Enter');
  await phone(page).getByText(/Confirmed/).waitFor();
  assert.strictEqual(await page.evaluate(() => document.activeElement.getAttribute('aria-label')), 'Phone 254712345678');
}));

for (const [button, error, sms] of [
  ['Cancel', 'Request cancelled by user', /You cancelled the payment/],
  ['Ignore', 'DS timeout user cannot be reached', null],
  ['Wrong PIN', 'The initiator information is invalid.', /wrong PIN/],
  ['No money', 'Insufficient funds', /not have enough money/],
]) {
  test(`the button ${button} decides for the customer`, withPage(async ({ sandbox, page }) => {
    await sandbox.api('/api/v2/incoming_payments', push());
    await open(page, sandbox);
    await phone(page).getByRole('button', { name: button }).click();
    if (sms) await phone(page).getByText(sms).waitFor();
    const [payment] = await until(async () => {
      const list = await sandbox.control('GET', '/resources/incoming_payments');
      return list[0].attributes.status === 'Failed' && list;
    }, 'the decision');
    assert.deepStrictEqual(payment.attributes.event.errors, [error]);
    await page.getByRole('button', { name: 'Ignore' }).waitFor({ state: 'detached' });
  }));
}

test('a declared customer has a phone with a balance and a habit', withPage(async ({ sandbox, page }) => {
  const number = '254733111222';
  await sandbox.control('PUT', `/customers/${number}`, { balance: '1500.50', action: 'cancel', after_seconds: 20, first_name: HOSTILE });
  await open(page, sandbox);
  const shown = phone(page, number);
  await shown.getByText(`${HOSTILE}, has KES 1,500.50, cancels after 20 s`, { exact: true }).waitFor();
  await sandbox.control('POST', '/pay', { till_number: 'K000000', amount: 500, phone_number: number });
  await shown.getByText(/has KES 1,000\.50/).waitFor();
  await sandbox.control('PUT', `/customers/${number}`, {});
  await shown.getByText('pays', { exact: true }).waitFor();
}));

test('a PIN that is half entered survives what happens to others', withPage(async ({ sandbox, page }) => {
  await sandbox.api('/api/v2/incoming_payments', push());
  await open(page, sandbox);
  const pin = phone(page).getByLabel('PIN (any four digits)');
  await pin.focus();
  await page.keyboard.type('12');
  await sandbox.api('/api/v2/incoming_payments', push({ phone: '254711222333' }));
  await phone(page, '254711222333').waitFor();
  await page.keyboard.type('34');
  assert.strictEqual(await pin.inputValue(), '1234');
}));

for (const [kind, label, till, way] of [
  ['buygoods', 'Phone number', 'K000000', 'Reverse'], ['b2b', 'Till that pays', '112233', 'Reverse'], ['card', 'Masked card number', '7600314301', 'Void'],
]) {
  test(`money comes at the counter by ${kind}, moves the balance, is polled, and goes back`, withPage(async ({ sandbox, page }) => {
    await open(page, sandbox);
    const before = (await sandbox.control('GET', '/state')).tills.find(({ number }) => number === till).balance;
    await page.getByLabel('Who pays').selectOption(kind);
    await page.locator('#counter-till').selectOption(till);
    await page.getByLabel(label, { exact: true }).fill({ buygoods: '0711222333', b2b: '890642', card: '450875XXXXXX1019' }[kind]);
    const keypad = page.getByRole('group', { name: 'Till keypad' });
    for (const key of ['1', '2', 'Decimal point', '5', '0', '9', 'Delete the last digit']) await keypad.getByRole('button', { name: key, exact: true }).click();
    await page.getByRole('button', { name: 'Take the payment' }).click();
    await page.getByText(/KES 12\.50 received/).waitFor();
    const [paid] = await sandbox.control('GET', '/transactions');
    assert.deepStrictEqual([paid.kind, paid.amount, paid.till_number], [kind, '12.5', till]);
    const balance = async () => (await sandbox.control('GET', '/state')).tills.find(({ number }) => number === till).balance;
    assert.strictEqual(Number(await balance()), Number(before) + 12.5);
    await sandbox.api('/api/v2/polling', {
      scope: 'company', from_time: '2020-01-01T00:00:00+03:00', to_time: '2099-01-01T00:00:00+03:00', _links: { callback_url: 'http://127.0.0.1:9/' },
    });
    await sandbox.control('POST', '/clock/advance', { seconds: 60 });
    const [polling] = await sandbox.control('GET', '/resources/polling');
    assert.ok(JSON.stringify(polling).includes(paid.reference));
    await page.getByRole('link', { name: 'Money' }).click();
    await page.getByRole('button', { name: `${way} ${paid.reference}` }).click();
    await page.getByText(`${paid.reference} went back`).waitFor();
    assert.strictEqual(await balance(), before);
  }));
}

test('a refusal at the counter is shown with its words', withPage(async ({ sandbox, page }) => {
  await open(page, sandbox);
  await page.locator('#counter-till option').first().waitFor({ state: 'attached' });
  await page.getByRole('button', { name: 'Take the payment' }).click();
  await page.getByText("Amount is not a number").or(page.getByText("Amount can't be blank")).first().waitFor();
}));

test('the URL of a payment link opens a page where a customer pays', withPage(async ({ sandbox, page, context }) => {
  await sandbox.api('/api/v2/payment_links', { till_number: 'K000000', amount: 900, note: 'Coffee', _links: { callback_url: 'http://127.0.0.1:9/' } });
  await open(page, sandbox);
  const popup = context.waitForEvent('page');
  await page.getByRole('link', { name: /Open the page of the payment link/ }).click();
  const link = await popup;
  for (const text of ['Online Payments', 'KES 900.00', 'Coffee', 'Active']) await link.getByText(text, { exact: true }).first().waitFor();
  await link.getByRole('button', { name: 'Wrong PIN' }).click();
  await link.getByText('The last attempt failed').waitFor();
  await link.getByLabel('Your phone number').fill('0711222333');
  await link.getByLabel('PIN (any four digits)').fill('1234');
  await link.screenshot({ path: `${SHOTS}/link.png` });
  await link.getByRole('button', { name: 'Pay KES 900.00' }).click();
  await link.getByText(/Paid with the reference/).waitFor();
  await phone(page, '254711222333').getByText(/Ksh900\.00 paid/).waitFor();
  await page.getByText('Paid', { exact: true }).waitFor();
  await link.goto(`${sandbox.url}/links/none`);
  await link.getByText('Payment link not found').waitFor();
}));

test('at another pace the page offers to let customers wait', withPage(async ({ sandbox, page }) => {
  await open(page, sandbox);
  await page.getByRole('button', { name: 'Let customers wait for me' }).click();
  await page.getByText('Customers wait for you.').waitFor();
  assert.strictEqual((await sandbox.control('GET', '/settings')).pace, 'manual');
}, { sandbox: { pace: 'real' } }));

test('hostile names of customers, tills, notes and metadata are shown as text everywhere', withPage(async ({ sandbox, page, context }) => {
  await sandbox.control('PUT', '/tills/K000000', { balance: 100, name: HOSTILE });
  await sandbox.control('PUT', `/tills/${encodeURIComponent('<b>x</b>')}`, { balance: 5, name: HOSTILE });
  const named = { subscriber: { first_name: HOSTILE, last_name: HOSTILE, phone_number: '254712345678' }, metadata: { [HOSTILE]: HOSTILE } };
  await sandbox.api('/api/v2/incoming_payments', { ...push(), ...named });
  await sandbox.control('POST', '/pay', { till_number: 'K000000', amount: 7, first_name: HOSTILE });
  await sandbox.control('POST', '/pay', { till_number: 'K000000', amount: 8, kind: 'card', card_number: HOSTILE });
  await sandbox.control('POST', '/pay', { till_number: 'K000000', amount: 9, kind: 'b2b', sending_till: HOSTILE });
  const to = { type: 'till', till_number: HOSTILE, description: HOSTILE, amount: 1 };
  await sandbox.api('/api/v2/send_money', { destinations: [to], metadata: { a: HOSTILE }, _links: { callback_url: `http://127.0.0.1:9/${HOSTILE}` } });
  await sandbox.control('POST', '/clock/advance', { seconds: 60 });
  const [{ reference }] = await sandbox.control('GET', '/transactions');
  await sandbox.api('/api/v2/reversals', { transaction_reference: reference, reason: HOSTILE, _links: { callback_url: 'http://127.0.0.1:9/' } });
  await sandbox.api('/api/v2/payment_links', { till_number: 'K000000', amount: 3, note: HOSTILE, payment_reference: HOSTILE, _links: { callback_url: 'http://127.0.0.1:9/' } });
  await sandbox.api(`/api/v2/${encodeURIComponent(HOSTILE)}`, { a: HOSTILE }, 404);
  await sandbox.control('PUT', '/faults', { kind: 'redirect', operation: 'polling.get', location: HOSTILE });
  await open(page, sandbox);
  await phone(page).getByText(HOSTILE, { exact: false }).first().waitFor();
  await phone(page).getByLabel('PIN (any four digits)').fill('1234');
  await phone(page).getByRole('button', { name: 'Pay', exact: true }).click();
  await phone(page).getByText(/Confirmed/).waitFor();
  for (const [name, place, text] of [['Money', '#sum', 'Unaccounted'], ['Traffic', '#traffic', 'send_money.create'], ['Faults and time', '#faults', 'redirect'], ['Start here', '#start-area', 'K2_BASE_URL']]) {
    await page.getByRole('link', { name }).click();
    await page.locator(place).getByText(text).first().waitFor();
    if (name === 'Money') await page.locator('#tills').getByText(HOSTILE).first().waitFor();
    if (name === 'Traffic') for (const summary of await page.locator('summary').all()) await summary.click();
    assert.strictEqual(await page.locator('main img, main script, main b').count(), 0, name);
  }
  const [{ url }] = await sandbox.control('GET', '/payment_links');
  const link = await context.newPage();
  await link.goto(url);
  await link.getByText(HOSTILE, { exact: false }).first().waitFor();
  assert.strictEqual(await link.locator('main img, main script').count(), 0);
}));
