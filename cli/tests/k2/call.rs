//! `k2 call`.

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use serde_json::Value;

#[cfg(target_os = "linux")]
use crate::support::on_a_terminal;
use crate::support::{Sandbox, http, k2, text};

const PAYMENT: [&str; 6] = [
    "incoming_payments",
    "create",
    "till_number=K000000",
    "phone_number=0712345678",
    "amount=100",
    "callback_url=https://nowhere.invalid/k2",
];

#[test]
fn a_call_takes_a_payment_and_prints_json() {
    let sandbox = Sandbox::start(&[]);
    let paid = sandbox.call(&[
        "incoming_payments",
        "create",
        "till_number=K000000",
        "phone_number=0712345678",
        "amount=100",
        "metadata.order=17",
        "callback_url=https://nowhere.invalid/k2",
        "--wait=30",
    ]);
    let payment: Value = serde_json::from_slice(&paid.stdout).unwrap();
    assert_eq!((payment["status"].as_str(), payment["transaction"]["amount"].as_str()), (Some("Success"), Some("100")));
    assert_eq!(payment["metadata"]["order"], "17");
    assert_eq!((&payment["is_paid"], &payment["is_final"]), (&Value::Bool(true), &Value::Bool(true)));
    assert!(payment["payment_key"].as_str().unwrap().starts_with("mpesa:received:"));
    let id = format!("id={}", payment["id"].as_str().unwrap());
    let read: Value = serde_json::from_slice(&sandbox.call(&["incoming_payments", "get", &id]).stdout).unwrap();
    assert_eq!(read["id"], payment["id"]);
}

#[test]
fn a_call_that_is_wrong_says_what_to_do() {
    let sandbox = Sandbox::start(&[]);
    for (arguments, code, words) in [
        (&["payments_in", "create"][..], 2, "expected one of: oauth, webhook_subscriptions"),
        (&["polling", "delete"], 2, "polling has no operation delete; expected one of: create, get"),
        (&["polling", "get"], 2, "id: must be given"),
        (&["polling", "get", "id=1", "x=2"], 2, "x: unknown field; expected one of: id"),
        (&["incoming_payments", "create", "til_number=1"], 2, "til_number: unknown field"),
        (&["incoming_payments", "create", "till_number=1", "phone_number=12"], 2, "amount: must be given"),
        (
            &[
                "incoming_payments",
                "create",
                "till_number=1",
                "phone_number=12",
                "amount=1",
                "callback_url=https://x.example",
            ],
            2,
            "phone_number",
        ),
        (&["incoming_payments", "get", "id=1", "--wait"], 2, "--wait is for operations that create"),
        (
            &["reversals", "create", "transaction_reference=X", "reason=r", "callback_url=https://x.example"],
            1,
            "Transaction reference invalid",
        ),
        (&["payment_links", "get", "id=nothing"], 1, "Payment link not found"),
    ] {
        let refused = sandbox.call(arguments);
        let said = text(&refused.stderr);
        assert!(refused.status.code() == Some(code) && said.contains(words), "{arguments:?}: {said}");
        assert!(refused.stdout.is_empty());
    }
    let json = sandbox.call(&["payment_links", "get", "id=nothing", "--json-errors"]);
    let error: Value = serde_json::from_slice(&json.stderr).unwrap();
    assert_eq!((error["kind"].as_str(), error["status"].as_u64()), (Some("not_found"), Some(404)));
}

#[test]
fn a_sweep_is_never_made_by_accident() {
    let sandbox = Sandbox::start(&[]);
    let sweep = ["send_money", "sweep_all_funds", "callback_url=https://nowhere.invalid/k2"];
    let refused = sandbox.call(&sweep);
    assert!(refused.status.code() == Some(2) && text(&refused.stderr).contains("--yes"));
    let meant = sandbox.call(&[&sweep[..], &["--yes", "--wait"]].concat());
    let swept: Value = serde_json::from_slice(&meant.stdout).unwrap();
    assert_eq!(swept["transfer_batches"][0]["amount"], "370000");
}

#[test]
fn a_missing_credential_is_named_by_its_variable() {
    let refused = k2().args(["call", "oauth", "token"]).output().unwrap();
    assert_eq!(refused.status.code(), Some(2));
    assert!(text(&refused.stderr).contains("K2_CLIENT_ID"));
}

#[test]
fn a_proxy_of_the_environment_carries_https_and_sees_no_token() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let seen = thread::spawn(move || {
        let (mut stream, _) = proxy.accept().unwrap();
        let mut bytes = [0; 4096];
        let n = stream.read(&mut bytes).unwrap();
        stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").unwrap();
        text(&bytes[..n])
    });
    let refused = k2()
        .args(["call", "oauth", "token", "--timeout", "5"])
        .envs([
            ("K2_BASE_URL", "https://nowhere.invalid"),
            ("K2_CLIENT_ID", "canary"),
            ("K2_CLIENT_SECRET", "canary"),
            ("HTTPS_PROXY", &address),
        ])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(said.contains("could not connect to nowhere.invalid:443 through the proxy"), "{said}");
    let seen = seen.join().unwrap();
    assert!(seen.starts_with("CONNECT nowhere.invalid:443") && !seen.contains("canary"), "{seen}");
}

#[test]
fn a_malformed_proxy_of_the_environment_is_named_and_loopback_needs_none() {
    let run = |base_url: &str, no_proxy: &str| {
        let refused = k2()
            .args(["call", "oauth", "token", "--timeout", "1"])
            .envs([
                ("K2_BASE_URL", base_url),
                ("K2_CLIENT_ID", "app"),
                ("K2_CLIENT_SECRET", "secret\n"),
                ("HTTPS_PROXY", "http://user:canary@:proxy"),
                ("NO_PROXY", no_proxy),
            ])
            .output()
            .unwrap();
        text(&refused.stderr)
    };
    let named = run("https://nowhere.invalid", "");
    assert!(named.contains("configuration: HTTPS_PROXY") && !named.contains("canary"), "{named}");
    for direct in [run("https://localhost:1", ""), run("https://127.0.0.1:1", ""), run("https://nowhere.invalid", "*")]
    {
        assert!(direct.starts_with("connection: "), "{direct}");
    }
}

#[test]
fn a_wait_that_ends_badly_says_the_id_of_what_was_created() {
    let sandbox = Sandbox::start(&["--pace", "manual"]);
    let late = sandbox.call(&[&PAYMENT[..], &["--wait=1"]].concat());
    assert!(late.status.code() == Some(1) && text(&late.stderr).contains("\nnot_final: "), "{}", text(&late.stderr));

    let fault = r#"{"operation":"incoming_payments.get","kind":"status","status":403}"#;
    assert!(http(sandbox.host(), "PUT", "/_sandbox/faults", fault).starts_with("HTTP/1.1 200"));
    let failed = sandbox.call(&[&PAYMENT[..], &["--wait=30", "--json-errors"]].concat());
    let error: Value = serde_json::from_slice(&failed.stderr).unwrap();
    assert_eq!((failed.status.code(), error["kind"].as_str()), (Some(1), Some("permission")));
    let id = format!("id={}", error["created"].as_str().unwrap());
    assert!(sandbox.call(&["incoming_payments", "get", &id]).status.success());
}

#[test]
fn wrong_words_that_may_be_secrets_are_not_repeated() {
    let deep = format!("{}=1", vec!["a"; 60_000].join("."));
    let destinations = r#"destinations=[{"type":"mobile_wallet","S3CRETSECRET":1}]"#;
    for words in [
        &["call", "incoming_payments", "create", "S3CRETSECRETabc=="][..],
        &["call", "incoming_payments", "create", "0712345678="],
        &["call", "send_money", "create", destinations],
        &["call", "S3CRETSECRET", "create"],
        &["call", "incoming_payments", "S3CRETSECRET"],
        &["call", "incoming_payments", "create", "--timeout", "S3CRETSECRET"],
        &["call", "incoming_payments", "create", &deep],
        &["webhook", "sign", "S3CRETSECRET"],
        &["pay", "0712345678"],
        &["S3CRETSECRET"],
    ] {
        let refused = k2()
            .args(words)
            .envs([("K2_CLIENT_ID", "id"), ("K2_CLIENT_SECRET", "secret"), ("K2_BASE_URL", "http://127.0.0.1:9")])
            .output()
            .unwrap();
        let said = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(!said.contains("S3CRET") && !said.contains("712345678") && said.len() < 2000, "{said}");
    }
}

#[test]
fn wait_fails_if_the_money_does_not_come() {
    let sandbox = Sandbox::start(&[]);
    let payment = |more: &[&str]| {
        let cancelled = PAYMENT.map(|word| if word == "amount=100" { "amount=10002" } else { word });
        sandbox.call(&[&cancelled[..], &["--wait=30"], more].concat())
    };
    let unpaid = payment(&[]);
    let resource: Value = serde_json::from_slice(&unpaid.stdout).unwrap();
    assert_eq!((unpaid.status.code(), &resource["status"]), (Some(1), &Value::from("Failed")));
    let said = text(&unpaid.stderr);
    let lines: Vec<_> = said.lines().collect();
    assert_eq!(lines[0], format!("created: id={}", resource["id"].as_str().unwrap()));
    assert_eq!(lines[1..], [r#"not paid: the final status is "Failed""#]);
    let unpaid = payment(&["--json-errors"]);
    assert_eq!((unpaid.status.code(), text(&unpaid.stderr).as_ref()), (Some(1), ""));
}

#[test]
fn longest_wait_is_not_refused_after_the_create() {
    let sandbox = Sandbox::start(&[]);
    let paid = sandbox.call(&[&PAYMENT[..], &["--wait=18446744073709551615"]].concat());
    assert!(paid.status.success(), "{}", text(&paid.stderr));
}

#[cfg(target_os = "linux")]
#[test]
fn result_that_cannot_be_written_is_no_failed_create() {
    let sandbox = Sandbox::start(&[]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let created = sandbox.command(&PAYMENT).stdout(full).output().unwrap();
    let said = text(&created.stderr);
    assert!(said.contains("the operation succeeded, its id is "), "{said}");
}

#[cfg(unix)]
#[test]
fn interrupted_wait_says_the_id_of_what_was_created() {
    let sandbox = Sandbox::start(&["--pace", "manual"]);
    let mut waiting = sandbox.command(&[&PAYMENT[..], &["--wait=60"]].concat());
    let waiting = waiting.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    while !http(sandbox.host(), "GET", "/_sandbox/requests", "").contains("incoming_payments.get") {
        thread::sleep(std::time::Duration::from_millis(20));
    }
    let interrupted = std::process::Command::new("kill").args(["-INT", &waiting.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let ended = waiting.wait_with_output().unwrap();
    let said = text(&ended.stderr);
    assert!(ended.status.code() == Some(1) && said.contains("\nnot_final: "), "{said}");
    let id = format!("id={}", said.trim().rsplit(' ').next().unwrap());
    assert!(sandbox.call(&["incoming_payments", "get", &id]).status.success(), "{said}");
}

/// Without an error, a user would send the money again.
#[cfg(unix)]
#[test]
fn interrupted_create_is_outcome_unknown() {
    for signal in ["-INT", "-TERM", "-HUP"] {
        let sandbox = Sandbox::start(&[]);
        let fault = r#"{"operation":"incoming_payments.create","kind":"hang_after_effect"}"#;
        assert!(http(sandbox.host(), "PUT", "/_sandbox/faults", fault).starts_with("HTTP/1.1 200"));
        let mut creating = sandbox.command(&PAYMENT);
        let creating =
            creating.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
        while !http(sandbox.host(), "GET", "/_sandbox/requests", "").contains("incoming_payments.create") {
            thread::sleep(std::time::Duration::from_millis(20));
        }
        let signalled = std::process::Command::new("kill").args([signal, &creating.id().to_string()]).status().unwrap();
        assert!(signalled.success());
        let ended = creating.wait_with_output().unwrap();
        let said = text(&ended.stderr);
        assert_eq!((ended.status.code(), ended.stdout.len()), (Some(1), 0), "{signal}: {said}");
        assert!(said.starts_with("outcome_unknown: incoming_payments.create: "), "{signal}: {said}");
    }
}

#[cfg(unix)]
#[test]
fn create_that_is_interrupted_before_it_is_sent_creates_nothing() {
    let sandbox = Sandbox::start(&[]);
    let fault = r#"{"operation":"oauth.token","kind":"hang_before_effect"}"#;
    assert!(http(sandbox.host(), "PUT", "/_sandbox/faults", fault).starts_with("HTTP/1.1 200"));
    let mut creating = sandbox.command(&PAYMENT);
    let creating = creating.stderr(std::process::Stdio::piped()).spawn().unwrap();
    while !http(sandbox.host(), "GET", "/_sandbox/requests", "").contains("oauth.token") {
        thread::sleep(std::time::Duration::from_millis(20));
    }
    assert!(std::process::Command::new("kill").args(["-TERM", &creating.id().to_string()]).status().unwrap().success());
    let ended = creating.wait_with_output().unwrap();
    let said = text(&ended.stderr);
    assert!(ended.status.code() == Some(1) && said.contains("interrupted: nothing was created"), "{said}");
    assert!(!http(sandbox.host(), "GET", "/_sandbox/requests", "").contains("incoming_payments.create"));
}

#[test]
fn watch_prints_each_state() {
    let sandbox = Sandbox::start(&[]);
    let created = sandbox.call(&PAYMENT);
    let created: Value = serde_json::from_slice(&created.stdout).unwrap();
    let id = format!("id={}", created["id"].as_str().unwrap());
    let watched = sandbox.call(&["incoming_payments", "watch", &id]);
    let states: Vec<Value> =
        serde_json::Deserializer::from_slice(&watched.stdout).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(states.last().unwrap()["status"], "Success");
    assert!(states.iter().all(|state| state["id"] == created["id"]));
}

#[test]
fn nothing_is_created_for_a_wait_of_no_time() {
    let sandbox = Sandbox::start(&[]);
    for flag in ["--wait=0", "--timeout=0", "--wait=soon"] {
        let refused = sandbox.call(&[&PAYMENT[..], &[flag]].concat());
        assert_eq!(refused.status.code(), Some(2));
        assert!(text(&refused.stderr).contains("must be a whole number of seconds"), "{}", text(&refused.stderr));
    }
    assert!(http(sandbox.host(), "GET", "/_sandbox/requests", "").ends_with("[]"));
}

#[test]
fn a_flag_that_names_the_system_is_never_outvoted() {
    let run = |variables: &[(&str, &str)]| {
        k2().args(["call", "oauth", "token", "--environment", "sandbox", "--timeout", "5"])
            .envs([("K2_CLIENT_ID", "canary"), ("K2_CLIENT_SECRET", "canary")])
            .envs(variables.iter().copied())
            .output()
            .unwrap()
    };
    let two = run(&[("K2_BASE_URL", "http://127.0.0.1:1")]);
    assert!(two.status.code() == Some(2) && text(&two.stderr).contains("unset K2_BASE_URL"), "{}", text(&two.stderr));

    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", proxy.local_addr().unwrap());
    let seen = thread::spawn(move || {
        let (mut stream, _) = proxy.accept().unwrap();
        let mut bytes = [0; 4096];
        let n = stream.read(&mut bytes).unwrap();
        stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n").unwrap();
        text(&bytes[..n])
    });
    run(&[("K2_ENVIRONMENT", "production"), ("HTTPS_PROXY", &address)]);
    assert!(seen.join().unwrap().starts_with("CONNECT sandbox.kopokopo.com:443"));
}

#[test]
fn a_token_is_taken_from_the_environment_only() {
    let sandbox = Sandbox::start(&[]);
    let answer: Value = serde_json::from_slice(&sandbox.call(&["oauth", "token"]).stdout).unwrap();
    let token = answer["access_token"].as_str().unwrap();
    for name in ["introspect", "revoke"] {
        let shown = sandbox.call(&["oauth", name, &format!("token={token}")]);
        let said = text(&shown.stderr);
        assert!(shown.status.code() == Some(2) && said.contains("K2_ACCESS_TOKEN") && !said.contains(token), "{said}");
        let missing = sandbox.call(&["oauth", name]);
        assert!(missing.status.code() == Some(2) && text(&missing.stderr).contains("K2_ACCESS_TOKEN is not set"));
    }
    let about = sandbox.command(&["oauth", "introspect"]).env("K2_ACCESS_TOKEN", token).output().unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&about.stdout).unwrap()["active"], true);
}

#[test]
fn every_refusal_can_be_had_as_json() {
    let sandbox = Sandbox::start(&[]);
    for (arguments, kind, code) in [
        (&["nothing", "create"][..], "invalid_request", 2),
        (&["incoming_payments", "create", "amount"], "invalid_request", 2),
        (
            &["incoming_payments", "create", "amount=0", "till_number=1", "phone_number=0712345678"],
            "invalid_request",
            2,
        ),
        (&["oauth", "revoke"], "configuration", 2),
        (&["payment_links", "get", "id=x"], "not_found", 1),
    ] {
        let refused = sandbox.call(&[arguments, &["--json-errors"]].concat());
        let error: Value = serde_json::from_slice(&refused.stderr).unwrap();
        assert_eq!((error["kind"].as_str(), refused.status.code()), (Some(kind), Some(code)), "{error}");
        assert_eq!(error.as_object().unwrap().len(), 10);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn on_a_terminal_a_sweep_asks_for_the_word() {
    let sandbox = Sandbox::start(&[]);
    let line = "call send_money sweep_all_funds callback_url=https://nowhere.invalid/k2";
    let asked = |answer: &str| on_a_terminal(line, &sandbox.command(&[]), answer);
    let (code, said) = asked("yes\n");
    assert!(code == Some(2) && said.contains("Nothing was sent") && said.contains(sandbox.host()), "{said}");
    assert!(!http(sandbox.host(), "GET", "/_sandbox/requests", "").contains("send_money"));
    let (code, said) = asked("sweep\n");
    assert!(code == Some(0) && said.contains("location"), "{said}");
}

#[test]
fn requests_are_read_as_strictly_as_in_every_language() {
    let sandbox = Sandbox::start(&[]);
    let sending = |destination: &str| {
        let destinations = format!("destinations=[{destination}]");
        sandbox.call(&["send_money", "create", "callback_url=https://shop.example/k2", &destinations, "--json-errors"])
    };
    for (destination, field) in [
        (
            r#"{"type":"till","till_number":"1","amount":"5","description":"d","phone_number":"0712345678"}"#,
            "destinations[0].phone_number",
        ),
        (r#"{"type":"till","till_number":"1","amount":5.0,"description":"d"}"#, "destinations[0].amount"),
        (
            r#"{"type":"mobile_wallet","phone_number":712345678,"amount":"5","description":"d"}"#,
            "destinations[0].phone_number",
        ),
        (r#"{"type":"mobile_wallet","amount":"5","description":"d"}"#, "destinations[0].phone_number"),
        (r#"{"type":"pigeon"}"#, "destinations[0].type"),
        (r#""0712345678""#, "destinations[0]"),
    ] {
        let refused = sending(destination);
        let said = text(&refused.stderr);
        let error: Value = serde_json::from_str(&said).unwrap();
        assert_eq!((error["field"].as_str(), refused.status.code()), (Some(field), Some(2)), "{said}");
        assert!(error["detail"].as_str().unwrap().starts_with(field) && !said.contains("712345678"), "{said}");
    }
    assert!(!http(sandbox.host(), "GET", "/_sandbox/requests", "").contains("send_money"));
    let sent = sending(r#"{"type":"till","till_number":"123456","amount":5,"description":"d","favourite":true}"#);
    assert!(sent.status.success(), "{}", text(&sent.stderr));
}

#[test]
fn a_flag_is_a_word_on_a_command_line() {
    let sandbox = Sandbox::start(&[]);
    let subscribed = sandbox.call(&[
        "webhook_subscriptions",
        "create",
        "event_type=buygoods_transaction_received",
        "url=https://shop.example/k2",
        "scope=till",
        "scope_reference=000000",
        "enable_daraja_payload=true",
    ]);
    assert!(subscribed.status.success(), "{}", text(&subscribed.stderr));
}
