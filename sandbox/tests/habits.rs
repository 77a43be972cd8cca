//! Customers that were declared: what they have, and what they do.

#![allow(clippy::unwrap_used)]

mod support;

use kopokopo_sandbox::{CustomerAction, CustomerData, Data, Pace, Sandbox};
use serde_json::{Value, json};
use support::{NOWHERE, Talk};

const PHONE: &str = "0712345678";

fn customer() -> CustomerData {
    CustomerData {
        phone_number: PHONE.to_owned(),
        first_name: Some("Wanjiru".to_owned()),
        middle_name: None,
        last_name: None,
        balance: None,
        action: CustomerAction::EnterPin,
        after_seconds: None,
    }
}

async fn talk(pace: Pace, customers: Vec<CustomerData>) -> Talk {
    let data = Data { customers, ..Data::default() };
    Talk { sandbox: Sandbox::builder().pace(pace).data(data).start().await.unwrap() }
}

fn push(amount: u32) -> Value {
    json!({
        "payment_channel": "M-PESA STK Push",
        "till_number": "K000000",
        "amount": { "value": amount },
        "subscriber": { "phone_number": PHONE },
        "_links": { "callback_url": NOWHERE },
    })
}

/// The attributes of a payment that is decided.
async fn asked(talk: &Talk, amount: u32) -> Value {
    let id = talk.post("/api/v2/incoming_payments", &push(amount)).await.id();
    let path = format!("/api/v2/incoming_payments/{id}");
    let done = talk.until(&path, |value| value["data"]["attributes"]["status"] != "Pending").await;
    done["data"]["attributes"].clone()
}

async fn balance(talk: &Talk) -> Value {
    talk.control("GET", "/customers", &json!({})).await.json()["customers"][0]["balance"].clone()
}

#[tokio::test]
async fn one_who_always_cancels_cancels_whatever_the_amount() {
    let cancels = CustomerData { action: CustomerAction::Cancel, ..customer() };
    let talk = talk(Pace::Instant, vec![cancels]).await;
    for amount in [1, 100] {
        let payment = asked(&talk, amount).await;
        assert_eq!(payment["event"]["errors"], json!(["Request cancelled by user"]));
    }
    // The control API can decide otherwise for another one.
    let set = talk.control("PUT", "/customers/254712345678", &json!({ "action": "wrong_pin" })).await;
    assert_eq!(set.json()["action"], "wrong_pin");
    assert_eq!(asked(&talk, 5).await["event"]["errors"], json!(["The initiator information is invalid."]));
}

#[tokio::test]
async fn one_who_pays_after_20_seconds_pays_then() {
    let late = CustomerData { after_seconds: Some(20), ..customer() };
    let talk = talk(Pace::Instant, vec![late]).await;
    let id = talk.post("/api/v2/incoming_payments", &push(5)).await.id();
    let path = format!("/api/v2/incoming_payments/{id}");
    for (seconds, status) in [(10, "Pending"), (9, "Pending"), (1, "Success")] {
        talk.control("POST", "/clock/advance", &json!({ "seconds": seconds })).await;
        assert_eq!(talk.get(&path).await.json()["data"]["attributes"]["status"], status);
    }
    let resource = talk.get(&path).await.json()["data"]["attributes"]["event"]["resource"].clone();
    assert_eq!(resource["sender_first_name"], "Wanjiru");
}

#[tokio::test]
async fn what_a_customer_has_goes_down_and_up() {
    let talk = talk(Pace::Instant, vec![CustomerData { balance: Some("1000.50".to_owned()), ..customer() }]).await;
    assert_eq!(balance(&talk).await, "1000.5");
    let paid = asked(&talk, 600).await;
    assert_eq!((paid["status"].as_str(), balance(&talk).await), (Some("Success"), json!("400.5")));
    let failed = asked(&talk, 401).await;
    assert_eq!(failed["event"]["errors"], json!(["Insufficient funds"]));

    let till = |amount: u32| json!({ "till_number": "112233", "amount": amount, "phone_number": PHONE });
    assert_eq!(talk.control("POST", "/pay", &till(400)).await.status, 200);
    let refused = talk.control("POST", "/pay", &till(1)).await;
    assert!(refused.status == 400 && refused.body.contains("more than the customer has"), "{}", refused.body);
    let link = json!({ "till_number": "K000000", "amount": 5, "_links": { "callback_url": NOWHERE } });
    let link = talk.post("/api/v2/payment_links", &link).await.id();
    let path = format!("/payment_links/{link}/customer");
    talk.control("POST", &path, &json!({ "action": "enter_pin", "phone_number": PHONE })).await;
    let link = talk.control("GET", &format!("/payment_links/{link}"), &json!({})).await.json();
    assert_eq!((link["status"].as_str(), balance(&talk).await), (Some("Active"), json!("0.5")));

    let reference = paid["event"]["resource"]["reference"].as_str().unwrap();
    talk.control("POST", &format!("/transactions/{reference}/reverse"), &json!({})).await;
    assert_eq!(balance(&talk).await, "600.5");
    let sent = json!({
        "destinations": [{ "type": "mobile_wallet", "phone_number": "254712345678", "network": "Safaricom", "amount": 50,
            "description": "d" }],
        "_links": { "callback_url": NOWHERE },
    });
    let id = talk.post("/api/v2/send_money", &sent).await.id();
    talk.until(&format!("/api/v2/send_money/{id}"), |value| value["data"]["attributes"]["status"] == "Processed").await;
    assert_eq!(balance(&talk).await, "650.5");
    assert_eq!(talk.sandbox.state()["unaccounted"], "0");
    // A reset restores what was declared.
    talk.sandbox.reset();
    assert_eq!(balance(&talk).await, "1000.5");
}

#[tokio::test]
async fn at_the_pace_manual_customers_wait() {
    let talk = talk(Pace::Manual, vec![CustomerData { after_seconds: Some(1), ..customer() }]).await;
    let id = talk.post("/api/v2/incoming_payments", &push(5)).await.id();
    talk.control("POST", "/clock/advance", &json!({ "seconds": 60 })).await;
    let payment = talk.get(&format!("/api/v2/incoming_payments/{id}")).await.json();
    assert_eq!(payment["data"]["attributes"]["status"], "Pending");
}

#[tokio::test]
async fn what_is_wrong_with_a_customer_is_said_without_the_number() {
    let talk = Talk::start().await;
    for (wrong, words) in [
        (json!({ "phone_number": "0712" }), "customers[0]: phone_number must be a Kenyan phone number"),
        (json!({ "phone_number": PHONE, "balance": "-1" }), "customers[0]: balance must be"),
        (
            json!({ "phone_number": PHONE, "after_seconds": 604_801 }),
            "customers[0]: after_seconds must be at most 604800",
        ),
        (json!({ "phone_number": PHONE, "action": "sleep" }), "customers[0].action: unknown variant `sleep`"),
        (json!({ "phone_number": PHONE, "habit": "x" }), "customers[0].habit: unknown field `habit`"),
        (json!({ "balance": "1" }), "customers[0]: missing field `phone_number`"),
    ] {
        let refused = talk.control("PUT", "/data", &json!({ "customers": [wrong] })).await;
        assert!(refused.status == 400 && refused.body.contains(words), "{wrong}: {}", refused.body);
        assert!(!refused.body.contains("0712"), "{}", refused.body);
    }
    for (path, body) in [("/customers/0712", json!({})), ("/customers/0712345678", json!({ "balance": "many" }))] {
        assert_eq!(talk.control("PUT", path, &body).await.status, 400, "{path}");
    }
    let many: Vec<Value> = (0..1_001).map(|n| json!({ "phone_number": format!("0712{n:06}") })).collect();
    assert_eq!(talk.control("PUT", "/data", &json!({ "customers": many })).await.status, 400);
}
