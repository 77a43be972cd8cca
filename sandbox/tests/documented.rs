//! The samples of the documentation and of the official SDKs, as they are printed.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use kopokopo_sandbox::{PaymentLinkShape, ReversalType, Settings, direct::Direct, samples};
use serde_json::{Value, json};
use support::{NOWHERE, Receiver, Talk, stk_push};

fn payloads() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/payloads");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let named = files.map(|path| (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read(path).unwrap()));
    named.map(|(name, text)| (name, serde_json::from_slice(&text).unwrap())).collect()
}

#[tokio::test]
async fn every_request_of_the_documentation_is_accepted() {
    let talk = Talk::start().await;
    let mut sent = 0;
    for (name, body) in payloads() {
        let Some(request) = name.strip_prefix("request-") else { continue };
        let path = [
            ("external-recipient", "v2/external_recipients"),
            ("incoming-payment", "v2/incoming_payments"),
            ("merchant-bank-account", "v2/merchant_bank_accounts"),
            ("merchant-wallet", "v2/merchant_wallets"),
            ("payment-link", "v2/payment_links"),
            ("polling", "v2/polling"),
            ("reversal", "v2/reversals"),
            ("send-money", "v2/send_money"),
            ("sms-notification", "v1/transaction_sms_notifications"),
            ("webhook-subscription", "v2/webhook_subscriptions"),
        ]
        .into_iter()
        .find(|(section, _)| request.starts_with(section))
        .unwrap_or_else(|| panic!("{name}: which path?"))
        .1;
        let created = talk.post(&format!("/api/{path}"), &body).await;
        assert_eq!(created.status, 201, "{name}: {}", created.body);
        assert_eq!(
            talk.get(&created.header("location").unwrap()[talk.sandbox.base_url().len()..]).await.status,
            200,
            "{name}"
        );
        sent += 1;
    }
    assert_eq!(sent, 16);
}

#[tokio::test]
async fn every_request_of_the_official_sdks_readmes_is_accepted() {
    let talk = Talk::start().await;
    let official: Value = serde_json::from_str(include_str!("official.json")).unwrap();
    for request in official["requests"].as_array().unwrap() {
        let (name, path) = (&request[0], request[1].as_str().unwrap());
        let created = talk.post(path, &request[2]).await;
        assert_eq!(created.status, 201, "{name}: {}", created.body);
        // The Location is of the same version, and can be read.
        let location = &created.header("location").unwrap()[talk.sandbox.base_url().len()..];
        assert!(
            location.starts_with(
                path.trim_start_matches("//")
                    .trim_start_matches('/')
                    .get(..6)
                    .map(|v| format!("/{v}"))
                    .unwrap()
                    .as_str()
            ),
            "{name}: {location}"
        );
        assert_eq!(talk.get(location).await.status, 200, "{name}");
    }
}

#[tokio::test]
async fn creates_of_version_1_that_are_gone_name_the_version() {
    let talk = Talk::start().await;
    for (path, instead) in [
        ("payments", "/api/v2/send_money"),
        ("settlement_transfers", "/api/v2/send_money"),
        ("pay_recipients", "/api/v2/external_recipients"),
    ] {
        let gone = talk.post(&format!("/api/v1/{path}"), &json!({})).await;
        assert_eq!(gone.status, 404);
        let words = gone.message().as_str().unwrap().to_owned();
        assert!(words.contains("version 1") && words.contains(instead), "{words}");
    }
}

#[tokio::test]
async fn every_resource_that_the_documentation_reads_is_there() {
    let talk = Talk::start().await;
    for path in [
        "v2/incoming_payments/d79995cd-0111-e511-80da-0aa34a9b2388",
        "v2/incoming_payments/247b1bd8-f5a0-4b71-a898-f62f67b8ae1c",
        "v2/incoming_payments/e192ac63-8b24-4caf-8637-a2a9b75a14e6",
        "v1/incoming_payments/d76265cd-0951-e511-80da-0aa34a9b2388",
        "v2/send_money/1b7c1ec2-8c3f-49b8-9b73-3a94fc60c6ab",
        "v2/send_money/716481bc-635c-4d35-92c9-65bb0797196a",
        "v2/polling/d4849121-d7d4-49f8-881f-b41601a7fe43",
        "v2/reversals/cc438b3e-ecf0-4600-b9cc-edba32ae7019",
        "v2/reversals/3de7b55a-61b9-4426-9c84-6fdcb34c191e",
        "v1/transaction_sms_notifications/a48ad0a7-b43b-48c5-9ff8-509552d603af",
        "v1/payments/d76265cd-0951-e511-80da-0aa34a9b2388",
        "v2/settlement_transfers/01aece24-e596-4f5c-9ace-9eb1a0939dda",
        "v2/external_recipients/c7f300c0-f1ef-4151-9bbe-005005aa3747",
        "v2/merchant_wallets/d76265cd-0951-e511-80da-0aa34a9b2388",
        "v2/merchant_bank_accounts/d76265cd-0951-e511-80da-0aa34a9b2388",
        "v2/webhook_subscriptions/5af4c10a-f6de-4ac8-840d-42cb65454216",
        "v2/payment_links/5a5e8e7b-9520-4dfb-81cb-a5c67f48cc86",
    ] {
        let read = talk.get(&format!("/api/{path}")).await;
        assert_eq!(read.status, 200, "{path}: {}", read.body);
    }
    // Version 1's documents have a callback URL, and a documented link can be cancelled without a callback to another machine.
    for path in [
        "v1/payments/33333333-3333-4333-8333-333333333333",
        "v2/settlement_transfers/44444444-4444-4444-8444-444444444444",
    ] {
        assert!(
            talk.get(&format!("/api/{path}")).await.json()["data"]["attributes"]["_links"]["callback_url"].is_string()
        );
    }
    let cancel = "/api/v2/payment_links/cc438b3e-ecf0-4600-b9cc-edba32ae7019/cancel";
    assert_eq!(talk.post(cancel, &json!({})).await.status, 200);
    assert!(talk.sandbox.deliveries().is_empty());
}

/// The keys of a sample come in the same order in what is produced, at every depth.
fn same_order(path: &str, produced: &Value, sample: &Value) {
    match (produced, sample) {
        (Value::Object(produced), Value::Object(sample)) => {
            let known: Vec<_> = produced.keys().filter(|key| sample.contains_key(*key)).collect();
            let expected: Vec<_> = sample.keys().filter(|key| produced.contains_key(*key)).collect();
            assert_eq!(known, expected, "{path}");
            for key in known {
                same_order(&format!("{path}.{key}"), &produced[key], &sample[key]);
            }
        }
        (Value::Array(produced), Value::Array(sample)) => {
            if let (Some(produced), Some(sample)) = (produced.first(), sample.first()) {
                same_order(&format!("{path}.0"), produced, sample);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn keys_come_in_the_documented_order() {
    let talk = Talk::start().await;
    let receiver = Receiver::start(&[200]);
    let topics = [
        "buygoods_transaction_received",
        "buygoods_transaction_reversed",
        "b2b_transaction_received",
        "b2b_transaction_reversed",
        "card_transaction_received",
        "card_transaction_reversed",
        "card_transaction_voided",
        "customer_created",
        "settlement_transfer_completed",
    ];
    for topic in topics {
        let request = json!({ "event_type": topic, "url": receiver.url, "scope": "company" });
        talk.post("/api/v2/webhook_subscriptions", &request).await;
    }
    let links = json!({ "callback_url": receiver.url });
    talk.post("/api/v2/incoming_payments", &stk_push("100", "0712345678", &receiver.url)).await;
    talk.post("/api/v2/incoming_payments", &stk_push("100", "254700000002", &receiver.url)).await;
    talk.post("/api/v2/reversals", &json!({ "transaction_reference": "TQ2L262026", "reason": "r", "_links": links }))
        .await;
    for (kind, undo) in [("b2b", "reverse"), ("card", "reverse"), ("card", "void")] {
        let payment = json!({ "kind": kind, "till_number": "K000000", "amount": 10 });
        let paid = talk.control("POST", "/pay", &payment).await.json();
        let reference = paid["resource"]["reference"].as_str().unwrap();
        talk.control("POST", &format!("/transactions/{reference}/{undo}"), &json!({})).await;
    }
    let wallet = json!({ "type": "mobile_wallet", "phone_number": "254712345678", "network": "Safaricom", "amount": 5,
        "description": "d", "nickname": "n", "favourite": true });
    talk.post("/api/v2/send_money", &json!({ "destinations": [wallet], "_links": links })).await;
    talk.post("/api/v2/polling", &json!({ "scope": "company", "from_time": "2020-01-01T00:00:00+03:00", "to_time": "2099-01-01T00:00:00+03:00", "_links": links })).await;
    let sms = json!({ "message": "m", "webhook_event_reference": "x", "_links": links });
    talk.post("/api/v1/transaction_sms_notifications", &sms).await;
    talk.post("/api/v2/payment_links", &json!({ "till_number": "000000", "amount": 10_001, "_links": links })).await;
    talk.post("/api/v2/send_money", &json!({ "_links": links })).await;

    // 9 topics, the customer twice, and 9 results.
    receiver.wait_for(20).await;
    let mut seen = BTreeSet::new();
    for delivery in talk.sandbox.deliveries() {
        let body: Value = serde_json::from_str(&delivery.body).unwrap();
        let failed = body["data"]["attributes"]["status"] == "Failed";
        let name = if failed { "incoming_payment_failed" } else { delivery.topic.as_str() };
        let sample = samples::get(name).unwrap_or_else(|| panic!("{name}"));
        same_order(name, &body, &sample);
        seen.insert(name.to_owned());
    }
    for name in topics.into_iter().chain([
        "incoming_payment",
        "incoming_payment_failed",
        "reversals",
        "send_money",
        "polling",
        "payment_link",
        "transaction_sms_notification",
    ]) {
        assert!(seen.contains(name), "{name} was not sent: {seen:?}");
    }
}

#[tokio::test]
async fn each_documented_shape_of_links_and_reversals_can_be_produced() {
    let talk = Talk::start().await;
    let request = json!({ "till_number": "K000000", "amount": 100, "payment_reference": "p", "note": "n", "metadata": { "a": "b" }, "_links": { "callback_url": NOWHERE } });
    let files = payloads();
    for (shape, sample) in [
        (PaymentLinkShape::Nested, "result-payment-link-processed-2"),
        (PaymentLinkShape::Initiator, "result-payment-link-processed"),
        (PaymentLinkShape::Flat, "result-payment-link-created"),
    ] {
        talk.sandbox.apply(&Settings { payment_link_shape: Some(shape), ..Settings::default() }).unwrap();
        let id = talk.post("/api/v2/payment_links", &request).await.id();
        let link = talk.get(&format!("/api/v2/payment_links/{id}")).await.json();
        let (produced, sample) = (&link["data"]["attributes"], &files[sample]["data"]["attributes"]);
        let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(produced), keys(sample), "{shape:?}");
        if sample["payment_link"].is_object() {
            assert_eq!(keys(&produced["payment_link"]), keys(&sample["payment_link"]), "{shape:?}");
        }
        // It is paid as any other, and its own page can be opened.
        talk.control("POST", &format!("/payment_links/{id}/customer"), &json!({ "action": "enter_pin" })).await;
        assert!(
            talk.get(&format!("/api/v2/payment_links/{id}")).await.body.to_lowercase().contains("paid"),
            "{shape:?}"
        );
    }
    for (kind, text) in [(ReversalType::Reversals, "reversals"), (ReversalType::Reversal, "reversal")] {
        talk.sandbox.apply(&Settings { reversal_type: Some(kind), ..Settings::default() }).unwrap();
        let reference = if text == "reversal" { "TQ2L262026" } else { "CX83943KH" };
        let request =
            json!({ "transaction_reference": reference, "reason": "r", "_links": { "callback_url": NOWHERE } });
        let id = talk.post("/api/v2/reversals", &request).await.id();
        assert_eq!(talk.get(&format!("/api/v2/reversals/{id}")).await.json()["data"]["type"], text);
    }
}

#[tokio::test]
async fn the_url_of_a_link_shows_how_to_pay_it() {
    let talk = Talk::start().await;
    let request = json!({ "till_number": "K000000", "amount": 100, "_links": { "callback_url": NOWHERE } });
    let id = talk.post("/api/v2/payment_links", &request).await.id();
    let link = talk.get(&format!("/api/v2/payment_links/{id}")).await.json();
    let url = link["data"]["attributes"]["payment_link"]["link"].as_str().unwrap().to_owned();
    let page = talk.send("GET", &url[talk.sandbox.base_url().len()..], &[], "").await.unwrap();
    assert!(page.status == 200 && page.body.contains("Pay KES 100") && page.body.contains(&id), "{}", page.body);
    assert_eq!(talk.send("GET", "/links/none", &[], "").await.unwrap().status, 404);
}

#[test]
fn the_documentation_lists_every_control_and_fault() {
    let document = include_str!("../../docs/sandbox.md");
    for (method, path) in Direct::routes() {
        let Some(control) = path.strip_prefix("/_sandbox") else { continue };
        let first = control.split('/').nth(1).unwrap();
        let listed =
            document.lines().any(|line| line.contains(&format!("/{first}")) && line.contains(&format!("`{method}")));
        assert!(listed, "{method} {control}");
    }
    for kind in kopokopo_sandbox::FaultKind::NAMES {
        assert!(document.contains(&format!("`{kind}`")), "{kind}");
    }
}
