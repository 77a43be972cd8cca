use proptest::prelude::*;

use super::{MAX_BODY, MAX_QUOTED, Redactor, redact, scan::WORK};
use crate::types::Secret;

fn redacted(text: &str) -> String {
    redact(text).into_string()
}

#[test]
fn phone_numbers_are_redacted_in_every_format() {
    for text in [
        "254712345678",
        "+254712345678",
        "0712345678",
        "phone 254712345678 has an invalid length",
        "{\"p\":254712345678}",
        "0712 345 678",
        "0712-345-678",
        "0712.345.678",
        "(0712) 345678",
        "(0712) 345-678",
        "+254-712-345-678",
        "+254 (0) 712 345 678",
        "254 712 345 678",
        "00254 712 345 678",
        "0712\u{a0}345\u{2011}678",
        "\u{202a}0712 345 678\u{202c}",
        "to 712 345 678 today",
        "+44 712 345 6789",
        "12 0712 345 678",
        "a@b.c, 0110 345 678; 5",
    ] {
        let out = redacted(text);
        assert!(!out.contains("345"), "{out}");
        assert!(out.contains("[redacted]"), "{out}");
        assert!(!out.contains("+["), "{out}");
    }
    assert_eq!(redacted("0712 345 678 0713 345 678"), "[redacted] [redacted]");
}

#[test]
fn tokens_and_secrets_are_redacted_in_json_and_forms() {
    for text in [
        r#"{"access_token":"canary-value","expires_in":3600}"#,
        r#"{"access_token" : "canary-value"}"#,
        r#"{"token":{"value": "canary", "x": ["canary"]}, "a": 1}"#,
        r#"{"tokens":["canary", "canary"]}"#,
        r#"{"token":"a\"canary"}"#,
        r#"{"apiKey":"canary"}"#,
        r#"{"clientSecret":'canary'}"#,
        "client_id=me&client_secret=canary-value&grant_type=client_credentials",
        "Authorization: Bearer canary-value",
        "Authorization: Bearer  ca+/=canary-value==",
        r#"{"authorization":"Basic canary-value"}"#,
        r#"{\"token\":\"canary-value\"}"#,
        "API_KEY=canary-value",
        "api-key: canary-value",
        r#"{"password":"canary"#,
        "host=db.local user=shop pwd=canary",
        "postgres://shop:canary@localhost:5432/shop",
        "could not connect to \"postgresql://shop:a!canary@b$canary@db.local/shop\"",
        "shop:canary@tcp(127.0.0.1:3306)/shop",
        "jdbc:mariadb://canary@localhost/shop",
    ] {
        let out = redacted(text);
        assert!(!out.contains("canary"), "{out}");
    }
}

#[test]
fn ordinary_words_ids_dates_addresses_and_amounts_are_kept() {
    for text in [
        "Till number can't be blank",
        "247b1bd8-f5a0-4b71-a898-123456789012",
        "not found: 247b1bd8-f5a0-4b71-a898-123456789012.",
        "12345678-1234-1234-1234-123456789012",
        "amount 20000 in OJM6Q1W84K",
        "https://sandbox.kopokopo.com/api/v2/reversals",
        "the token was refused",
        "2026-05-01T10:43:20.123+03:00, 2026-05-01 10:43:20",
        "tcp connect error: 127.0.0.1:54321, 110.112.233.4:80, 10.0.0.1",
        "100.50, 250000, 1 000 000",
        "at line 1 column 123456",
    ] {
        assert_eq!(redacted(text), text);
    }
}

#[test]
fn email_addresses_and_hashed_phones_are_redacted() {
    let hash = "d30d07ee".repeat(8);
    assert_eq!(redacted(&format!("jbuyer+shop@mail.net {hash}.")), "[redacted] [redacted]");
}

#[test]
fn own_secrets_are_redacted_by_value_in_every_encoding() {
    let secrets = [Secret::from("canary \"se&cret"), Secret::from("short")];
    let redactor = Redactor::new(&secrets).with(Some(&Secret::from("canary-token")));
    for text in [
        "xcanary \"se&cretx",
        "you sent canary+%22se%26cret",
        r#"{"said":"canary \"se&cret"}"#,
        "the header was canary-token, canary-token",
    ] {
        let out = redactor.redact(text).into_string();
        assert!(!out.contains("canary") && out.contains("[redacted]"), "{out}");
    }
    assert_eq!(redactor.redact("a short word").as_str(), "a short word");
}

/// Base64 has `/`, `+` and `=`, which PHP, .NET and HTML templates escape.
#[test]
fn token_is_redacted_in_every_escaped_form() {
    let redactor = Redactor::new(&[Secret::from("aB3/xYz+QwErTy09==.seg'ment")]);
    for text in [
        r"Bad aB3\/xYz+QwErTy09==.seg'ment here",
        r"Bad aB3/xYz\u002BQwErTy09==.seg'ment here",
        r"Bad aB3\u002FxYz\u002BQwErTy09\u003D\u003D.seg\u0027ment here",
        r"Bad aB3\u002fxYz\u002bQwErTy09\u003d\u003d.seg\u0027ment here",
        "Bad aB3/xYz+QwErTy09==.seg&#39;ment here",
        "Bad aB3&#x2F;xYz+QwErTy09==.seg&#x27;ment here",
        "Bad aB3&#x2F;xYz+QwErTy09&#x3D;&#x3D;.seg&#39;ment here",
        "Bad aB3%2FxYz%2BQwErTy09%3D%3D.seg%27ment here",
    ] {
        assert_eq!(redactor.redact(text).as_str(), "Bad [redacted] here", "{text}");
    }
}

#[test]
fn long_text_is_cut_and_secret_across_the_cut_is_redacted() {
    let redactor = Redactor::new(&[Secret::from("canary-secret")]);
    for gap in 0..40 {
        for secret in ["canary-secret", "0712 345 678", "254712345678", "token=canary"] {
            let text = format!("{}{secret} {}", "ab ".repeat(MAX_QUOTED / 3 - gap), "x ".repeat(9000));
            let out = redactor.redact(&text).into_string();
            assert!(out.ends_with('…') && out.len() <= MAX_QUOTED + '…'.len_utf8(), "{}", out.len());
            assert!(!out.contains("can") && !out.contains("07") && !out.contains("25"), "{gap} {out}");
        }
    }
    let body = redactor.body("é".repeat(1_000_000).as_bytes()).unwrap_or_default();
    assert!(body.len() <= MAX_BODY + 3 && body.ends_with('…') && !body.contains('\u{fffd}'));
    let marks = redactor.body("bearer a ".repeat(100_000).as_bytes()).unwrap_or_default();
    assert!(marks.len() <= MAX_BODY + 3 && marks.ends_with('…') && !marks.contains("bearer a"));
    assert_eq!(redactor.body(b""), None);
    assert_eq!(redactor.body(b"short").as_deref(), Some("short"));
}

fn work(text: &str) -> usize {
    WORK.with(|work| work.set(0));
    let _ = Redactor::new(&[Secret::from("aaaaaaaaaaaaaaaaaaaaaab")]).all(text);
    WORK.with(std::cell::Cell::get)
}

/// Texts that could be read many times.
const HOSTILE: [&str; 20] = [
    "bearer a ",
    "bearer ",
    "basic \"",
    "token",
    "token\"",
    "token=",
    "token:{",
    "token:\"",
    "token:\\",
    "secret\\\"",
    "password  ",
    "0",
    "0 ",
    "0712 ",
    "+",
    "(0",
    "a@",
    "://",
    "a://b@",
    "_",
];

#[test]
fn work_is_linear_in_length_of_text() {
    for part in HOSTILE {
        let text = |length: usize| part.repeat(length / part.len());
        for length in [10_000, 20_000, 40_000] {
            let worked = work(&text(length));
            assert!(worked <= 100 * length, "{part:?}: {worked} for {length}");
        }
        let (one, two) = (work(&text(50_000)), work(&text(100_000)));
        assert!(two * 10 <= one * 21, "{part:?}: {one} became {two}");
    }
}

proptest! {
    #[test]
    fn work_on_any_mixture_is_bounded_by_length(parts in prop::collection::vec(prop::sample::select(&HOSTILE[..]), 1..400)) {
        let text = parts.concat().repeat(10);
        prop_assert!(work(&text) <= 100 * text.len());
    }

    #[test]
    fn redaction_never_panics_and_leaves_no_long_digit_run(text in ".{0,200}") {
        let out = redacted(&text);
        for word in out.split(|c: char| !c.is_ascii_digit()) {
            prop_assert!(word.len() < 36);
        }
    }

    #[test]
    fn phone_number_between_any_words_is_redacted(before in "[a-z ]{0,20}", phone in "2547[0-9]{8}|07[0-9]{2} [0-9]{3} [0-9]{3}", after in "[ a-z]{0,20}") {
        let text = format!("{before} {phone} {after}");
        prop_assert!(!redacted(&text).contains(&phone));
    }
}
