//! `k2 webhook` and `k2 trigger`.

use serde_json::Value;

use crate::support::{KEY, k2, output, receive_one, text};

#[test]
fn a_body_that_was_signed_is_verified_and_another_is_not() {
    let body = br#"{"topic":"customer_created","id":"e1","event":{"resource":{"first_name":"Jane"}}}"#;
    let signature = text(&output(&["webhook", "sign", "--api-key", KEY], body).stdout).trim().to_owned();
    let verify = |key: &str, signature: &[&str], body: &[u8]| {
        output(&[&["webhook", "verify", "--api-key", key], signature].concat(), body)
    };
    let good = verify(KEY, &["--signature", &signature], body);
    let event: Value = serde_json::from_slice(&good.stdout).unwrap();
    assert_eq!((good.status.code(), event["payload"]["kind"].as_str()), (Some(0), Some("customer_created")));
    assert!(event["dedupe_key"].is_string());
    for (refused, words) in [
        (verify("another key", &["--signature", &signature], body), "does not match"),
        (verify(KEY, &["--signature", &signature], b"{}"), "does not match"),
        (verify(KEY, &["--signature", "abc"], body), "3 characters"),
        (verify(KEY, &[], body), "missing"),
    ] {
        assert_eq!(refused.status.code(), Some(1));
        assert!(refused.stdout.is_empty() && text(&refused.stderr).contains(words), "{}", text(&refused.stderr));
    }
}

#[test]
fn a_key_that_verifies_nothing_signs_nothing() {
    for key in [" ", "key ", "\tkey"] {
        let trigger = &["trigger", "customer_created", "--url", "http://127.0.0.1:9/k2"][..];
        for command in [&["webhook", "sign"][..], &["webhook", "verify"], trigger, &["sandbox", "--port=0"]] {
            let refused = output(&[command, &["--api-key", key]].concat(), b"");
            assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0), "{command:?}");
            assert!(text(&refused.stderr).contains("api_key: "), "{}", text(&refused.stderr));
        }
    }
}

#[test]
fn missing_key_is_named() {
    for command in ["sign", "verify"] {
        let refused = output(&["webhook", command], b"");
        assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0), "{command}");
        assert!(text(&refused.stderr).contains("give --api-key, or set K2_API_KEY"), "{}", text(&refused.stderr));
    }
}

#[test]
fn a_triggered_sample_arrives_signed_and_changed() {
    let (url, receiver) = receive_one(200);
    let sent = output(
        &[
            "trigger",
            "buygoods_transaction_received",
            "--url",
            &url,
            "--api-key",
            KEY,
            "--set",
            "event.resource.amount=7.5",
            "--add",
            "event.resource.new_field=1",
            "--unset",
            "event.resource.sender_phone_number",
        ],
        b"",
    );
    assert_eq!(sent.status.code(), Some(0), "{}", text(&sent.stderr));
    let (head, body) = receiver.join().unwrap();
    let signature = head.lines().find_map(|line| line.strip_prefix("x-kopokopo-signature: ")).unwrap();
    let event = kopokopo::webhooks::Webhooks::new([KEY]).verify(&body, Some(signature)).unwrap();
    let resource = event.raw.json()["event"]["resource"].clone();
    assert_eq!((&resource["amount"], &resource["new_field"]), (&7.5.into(), &1.into()));
    assert!(resource.get("sender_phone_number").is_none());

    let (url, _receiver) = receive_one(500);
    assert_eq!(output(&["trigger", "customer_created", "--url", &url, "--api-key", KEY], b"").status.code(), Some(1));
    let unknown = output(&["trigger", "nothing", "--url", &url, "--api-key", KEY], b"");
    assert!(unknown.status.code() == Some(2) && text(&unknown.stderr).contains("daraja_b2b"));
    assert_eq!(
        text(&output(&["trigger", "--list"], b"").stdout).lines().count(),
        kopokopo_sandbox::samples::NAMES.len()
    );
}

#[test]
fn every_sample_can_be_signed_and_verified() {
    for name in kopokopo_sandbox::samples::NAMES {
        let body = kopokopo_sandbox::samples::get(name).unwrap().to_string();
        let signature = kopokopo::webhooks::sign(KEY, body.as_bytes());
        let seen = output(
            &["webhook", "verify", "--api-key", "old", "--api-key", KEY, "--signature", &signature],
            body.as_bytes(),
        );
        let event: Value = serde_json::from_slice(&seen.stdout).unwrap();
        assert!(seen.status.success() && event["payload"]["kind"] != "unknown", "{name}");
    }
}

#[test]
fn a_key_comes_from_the_environment_and_is_never_shown() {
    let run = |arguments: &[&str]| {
        k2().args(arguments).env("K2_API_KEY", "canary").stdin(std::process::Stdio::null()).output().unwrap()
    };
    let signed = run(&["webhook", "sign"]);
    assert_eq!(text(&signed.stdout).trim(), kopokopo::webhooks::sign("canary", b""));
    for arguments in [
        &["webhook", "sign", "--help"][..],
        &["trigger", "--help"],
        &["trigger", "x"],
        &["webhook", "verify", "--signature", "0"],
    ] {
        let seen = run(arguments);
        assert!(!text(&seen.stdout).contains("canary") && !text(&seen.stderr).contains("canary"), "{arguments:?}");
    }
}

#[test]
fn what_is_asked_wrongly_says_so_and_sends_nothing() {
    for (arguments, words) in [
        (&["trigger", "customer_created", "--url", "ftp://x.example", "--api-key", KEY][..], "http:// or https://"),
        (&["trigger", "customer_created", "--url", "nonsense", "--api-key", KEY], "--url"),
        (
            &["trigger", "customer_created", "--url", "https://elsewhere.example/", "--api-key", KEY],
            "elsewhere.example is not this machine. To send there anyway, add --allow-remote-callbacks",
        ),
        (
            &["trigger", "customer_created", "--url", "http://127.0.0.1:1", "--api-key", KEY, "--unset", "no.value"],
            "--unset no.value: \"no\" is not in the sample",
        ),
        (&["trigger", "customer_created", "--url", "http://127.0.0.1:1", "--api-key", " "], "api_key: is empty"),
        (&["trigger", "customer_created", "--url", "http://127.0.0.1:1"], "--api-key"),
        (
            &["trigger", "customer_created", "--url", "http://127.0.0.1:1", "--api-key", KEY, "--set", "a"],
            "--set a: expected PATH=VALUE",
        ),
        (
            &["trigger", "customer_created", "--url", "http://127.0.0.1:1", "--api-key", KEY, "--set", "no.value=1"],
            "--set no.value: \"no\" is not in the sample, which has topic, id, ",
        ),
        (&["webhook", "sign"], "--api-key"),
        (&["webhook", "sign", "--api-key", ""], "api_key: is empty"),
        (&["webhook", "verify", "--signature", "0"], "--api-key"),
    ] {
        let refused = output(arguments, b"");
        assert!(refused.status.code() == Some(2) && refused.stdout.is_empty(), "{arguments:?}");
        assert!(text(&refused.stderr).contains(words), "{arguments:?}: {}", text(&refused.stderr));
    }
}

#[test]
fn a_client_secret_in_the_place_of_the_key_is_recognised() {
    let signature = kopokopo::webhooks::sign("the secret", b"{}");
    let mut child = k2();
    child
        .args(["webhook", "verify", "--api-key", KEY, "--signature", &signature])
        .env("K2_CLIENT_SECRET", "the secret");
    let body = std::env::temp_dir().join(format!("k2-body-{}", std::process::id()));
    std::fs::write(&body, b"{}").unwrap();
    let refused = child.stdin(std::fs::File::open(&body).unwrap()).output().unwrap();
    std::fs::remove_file(&body).unwrap();
    assert!(
        refused.status.code() == Some(1) && text(&refused.stderr).contains("client secret"),
        "{}",
        text(&refused.stderr)
    );
}

#[test]
fn a_body_that_is_too_large_is_refused() {
    let huge = vec![b' '; 11 * 1024 * 1024];
    let path = std::env::temp_dir().join(format!("k2-huge-{}", std::process::id()));
    std::fs::write(&path, huge).unwrap();
    for arguments in [&["webhook", "sign"][..], &["webhook", "verify", "--signature", "0"]] {
        let refused =
            k2().args(arguments).args(["--api-key", KEY]).stdin(std::fs::File::open(&path).unwrap()).output().unwrap();
        assert!(refused.status.code() == Some(1) && refused.stdout.is_empty(), "{arguments:?}");
    }
    std::fs::remove_file(&path).unwrap();
}
