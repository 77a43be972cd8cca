//! Kept clients are found by a digest of their options. The library itself needs PHP's symbols, so the module is tested
//! alone.

#![allow(clippy::unwrap_used)]

#[path = "../src/digest.rs"]
mod digest;

use digest::Key;
use kopokopo_ffi::value::{Arguments, Value};

fn options(secret: &str, others: &[&str]) -> Arguments {
    let others = others.iter().map(|other| Value::Text((*other).to_owned())).collect();
    vec![
        ("client_secret".to_owned(), Value::Text(secret.to_owned())),
        ("api_key".to_owned(), Value::Null),
        ("other_api_keys".to_owned(), Value::List(others)),
    ]
}

#[test]
fn equal_options_have_equal_digests_and_others_have_others() {
    let key = Key::random().unwrap();
    assert_eq!(key.digest(&options("a", &["b", "c"])), key.digest(&options("a", &["b", "c"])));
    let all = [
        options("a", &["b", "c"]),
        options("b", &["b", "c"]),
        options("a", &["bc"]),
        options("a", &["b"]),
        options("ab", &["c"]),
        options("", &[]),
        vec![],
        vec![("client_secret".to_owned(), Value::Null)],
        vec![("client_secret".to_owned(), Value::Bool(false))],
        vec![("client_secret".to_owned(), Value::Integer(0))],
        vec![("client_secret".to_owned(), Value::Float(0.0))],
        vec![("client_secret".to_owned(), Value::Word(String::new()))],
        vec![("client_secret".to_owned(), Value::Text(String::new()))],
        vec![("client_secret".to_owned(), Value::Record(vec![]))],
    ];
    for (at, one) in all.iter().enumerate() {
        for other in &all[at + 1..] {
            assert!(key.digest(one) != key.digest(other), "{at}");
        }
    }
}

#[test]
fn a_digest_has_nothing_of_the_secret_and_no_other_process_has_the_same() {
    let given = options("canary-secret", &["canary-key"]);
    let digest = Key::random().unwrap().digest(&given);
    assert!(digest != Key::random().unwrap().digest(&given), "its key is random");
    assert_eq!(size_of_val(&digest), 32, "it is of a fixed size, and the options are not in it");
}
