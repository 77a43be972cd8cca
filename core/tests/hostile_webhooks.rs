//! Every unauthentic webhook gets one typed error, and every authentic one is read, however unusual it is.

#![allow(clippy::unwrap_used)]

use std::time::{Duration, Instant};

use kopokopo::{
    Result,
    webhooks::{Event, Webhooks, sign},
};
use serde_json::Value;

mod vector_files;
use vector_files::{Expect, Hostile, HostileCase, body, text, vectors};

fn signature(written: &Value, body: &[u8]) -> Option<String> {
    match written {
        Value::Null => None,
        Value::String(header) => Some(header.clone()),
        rule => {
            let mut right = sign(text(rule, "sign_with"), body);
            match rule["then"].as_str() {
                None => {}
                Some("upper_case") => right = right.to_uppercase(),
                Some("drop_last") => drop(right.pop()),
                Some("append_0") => right.push('0'),
                Some("change_last") => {
                    let last = right.pop();
                    right.push(if last == Some('0') { '1' } else { '0' });
                }
                Some("surround_with_space") => right = format!(" \t{right}\r\n"),
                Some(other) => panic!("no rule {other}"),
            }
            Some(right)
        }
    }
}

fn verify(case: &HostileCase, default_keys: &[String]) -> Result<Event> {
    let keys = case.api_keys.as_deref().unwrap_or(default_keys);
    let mut webhooks = Webhooks::new(keys.iter().map(String::as_str));
    if let Some(secret) = &case.client_secret {
        webhooks = webhooks.with_client_secret(secret.as_str());
    }
    if let Some(bytes) = case.max_body {
        webhooks = webhooks.with_max_body(bytes);
    }
    let body = body(&case.body);
    webhooks.verify(&body, signature(&case.signature, &body).as_deref())
}

/// The difference between the outcome and the expected one, if any.
fn difference(expect: &Expect, outcome: &Result<Event>) -> Option<String> {
    match (expect, outcome) {
        (Expect::Event { topic, payload }, Ok(event)) => {
            let kind = serde_json::to_value(&event.payload).unwrap()["kind"].as_str().unwrap().to_owned();
            (&event.topic != topic || &kind != payload).then(|| format!("got {} {kind}", event.topic))
        }
        (Expect::Refusal { error: kind, detail, never, never_in_detail }, Err(error)) => {
            let sentence = error.detail();
            let everything = format!("{error} {error:?} {}", error.body().unwrap_or_default());
            let is_expected =
                error.kind().as_str() == kind && detail.iter().all(|word| sentence.contains(word.as_str()));
            let is_redacted = never.iter().all(|word| !everything.contains(word.as_str()))
                && never_in_detail.iter().all(|word| !sentence.contains(word.as_str()));
            (!is_expected || !is_redacted).then(|| format!("got {error:?}"))
        }
        (_, Ok(event)) => Some(format!("was accepted as {}", event.topic)),
        (_, Err(error)) => Some(format!("was refused: {error}")),
    }
}

#[test]
fn every_hostile_or_unusual_webhook_has_result_of_its_vector_within_five_seconds() {
    let Hostile { api_keys, cases } = serde_json::from_value(vectors("hostile_webhooks.json")).unwrap();
    assert!(cases.len() > 80);
    let mut wrong = Vec::new();
    for case in &cases {
        let start = Instant::now();
        let outcome = verify(case, &api_keys);
        let took = start.elapsed();
        wrong.extend(difference(&case.expect, &outcome).map(|difference| format!("{}: {difference}", case.name)));
        if took > Duration::from_secs(5) {
            wrong.push(format!("{}: took {took:?}", case.name));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn error_of_unreadable_authentic_body_has_the_body() {
    let webhooks = Webhooks::new(["api-key"]);
    let body = br#"{"topic":"buygoods_transaction_received","event":{"resource":{"amount":"ten","sender_phone_number":"254712345678"}}}"#;
    let error = webhooks.verify(body, Some(&sign("api-key", body))).unwrap_err();
    let kept = error.body().unwrap();
    assert!(kept.contains(r#""amount":"ten""#) && kept.contains("[redacted]") && !kept.contains("254712345678"));
    assert!(webhooks.verify_signature(body, Some(&sign("api-key", body))).is_ok());
}

#[test]
fn debug_of_verifier_has_no_key() {
    let shown = format!("{:?}", Webhooks::new(["canary-key"]).with_client_secret("canary-secret"));
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn key_with_white_space_is_reported_and_webhook_of_other_key_is_accepted() {
    let (body, by_old) = (b"{}", sign("old", b"{}"));
    let webhooks = Webhooks::new(["new", "old\n"]);
    assert_eq!(webhooks.check_keys().unwrap_err().field(), Some("api_key"));
    webhooks.verify_signature(body, Some(&sign("new", body))).unwrap();
    // The webhook is authentic: the error must cause another delivery, and must not be a signature error.
    for webhooks in [webhooks, Webhooks::new(["old\r\n"])] {
        let error = webhooks.verify_signature(body, Some(&by_old)).unwrap_err();
        assert_eq!((error.kind(), error.field()), (kopokopo::ErrorKind::Configuration, Some("api_key")));
        assert!(error.detail().contains("white space"), "{error}");
    }
    // The client secret is not accepted as an API key, with white space around it either.
    let error = Webhooks::new(["secret"]).with_client_secret("secret\n").check_keys().unwrap_err();
    assert!(error.detail().contains("client secret"), "{error}");
}
