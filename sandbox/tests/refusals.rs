//! Why a request was refused: its rule, how certain that is, and the path of a wrong field of a control.

#![allow(clippy::unwrap_used)]

mod support;

use serde_json::{Value, json};
use support::{NOWHERE, Talk, stk_push};

#[tokio::test]
async fn every_refusal_has_its_rule_and_its_grade() {
    let talk = Talk::start().await;
    let links = json!({ "callback_url": NOWHERE });
    let changed = |name: &str, value: Value| {
        let mut push = stk_push("10", "0712345678", NOWHERE);
        push[name] = value;
        push
    };
    let to = |change: Value| {
        let mut to = json!({ "type": "mobile_wallet", "phone_number": "254712345678", "amount": 9, "network": "S", "description": "d" });
        to.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        json!({ "destinations": [to], "_links": links })
    };
    for (path, body, rule, evidence) in [
        ("incoming_payments", changed("till_number", json!(null)), "Till number can't be blank", "documented"),
        ("incoming_payments", changed("till_number", json!("x")), "Till number is invalid", "extrapolated"),
        (
            "incoming_payments",
            changed("amount", json!({ "value": 0 })),
            "Amount must be greater than 0",
            "extrapolated",
        ),
        ("incoming_payments", changed("amount", json!({ "value": "x" })), "Amount is not a number", "extrapolated"),
        (
            "incoming_payments",
            changed("amount", json!({ "value": 250_001 })),
            "Amount must be less than",
            "extrapolated",
        ),
        (
            "incoming_payments",
            changed("amount", json!({ "value": 1, "currency": "USD" })),
            "Currency is invalid",
            "extrapolated",
        ),
        ("incoming_payments", changed("metadata", json!(7)), "Metadata is invalid", "extrapolated"),
        (
            "incoming_payments",
            changed("_links", json!({ "callback_url": "x" })),
            "Callback url is invalid",
            "extrapolated",
        ),
        (
            "incoming_payments",
            changed("_links", json!({ "callback_url": "http://a.example/" })),
            "Callback url is invalid",
            "extrapolated",
        ),
        (
            "incoming_payments",
            changed("subscriber", json!({})),
            "Subscriber phone number is an invalid number",
            "documented",
        ),
        ("send_money", json!({}), "Callback url can't be blank", "documented"),
        ("send_money", json!({ "destinations": 7, "_links": links }), "Destinations must be a list", "extrapolated"),
        ("send_money", to(json!({ "amount": 1_000_000 })), "Amount must be less than", "extrapolated"),
        ("send_money", to(json!({ "amount": 1.5 })), "Destination amount is invalid", "extrapolated"),
        ("send_money", to(json!({ "network": null })), "a field that is needed and absent", "extrapolated"),
        ("send_money", to(json!({ "type": "x" })), "Destination type is invalid", "extrapolated"),
        ("send_money", to(json!({ "type": "merchant_wallet" })), "Destination reference is invalid", "documented"),
        ("send_money", to(json!({ "phone_number": "07" })), "254XXXXXXXXX", "seen"),
        ("send_money", to(json!({ "nickname": {} })), "Destination nickname is invalid", "extrapolated"),
        ("send_money", to(json!({ "till_number": [1] })), "a field of a destination", "extrapolated"),
        ("send_money", to(json!({ "bank_branch_ref": {} })), "a field of a destination", "extrapolated"),
        ("webhook_subscriptions", json!({ "event_type": "x" }), "Event type is invalid", "extrapolated"),
        ("merchant_wallets", json!({}), "First name can't be blank", "documented"),
        ("merchant_bank_accounts", json!({ "account_name": "a" }), "Bank branch ref is not valid", "documented"),
        (
            "external_recipients",
            json!({ "type": "till" }),
            "the other fields of each type can't be blank",
            "extrapolated",
        ),
        ("external_recipients", json!({}), "Invalid recipient type", "documented"),
        ("polling", json!({ "scope": "company" }), "From time can't be blank", "extrapolated"),
        ("reversals", json!({}), "Transaction reference invalid", "documented"),
        (
            "reversals",
            json!({ "transaction_reference": "CX83943KH" }),
            "a field that is needed and absent",
            "extrapolated",
        ),
        ("payment_links", json!({}), "Till number can't be blank", "documented"),
        ("payment_links/none/cancel", json!({}), "Payment link not found", "documented"),
        ("nothing", json!({}), "an unknown path", "guessed"),
    ] {
        let refused = talk.post(&format!("/api/v2/{path}"), &body).await;
        let request = talk.sandbox.requests().pop().unwrap();
        let (why, found) = (request.refused_because.unwrap_or_default(), request.rule.unwrap_or("none"));
        assert!(refused.status >= 400 && refused.body.contains(&why), "{path} {body}: {}", refused.body);
        assert!(found.contains(rule), "{path} {body}: {why}: {found}");
        assert_eq!(json!(request.evidence), evidence, "{path} {body}: {found}");
    }
}

#[tokio::test]
async fn refusals_of_tokens_and_paths_have_rules_too_and_a_fault_is_no_refusal() {
    let talk = Talk::start().await;
    for (path, headers, body, rule) in [
        ("/api/v2/polling/x", vec![], "", "no token"),
        ("/api/v2/polling/x", vec![("authorization", "Bearer x")], "", "no token"),
        ("/oauth/token", vec![("content-type", "application/json")], "{}", "wrong credentials"),
        ("/api/v1/payments", vec![], "{}", "404 that names the version"),
    ] {
        let method = if body.is_empty() { "GET" } else { "POST" };
        talk.send(method, path, &headers, body).await.unwrap();
        let request = talk.sandbox.requests().pop().unwrap();
        assert!(request.rule.is_some_and(|found| found.contains(rule)), "{path}: {request:?}");
    }
    talk.get("/api/v2/polling/none").await;
    assert!(talk.sandbox.requests().pop().unwrap().rule.unwrap().contains("an unknown id"));
    talk.control("PUT", "/faults", &json!({ "kind": "status", "operation": "polling.get" })).await;
    talk.get("/api/v2/polling/none").await;
    let failed = talk.sandbox.requests().pop().unwrap();
    assert_eq!((json!(failed.fault), failed.refused_because), (json!("status"), None));
    talk.post("/api/v2/incoming_payments", &stk_push("10", "0712345678", NOWHERE)).await;
    let good = talk.sandbox.requests().pop().unwrap();
    assert_eq!((good.fault, good.refused_because, good.rule, good.evidence), (None, None, None, None));
}

#[tokio::test]
async fn wrong_types_are_refused_with_the_path_of_the_field() {
    let talk = Talk::start().await;
    for (method, path, body, start) in [
        ("POST", "/clock/advance", json!({ "seconds": "7" }), "seconds: invalid type"),
        ("POST", "/pay", json!({ "till_number": "K000000", "amount": 1, "first_name": 7 }), "first_name: invalid type"),
        ("PUT", "/data", json!({ "tills": [{ "number": "1" }, { "number": 7 }] }), "tills[1].number: invalid type"),
        ("PUT", "/faults", json!([{ "kind": "delay" }, { "kind": "delay", "times": "x" }]), "[1].times: invalid type"),
        ("PUT", "/settings", json!({ "pace": 7 }), "pace: "),
        ("POST", "/trigger", json!({ "topic": "customer_created", "unset": "x" }), "unset: invalid type"),
        ("POST", "/trigger", json!([]), "invalid "),
    ] {
        let refused = talk.control(method, path, &body).await;
        let why = refused.json()["error"].as_str().unwrap().to_owned();
        assert!(refused.status == 400 && why.starts_with(start), "{path} {body}: {why}");
    }
}
