//! Tests the small parsers with the vectors that all languages share.

#![allow(clippy::unwrap_used)]

use kopokopo::{
    ErrorKind,
    types::{Amount, PhoneNumber, ResourceId, Timestamp, hash_phone},
    webhooks::{Webhooks, sign},
};
use serde_json::Value;

mod vector_files;
use vector_files::{body, list, text, vectors};

fn texts<'a>(file: &'a Value, key: &str) -> impl Iterator<Item = &'a str> {
    list(file, key).iter().map(|case| case.as_str().unwrap())
}

#[test]
fn signatures_equal_those_of_independent_hmac() {
    for case in list(&vectors("webhook_signatures.json"), "cases") {
        let (key, body, expected) = (text(case, "api_key"), body(&case["body"]), text(case, "signature"));
        assert_eq!(sign(key, &body), expected, "{}", case["name"]);
        Webhooks::new([key]).verify_signature(&body, Some(expected)).unwrap();
    }
}

#[test]
fn phone_numbers_are_converted_to_twelve_digits() {
    let file = vectors("phones.json");
    for case in list(&file, "accepted") {
        let phone: PhoneNumber = text(case, "typed").parse().unwrap();
        assert_eq!(phone.as_str(), text(case, "normalised"), "{case}");
        assert_eq!(format!("{phone:?}"), "[redacted]");
    }
    for typed in texts(&file, "refused") {
        let error = typed.parse::<PhoneNumber>().expect_err(typed);
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.detail().contains("+254XXXXXXXXX"), "the error names the accepted formats: {error}");
        assert!(typed.trim().len() < 6 || !error.detail().contains(typed), "the error repeats {typed:?}");
    }
    for case in list(&file, "refused_characters") {
        let error = text(case, "typed").parse::<PhoneNumber>().unwrap_err();
        assert!(error.detail().contains(text(case, "named")), "{error}");
    }
    for case in list(&file, "hashes") {
        assert_eq!(hash_phone(text(case, "phone_number")).unwrap().as_str(), text(case, "sha256"));
    }
}

#[test]
fn amounts_are_read_exactly() {
    let file = vectors("amounts.json");
    for case in list(&file, "texts") {
        let amount: Amount = text(case, "text").parse().unwrap();
        assert_eq!(amount.to_string(), text(case, "shown"), "{case}");
        assert_eq!(Some(amount.is_whole()), case["whole"].as_bool(), "{case}");
        assert_eq!(Some(amount.is_positive()), case["positive"].as_bool(), "{case}");
        assert_eq!(Some(amount.is_in_cents()), case["in_cents"].as_bool(), "{case}");
        assert_eq!(serde_json::to_string(&amount.as_json_number()).unwrap(), text(case, "shown"));
        assert_eq!(serde_json::to_value(amount).unwrap(), case["shown"]);
    }
    for case in list(&file, "wire") {
        let json = text(case, "json");
        assert_eq!(serde_json::from_str::<Amount>(json).unwrap().to_string(), text(case, "shown"), "{json}");
        assert_eq!(serde_json::from_slice::<Amount>(json.as_bytes()).unwrap().to_string(), text(case, "shown"));
    }
    for refused in texts(&file, "refused") {
        let error = refused.parse::<Amount>().expect_err(refused);
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.detail().contains("decimal number"), "{error}");
    }
    for json in texts(&file, "wire_refused") {
        assert!(serde_json::from_str::<Amount>(json).is_err(), "{json}");
    }
}

#[test]
fn times_keep_offset_and_digits() {
    let file = vectors("timestamps.json");
    for case in list(&file, "accepted") {
        let time: Timestamp = text(case, "text").parse().unwrap();
        assert_eq!(time.to_string(), text(case, "shown"), "{case}");
        assert_eq!(Some(time.unix_timestamp()), case["unix"].as_i64(), "{case}");
        assert_eq!(serde_json::to_value(time).unwrap(), case["shown"]);
    }
    for refused in texts(&file, "refused") {
        assert_eq!(refused.parse::<Timestamp>().expect_err(refused).kind(), ErrorKind::InvalidRequest);
    }
    for case in list(&file, "daraja") {
        assert_eq!(Timestamp::from_daraja(text(case, "text")).unwrap().to_string(), text(case, "shown"));
    }
    for refused in texts(&file, "daraja_refused") {
        assert!(Timestamp::from_daraja(refused).is_none(), "{refused}");
    }
}

#[test]
fn id_is_read_only_from_location_of_resource() {
    let file = vectors("locations.json");
    for case in list(&file, "accepted") {
        let id = ResourceId::from_location(text(case, "location"), text(case, "collection")).unwrap();
        assert_eq!(id.as_str(), text(case, "id"), "{case}");
    }
    for case in list(&file, "refused") {
        let outcome = ResourceId::from_location(text(case, "location"), text(case, "collection"));
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Decode, "{case}");
    }
    for case in list(&file, "typed") {
        assert_eq!(ResourceId::parse(text(case, "text")).unwrap().as_str(), text(case, "id"), "{case}");
    }
    for refused in texts(&file, "typed_refused") {
        let error = ResourceId::parse(refused).expect_err(refused);
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("id")));
    }
}
