//! Events about the payment of `support::payment_request`, for tests of the journal.

#![allow(clippy::unwrap_used, clippy::missing_panics_doc, unreachable_pub)]

use kopokopo::webhooks::{Event, Webhooks};
use serde_json::{Value, json};

use crate::vector_files::payload;

/// 2020-10-19T09:24:48+03:00, six seconds before the payment of the samples.
pub const START: i64 = 1_603_088_688;

/// A sample with some of its values changed.
pub fn changed(name: &str, changes: &[(&str, Value)]) -> Event {
    let mut document: Value = serde_json::from_str(&payload(name)).unwrap();
    for (at, value) in changes {
        *document.pointer_mut(at).unwrap() = value.clone();
    }
    Webhooks::new(["key"]).parse_unverified(document.to_string().as_bytes()).unwrap()
}

/// The result of an STK push.
pub fn result(metadata: Value, changes: &[(&str, Value)]) -> Event {
    let mut all = vec![
        ("/data/attributes/metadata", metadata),
        ("/data/attributes/event/resource/sender_phone_number", json!("+254712345678")),
    ];
    all.extend(changes.iter().cloned());
    changed("result-incoming-payment-success", &all)
}

/// The webhook about the same payment.
pub fn webhook(changes: &[(&str, Value)]) -> Event {
    let mut all = vec![
        ("/event/resource/reference", json!("OJJ1MPU40Z")),
        ("/event/resource/till_number", json!("K000000")),
        ("/event/resource/sender_phone_number", json!("+254712345678")),
        ("/event/resource/hashed_sender_phone", json!(null)),
        ("/event/resource/origination_time", json!("2020-10-19T09:24:54+03:00")),
    ];
    all.extend(changes.iter().cloned());
    changed("webhook-buygoods_transaction_received", &all)
}
