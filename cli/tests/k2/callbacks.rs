//! `k2 listen`, `k2 replay` and `k2 doctor`.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, ChildStdout, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::support::{KEY, Sandbox, http, k2, output, receive_one, text};

/// A `k2 listen --json`, and the lines that it prints.
struct Listener {
    child: Child,
    lines: BufReader<ChildStdout>,
    host: String,
}

impl Listener {
    fn start(arguments: &[&str]) -> Self {
        let mut child = k2()
            .args(["listen", "--json", "--port", "0", "--api-key", KEY])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let first: Value = serde_json::from_str(&line).unwrap();
        let host = first["url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        Self { child, lines, host }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn trigger(&self, key: &str, path: &str) -> Option<i32> {
        let url = format!("http://{}{path}", self.host);
        output(&["trigger", "customer_created", "--url", &url, "--api-key", key], b"").status.code()
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn temporary(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(format!("k2-{}-{name}", std::process::id()));
    let _ = fs::remove_file(&path);
    path
}

#[test]
fn callback_is_verified_saved_forwarded_and_sent_again() {
    let file = temporary("callbacks.jsonl");
    let path = file.to_str().unwrap();
    let (shop, received) = receive_one(202);
    let mut listener = Listener::start(&["--forward", shop.trim_end_matches("/k2"), "--save", path]);
    assert_eq!(listener.trigger(KEY, "/hooks/a?b=1"), Some(0));
    let (head, body) = received.join().unwrap();
    assert!(head.starts_with("POST /hooks/a?b=1 HTTP/1.1"), "{head}");
    let line = listener.next();
    assert_eq!((&line["status"], &line["path"], &line["error"]), (&202.into(), &"/hooks/a?b=1".into(), &Value::Null));
    assert_eq!(line["event"]["topic"], "customer_created");

    // The receiver is gone.
    assert_eq!(listener.trigger("another key", "/x"), Some(1));
    let line = listener.next();
    assert_eq!(line["status"], 502);
    assert!(line["error"].as_str().unwrap().contains("does not match") && line["forward_error"].is_string(), "{line}");

    let (shop, received) = receive_one(200);
    let replay = |arguments: &[&str]| output(&[&["replay", path, "--to"], arguments].concat(), b"");
    let again = replay(&[&shop, "--number", "1"]);
    assert_eq!((again.status.code(), text(&again.stdout).starts_with("1 /hooks/a?b=1 -> 200")), (Some(0), true));
    let (head_again, body_again) = received.join().unwrap();
    let signature =
        |head: &str| head.lines().find_map(|line| line.strip_prefix("x-kopokopo-signature: ")).map(str::to_owned);
    assert_eq!((signature(&head_again), &body_again), (signature(&head), &body));

    // With another key the genuine one is signed again. The forged one never becomes genuine.
    for (number, is_genuine) in [("1", true), ("2", false)] {
        let (shop, received) = receive_one(200);
        assert_eq!(replay(&[&shop, "--number", number, "--api-key", "new key"]).status.code(), Some(0));
        let (head, body) = received.join().unwrap();
        let verified = kopokopo::webhooks::Webhooks::new(["new key"]).verify(&body, signature(&head).as_deref());
        assert_eq!(verified.is_ok(), is_genuine);
    }
    let (shop, _received) = receive_one(500);
    assert_eq!(replay(&[&shop, "--number", "1"]).status.code(), Some(1));
    fs::remove_file(&file).unwrap();
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_what_is_saved() {
    use std::os::unix::fs::PermissionsExt;
    let file = temporary("private.jsonl");
    let mut listener = Listener::start(&["--save", file.to_str().unwrap()]);
    assert_eq!(listener.trigger(KEY, "/"), Some(0));
    assert_eq!(listener.next()["status"], 200);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    fs::remove_file(&file).unwrap();
}

#[test]
fn listener_without_a_receiver_returns_what_a_shop_should() {
    let mut listener = Listener::start(&[]);
    assert_eq!(listener.trigger("another key", "/"), Some(1));
    assert_eq!(listener.next()["status"], 401);
    assert!(http(&listener.host, "GET", "/", "").starts_with("HTTP/1.1 405"));
    let body = "{\"topic\":";
    let signature = kopokopo::webhooks::sign(KEY, body.as_bytes());
    let unread = http(&listener.host, "POST", "/", body);
    assert!(unread.starts_with("HTTP/1.1 401"), "{unread}");
    assert_eq!(listener.next()["status"], 401);
    let headers = format!("/ HTTP/1.1\r\nx-kopokopo-signature: {signature}\r\nx:");
    let unread = http(&listener.host, "POST", &headers, body);
    assert!(unread.starts_with("HTTP/1.1 400"), "{unread}");
}

#[test]
fn wrong_options_are_named_and_nothing_is_sent() {
    // Each callback would come back to the listener.
    const OWN: &str = "42557";
    let file = temporary("wrong.jsonl");
    fs::write(&file, "{\"received_at\":\"\",\"path\":\"/\",\"is_genuine\":true,\"body\":\"{}\"}\n{}\n").unwrap();
    let path = file.to_str().unwrap();
    for (arguments, words) in [
        (&["listen"][..], "give --api-key, or set K2_API_KEY"),
        (&["listen", "--api-key", KEY, "--forward", "ftp://x"], "--forward <URL>': must begin with http://"),
        (&["listen", "--api-key", KEY, "--save", "/no/such/folder/x"], "--save /no/such/folder/x: "),
        (&["replay", "/no/such/file", "--to", "http://127.0.0.1:9"], "/no/such/file: "),
        (&["replay", path, "--to", "http://127.0.0.1:9"], "line 2: missing field"),
        (&["replay", path, "--to", "http://example.org"], "--to: example.org is not this machine"),
        (&["replay", path, "--to", "127.0.0.1:9"], "--to <URL>': must begin with http://"),
        (&["doctor", "--callback-url", "shop"], "--callback-url"),
        (
            &["listen", "--api-key", KEY, "--port", OWN, "--forward", &format!("http://localhost:{OWN}/k2")],
            "--forward: 127.0.0.1:",
        ),
    ] {
        let refused = output(arguments, b"");
        assert_eq!((refused.status.code(), refused.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert!(text(&refused.stderr).contains(words), "{}", text(&refused.stderr));
    }
    fs::remove_file(&file).unwrap();
}

/// The state of each check, by its name.
fn doctor(variables: &[(&str, &str)], arguments: &[&str]) -> (Option<i32>, Value, Vec<(String, String)>) {
    let mut command = k2();
    command.args(["doctor", "--json"]).args(arguments).envs(variables.iter().copied());
    let begun = Instant::now();
    let output = command.output().unwrap();
    // Much more than it promises: the machine can be loaded.
    assert!(begun.elapsed() < Duration::from_secs(30));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let name = |check: &Value, name: &str| check[name].as_str().unwrap().to_owned();
    let checks = report["checks"].as_array().unwrap();
    for check in checks {
        let is_bad = matches!(check["state"].as_str(), Some("failed" | "warning"));
        assert_eq!(check["remedy"].is_string(), is_bad, "{check}");
    }
    let states = checks.iter().map(|check| (name(check, "name"), name(check, "state"))).collect();
    (output.status.code(), report, states)
}

fn expect(states: &[(String, String)], expected: [&str; 6]) {
    let names = ["configuration", "network", "clock", "credentials", "api_key", "callback_url"];
    let seen: Vec<_> = states.iter().map(|(name, state)| (name.as_str(), state.as_str())).collect();
    assert_eq!(seen, names.into_iter().zip(expected).collect::<Vec<_>>());
}

#[test]
fn doctor_names_what_is_wrong_with_its_remedy() {
    let sandbox = Sandbox::start(&[]);
    let value = |name: &str| sandbox.announced[name].as_str().unwrap().to_owned();
    let (base_url, id, secret, key) = (value("base_url"), value("client_id"), value("client_secret"), value("api_key"));
    let good =
        [("K2_BASE_URL", &*base_url), ("K2_CLIENT_ID", &*id), ("K2_CLIENT_SECRET", &*secret), ("K2_API_KEY", &*key)];

    let (code, report, states) = doctor(&good, &[]);
    expect(&states, ["ok", "ok", "ok", "ok", "ok", "skipped"]);
    assert_eq!((code, &report["ok"]), (Some(0), &true.into()));
    for hidden in [&id, &secret, &key] {
        assert!(!report.to_string().contains(hidden.as_str()));
    }

    expect(&doctor(&[], &[]).2, ["failed", "skipped", "skipped", "skipped", "warning", "skipped"]);
    let with = |name: &'static str, value: &'static str| {
        let mut variables = good.to_vec();
        variables.retain(|(known, _)| *known != name);
        variables.push((name, value));
        doctor(&variables, &[])
    };
    let (code, _, states) = with("K2_CLIENT_SECRET", "wrong");
    expect(&states, ["ok", "ok", "ok", "failed", "ok", "skipped"]);
    assert_eq!(code, Some(1));
    expect(&with("K2_BASE_URL", "http://127.0.0.1:9").2, ["ok", "failed", "skipped", "skipped", "ok", "skipped"]);
    // It accepts connections, and never responds.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut unanswered = good.to_vec();
    let address = format!("http://{}", silent.local_addr().unwrap());
    unanswered[0].1 = &address;
    expect(&doctor(&unanswered, &[]).2, ["ok", "failed", "skipped", "skipped", "ok", "skipped"]);
    let mut same = good.to_vec();
    same[3].1 = &secret;
    expect(&doctor(&same, &[]).2, ["ok", "ok", "ok", "ok", "failed", "skipped"]);
}

#[test]
fn doctor_finds_receivers_that_accept_forged_callbacks() {
    for (status, state, words) in [
        (200, "failed", "accepts a callback with a wrong signature"),
        (302, "failed", "redirects"),
        (404, "failed", "nothing receives POST requests"),
        (500, "failed", "fails on a callback"),
        (401, "warning", "is refused with 401"),
    ] {
        let (url, received) = receive_one(status);
        let (_, report, states) = doctor(&[], &["--callback-url", &url]);
        assert_eq!(states[5].1, state, "{status}");
        assert!(report["checks"][5]["detail"].as_str().unwrap().contains(words), "{report}");
        let (head, body) = received.join().unwrap();
        let signature = head.lines().find_map(|line| line.strip_prefix("x-kopokopo-signature: "));
        assert!(kopokopo::webhooks::Webhooks::new([KEY]).verify(&body, signature).is_err());
    }
    let (_, report, states) = doctor(&[], &["--callback-url", "http://shop.example/k2"]);
    assert_eq!(states[5].1, "failed");
    assert!(report["checks"][5]["detail"].as_str().unwrap().contains("https://"), "{report}");
}
