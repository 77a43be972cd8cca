'use strict';
// Takes a payment and verifies a webhook with the installed package. The settings of the sandbox are in the environment.

const assert = require('node:assert/strict');
const { createRequire } = require('node:module');
const { KopoKopo, signWebhook } = createRequire(`${process.argv[2]}/`)('kopokopo');

const BODY = '{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Jane"}}}';

async function main() {
  const k2 = KopoKopo.fromEnv();
  const push = await k2.incomingPayments.create({
    tillNumber: 'K000000',
    phoneNumber: '0712345678',
    amount: '100',
    callbackUrl: 'https://shop.example',
  });
  const payment = await push.wait({ interval: 20 });
  assert.equal(payment.isPaid, true);
  const signature = signWebhook(process.env.K2_API_KEY, BODY);
  assert.equal(k2.webhooks.verify(BODY, signature).payload.kind, 'customer_created');
  assert.throws(() => k2.webhooks.verify(`${BODY} `, signature), { kind: 'signature' });
  console.log(`paid and verified with kopokopo on Node ${process.version}`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
