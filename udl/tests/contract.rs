//! The contract against the core: the same words, the same defaults, the same events.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use kopokopo::{Environment, RetryOptions, Timeouts, resources as core, types, webhooks::Webhooks};
use kopokopo_ffi::{
    Event, SendMoney, TokenSourceOptions, WaitOptions, WebhookVerifier, contract_hash, disbursements_to, hash_phone,
    operations::CONTRACT_HASH, sign_webhook, version,
};

#[test]
fn the_words_are_the_cores() {
    macro_rules! same {
        ($($core:ident::$name:ident),* $(,)?) => {$(
            assert_eq!(kopokopo_ffi::$name::KNOWN, $core::$name::KNOWN, stringify!($name));
            for word in $core::$name::KNOWN.iter().copied().chain(["a word of tomorrow"]) {
                assert_eq!(kopokopo_ffi::$name::from(word).as_str(), word);
            }
        )*};
    }
    same!(
        types::EventType,
        types::Scope,
        types::Network,
        types::SettlementMethod,
        types::RecipientType,
        core::IncomingPaymentStatus,
        core::PaymentLinkStatus,
        core::RequestStatus,
        core::TransferStatus,
        core::TransactionStatus,
    );
    assert_eq!(kopokopo_ffi::Environment::KNOWN, ["sandbox", "production"]);
    assert_eq!(kopokopo_ffi::Environment::from_word("staging"), None);
}

#[test]
fn the_defaults_are_the_cores() {
    let seconds = Duration::from_secs_f64;
    let own = TokenSourceOptions::default();
    assert_eq!(Environment::from(own.environment), Environment::default());
    let timeouts = Timeouts {
        connect: seconds(own.connect_timeout),
        stalled: seconds(own.stalled_timeout),
        total: seconds(own.timeout),
    };
    assert_eq!(timeouts, Timeouts::default());
    let retries = RetryOptions::default();
    assert_eq!(
        (own.max_retries, seconds(own.retry_base), seconds(own.retry_cap)),
        (retries.max_retries, retries.base, retries.cap)
    );
    let own = WaitOptions::default();
    let wait = kopokopo::WaitOptions {
        timeout: seconds(own.timeout),
        interval: seconds(own.interval),
        max_interval: seconds(own.max_interval),
    };
    assert_eq!(wait, kopokopo::WaitOptions::default());
}

/// The samples of `tests/vectors/payloads` that are webhooks or results.
fn samples() -> Vec<(String, String)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/payloads");
    let mut samples: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), path))
        .filter(|(name, _)| name.starts_with("webhook") || name.starts_with("result") || name.starts_with("daraja"))
        .map(|(name, path)| (name, std::fs::read_to_string(path).unwrap()))
        .collect();
    samples.sort();
    assert!(samples.len() > 20, "{}", samples.len());
    samples
}

fn verifier() -> WebhookVerifier {
    WebhookVerifier::new(vec!["old".into(), "key".into()], Some("secret".into()), 10 * 1024 * 1024).unwrap()
}

#[test]
fn every_sample_event_says_what_the_cores_says() {
    let core = Webhooks::new(["key"]);
    for (name, text) in samples() {
        let signature = sign_webhook("key".into(), text.clone().into_bytes()).unwrap();
        let own: Event = verifier().verify(text.clone().into_bytes(), Some(signature.clone())).unwrap();
        let event = core.verify(text.as_bytes(), Some(&signature)).unwrap();
        assert_eq!(own.topic, event.topic, "{name}");
        assert_eq!(own.dedupe_key, event.dedupe_key(), "{name}");
        assert_eq!(own.raw.as_str(), event.raw.as_str(), "{name}");
        let json = serde_json::to_value(&event).unwrap();
        assert_eq!(own.payload.as_str(), json["payload"]["kind"], "{name}");
    }
}

#[test]
fn a_wrong_signature_says_why() {
    let verifier = verifier();
    let with_secret = sign_webhook("secret".into(), b"{}".to_vec()).unwrap();
    let error = verifier.verify(b"{}".to_vec(), Some(with_secret)).unwrap_err();
    assert_eq!(error.kind(), "signature");
    assert!(error.to_string().contains("client secret"), "{error}");
    assert_eq!(verifier.verify_signature(b"{}".to_vec(), None).unwrap_err().kind(), "signature");
    let authentic = sign_webhook("old".into(), b"[]".to_vec()).unwrap();
    let error = verifier.verify(b"[]".to_vec(), Some(authentic)).unwrap_err();
    assert_eq!((error.kind(), error.into_fields().body.as_deref()), ("decode", Some("[]")));
}

#[test]
fn blank_keys_are_refused() {
    for keys in [vec![], vec![" ".into()]] {
        let error = WebhookVerifier::new(keys, None, 1024).unwrap_err();
        assert_eq!((error.kind(), error.into_fields().field.as_deref()), ("configuration", Some("api_keys")));
    }
    assert_eq!(sign_webhook("".into(), Vec::new()).unwrap_err().kind(), "configuration");
}

#[test]
fn one_recipients_disbursements_are_found_by_any_spelling_of_the_number() {
    let text = r#"{"data":{"id":"s1","type":"send_money","attributes":{"status":"Processed","destinations":[{"type":"mobile_wallet","phone_number":"254712345678","amount":"5"}],"transfer_batches":[{"status":"Transferred","disbursements":[{"status":"Cancelled","amount":"5","phone_number":"254712345678"},{"status":"Transferred","amount":"6","phone_number":"254700000000"}]}]}}}"#;
    let event = verifier().parse_unverified(text.as_bytes().to_vec()).unwrap();
    let kopokopo_ffi::EventPayload::SendMoney { send_money } = event.payload else { panic!("{:?}", event.payload) };
    let found = disbursements_to(send_money.clone(), "0712345678".into()).unwrap();
    assert_eq!(found.len(), 1);
    assert!(!found[0].is_paid && !send_money.is_paid && send_money.is_final);
    assert_eq!(send_money.failed_disbursements, found);
    let without: SendMoney = SendMoney { raw: "".into(), ..send_money };
    assert_eq!(disbursements_to(without, "0712345678".into()).unwrap_err().kind(), "decode");
}

#[test]
fn functions_return_their_results() {
    assert_eq!(version(), env!("CARGO_PKG_VERSION"));
    assert_eq!(contract_hash(), CONTRACT_HASH);
    assert_eq!(hash_phone("0712345678".into()).unwrap(), hash_phone("+254 712 345 678".into()).unwrap());
    let error = hash_phone("12".into()).unwrap_err();
    assert_eq!((error.kind(), error.into_fields().field.as_deref()), ("invalid_request", Some("phone_number")));
}
