//! The real program, as people and programs use it.

#![allow(clippy::unwrap_used)]

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

const KEY: &str = "an api key";

fn k2() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_k2"));
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("K2_") || name.to_lowercase().ends_with("_proxy"))
    {
        command.env_remove(name);
    }
    command
}

fn output(arguments: &[&str], stdin: &[u8]) -> Output {
    let mut child =
        k2().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    child.wait_with_output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A `k2 sandbox --json`, and what its first line says.
struct Sandbox {
    child: Child,
    announced: Value,
}

impl Sandbox {
    fn start(arguments: &[&str]) -> Self {
        let mut child = k2()
            .args(["sandbox", "--json"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        Self { child, announced: serde_json::from_str(&line).unwrap() }
    }

    fn host(&self) -> &str {
        self.announced["base_url"].as_str().unwrap().trim_start_matches("http://")
    }

    fn call(&self, arguments: &[&str]) -> Output {
        let variable = |name: &str| self.announced[name].as_str().unwrap();
        k2().arg("call")
            .args(arguments)
            .env("K2_BASE_URL", variable("base_url"))
            .env("K2_CLIENT_ID", variable("client_id"))
            .env("K2_CLIENT_SECRET", variable("client_secret"))
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    fn ends(&mut self) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            if self.child.try_wait().unwrap().is_some() {
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        false
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Answers one POST with the status and hands over its head and body.
fn receive_one(status: u16) -> (String, thread::JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/k2", listener.local_addr().unwrap());
    let thread = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut bytes = Vec::new();
        loop {
            let mut chunk = [0; 4096];
            let n = stream.read(&mut chunk).unwrap();
            bytes.extend_from_slice(&chunk[..n]);
            let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
            let head = text(&bytes[..end]);
            let length: usize =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
            if bytes.len() >= end + 4 + length {
                stream.write_all(format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\n\r\n").as_bytes()).unwrap();
                return (head, bytes[end + 4..].to_vec());
            }
        }
    });
    (url, thread)
}

#[test]
fn the_demo_tells_the_whole_payment_in_plain_words_when_piped() {
    let demo = output(&["demo"], b"");
    let told = text(&demo.stdout);
    assert!(demo.status.success(), "{told}{}", text(&demo.stderr));
    for words in [
        "access token",
        "STK push",
        "M-PESA PIN",
        "the signature is genuine",
        "Success",
        "refused",
        "Request cancelled by user",
        "Transferred",
    ] {
        assert!(told.contains(words), "{words}");
    }
    assert!(!told.contains('\u{1b}') && !told.contains('✗'));
}

#[test]
fn the_sandbox_announces_itself_answers_and_stops_with_stdin() {
    let mut sandbox = Sandbox::start(&["--exit-with-stdin", "--client-id", "me"]);
    assert_eq!(sandbox.announced["client_id"], "me");
    assert_eq!(sandbox.announced.as_object().unwrap().len(), 4);
    let mut stream = TcpStream::connect(sandbox.host()).unwrap();
    stream.write_all(b"GET /_sandbox/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK"));
    drop(sandbox.child.stdin.take());
    assert!(sandbox.ends());
    assert_eq!(sandbox.child.wait().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn the_sandbox_stops_when_it_is_asked_to() {
    let mut sandbox = Sandbox::start(&[]);
    let asked = Command::new("kill").arg(sandbox.child.id().to_string()).status().unwrap();
    assert!(asked.success() && sandbox.ends());
    assert_eq!(sandbox.child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_port_that_is_taken_is_one_clear_error() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = output(&["sandbox", "--port", &port], b"");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains(&format!("cannot listen on 127.0.0.1:{port}")));
}

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
        ],
        b"",
    );
    assert_eq!(sent.status.code(), Some(0), "{}", text(&sent.stderr));
    let (head, body) = receiver.join().unwrap();
    let signature = head.lines().find_map(|line| line.strip_prefix("x-kopokopo-signature: ")).unwrap();
    let event = kopokopo::webhooks::Webhooks::new([KEY]).verify(&body, Some(signature)).unwrap();
    assert_eq!(event.raw.json()["event"]["resource"]["amount"], 7.5);

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
    let id = format!("id={}", payment["id"].as_str().unwrap());
    let read: Value = serde_json::from_slice(&sandbox.call(&["incoming_payments", "get", &id]).stdout).unwrap();
    assert_eq!(read["id"], payment["id"]);
}

#[test]
fn a_call_that_is_wrong_says_what_to_do() {
    let sandbox = Sandbox::start(&[]);
    for (arguments, code, words) in [
        (&["payments_in", "create"][..], 2, "there are oauth, webhook_subscriptions"),
        (&["polling", "delete"], 2, "polling has no operation \"delete\"; it has create, get"),
        (&["polling", "get"], 2, "missing argument id"),
        (&["polling", "get", "id=1", "x=2"], 2, "unknown argument x; there is id"),
        (&["incoming_payments", "create", "til_number=1"], 2, "unknown field `til_number`"),
        (&["incoming_payments", "create", "till_number=1", "phone_number=12"], 2, "phone_number"),
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
    let seen = seen.join().unwrap();
    assert!(seen.starts_with("CONNECT nowhere.invalid:443") && !seen.contains("canary"), "{seen}");
}

#[test]
fn help_shows_examples_and_completions_are_there() {
    for command in ["demo", "sandbox", "trigger", "call", "completions"] {
        let help = text(&output(&[command, "--help"], b"").stdout);
        assert!(help.contains("Example"), "{command}");
    }
    assert!(text(&output(&["--help"], b"").stdout).contains("Exit codes"));
    assert!(text(&output(&["completions", "bash"], b"").stdout).contains("sandbox"));
    assert_eq!(output(&["dance"], b"").status.code(), Some(2));
    assert!(text(&output(&["call", "--list"], b"").stdout).contains("sweep_all_funds"));
}
