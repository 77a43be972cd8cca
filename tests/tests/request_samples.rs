//! Every request sample of the documentation, sent by our own types and compared as JSON with what crossed the wire.
//! Where the two differ on purpose, the difference is listed with its reason.

#![allow(clippy::unwrap_used)]

#[path = "../../core/tests/support/mod.rs"]
mod support;

use kopokopo::{KopoKopo, resources::*};
use kopokopo_ffi::value::{FieldPath, FromValue};
use serde_json::{Value, json};
use support::{Act, Server, created_there};

fn sample(name: &str) -> Value {
    let path = format!("{}/vectors/payloads/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// The one request that an operation sent.
async fn sent(operation: impl AsyncFnOnce(KopoKopo)) -> (String, Value) {
    let server = Server::with_token(|seen, _| Act::Respond(created_there(seen, "x1"))).await;
    operation(server.client()).await;
    let mut seen = server.seen();
    assert_eq!(seen.len(), 2, "the token and the request");
    let request = seen.remove(1);
    (request.line.split(' ').nth(1).unwrap().to_owned(), serde_json::from_str(&request.body).unwrap())
}

/// Phone numbers go out as twelve digits: one user reports a 400 for the plus.
fn without_plus(mut body: Value, path: &str) -> Value {
    let phone = body.pointer_mut(path).unwrap();
    *phone = json!(phone.as_str().unwrap().trim_start_matches('+'));
    body
}

fn without(mut body: Value, parent: &str, name: &str) -> Value {
    body.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name).unwrap();
    body
}

/// The sample in our flat form, with the callback URL at the top level.
fn flat(mut body: Value) -> Value {
    if let Some(links) = body.as_object_mut().unwrap().remove("_links") {
        body["callback_url"] = links["callback_url"].clone();
    }
    body
}

fn read<T: FromValue>(value: Value) -> T {
    T::from_value(serde_json::from_value(value).unwrap(), &FieldPath::Root).unwrap()
}

#[tokio::test]
async fn an_incoming_payment_is_the_sample() {
    let sample = sample("request-incoming-payment");
    let mut fields = flat(sample.clone());
    let subscriber = fields.as_object_mut().unwrap().remove("subscriber").unwrap();
    fields.as_object_mut().unwrap().extend(subscriber.as_object().unwrap().clone());
    let amount = fields["amount"].take();
    (fields["amount"], fields["currency"]) = (amount["value"].clone(), amount["currency"].clone());
    let request: IncomingPaymentRequest = read(fields);
    let (path, body) = sent(async |client| drop(client.incoming_payments().create(&request).await.unwrap())).await;
    assert_eq!(path, "/api/v2/incoming_payments");
    assert_eq!(body, without_plus(sample, "/subscriber/phone_number"));
}

#[tokio::test]
async fn a_webhook_subscription_is_the_sample() {
    let sample = sample("request-webhook-subscription");
    let request: WebhookSubscriptionRequest = read(sample.clone());
    let (path, body) = sent(async |client| drop(client.webhook_subscriptions().create(&request).await.unwrap())).await;
    assert_eq!((path.as_str(), body), ("/api/v2/webhook_subscriptions", sample));
}

#[tokio::test]
async fn the_merchants_own_accounts_are_the_samples() {
    let wallet = sample("request-merchant-wallet");
    let request: MerchantWalletRequest = read(wallet.clone());
    let (path, body) = sent(async |client| drop(client.merchant_wallets().create(&request).await.unwrap())).await;
    assert_eq!((path.as_str(), body), ("/api/v2/merchant_wallets", wallet));

    let account = sample("request-merchant-bank-account");
    let request: MerchantBankAccountRequest = read(account.clone());
    let (path, body) = sent(async |client| drop(client.merchant_bank_accounts().create(&request).await.unwrap())).await;
    assert_eq!((path.as_str(), body), ("/api/v2/merchant_bank_accounts", account));
}

#[tokio::test]
async fn external_recipients_are_the_samples() {
    let wallet = sample("request-external-recipient-mobile-wallet");
    let request: MobileWalletRecipientRequest = read(wallet["external_recipient"].clone());
    let (path, body) =
        sent(async |client| drop(client.external_recipients().create_mobile_wallet(&request).await.unwrap())).await;
    assert_eq!(
        (path.as_str(), body),
        ("/api/v2/external_recipients", without_plus(wallet, "/external_recipient/phone_number"))
    );

    // The sample's `nick_name` is a slip: its table, and every other sample, say `nickname`.
    let mut account = sample("request-external-recipient-bank-account");
    account["external_recipient"]["nickname"] = account["external_recipient"]["nick_name"].clone();
    let account = without(account, "/external_recipient", "nick_name");
    let request: BankAccountRecipientRequest = read(account["external_recipient"].clone());
    let (_, body) =
        sent(async |client| drop(client.external_recipients().create_bank_account(&request).await.unwrap())).await;
    assert_eq!(body, account);

    let till = sample("request-external-recipient-till");
    let request: TillRecipientRequest = read(till["external_recipient"].clone());
    let (_, body) = sent(async |client| drop(client.external_recipients().create_till(&request).await.unwrap())).await;
    assert_eq!(body, till);

    let paybill = sample("request-external-recipient-paybill");
    let request: PaybillRecipientRequest = read(paybill["external_recipient"].clone());
    let (_, body) =
        sent(async |client| drop(client.external_recipients().create_paybill(&request).await.unwrap())).await;
    assert_eq!(body, paybill);
}

#[tokio::test]
async fn sending_money_is_the_samples() {
    let mobile = sample("request-send-money-mobile-wallet");
    let request: SendMoneyRequest = read(flat(mobile.clone()));
    let (path, body) = sent(async |client| drop(client.send_money().create(&request).await.unwrap())).await;
    assert_eq!((path.as_str(), body), ("/api/v2/send_money", mobile));

    // What is left out is left out: no null.
    let bank = sample("request-send-money-merchant-bank-account");
    let request: SendMoneyRequest = read(flat(bank.clone()));
    let (_, body) = sent(async |client| drop(client.send_money().create(&request).await.unwrap())).await;
    assert_eq!(body, without(bank, "/destinations/0", "description"));

    let sweep = sample("request-send-money-sweep");
    let request: SweepRequest = read(flat(sweep.clone()));
    let (path, body) = sent(async |client| drop(client.send_money().sweep_all_funds(&request).await.unwrap())).await;
    assert_eq!((path.as_str(), body), ("/api/v2/send_money", sweep));
}

#[tokio::test]
async fn the_remaining_requests_are_the_samples() {
    // A blank reference is left out: it means nothing with scope company.
    let polling = sample("request-polling");
    let request: PollingRequest = read(flat(polling.clone()));
    let (path, body) = sent(async |client| drop(client.polling().create(&request).await.unwrap())).await;
    assert_eq!((path.as_str(), body), ("/api/v2/polling", without(polling, "", "scope_reference")));

    for name in ["request-reversal", "request-reversal-2"] {
        let reversal = sample(name);
        let request: ReversalRequest = read(flat(reversal.clone()));
        let (path, body) = sent(async |client| drop(client.reversals().create(&request).await.unwrap())).await;
        assert_eq!((path.as_str(), body), ("/api/v2/reversals", reversal));
    }

    let link = sample("request-payment-link");
    let request: PaymentLinkRequest = read(flat(link.clone()));
    let (path, body) = sent(async |client| drop(client.payment_links().create(&request).await.unwrap())).await;
    assert_eq!((path.as_str(), body), ("/api/v2/payment_links", link));

    let message = sample("request-sms-notification");
    let request: SmsNotificationRequest = read(flat(message.clone()));
    let (path, body) = sent(async |client| drop(client.sms_notifications().create(&request).await.unwrap())).await;
    assert_eq!((path.as_str(), body), ("/api/v1/transaction_sms_notifications", message));
}

#[test]
fn every_request_sample_is_covered() {
    let own = include_str!("request_samples.rs");
    let folder = format!("{}/vectors/payloads", env!("CARGO_MANIFEST_DIR"));
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if let Some(name) = name.strip_suffix(".json").filter(|name| name.starts_with("request-")) {
            assert!(own.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
