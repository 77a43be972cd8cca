//! Where callbacks go, when, and how many at a time.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    net::TcpListener,
    time::{Duration, Instant},
};

use kopokopo_sandbox::{Fault, FaultKind, Pace, Sandbox, Settings, samples::Changes};
use serde_json::json;
use support::{Receiver, Talk, stk_push};

#[tokio::test]
async fn callbacks_stay_on_this_machine_unless_that_is_switched_on() {
    let talk = Talk::start().await;
    // The real API accepts it, so it is accepted; it is not sent.
    let push = stk_push("1", "0712345678", "https://shop.example/k2");
    let id = talk.post("/api/v2/incoming_payments", &push).await.id();
    talk.until(&format!("/api/v2/incoming_payments/{id}"), |value| value["data"]["attributes"]["status"] == "Success")
        .await;
    let delivery = talk.sandbox.deliveries().remove(0);
    assert!(delivery.withheld && delivery.attempts.is_empty());
    let why = delivery.withheld_because.unwrap();
    assert!(why.contains("shop.example") && why.contains("--allow-remote-callbacks"), "{why}");
    assert!(talk.sandbox.resend(delivery.id).unwrap_err().contains("--allow-remote-callbacks"));

    for path in ["http://app:3000/k2", "http://host.docker.internal/k2", "http://192.168.1.5/k2"] {
        let refused = talk.post("/api/v2/incoming_payments", &stk_push("1", "0712345678", path)).await;
        assert_eq!(refused.status, 400);
        let words = refused.message().as_str().unwrap().to_owned();
        assert!(words.starts_with("Callback url is invalid") && words.contains("--allow-remote-callbacks"), "{words}");
    }
    let trigger = json!({ "topic": "customer_created", "url": "https://elsewhere.example/" });
    let refused = talk.control("POST", "/trigger", &trigger).await;
    assert!(refused.status == 400 && refused.body.contains("--allow-remote-callbacks"), "{}", refused.body);
}

#[tokio::test]
async fn callbacks_to_other_machines_are_accepted_where_that_is_switched_on() {
    let sandbox = Sandbox::builder().allow_remote_callbacks(true).pace(Pace::Manual).start().await.unwrap();
    let talk = Talk { sandbox };
    for url in ["http://app:3000/k2", "http://host.docker.internal/k2", "https://shop.example/k2"] {
        let created = talk.post("/api/v2/incoming_payments", &stk_push("1", "0712345678", url)).await;
        assert_eq!(created.status, 201, "{url}");
    }
    let refused = talk.post("/api/v2/incoming_payments", &stk_push("1", "0712345678", "ftp://app/")).await;
    assert_eq!(refused.message(), "Callback url is invalid");
    assert_eq!(talk.sandbox.state()["remote_callbacks"], true);
}

#[tokio::test]
async fn a_clock_that_jumps_makes_every_retry_that_was_due() {
    let talk = Talk::start().await;
    let receiver = Receiver::start(&[500]);
    talk.post("/api/v2/incoming_payments", &stk_push("1", "0712345678", &receiver.url)).await;
    receiver.wait_for(1).await;
    let began = Instant::now();
    while talk.control("GET", "/pending", &json!({})).await.json()["deliveries"][0]["in_ms"].as_u64().is_none() {
        assert!(began.elapsed() < Duration::from_secs(10));
    }
    talk.sandbox.advance(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(receiver.wait_for(4).await.len(), 4);
}

#[tokio::test]
async fn a_reordered_callback_with_nothing_after_it_is_sent_late() {
    let talk = Talk::start().await;
    let receiver = Receiver::start(&[200]);
    let fault = Fault { delay_ms: Some(200), ..Fault::once("incoming_payment", FaultKind::CallbackReordered) };
    talk.sandbox.set_faults(vec![fault]).unwrap();
    let began = Instant::now();
    talk.post("/api/v2/incoming_payments", &stk_push("1", "0712345678", &receiver.url)).await;
    receiver.wait_for(1).await;
    assert!(began.elapsed() >= Duration::from_millis(200));
}

#[tokio::test]
async fn a_receiver_that_hangs_takes_a_bounded_number_of_connections() {
    let talk = Talk::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    listener.set_nonblocking(true).unwrap();
    for _ in 0..200 {
        talk.sandbox.trigger("customer_created", Some(&url), &Changes::default()).unwrap();
    }
    let (mut open, began) = (Vec::new(), Instant::now());
    let mut latest = Instant::now();
    while began.elapsed() < Duration::from_secs(5) && latest.elapsed() < Duration::from_millis(500) {
        match listener.accept() {
            Ok(connection) => {
                open.push(connection);
                latest = Instant::now();
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
    assert_eq!(open.len(), 64);
    // The others follow as soon as these end.
    open.clear();
    let began = Instant::now();
    while listener.accept().is_err() {
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn payloads_come_without_the_phone_number_where_the_setting_says_so() {
    let talk = Talk::start().await;
    talk.sandbox.apply(&Settings { sender_phone_number: Some(false), ..Settings::default() }).unwrap();
    let receiver = Receiver::start(&[200]);
    for topic in ["buygoods_transaction_received", "buygoods_transaction_reversed", "customer_created"] {
        let request = json!({ "event_type": topic, "url": receiver.url, "scope": "company" });
        talk.post("/api/v2/webhook_subscriptions", &request).await;
    }
    talk.post("/api/v2/incoming_payments", &stk_push("1", "0712345678", &receiver.url)).await;
    let all = receiver.wait_for(3).await;
    assert!(all.iter().all(|(_, body)| !body.contains("254712345678")), "{all:?}");
    assert!(all.iter().any(|(_, body)| body.contains("hashed_sender_phone")));
}

#[tokio::test]
async fn a_sample_goes_to_subscribers_of_its_till_in_the_form_they_asked_for() {
    let talk = Talk::start().await;
    let (whole, till, other, daraja) =
        (Receiver::start(&[200]), Receiver::start(&[200]), Receiver::start(&[200]), Receiver::start(&[200]));
    for (receiver, scope, reference, form) in [
        (&whole, "company", "", false),
        (&till, "till", "000000", false),
        (&other, "till", "K000000", false),
        (&daraja, "company", "", true),
    ] {
        let request = json!({ "event_type": "buygoods_transaction_received", "url": receiver.url, "scope": scope,
            "scope_reference": reference, "enable_daraja_payload": form });
        assert_eq!(talk.post("/api/v2/webhook_subscriptions", &request).await.status, 201);
    }
    assert_eq!(talk.sandbox.trigger("buygoods_transaction_received", None, &Changes::default()).unwrap(), 3);
    whole.wait_for(1).await;
    till.wait_for(1).await;
    assert!(daraja.wait_for(1).await[0].1.contains("TransactionType"));
    assert!(other.received.lock().unwrap().is_empty());

    let why = talk.sandbox.trigger("incoming_payment", None, &Changes::default()).unwrap_err();
    assert!(why.contains("url: required for incoming_payment"), "{why}");
    let unset = json!({ "topic": "buygoods_transaction_received", "url": whole.url, "unset": ["event.resource.sender_phone_number"] });
    assert_eq!(talk.control("POST", "/trigger", &unset).await.status, 200);
    assert!(!whole.wait_for(2).await[1].1.contains("\"sender_phone_number\""));
    let nobody = talk.control("POST", "/trigger", &json!({ "topic": "card_transaction_voided" })).await.json();
    assert!(nobody["sent"] == 0 && nobody["why"].as_str().unwrap().contains("no subscription"), "{nobody}");
}

#[tokio::test]
async fn a_settlement_names_the_account_that_got_the_money() {
    let talk = Talk::start().await;
    let receiver = Receiver::start(&[200]);
    let request = json!({ "event_type": "settlement_transfer_completed", "url": receiver.url, "scope": "company" });
    talk.post("/api/v2/webhook_subscriptions", &request).await;
    let links = json!({ "callback_url": "https://nowhere.invalid/" });
    talk.post("/api/v2/send_money", &json!({ "_links": links })).await;
    let swept: serde_json::Value = serde_json::from_str(&receiver.wait_for(1).await[0].1).unwrap();
    let destination = &swept["event"]["resource"]["destination"];
    assert_eq!(destination["type"], "Bank Account");
    for name in ["reference", "account_name", "account_number", "bank_branch_ref", "settlement_method"] {
        assert!(destination["resource"][name].is_string(), "{name}: {swept}");
    }
}
