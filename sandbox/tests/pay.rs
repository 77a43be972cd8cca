//! Money that comes without a request.

#![allow(clippy::unwrap_used)]

mod support;

use serde_json::{Value, json};
use support::{NOWHERE, Receiver, Talk};

async fn subscribe(talk: &Talk, receiver: &Receiver, topics: &[&str]) {
    for topic in topics {
        let request = json!({ "event_type": topic, "url": receiver.url, "scope": "company" });
        assert_eq!(talk.post("/api/v2/webhook_subscriptions", &request).await.status, 201, "{topic}");
    }
}

async fn polled(talk: &Talk) -> Vec<Value> {
    let request = json!({ "scope": "company", "from_time": "2020-01-01T00:00:00+03:00", "to_time": "2099-01-01T00:00:00+03:00",
        "_links": { "callback_url": NOWHERE } });
    let id = talk.post("/api/v2/polling", &request).await.id();
    let done =
        talk.until(&format!("/api/v2/polling/{id}"), |value| value["data"]["attributes"]["status"] == "Success").await;
    done["data"]["attributes"]["transactions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn each_kind_moves_the_balance_is_announced_polled_and_reversed() {
    for (kind, till, received, reversed) in [
        ("buygoods", "K000000", "buygoods_transaction_received", "buygoods_transaction_reversed"),
        ("b2b", "112233", "b2b_transaction_received", "b2b_transaction_reversed"),
        ("card", "7600314301", "card_transaction_received", "card_transaction_reversed"),
    ] {
        let (talk, webhook) = (Talk::start().await, Receiver::start(&[200]));
        subscribe(&talk, &webhook, &[received, reversed]).await;
        let before: i64 = talk.balance(till).parse().unwrap();
        let payment = json!({ "kind": kind, "till_number": till, "amount": "250" });
        let paid = talk.control("POST", "/pay", &payment).await;
        assert_eq!(paid.status, 200, "{}", paid.body);
        assert_eq!(talk.balance(till), (before + 250).to_string());
        let reference = paid.json()["resource"]["reference"].clone();
        let listed = polled(&talk).await;
        assert_eq!(listed, [paid.json()]);

        let request =
            json!({ "transaction_reference": reference, "reason": "r", "_links": { "callback_url": NOWHERE } });
        let id = talk.post("/api/v2/reversals", &request).await.id();
        let done = talk
            .until(&format!("/api/v2/reversals/{id}"), |value| value["data"]["attributes"]["status"] == "Processed")
            .await;
        assert_eq!(done["data"]["attributes"]["reversal_bulk_payment"]["status"], "Transferred");
        assert_eq!(talk.balance(till), before.to_string());

        let told = webhook.wait_for(2).await;
        let bodies: Vec<Value> = told.iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect();
        for topic in [received, reversed] {
            let event = bodies.iter().find(|body| body["topic"] == topic).unwrap();
            assert_eq!(event["event"]["resource"]["reference"], reference);
        }
    }
}

#[tokio::test]
async fn money_goes_back_without_a_request_once() {
    let (talk, webhook) = (Talk::start().await, Receiver::start(&[200]));
    subscribe(&talk, &webhook, &["card_transaction_voided"]).await;
    let card = talk.control("POST", "/pay", &json!({ "kind": "card", "till_number": "000000", "amount": 100 })).await;
    let reference = card.json()["resource"]["reference"].as_str().unwrap().to_owned();
    let void = format!("/transactions/{reference}/void");
    assert_eq!(talk.control("POST", &void, &json!({})).await.status, 200);
    assert_eq!(talk.control("POST", &void, &json!({})).await.status, 400);
    assert_eq!(talk.balance("000000"), "50000");
    assert!(webhook.wait_for(1).await[0].1.contains("Card Void Transaction"));

    let paid = talk.control("POST", "/pay", &json!({ "till_number": "000000", "amount": 100 })).await;
    let reference = paid.json()["resource"]["reference"].as_str().unwrap().to_owned();
    let refused = talk.control("POST", &format!("/transactions/{reference}/void"), &json!({})).await;
    assert!(refused.status == 400 && refused.body.contains("Only a card"), "{}", refused.body);
    assert_eq!(talk.control("POST", &format!("/transactions/{reference}/reverse"), &json!({})).await.status, 200);
    assert_eq!(talk.control("POST", "/transactions/nothing/reverse", &json!({})).await.status, 404);
    assert_eq!(talk.balance("000000"), "50000");
}

#[tokio::test]
async fn a_payment_that_is_wrong_names_the_field() {
    let talk = Talk::start().await;
    for (payment, words) in [
        (json!({ "till_number": "nothing", "amount": 1 }), "Till number is invalid: known tills are"),
        (json!({ "till_number": "K000000", "amount": 0 }), "Amount must be greater than 0"),
        (json!({ "till_number": "K000000", "amount": 250_001 }), "less than or equal to 250000"),
        (json!({ "till_number": "K000000", "amount": 1, "kind": "cash" }), "b2b"),
        (json!({ "till_number": "K000000", "amount": 1, "phone_number": "12" }), "Phone number is an invalid number"),
        (json!({ "till": "K000000", "amount": 1 }), "till_number"),
    ] {
        let refused = talk.control("POST", "/pay", &payment).await;
        assert!(refused.status == 400 && refused.body.contains(words), "{payment}: {}", refused.body);
    }
}

#[tokio::test]
async fn the_phone_number_of_a_customer_at_the_till_chooses_the_outcome_of_the_reversal() {
    let talk = Talk::start().await;
    for (phone, status, errors) in [
        ("254700000001", "Transferred", Value::Null),
        ("254700000002", "Cancelled", Value::Null),
        ("254700000007", "Cancelled", Value::Null),
        ("254700000008", "Cancelled", json!(["The balance is insufficient for the transaction"])),
        ("254700000010", "Transferred", Value::Null),
    ] {
        let payment = json!({ "till_number": "K000000", "amount": 10, "phone_number": phone });
        let reference = talk.control("POST", "/pay", &payment).await.json()["resource"]["reference"].clone();
        let request =
            json!({ "transaction_reference": reference, "reason": "r", "_links": { "callback_url": NOWHERE } });
        let id = talk.post("/api/v2/reversals", &request).await.id();
        let done = talk
            .until(&format!("/api/v2/reversals/{id}"), |value| value["data"]["attributes"]["status"] == "Processed")
            .await;
        let attributes = &done["data"]["attributes"];
        assert_eq!((&attributes["reversal_bulk_payment"]["status"], &attributes["errors"]), (&json!(status), &errors));
    }
}
