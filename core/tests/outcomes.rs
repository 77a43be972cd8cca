//! The predicates of results: whether a result is final, paid or reversed, what failed, and the keys of deliveries.

#![allow(clippy::unwrap_used)]

use kopokopo::{
    resources::{IncomingPayment, Polling, Resource, Reversal, SendMoney},
    webhooks::{Event, EventPayload, Webhooks},
};
use serde_json::{Value, json};

mod vector_files;
use vector_files::{payload, payloads};

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
fn incoming_payment_is_paid_if_its_transaction_was_received_and_not_reversed() {
    let transaction = "/data/attributes/event/resource";
    let checks = |name: &str, changes: &[(&str, Value)]| {
        let payment: IncomingPayment = read(name, changes);
        (payment.is_final(), payment.is_paid())
    };
    let success = "result-incoming-payment-success";
    assert_eq!(checks(success, &[]), (true, true));
    assert_eq!(checks(success, &[(&format!("{transaction}/status"), json!("Complete"))]), (true, true));
    assert_eq!(checks(success, &[(&format!("{transaction}/status"), json!("Reversed"))]), (true, false));
    assert_eq!(checks(success, &[(&format!("{transaction}/status"), json!("Pondering"))]), (true, false));
    assert_eq!(checks(success, &[(transaction, json!(null))]), (true, false));
    assert_eq!(checks("result-incoming-payment-pending", &[]), (false, false));
    assert_eq!(checks("result-incoming-payment-failed", &[]), (true, false));
    let failed: IncomingPayment = read("result-incoming-payment-failed", &[]);
    assert_eq!(failed.errors, ["The initiator information is invalid."]);
}

#[test]
fn send_money_is_paid_only_if_every_disbursement_arrived() {
    let first = "/data/attributes/transfer_batches/0/disbursements/0";
    let sample = "result-send-money-processed";
    let request: SendMoney = read(sample, &[]);
    assert!(request.is_final() && request.is_paid() && request.failed_disbursements().is_empty());

    let cancelled =
        [(&*format!("{first}/status"), json!("Cancelled")), (&*format!("{first}/errors"), json!("Insufficient funds"))];
    let request: SendMoney = read(sample, &cancelled);
    assert!(request.is_final() && !request.is_paid());
    let failed = request.failed_disbursements();
    assert_eq!((failed.len(), &failed[0].errors[..]), (1, &["Insufficient funds".to_owned()][..]));

    for (at, value) in [
        ("/data/attributes/status", json!("Scheduled")),
        ("/data/attributes/errors", json!(["The balance is insufficient for the transaction"])),
        ("/data/attributes/transfer_batches", json!(null)),
        ("/data/attributes/transfer_batches", json!([])),
        ("/data/attributes/transfer_batches/0/disbursements", json!([])),
    ] {
        assert!(!read::<SendMoney>(sample, &[(at, value.clone())]).is_paid(), "{at} = {value}");
    }
}

/// Each case is a document that is not paid although a disbursement is transferred.
#[test]
fn send_money_is_not_paid_if_any_value_contradicts_it() {
    let batches = "/data/attributes/transfer_batches";
    let sample = "result-send-money-processed";
    let cancelled = json!({"status": "Cancelled", "amount": "1000.0", "disbursements": []});
    let not_paid = |changes: &[(&str, Value)]| {
        let request: SendMoney = read(sample, changes);
        assert!(!request.is_paid(), "{changes:?}");
        request
    };
    for (at, value) in [
        ("1/status", json!("Cancelled")),
        ("1/status", json!("Pending")),
        ("1/status", json!("Settling")),
        ("1/status", json!(null)),
        ("1/amount", json!("900.0")),
        ("1", json!(null)),
        ("1/disbursements/0", json!(null)),
        ("1/disbursements/0/amount", json!("500.0")),
        ("1/disbursements/0/amount", json!(null)),
        ("1/disbursements/0/amount", json!(0)),
        ("1/disbursements/0/status", json!("Pending")),
        ("1/disbursements/0/errors", json!(["Insufficient funds"])),
        // Both were sent to the first destination.
        ("1/disbursements/0/phone_number", json!("254900111111")),
        // One was sent to a recipient that is not in the request.
        ("1/disbursements/0/phone_number", json!("254900222222")),
    ] {
        not_paid(&[(&format!("{batches}/{at}"), value)]);
    }
    let destinations = "/data/attributes/destinations";
    not_paid(&[(&format!("{destinations}/0/amount"), json!(2000))]);
    not_paid(&[(&format!("{destinations}/0"), json!(null))]);
    not_paid(&[(&format!("{destinations}/0/phone_number"), json!(null))]);

    // A sweep whose second batch was cancelled before it had disbursements.
    let sweep: SendMoney = read(sample, &[(destinations, json!(null)), (&format!("{batches}/1"), cancelled.clone())]);
    assert!(sweep.is_final() && !sweep.is_paid());
    assert!(sweep.failed_disbursements().is_empty());
    assert_eq!(sweep.failed_batches().len(), 1);
    let sweep: SendMoney = read(sample, &[(destinations, json!(null))]);
    assert!(sweep.is_paid());

    // Version 1 has the same rules.
    for sample in ["result-payment-processed", "result-settlement-transfer-processed"] {
        for (at, value) in [
            ("transfer_batches/0", cancelled.clone()),
            ("transfer_batches/0/status", json!("Pending")),
            ("transfer_batches/0/disbursements/0", json!(null)),
            ("amount", json!({"currency": "KES", "value": 21_000})),
            ("errors", json!(["Insufficient funds"])),
        ] {
            let body = changed(sample, &[(&format!("/data/attributes/{at}"), value)]);
            let paid = match event(&body).payload {
                EventPayload::Payment(payment) => payment.is_paid(),
                EventPayload::SettlementTransfer(transfer) => transfer.is_paid(),
                other => panic!("{other:?}"),
            };
            assert!(!paid, "{sample} {at}");
        }
    }
}

/// The documentation guarantees only an opaque reference for a disbursement, not the number of the account.
#[test]
fn disbursements_without_number_of_destination_are_matched_by_reference_and_amount() {
    let number = |batch: u32| format!("/data/attributes/transfer_batches/{batch}/disbursements/0/phone_number");
    let reference =
        |batch: u32| format!("/data/attributes/transfer_batches/{batch}/disbursements/0/destination_reference");
    let without = [(number(0), json!(null)), (number(1), json!(null))];
    let without: Vec<_> = without.iter().map(|(at, value)| (at.as_str(), value.clone())).collect();
    assert!(read::<SendMoney>("result-send-money-processed", &without).is_paid());
    let same = [(reference(0), json!("one")), (reference(1), json!("one"))];
    let same: Vec<_> = same.iter().map(|(at, value)| (at.as_str(), value.clone())).chain(without).collect();
    assert!(!read::<SendMoney>("result-send-money-processed", &same).is_paid());
}

/// If such a request were final, a caller could send the money again, and pay twice if the first transfer was only
/// late.
#[test]
fn processed_request_is_not_final_while_its_money_can_still_move() {
    let batches = "/data/attributes/transfer_batches";
    let sample = "result-send-money-processed";
    for (at, value) in [
        ("/1/status", json!("Pending")),
        ("/1/status", json!(null)),
        ("/1/disbursements/0/status", json!("Pending")),
        ("/1/disbursements/0/status", json!("Settling")),
        ("", json!(null)),
    ] {
        let request: SendMoney = read(sample, &[(&format!("{batches}{at}"), value.clone())]);
        assert!(!request.is_final() && request.failed_disbursements().is_empty(), "{at} {value}");
    }
}

#[test]
fn unknown_status_is_final_if_it_is_a_failure_or_has_errors() {
    let payment = |status: &str, errors: Value| {
        let changes = [("/data/attributes/status", json!(status)), ("/data/attributes/event/errors", errors)];
        read::<IncomingPayment>("result-incoming-payment-failed", &changes).is_final()
    };
    let reversal = |status: &str, errors: Value| {
        let changes = [
            ("/data/attributes/status", json!(status)),
            ("/data/attributes/errors", errors),
            ("/data/attributes/reversal_bulk_payment", json!(null)),
        ];
        read::<Reversal>("result-reversals-processed", &changes).is_final()
    };
    let request = |status: &str, errors: Value| {
        let changes = [
            ("/data/attributes/status", json!(status)),
            ("/data/attributes/errors", errors),
            ("/data/attributes/transfer_batches", json!(null)),
        ];
        read::<SendMoney>("result-send-money-processed", &changes).is_final()
    };
    for is_final in [&payment as &dyn Fn(&str, Value) -> bool, &reversal, &request] {
        for word in ["Rejected", "Expired", "Cancelled", "Declined", "timed_out"] {
            assert!(is_final(word, json!(null)), "{word}");
        }
        assert!(is_final("Unheard of", json!(["Insufficient funds"])));
        assert!(!is_final("Unheard of", json!(null)) && !is_final("Pending", json!(["Insufficient funds"])));
    }
}

#[test]
fn disbursement_is_found_by_recipient_and_not_by_position() {
    let request: SendMoney = read("result-send-money-processed", &[]);
    // The batches have another order than the destinations.
    for (phone, reference) in [("0900 000 000", "QDZ273694C8"), ("+254900111111", "QCL160124A7")] {
        let found = request.disbursements_to(phone);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].transaction_reference.as_deref(), Some(reference));
    }
    let by_reference = request.disbursements_to("a3bd6298-8a5a-4a93-b880-7948a621fdfb");
    assert_eq!(by_reference[0].transaction_reference.as_deref(), Some("QCL160124A7"));
    assert!(request.disbursements_to("0712345678").is_empty() && request.disbursements_to("").is_empty());
}

#[test]
fn reversal_has_outcome_of_its_bulk_payment() {
    let checks = |name: &str, changes: &[(&str, Value)]| {
        let reversal: Reversal = read(name, changes);
        (reversal.is_final(), reversal.is_reversed(), reversal.is_failed())
    };
    assert_eq!(checks("result-reversals-scheduled", &[]), (false, false, false));
    assert_eq!(checks("result-reversals-processed", &[]), (true, true, false));
    assert_eq!(checks("result-reversal-processed-2", &[]), (true, true, false));
    assert_eq!(checks("result-reversals-processed-2", &[]), (true, false, true));
    // Cancelled with errors null.
    assert_eq!(checks("result-reversal-processed", &[]), (true, false, true));
    let bulk = "/data/attributes/reversal_bulk_payment";
    assert_eq!(checks("result-reversals-processed", &[(bulk, json!(null))]), (false, false, false));
    assert_eq!(checks("result-reversals-processed-2", &[(bulk, json!(null))]), (true, false, true));
}

#[test]
fn polling_result_with_entry_without_transaction_is_read() {
    let polling: Polling = read("result-polling-success", &[("/data/attributes/transactions/0/resource", json!(null))]);
    assert!(polling.is_final());
    let references: Vec<_> = polling.transactions.iter().map(|entry| entry.transaction.reference.as_deref()).collect();
    assert_eq!(references, [None, Some("APR202126"), Some("JUL202410")]);
}

#[test]
fn repeated_delivery_has_same_key_and_other_deliveries_have_other_keys() {
    let mut keys = Vec::new();
    for (name, body) in payloads("result-").into_iter().chain(payloads("webhook-")) {
        assert_eq!(event(&body).dedupe_key(), event(&body).dedupe_key(), "{name}");
        // Failed attempts to pay a link differ in their text only, so equal bytes mean the same delivery.
        if name != "result-payment-link-processed-4" {
            let compact = serde_json::from_str::<Value>(&body).unwrap().to_string();
            assert_eq!(event(&body).dedupe_key(), event(&compact).dedupe_key(), "{name}");
        }
        keys.push((name, event(&body).dedupe_key()));
    }
    // Samples that the documentation has twice, with another till or nickname, are the same event.
    let twins = [
        "result-polling-success-2",
        "result-send-money-processed-2",
        "webhook-b2b_transaction_received-2",
        "webhook-buygoods_transaction_received-2",
    ];
    keys.retain(|(name, _)| !twins.contains(&name.as_str()));
    for (at, (name, key)) in keys.iter().enumerate() {
        assert!(keys[..at].iter().all(|(_, other)| other != key), "{name}: {key}");
    }
}

#[test]
fn new_states_are_new_deliveries_and_events_without_id_differ_by_text() {
    let differ = |a: String, b: String| {
        assert_ne!(event(&a).dedupe_key(), event(&b).dedupe_key(), "{a}\n{b}");
    };
    let send = "result-send-money-processed";
    let status = "/data/attributes/transfer_batches/0/disbursements/0/status";
    differ(payload(send), changed(send, &[(status, json!("Cancelled"))]));
    differ(payload(send), changed(send, &[("/data/attributes/status", json!("Scheduled"))]));
    let link = "result-payment-link-processed-4";
    differ(payload(link), changed(link, &[("/data/attributes/errors", json!(["Request cancelled by user"]))]));
    differ(payload(link), changed(link, &[("/data/attributes/payment_link/status", json!("Expired"))]));
    let webhook = "webhook-buygoods_transaction_received";
    for id in [json!(null), json!(""), json!(" ")] {
        let reference = ("/event/resource/reference", json!("OTHER"));
        differ(changed(webhook, &[("/id", id.clone())]), changed(webhook, &[("/id", id), reference]));
    }
    let daraja = "webhook-daraja-buygoods";
    let without = ("/TransID", json!(null));
    differ(
        changed(daraja, std::slice::from_ref(&without)),
        changed(daraja, &[without, ("/TransAmount", json!("1.0"))]),
    );
    differ(r#"{"topic":"till_painted","a":1}"#.into(), r#"{"topic":"till_painted","a":2}"#.into());
    let of_unknown_type =
        |status: &str| json!({"data": {"id": "1", "type": "loan", "attributes": {"status": status}}}).to_string();
    differ(of_unknown_type("Asked"), of_unknown_type("Given"));
    // The key of a webhook of an unknown topic has its id.
    assert_eq!(event(r#"{"topic":"till_painted","id":"1","a":1}"#).dedupe_key(), "till_painted:1");
    assert_eq!(event(r#"{"TransactionType":"Airtime","TransID":"T1"}"#).dedupe_key(), "Airtime:T1");
    assert_eq!(event(&payload(daraja)).dedupe_key(), "Buygoods:OJM6Q1W84K");
    assert_eq!(
        event(&payload(webhook)).dedupe_key(),
        "buygoods_transaction_received:2133dbfb-24b9-40fc-ae57-2d7559785760"
    );
}

#[test]
fn daraja_time_is_read_as_nairobi_time() {
    match event(&payload("webhook-daraja-b2b")).payload {
        EventPayload::DarajaB2b(transaction) => {
            assert_eq!(transaction.trans_time.unwrap().to_string(), "2026-05-01T19:15:15+03:00");
            assert_eq!(transaction.trans_amount.unwrap().to_string(), "100");
            assert_eq!(transaction.msisdn.as_deref(), Some("112233"));
        }
        other => panic!("{other:?}"),
    }
}
