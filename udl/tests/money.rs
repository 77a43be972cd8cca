//! What every language relies on when money moves: the result of a cancelled create, waits by id, and the check of what
//! was paid.

#![allow(clippy::result_large_err, clippy::unwrap_used, reason = "errors and test code")]

mod support;

use std::time::Duration;

use kopokopo_ffi::{IncomingPayment, WaitOptions, is_paid_at_least, runtime};
use support::{
    client, paid, payment,
    server::{Act, Server, created, pending},
};

const CREATE: &str = "POST /api/v2/incoming_payments";

/// Cancels a create after a pause, and returns what a language reports.
async fn cancelled(server: &Server, pause: Duration) -> Option<kopokopo::KopoKopoError> {
    let call = client(&server.base_url).incoming_payments().create(payment());
    let cancel = call.cancel();
    let task = runtime::spawn(async move { drop(call.await) }).unwrap();
    tokio::time::sleep(pause).await;
    let reported = cancel.cancel();
    task.abort();
    reported
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_is_cancelled_after_it_was_sent_is_outcome_unknown() {
    let server = Server::with_token(|_, _| Act::Late(Duration::from_millis(400), created("p1"))).await;
    let error = cancelled(&server, Duration::from_millis(200)).await.unwrap();
    assert_eq!(error.kind().as_str(), "outcome_unknown");
    assert_eq!(error.operation(), Some("incoming_payments.create"));
    assert!(error.sent_at().is_some());
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(server.count(CREATE), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_is_cancelled_before_it_was_sent_is_never_sent() {
    let server = Server::start(|seen, before| {
        assert!(seen.line.starts_with("POST /oauth/token "), "{}", seen.line);
        Act::Late(Duration::from_millis(200), support::server::token(before))
    })
    .await;
    assert!(cancelled(&server, Duration::from_millis(50)).await.is_none());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(server.count(CREATE), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_whose_result_was_not_delivered_is_outcome_unknown_with_its_id() {
    let server = Server::with_token(|_, _| Act::Respond(created("p1"))).await;
    let error = cancelled(&server, Duration::from_millis(500)).await.unwrap();
    assert_eq!((error.kind().as_str(), error.id()), ("outcome_unknown", Some("p1")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_read_reports_the_languages_own_cancellation() {
    let server = Server::with_token(|_, _| Act::Hang).await;
    let call = client(&server.base_url).incoming_payments().get("p1".into());
    let cancel = call.cancel();
    let task = runtime::spawn(async move { drop(call.await) }).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(cancel.cancel().is_none());
    task.abort();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocking_create_that_is_interrupted_reports_its_outcome() {
    let server = Server::with_token(|_, _| Act::Hang).await;
    let call = client(&server.base_url).incoming_payments().create(payment());
    let reported = tokio::task::spawn_blocking(move || {
        let cancel = call.cancel();
        let began = std::time::Instant::now();
        let outcome = runtime::block_on_while(call, Duration::from_millis(10), || {
            if began.elapsed() < Duration::from_millis(300) { Ok(()) } else { Err("interrupted") }
        });
        assert_eq!(outcome.map(drop), Err("interrupted"));
        cancel.cancel()
    });
    assert_eq!(reported.await.unwrap().unwrap().kind().as_str(), "outcome_unknown");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_waited_for_and_watched_by_its_id() {
    let server = Server::with_token(|_, before| Act::Respond(if before == 0 { pending() } else { paid() })).await;
    let payments = client(&server.base_url).incoming_payments();
    let options = || Some(WaitOptions { interval: 0.01, ..WaitOptions::default() });
    let watch = payments.watch("p1".into(), options()).unwrap();
    assert_eq!(watch.pause(), Some(0.0));
    let mut states = Vec::new();
    while let Some(pause) = watch.pause() {
        tokio::time::sleep(Duration::from_secs_f64(pause)).await;
        states.extend(watch.poll().await.unwrap());
    }
    assert_eq!(states.iter().map(|state| state.is_final).collect::<Vec<_>>(), [false, true]);
    assert!(payments.wait("p1".into(), options()).await.unwrap().is_paid);
    let refused = payments.watch("a/b".into(), None).unwrap_err();
    assert_eq!(refused.into_fields().field.as_deref(), Some("id"));
}

async fn paid_payment() -> IncomingPayment {
    let server = Server::with_token(|_, _| Act::Respond(paid())).await;
    client(&server.base_url).incoming_payments().get("p1".into()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_paid_is_compared_with_what_was_expected() {
    let payment = paid_payment().await;
    assert_eq!(payment.payment_key.as_deref(), Some("mpesa:received:R1"));
    let check = |amount: &str, currency: Option<&str>, till: Option<&str>| {
        is_paid_at_least(
            payment.raw.clone(),
            "incoming_payment".into(),
            amount.into(),
            currency.map(Into::into),
            till.map(Into::into),
        )
    };
    assert!(check("100.5", None, None).unwrap());
    assert!(check("100.50", Some("KES"), None).unwrap());
    assert!(check("1", None, None).unwrap());
    assert!(!check("100.51", None, None).unwrap());
    assert!(!check("100.5", Some("USD"), None).unwrap());
    assert!(!check("100.5", None, Some("K000000")).unwrap(), "the payment names no till");
    for (amount, currency, field) in
        [("0", None, "amount"), ("ten", None, "amount"), ("1", Some("shillings"), "currency")]
    {
        let refused = check(amount, currency, None).unwrap_err();
        assert_eq!(refused.kind(), "invalid_request");
        assert_eq!(refused.into_fields().field.as_deref(), Some(field));
    }
    let nothing = is_paid_at_least("".into(), "event".into(), "1".into(), None, None).unwrap_err();
    assert_eq!(nothing.kind(), "decode");
    let unknown = is_paid_at_least(payment.raw.clone(), "reversal".into(), "1".into(), None, None).unwrap_err();
    assert_eq!(unknown.into_fields().field.as_deref(), Some("record"));
}

/// A read payment is checked as the payment that it is, whatever else its body could be read as.
#[test]
fn check_of_a_read_payment_agrees_with_is_paid() {
    use kopokopo::resources::{ExpectedPayment, IncomingPayment, PaymentLink, Resource as _};
    let transaction = r#"{"amount":"100","status":"Received","currency":"KES","reference":"ABC"}"#;
    let data = |status: &str, kind: &str, before: &str| {
        format!(
            r#"{{{before}"data":{{"id":"p1"{kind},"attributes":{{"status":"{status}","event":{{"resource":{transaction}}}}}}}}}"#
        )
    };
    let webhook = format!(r#""topic":"buygoods_transaction_received","event":{{"resource":{transaction}}},"#);
    let mut paid = 0;
    for status in ["Success", "Pending", "Failed", "Paid"] {
        for kind in [
            "",
            r#","type":"""#,
            r#","type":"incoming_payment""#,
            r#","type":"Incoming_Payment""#,
            r#","type":"payment_link""#,
        ] {
            for before in ["", r#""topic":"x","#, &webhook] {
                let body = data(status, kind, before);
                for record in ["incoming_payment", "payment_link"] {
                    let expected = ExpectedPayment::new(100);
                    let own = match record {
                        "incoming_payment" => {
                            IncomingPayment::from_body(body.as_bytes()).unwrap().is_paid_at_least(&expected)
                        }
                        _ => PaymentLink::from_body(body.as_bytes()).unwrap().is_paid_at_least(&expected),
                    };
                    let found =
                        is_paid_at_least(body.as_str().into(), record.into(), "100".into(), None, None).unwrap();
                    assert_eq!(found, own, "{record}: {body}");
                    paid += usize::from(found);
                }
            }
        }
    }
    assert!(paid > 0);
}
