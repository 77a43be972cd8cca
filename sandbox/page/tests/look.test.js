// Accessibility, sizes and both colour schemes. The screenshots are in target/page.

import assert from 'node:assert';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { SHOTS, open, push, withPage } from './support.js';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

async function check(page, name) {
  // The policy of the page forbids other scripts, so the tool comes through the debugger.
  await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  const found = violations.map(({ id, help, nodes }) => `${name}: ${id}: ${help}: ${nodes.map(({ html }) => html).join(' ')}`);
  assert.deepStrictEqual(found, []);
  const [content, view] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
  assert.ok(content <= view, `${name} is ${content} px wide`);
}

async function fill(sandbox) {
  const callback = 'http://127.0.0.1:9/';
  for (const [phone, amount, name] of [['254712345678', '1250', 'Wanjiku'], ['254711222333', '300', 'Otieno'], ['254700000006', '75.50', 'Amina']]) {
    await sandbox.api('/api/v2/incoming_payments', push({
      phone, amount, metadata: { order: '42' }, subscriber: { first_name: name, last_name: 'Doe', phone_number: phone },
    }));
  }
  const [, second] = (await sandbox.control('GET', '/customers')).prompts;
  await sandbox.control('POST', `/incoming_payments/${second.id}/customer`, { action: 'enter_pin' });
  await sandbox.control('POST', '/pay', { till_number: '112233', amount: '480', kind: 'b2b' });
  const card = await sandbox.control('POST', '/pay', { till_number: '7600314301', amount: '99.50', kind: 'card' });
  await sandbox.control('POST', `/transactions/${card.resource.reference}/void`, {});
  const to = { type: 'mobile_wallet', phone_number: '254712345678', amount: 400, network: 'Safaricom', description: 'Refund' };
  await sandbox.api('/api/v2/send_money', { destinations: [to], _links: { callback_url: callback } });
  await sandbox.api('/api/v2/payment_links', { till_number: 'K000000', amount: 900, note: 'Coffee, 1 kg', _links: { callback_url: callback } });
  await sandbox.api('/api/v2/incoming_payments', { ...push(), till_number: 'unknown' }, 400);
  await sandbox.control('PUT', '/faults', [{ kind: 'delay', operation: 'polling.get', times: null }]);
}

for (const colorScheme of ['light', 'dark']) {
  for (const width of [360, 1280]) {
    test(`no violation of axe-core, and no sideways scrolling: ${colorScheme}, ${width} px`, withPage(async ({ sandbox, page }) => {
      await fill(sandbox);
      await open(page, sandbox);
      for (const [area, text] of [
        ['customers', 'Coffee, 1 kg'], ['money', 'It is zero, as it must be'], ['traffic', 'send_money.create'], ['faults', 'Switch off'], ['start', 'K2_BASE_URL'],
      ]) {
        await page.locator(`.tabs a[href="#${area}"]`).click();
        await page.locator(`#area-${area}`).getByText(text).first().waitFor();
        if (area === 'traffic') {
          await page.locator('#traffic summary').filter({ hasText: 'Till number is invalid' }).click();
          await page.locator('#traffic summary').filter({ hasText: 'callback' }).first().click();
        }
        await check(page, `${area}, ${colorScheme}, ${width} px`);
        await page.locator('h1').scrollIntoViewIfNeeded();
        await page.screenshot({ path: `${SHOTS}/${area}-${colorScheme}-${width}.png` });
      }
      const [{ url }] = await sandbox.control('GET', '/payment_links');
      await page.goto(url);
      await page.getByText('Coffee, 1 kg').waitFor();
      await check(page, `link, ${colorScheme}, ${width} px`);
      await page.screenshot({ path: `${SHOTS}/link-${colorScheme}-${width}.png` });
    }, { context: { colorScheme, viewport: { width, height: 900 } } }));
  }
}

test('the keyboard reaches every area, and the focus is visible', withPage(async ({ sandbox, page }) => {
  await open(page, sandbox);
  await page.keyboard.press('Tab');
  assert.strictEqual(await page.evaluate(() => document.activeElement.textContent), 'Skip to the content');
  for (const name of ['Customers', 'Money', 'Traffic', 'Faults and time', 'Start here']) {
    await page.keyboard.press('Tab');
    const [text, outline] = await page.evaluate(() => [document.activeElement.textContent, getComputedStyle(document.activeElement).outlineStyle]);
    assert.deepStrictEqual([text, outline], [name, 'solid']);
  }
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Start here' }).waitFor();
  assert.strictEqual(await page.locator('.tabs a[aria-current="page"]').textContent(), 'Start here');
}));

test('the page is refused under a foreign name, and cannot be framed', withPage(async ({ sandbox, page }) => {
  const { port } = new URL(sandbox.url);
  await page.goto(`http://localhost:${port}/_sandbox/ui`);
  await page.getByText('live', { exact: true }).waitFor();
  const response = await fetch(`${sandbox.url}/_sandbox/ui`);
  assert.match(response.headers.get('content-security-policy'), /frame-ancestors 'none'/);
  assert.strictEqual(response.headers.get('x-frame-options'), null);
}, { anyLoopback: true }));
