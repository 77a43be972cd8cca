//! Faults, seen from a bare socket, and what becomes of callbacks.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use kopokopo_sandbox::{Fault, FaultKind, Settings, samples::Changes};
use serde_json::json;
use support::{NOWHERE, Receiver, Talk, stk_push};

const CREATE: &str = "incoming_payments.create";

async fn struck(kind: FaultKind) -> (Talk, std::io::Result<support::Answer>) {
    let talk = Talk::start().await;
    talk.sandbox.set_faults(vec![Fault { delay_ms: Some(200), ..Fault::once(CREATE, kind) }]).unwrap();
    let answer = talk.try_post("/api/v2/incoming_payments", &stk_push("100", "0712345678", NOWHERE)).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    (talk, answer)
}

#[tokio::test]
async fn a_reset_before_the_effect_moves_nothing_and_one_after_it_moves_the_money() {
    for (kind, balance, effect) in
        [(FaultKind::ResetBeforeEffect, "100000", false), (FaultKind::ResetAfterEffect, "100100", true)]
    {
        let (talk, answer) = struck(kind).await;
        assert_eq!(answer.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
        assert_eq!(talk.balance("K000000"), balance);
        let seen = talk.sandbox.requests().pop().unwrap();
        assert_eq!((seen.operation, seen.status, seen.took_effect), (Some(CREATE), None, effect));
    }
}

#[tokio::test]
async fn responses_fail_as_configured() {
    let (_, answer) = struck(FaultKind::Html502).await;
    let answer = answer.unwrap();
    assert!(answer.status == 502 && answer.body.starts_with("<html>"));
    let (_, answer) = struck(FaultKind::Redirect).await;
    assert_eq!(answer.unwrap().header("location"), Some("https://elsewhere.example/"));
    let (talk, answer) = struck(FaultKind::MissingLocation).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.header("location")), (201, None));
    assert_eq!(talk.balance("K000000"), "100100");
    let (_, answer) = struck(FaultKind::ForeignLocation).await;
    assert!(
        answer.unwrap().header("location").unwrap().starts_with("https://elsewhere.example/api/v2/incoming_payments/")
    );
    let (talk, answer) = struck(FaultKind::Status).await;
    assert_eq!((answer.unwrap().status, talk.balance("K000000").as_str()), (500, "100000"));
    let (talk, answer) = struck(FaultKind::StatusAfterEffect).await;
    assert_eq!((answer.unwrap().status, talk.balance("K000000").as_str()), (500, "100100"));
    let (_, answer) = struck(FaultKind::TruncatedBody).await;
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.header("content-length"), answer.body.len()), (201, Some("2"), 1));
}

#[tokio::test]
async fn a_status_can_carry_retry_after_and_its_own_body() {
    let talk = Talk::start().await;
    let fault = json!({ "operation": "polling.*", "kind": "status", "status": 429, "retry_after": "7", "body": { "error_code": 429 }, "times": null });
    assert_eq!(talk.control("PUT", "/faults", &fault).await.status, 200);
    for _ in 0..3 {
        let answer = talk.get("/api/v2/polling/x").await;
        assert_eq!(
            (answer.status, answer.header("retry-after"), answer.body.as_str()),
            (429, Some("7"), r#"{"error_code":429}"#)
        );
    }
    talk.control("DELETE", "/faults", &json!({})).await;
    assert_eq!(talk.get("/api/v2/polling/x").await.status, 404);
}

#[tokio::test]
async fn hanging_request_gets_no_response() {
    for kind in [FaultKind::HangBeforeEffect, FaultKind::HangAfterEffect] {
        let talk = Talk::start().await;
        talk.sandbox.set_faults(vec![Fault::once(CREATE, kind)]).unwrap();
        let push = stk_push("1", "0712345678", NOWHERE);
        let hanging =
            tokio::time::timeout(Duration::from_millis(300), talk.try_post("/api/v2/incoming_payments", &push)).await;
        assert!(hanging.is_err());
        assert_eq!(talk.sandbox.requests().pop().unwrap().took_effect, kind == FaultKind::HangAfterEffect);
    }
}

#[tokio::test]
async fn the_port_closes_for_a_while_and_opens_again() {
    let talk = Talk::start().await;
    talk.sandbox.refuse_connections(Duration::from_millis(300));
    tokio::time::sleep(Duration::from_millis(50)).await;
    let refused = talk.send("GET", "/_sandbox/health", &[], "").await.unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::ConnectionRefused);
    let began = Instant::now();
    while talk.send("GET", "/_sandbox/health", &[], "").await.is_err() {
        assert!(began.elapsed() < Duration::from_secs(10));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_fault_that_is_used_up_is_not_in_force() {
    let (talk, _) = struck(FaultKind::Status).await;
    assert_eq!(talk.control("GET", "/faults", &json!(null)).await.json(), json!([]));
    let twice = json!({ "operation": CREATE, "kind": "status", "times": 2 });
    assert_eq!(talk.control("PUT", "/faults", &twice).await.status, 200);
    talk.post("/api/v2/incoming_payments", &stk_push("100", "0712345678", NOWHERE)).await;
    assert_eq!(talk.control("GET", "/faults", &json!(null)).await.json()[0]["times"], 1);
}

#[tokio::test]
async fn a_receiver_that_fails_is_tried_again_and_a_delivery_can_be_sent_again() {
    let talk = Talk::start().await;
    talk.sandbox.apply(&Settings { callback_retries_ms: Some(vec![3_600_000, 10]), ..Settings::default() }).unwrap();
    let receiver = Receiver::start(&[500, 503, 200]);
    talk.post("/api/v2/incoming_payments", &stk_push("1", "0712345678", &receiver.url)).await;
    receiver.wait_for(1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    // The first pause is an hour of the sandbox's clock.
    talk.sandbox.advance(Duration::from_secs(3600));
    receiver.wait_for(3).await;
    let began = Instant::now();
    let delivery = loop {
        let delivery = talk.sandbox.deliveries().remove(0);
        if delivery.delivered {
            break delivery;
        }
        assert!(began.elapsed() < Duration::from_secs(5));
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    let statuses: Vec<_> = delivery.attempts.iter().map(|attempt| attempt.status.unwrap()).collect();
    assert_eq!(statuses, [500, 503, 200]);
    assert!(talk.sandbox.resend(delivery.id).is_ok() && talk.sandbox.resend(999).is_err());
    let all = receiver.wait_for(4).await;
    assert_eq!(all[3].1, delivery.body);
}

#[tokio::test]
async fn callbacks_come_twice_late_out_of_order_or_never() {
    let push = async |talk: &Talk, receiver: &Receiver, amount: &str| {
        talk.post("/api/v2/incoming_payments", &stk_push(amount, "0712345678", &receiver.url)).await;
    };
    let fault = |kind| vec![Fault { delay_ms: Some(300), ..Fault::once("incoming_payment", kind) }];

    let (talk, receiver) = (Talk::start().await, Receiver::start(&[200]));
    talk.sandbox.set_faults(fault(FaultKind::CallbackTwice)).unwrap();
    push(&talk, &receiver, "1").await;
    let twice = receiver.wait_for(2).await;
    assert_eq!(twice[0].1, twice[1].1);

    let (talk, receiver) = (Talk::start().await, Receiver::start(&[200]));
    talk.sandbox.set_faults(fault(FaultKind::CallbackReordered)).unwrap();
    push(&talk, &receiver, "1").await;
    push(&talk, &receiver, "2").await;
    let reordered = receiver.wait_for(2).await;
    assert!(reordered[0].1.contains("\"2.0\"") && reordered[1].1.contains("\"1.0\""));

    let (talk, receiver) = (Talk::start().await, Receiver::start(&[200]));
    talk.sandbox.set_faults(fault(FaultKind::CallbackLate)).unwrap();
    let began = Instant::now();
    push(&talk, &receiver, "1").await;
    receiver.wait_for(1).await;
    assert!(began.elapsed() >= Duration::from_millis(300));

    let (talk, receiver) = (Talk::start().await, Receiver::start(&[200]));
    talk.sandbox.set_faults(fault(FaultKind::CallbackNever)).unwrap();
    push(&talk, &receiver, "1").await;
    push(&talk, &receiver, "2").await;
    let only = receiver.wait_for(1).await;
    assert!(only[0].1.contains("\"2.0\""));
    assert!(talk.sandbox.deliveries()[0].withheld);
}

#[tokio::test]
async fn a_sample_of_anything_is_sent_on_demand() {
    let (talk, receiver) = (Talk::start().await, Receiver::start(&[200]));
    let trigger =
        json!({ "topic": "card_transaction_received", "url": receiver.url, "set": { "event.resource.amount": "7.5" } });
    assert_eq!(talk.control("POST", "/trigger", &trigger).await.json()["sent"], 1);
    assert!(receiver.wait_for(1).await[0].1.contains("\"7.5\""));
    talk.post(
        "/api/v2/webhook_subscriptions",
        &json!({ "event_type": "card_transaction_voided", "url": receiver.url, "scope": "company" }),
    )
    .await;
    assert_eq!(talk.sandbox.trigger("card_transaction_voided", None, &Changes::default()).unwrap(), 1);
    receiver.wait_for(2).await;
}

#[tokio::test]
async fn a_stopped_sandbox_frees_its_port() {
    let talk = Talk::start().await;
    let address = talk.sandbox.address();
    talk.sandbox.stop().await;
    assert!(std::net::TcpStream::connect(address).is_err());
    kopokopo_sandbox::Sandbox::builder().port(address.port()).start().await.unwrap();
}
