//! Every sample payload of the documentation is read into its own type, and none of its values is lost.

#![allow(clippy::unwrap_used)]

use std::{collections::BTreeMap, str::FromStr};

use kopokopo::{
    ErrorKind,
    resources::MobileWalletDestination,
    types::Timestamp,
    webhooks::{Event, EventPayload, Webhooks},
};
use rust_decimal::Decimal;
use serde_json::{Map, Value, json};

mod vector_files;
use vector_files::{payload, payloads};

/// Samples whose names are not those of their kinds. That of a webhook is its topic.
const KINDS: [(&str, &str); 22] = [
    ("result-incoming-payment-failed", "incoming_payment"),
    ("result-incoming-payment-pending", "incoming_payment"),
    ("result-incoming-payment-success", "incoming_payment"),
    ("result-payment-link-created", "payment_link"),
    ("result-payment-link-processed", "payment_link"),
    ("result-payment-link-processed-2", "payment_link"),
    ("result-payment-link-processed-3", "payment_link"),
    ("result-payment-link-processed-4", "payment_link"),
    ("result-payment-processed", "payment"),
    ("result-polling-success", "polling"),
    ("result-polling-success-2", "polling"),
    ("result-reversal-processed", "reversal"),
    ("result-reversal-processed-2", "reversal"),
    ("result-reversals-processed", "reversal"),
    ("result-reversals-processed-2", "reversal"),
    ("result-reversals-scheduled", "reversal"),
    ("result-send-money-processed", "send_money"),
    ("result-send-money-processed-2", "send_money"),
    ("result-settlement-transfer-processed", "settlement_transfer"),
    ("result-transaction-sms-notification-success", "sms_notification"),
    ("webhook-daraja-b2b", "daraja_b2b"),
    ("webhook-daraja-buygoods", "daraja_buygoods"),
];

fn samples() -> Vec<(String, String)> {
    let mut files = payloads("result-");
    files.extend(payloads("webhook-"));
    files
}

fn parse(body: &str) -> Event {
    Webhooks::new(["key"]).parse_unverified(body.as_bytes()).unwrap()
}

fn kind(event: &Event) -> String {
    serde_json::to_value(&event.payload).unwrap()["kind"].as_str().unwrap().to_owned()
}

#[test]
fn every_sample_is_read_into_its_own_type() {
    let mut known: BTreeMap<&str, &str> = KINDS.into_iter().collect();
    for (name, body) in samples() {
        let topic = name.strip_prefix("webhook-").map(|topic| topic.trim_end_matches("-2"));
        let expected = known.remove(name.as_str()).or(topic);
        assert_eq!(Some(kind(&parse(&body)).as_str()), expected, "{name}");
    }
    assert!(known.is_empty(), "these samples are missing: {known:?}");
}

/// Lists every scalar except null, with its name and the names of the objects around it. Items of a list have the
/// list's name.
fn leaves(value: &Value, path: &[&str], found: &mut Vec<(Vec<String>, String)>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                leaves(value, &[path, &[name.as_str()]].concat(), found);
            }
        }
        Value::Array(parts) => parts.iter().for_each(|part| leaves(part, path, found)),
        Value::Null => {}
        Value::String(text) => found.push((path.iter().map(ToString::to_string).collect(), text.clone())),
        other => found.push((path.iter().map(ToString::to_string).collect(), other.to_string())),
    }
}

/// The names that a field of the API may have in the JSON of the crate.
fn our_names(path: &[String], kind: &str) -> Vec<String> {
    let name = path.last().unwrap().as_str();
    let parent = path.len().checked_sub(2).and_then(|at| path.get(at)).map_or("", String::as_str);
    let ours: &[&str] = match (parent, name) {
        ("_links", "self") => &["self_url"],
        ("_links", "resource") => &["resource_url"],
        ("data", "type") => &["topic"],
        ("event", "type") => &["event_type"],
        ("destinations" | "destination", "type") => &["destination_type"],
        ("transactions", "type") => &["transaction_type"],
        ("payment_link", "status" | "payment_link_status") | (_, "payment_link_status") => &["link_status"],
        (_, "payment_link") => &["link"],
        (_, "account_name") if kind == "payment_link" => &["till_name"],
        (_, "account_number") if kind == "payment_link" => &["till_number"],
        (_, "merchant_payment_reference") => &["payment_reference"],
        (_, "TransID") => &["trans_id"],
        (_, "MSISDN") => &["msisdn"],
        _ => &[],
    };
    if !ours.is_empty() {
        return ours.iter().map(ToString::to_string).collect();
    }
    if kind.starts_with("daraja") {
        let mut snake = String::new();
        for c in name.chars() {
            if c.is_ascii_uppercase() && !snake.is_empty() {
                snake.push('_');
            }
            snake.push(c.to_ascii_lowercase());
        }
        return vec![snake];
    }
    vec![name.to_owned()]
}

/// Amounts are compared by value and Daraja's time by its point in time; everything else is compared unchanged.
fn normal(name: &str, text: &str) -> String {
    match name {
        "amount" | "value" | "trans_amount" => Decimal::from_str(text).unwrap().normalize().to_string(),
        "trans_time" => Timestamp::from_daraja(text).map_or_else(|| text.to_owned(), |time| time.to_string()),
        _ => text.to_owned(),
    }
}

#[test]
fn no_field_of_any_sample_is_lost() {
    for (file, body) in samples() {
        let event = parse(&body);
        let kind = kind(&event);
        let (mut wire, mut ours) = (Vec::new(), Vec::new());
        leaves(&serde_json::from_str(&body).unwrap(), &[], &mut wire);
        leaves(&serde_json::to_value(&event).unwrap(), &[], &mut ours);
        assert!(wire.len() > 5, "{file}");
        let mut ours: Vec<(String, String)> = ours
            .into_iter()
            .map(|(path, text)| (path.last().unwrap().clone(), text))
            .map(|(name, text)| (name.clone(), normal(&name, &text)))
            .collect();
        for (path, text) in wire {
            let names = our_names(&path, &kind);
            let found = ours.iter().position(|(name, own)| names.contains(name) && *own == normal(name, &text));
            // A value is removed when it is found, so that it counts only once.
            ours.swap_remove(found.unwrap_or_else(|| panic!("{file}: {} = {text} is lost", path.join("."))));
        }
    }
}

#[test]
fn event_keeps_its_whole_text_and_debug_has_no_personal_data() {
    for (file, body) in samples() {
        let event = parse(&body);
        assert_eq!(event.raw.as_str(), body);
        assert_eq!(event.raw.json(), serde_json::from_str::<Value>(&body).unwrap());
        let shown = format!("{event:?}");
        for secret in
            ["Jane", "\"Doe\"", "Joe", "Kariuki", "John Doe\"", "2549", "2547", "450875", "cbc50470", "rbFvT0Gst"]
        {
            assert!(!shown.contains(secret), "{file} shows {secret}: {shown}");
        }
    }
}

/// The fields with names that people chose, or free text.
const HIDDEN: [&str; 7] =
    ["nickname", "sending_till", "destination_reference", "errors", "note", "description", "reason"];

fn with_canaries(value: &mut Value, count: &mut u32) {
    match value {
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| {
            if HIDDEN.contains(&name.as_str()) {
                *count += 1;
                *value = if name == "errors" { json!(["canary"]) } else { json!("canary") };
            } else {
                with_canaries(value, count);
            }
        }),
        Value::Array(parts) => parts.iter_mut().for_each(|part| with_canaries(part, count)),
        _ => {}
    }
}

#[test]
fn debug_has_no_names_and_no_free_text() {
    let mut count = 0;
    for (file, body) in samples() {
        let mut document = serde_json::from_str(&body).unwrap();
        with_canaries(&mut document, &mut count);
        let shown = format!("{:?}", parse(&document.to_string()));
        assert!(!shown.contains("canary"), "{file}: {shown}");
    }
    assert!(count > 40, "{count}");
    let wallet = MobileWalletDestination {
        nickname: Some("canary".to_owned()),
        description: "canary".to_owned(),
        ..MobileWalletDestination::default()
    };
    let shown = format!("{wallet:?}");
    assert!(!shown.contains("canary") && shown.contains("nickname: [redacted]"), "{shown}");
}

/// Lists every place in a document, as a JSON pointer.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let at = format!("{at}/{name}");
                found.push(at.clone());
                places(value, &at, found);
            }
        }
        Value::Array(parts) => {
            for (index, part) in parts.iter().enumerate() {
                let at = format!("{at}/{index}");
                found.push(at.clone());
                places(part, &at, found);
            }
        }
        _ => {}
    }
}

/// Whether a field is an amount, or determines the type of the document. With an unexpected value in it, the document
/// is refused or of unknown type.
fn is_essential(at: &str) -> bool {
    let name = at.rsplit('/').next().unwrap();
    matches!(name, "amount" | "value" | "TransAmount")
        || matches!(at, "/topic" | "/data" | "/data/type" | "/data/attributes" | "/data/attributes/status")
        || at == "/TransactionType"
}

#[test]
fn unexpected_or_absent_value_does_not_refuse_authentic_payload() {
    for (file, body) in samples() {
        let document: Value = serde_json::from_str(&body).unwrap();
        let expected = kind(&parse(&body));
        let mut all = Vec::new();
        places(&document, "", &mut all);
        for at in all.iter().filter(|at| !is_essential(at)) {
            let scalar = !document.pointer(at).unwrap().is_object() && !document.pointer(at).unwrap().is_array();
            let odd = [json!(null), json!("odd"), json!(5), json!(-1.5), json!(true), json!([]), json!({})];
            // A list or an object may be null; scalars may be anything.
            for value in odd.iter().take(if scalar { odd.len() } else { 1 }) {
                let mut changed = document.clone();
                *changed.pointer_mut(at).unwrap() = value.clone();
                let event = Webhooks::new(["key"]).parse_unverified(changed.to_string().as_bytes());
                let event = event.unwrap_or_else(|error| panic!("{file} with {at} = {value}: {error}"));
                let gone = matches!(at.as_str(), "/event" | "/event/resource");
                assert!(gone || kind(&event) == expected, "{file} with {at} = {value}");
            }
            let mut less = document.clone();
            let (parent, name) = at.rsplit_once('/').unwrap();
            if let Some(fields) = less.pointer_mut(parent).and_then(Value::as_object_mut) {
                fields.remove(name);
                parse(&less.to_string());
            }
        }
    }
}

#[test]
fn malformed_amount_is_refused_in_every_field() {
    let mut refused = 0;
    for (file, body) in samples() {
        let document: Value = serde_json::from_str(&body).unwrap();
        let mut all = Vec::new();
        places(&document, "", &mut all);
        let money = |at: &&String| {
            matches!(at.rsplit('/').next().unwrap(), "amount" | "value" | "TransAmount")
                && !document.pointer(at).unwrap().is_object()
        };
        for at in all.iter().filter(money) {
            let mut changed = document.clone();
            *changed.pointer_mut(at).unwrap() = json!("ten");
            let error = Webhooks::new(["key"]).parse_unverified(changed.to_string().as_bytes()).expect_err(&file);
            assert_eq!(error.kind(), ErrorKind::Decode);
            refused += 1;
        }
    }
    assert!(refused > 30, "{refused}");
}

#[test]
fn payment_link_is_paid_is_correct_in_all_formats() {
    let checks = |name: &str| match parse(&payload(name)).payload {
        EventPayload::PaymentLink(link) => (
            link.link_status.as_ref().unwrap().to_string(),
            link.is_paid(),
            link.has_failed_attempt(),
            link.link.is_some(),
        ),
        other => panic!("{other:?}"),
    };
    assert_eq!(checks("result-payment-link-created"), ("active".into(), false, false, true));
    assert_eq!(checks("result-payment-link-processed"), ("Active".into(), false, false, true));
    assert_eq!(checks("result-payment-link-processed-2"), ("Active".into(), false, false, true));
    assert_eq!(checks("result-payment-link-processed-3"), ("Paid".into(), true, false, true));
    assert_eq!(checks("result-payment-link-processed-4"), ("Active".into(), false, true, true));
}

#[test]
fn payment_link_with_mixed_formats_is_read() {
    let mut document: Value = serde_json::from_str(&payload("result-payment-link-processed-3")).unwrap();
    let more = json!({"account_name": "Old name", "account_number": "1", "merchant_payment_reference": "old"});
    let attributes: &mut Map<String, Value> = document["data"]["attributes"].as_object_mut().unwrap();
    attributes.extend(more.as_object().unwrap().clone());
    attributes["payment_link"]["payment_link_status"] = json!("Active");
    match parse(&document.to_string()).payload {
        EventPayload::PaymentLink(link) => {
            assert!(link.is_paid() && link.till_name.as_deref() == Some("Till name"));
        }
        other => panic!("{other:?}"),
    }
}
