//! Comparing a payment with the expected amount, currency and till, and the keys of payments.

#![allow(clippy::unwrap_used)]

use kopokopo::{
    resources::{ExpectedPayment, IncomingPayment, PaymentLink, Resource, Reversal},
    webhooks::{Event, EventPayload, Webhooks},
};
use serde_json::{Value, json};

mod vector_files;
use vector_files::payload;

/// A sample with some of its values changed.
fn read<T: Resource>(name: &str, changes: &[(&str, Value)]) -> T {
    T::from_body(changed(name, changes).as_bytes()).unwrap()
}

fn changed(name: &str, changes: &[(&str, Value)]) -> String {
    let mut document: Value = serde_json::from_str(&payload(name)).unwrap();
    for (at, value) in changes {
        let (parent, field) = at.rsplit_once('/').unwrap();
        match document.pointer_mut(parent).unwrap() {
            Value::Array(parts) => parts[field.parse::<usize>().unwrap()] = value.clone(),
            object => object[field] = value.clone(),
        }
    }
    document.to_string()
}

fn event(body: &str) -> Event {
    Webhooks::new(["key"]).parse_unverified(body.as_bytes()).unwrap()
}

#[test]
fn missing_or_non_positive_amount_is_not_paid() {
    for amount in [json!(null), json!(""), json!("0"), json!(0), json!("-100.0")] {
        let at = "/data/attributes/event/resource/amount";
        let payment: IncomingPayment = read("result-incoming-payment-success", &[(at, amount.clone())]);
        assert!(payment.is_final() && !payment.is_paid() && payment.payment_key().is_none(), "{amount}");
        let webhook =
            event(&changed("webhook-buygoods_transaction_received", &[("/event/resource/amount", amount.clone())]));
        assert!(!webhook.transaction().unwrap().is_received() && webhook.payment_key().is_none(), "{amount}");
        let link: PaymentLink = read("result-payment-link-processed-3", &[("/data/attributes/amount", amount.clone())]);
        assert!(!link.is_paid(), "{amount}");
        let at = "/data/attributes/reversal_bulk_payment/amount";
        let reversal: Reversal = read("result-reversals-processed", &[(at, amount.clone())]);
        assert!(!reversal.is_reversed() && !reversal.is_failed(), "{amount}");
    }
    let errors = ("/data/attributes/event/errors", json!(["Insufficient funds"]));
    assert!(!read::<IncomingPayment>("result-incoming-payment-success", &[errors]).is_paid());
}

#[test]
fn payment_has_same_key_in_every_report() {
    let reference = json!("ojj1mpu40z ");
    let same = [
        changed("result-incoming-payment-success", &[]),
        changed("webhook-buygoods_transaction_received", &[("/event/resource/reference", reference.clone())]),
        changed("webhook-b2b_transaction_received", &[("/event/resource/reference", reference.clone())]),
        changed("webhook-daraja-buygoods", &[("/TransID", reference.clone())]),
        changed(
            "result-payment-link-processed-3",
            &[("/data/attributes/payment_link/transaction_reference", reference)],
        ),
    ];
    let mut deliveries = Vec::new();
    for body in &same {
        let event = event(body);
        assert_eq!(event.payment_key().as_deref(), Some("mpesa:received:OJJ1MPU40Z"), "{body}");
        assert_eq!(event.transaction().unwrap().payment_key(), event.payment_key());
        assert!(!deliveries.contains(&event.dedupe_key()));
        deliveries.push(event.dedupe_key());
    }
    // A returned card payment can have the status Complete too, so the topic determines the direction.
    for (sample, key) in [
        ("webhook-buygoods_transaction_reversed", Some("mpesa:reversed:")),
        ("webhook-card_transaction_received", Some("card:received:PENDINGCARD-1750335484")),
        ("webhook-card_transaction_reversed", Some("card:reversed:PENDINGCARD-1750335484")),
        ("webhook-card_transaction_voided", Some("card:voided:PENDINGCARD-1750335484")),
        ("result-incoming-payment-pending", None),
        ("result-incoming-payment-failed", None),
        ("result-payment-link-processed-4", None),
        ("result-send-money-processed", None),
        ("webhook-customer_created", None),
    ] {
        let event = event(&payload(sample));
        assert_eq!(event.payment_key().is_some(), key.is_some(), "{sample}");
        assert!(event.payment_key().unwrap_or_default().starts_with(key.unwrap_or_default()), "{sample}");
        assert_eq!(event.is_paid_at_least(&ExpectedPayment::new(1)), sample.ends_with("card_transaction_received"));
    }
}

#[test]
fn keys_are_short_and_have_no_control_characters() {
    let odd = ["x".repeat(10_000), "a\u{0}b".to_owned(), "a\nb".to_owned()];
    for odd in odd {
        let webhook = "webhook-buygoods_transaction_received";
        let changes =
            [("/id", json!(odd)), ("/event/resource/reference", json!(odd)), ("/event/resource/id", json!(odd))];
        let event = event(&changed(webhook, &changes));
        for key in [event.dedupe_key(), event.payment_key().unwrap()] {
            assert!(key.len() <= 200 && !key.chars().any(char::is_control), "{key}");
        }
        let topic = json!({"topic": odd, "id": "1"}).to_string();
        assert!(crate::event(&topic).dedupe_key().len() <= 200);
    }
}

#[test]
fn payment_is_compared_with_expected_amount_currency_and_till() {
    let paid = event(&payload("webhook-buygoods_transaction_received"));
    let transaction = paid.transaction().unwrap();
    let (amount, till) = (transaction.amount.unwrap(), transaction.till_number.clone());
    let expected = ExpectedPayment { amount, till_number: till.clone(), ..ExpectedPayment::default() };
    assert!(paid.is_paid_at_least(&expected));
    assert!(paid.is_paid_at_least(&ExpectedPayment { till_number: None, ..expected.clone() }));
    let cent: kopokopo::types::Amount = "0.01".parse().unwrap();
    for other in [
        ExpectedPayment { amount: amount + cent, ..expected.clone() },
        ExpectedPayment { amount: 0.into(), ..expected.clone() },
        ExpectedPayment { currency: "UGX".parse().unwrap(), ..expected.clone() },
        ExpectedPayment { till_number: Some("K999999".into()), ..expected.clone() },
        ExpectedPayment { till_number: Some(String::new()), ..expected.clone() },
    ] {
        assert!(!paid.is_paid_at_least(&other), "{other:?}");
    }
    for (at, value) in [("currency", json!(null)), ("till_number", json!(null)), ("amount", json!(null))] {
        let body = changed("webhook-buygoods_transaction_received", &[(&format!("/event/resource/{at}"), value)]);
        assert!(!event(&body).is_paid_at_least(&expected), "{at}");
    }
    let daraja = event(&payload("webhook-daraja-buygoods"));
    let expected = ExpectedPayment { amount: 1.into(), till_number: Some("000000".into()), ..expected };
    assert!(daraja.is_paid_at_least(&expected));
}

#[test]
fn older_field_names_are_read_and_newer_names_have_priority() {
    let body = json!({"topic": "buygoods_transaction_received", "id": "1", "event": {"resource": {
        "transaction_reference": "OJJ1", "sender_msisdn": "+254700000000", "till_identifier": "K1", "amount": "5"}}});
    let webhook = event(&body.to_string());
    let transaction = webhook.transaction().unwrap();
    assert_eq!(transaction.reference.as_deref(), Some("OJJ1"));
    assert_eq!(transaction.sender_phone_number.as_deref(), Some("+254700000000"));
    assert_eq!(transaction.till_number.as_deref(), Some("K1"));
    let body = json!({"topic": "buygoods_transaction_received", "id": "1", "event": {"resource": {
        "reference": "NEW", "transaction_reference": "OLD", "till_number": "K2", "till_identifier": "K1"}}});
    let webhook = event(&body.to_string());
    let transaction = webhook.transaction().unwrap();
    assert_eq!((transaction.reference.as_deref(), transaction.till_number.as_deref()), (Some("NEW"), Some("K2")));
    let payment: IncomingPayment =
        read("result-incoming-payment-pending", &[("/data/attributes/metadata", json!(null))]);
    assert!(payment.metadata.is_empty());
    let mut body: Value = serde_json::from_str(&payload("result-incoming-payment-pending")).unwrap();
    let attributes = body["data"]["attributes"].as_object_mut().unwrap();
    let metadata = attributes.remove("metadata").unwrap();
    attributes.insert("meta_data".to_owned(), metadata);
    assert!(!IncomingPayment::from_body(body.to_string().as_bytes()).unwrap().metadata.is_empty());
}

#[test]
fn every_daraja_body_with_transaction_id_has_type() {
    let read = |kind: &str| event(&changed("webhook-daraja-buygoods", &[("/TransactionType", json!(kind))]));
    for kind in ["Buygoods", "Pay Bill", "Customer Merchant Payment"] {
        let event = read(kind);
        assert!(matches!(event.payload, EventPayload::DarajaBuygoods(_)), "{kind}");
        assert_eq!(event.payment_key().as_deref(), Some("mpesa:received:OJM6Q1W84K"));
        assert_eq!(event.dedupe_key(), format!("{kind}:OJM6Q1W84K"));
    }
    // For other transaction types the direction of the money is not known.
    let event = read("Business Payment");
    assert!(matches!(event.payload, EventPayload::DarajaOther(_)));
    assert_eq!((event.payment_key(), event.dedupe_key().as_str()), (None, "Business Payment:OJM6Q1W84K"));
    assert!(!event.is_paid_at_least(&ExpectedPayment::new(1)) && event.transaction().is_some());
}
