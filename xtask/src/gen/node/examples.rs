//! The examples that editors show. A test compiles each of them with the declarations.

/// The example of a member, by its class and its name in the contract.
pub(super) fn example(class: &str, member: &str) -> Option<&'static str> {
    let text = match (class, member) {
        ("KopoKopo", "new") => {
            "const k2 = new KopoKopo({ clientId, clientSecret, apiKey, environment: 'production', timeout: 30_000 });"
        }
        ("KopoKopo", "from_env") => {
            "const k2 = KopoKopo.fromEnv(); // the sandbox, unless K2_ENVIRONMENT is production"
        }
        ("KopoKopo", "with_options") => {
            "const patient = k2.withOptions({ timeout: 90_000 });\nawait patient.sendMoney.get(id);"
        }
        ("IncomingPayments", "create") => {
            "const push = await k2.incomingPayments.create({
  tillNumber: 'K000000',
  phoneNumber: '0712345678',
  amount: '100.00',
  callbackUrl: 'https://shop.example/k2/results',
  metadata: { orderId: '42' },
});
await save(push.id); // before anything else: with the id, the payment can be found after a restart
const payment = await push.wait({ timeout: 120_000 });"
        }
        ("IncomingPayments", "wait") => {
            "const payment = await k2.incomingPayments.wait(id, { timeout: 60_000 });
const isPaid = payment.isPaidAtLeast({ amount: '100', tillNumber: 'K000000' });"
        }
        ("IncomingPayments", "watch") => {
            "for await (const payment of k2.incomingPayments.watch(id)) {
  await save(payment.status);
}"
        }
        ("IncomingPayments", "get") => {
            "const payment = await k2.incomingPayments.get(id, { timeout: 5000, maxRetries: 0 });"
        }
        ("SendMoneyRequests", "create") => {
            "const request = await k2.sendMoney.create({
  destinations: [{ type: 'mobile_wallet', phoneNumber: '0712345678', amount: '500', description: 'Wages' }],
  callbackUrl: 'https://shop.example/k2/results',
});
await save(request.id);
const sent = await request.wait();
for (const failed of sent.failedDisbursements) await save(failed.errors.join());"
        }
        ("Reversals", "create") => {
            "const reversal = await k2.reversals.create({
  transactionReference: 'OJM6Q1W84K',
  reason: 'returned goods',
  callbackUrl: 'https://shop.example/k2/results',
});"
        }
        ("PaymentLinks", "create") => {
            "const link = await k2.paymentLinks.create({
  tillNumber: '000000',
  amount: '250',
  callbackUrl: 'https://shop.example/k2/results',
});"
        }
        ("WebhookSubscriptions", "create") => {
            "await k2.webhookSubscriptions.create({
  eventType: 'buygoods_transaction_received',
  url: 'https://shop.example/k2/webhooks',
  scope: 'till',
  scopeReference: '000000',
});"
        }
        ("PollingRequests", "create") => {
            "const request = await k2.polling.create({
  scope: 'company',
  fromTime: new Date(Date.now() - 3_600_000),
  toTime: new Date(),
  callbackUrl: 'https://shop.example/k2/results',
});
const { transactions } = await request.wait();"
        }
        ("WebhookVerifier", "verify") => {
            "const event = k2.webhooks.verify(rawBody, signature);
if (event.isPaidAtLeast({ amount: '100' })) await save(event.paymentKey ?? '');"
        }
        _ => return None,
    };
    Some(text)
}
