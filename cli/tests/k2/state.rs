//! `k2 sandbox --state`.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    path::PathBuf,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

use serde_json::{Value, json};

use crate::support::{Sandbox, http, output, text};

/// A folder of one test, gone with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("k2-state-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// One request, and its status and body. None: the sandbox was killed before its response.
pub(crate) fn send(host: &str, method: &str, path: &str, token: &str, body: &Value) -> Option<(u16, String, String)> {
    let mut stream = TcpStream::connect(host).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(30))).ok()?;
    let body = body.to_string();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
         connection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?.parse::<usize>().ok()?;
    (length == body.len()).then(|| (head[9..12].parse().unwrap(), head.to_owned(), body.to_owned()))
}

pub(crate) fn token(sandbox: &Sandbox) -> String {
    let body = json!({
        "client_id": sandbox.announced["client_id"],
        "client_secret": sandbox.announced["client_secret"],
        "grant_type": "client_credentials",
    });
    let (_, _, body) = send(sandbox.host(), "POST", "/oauth/token", "", &body).unwrap();
    serde_json::from_str::<Value>(&body).unwrap()["access_token"].as_str().unwrap().to_owned()
}

pub(crate) fn state(sandbox: &Sandbox) -> Value {
    control(sandbox, "/_sandbox/state")
}

pub(crate) fn control(sandbox: &Sandbox, path: &str) -> Value {
    let answer = http(sandbox.host(), "GET", path, "");
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

pub(crate) fn wait_until_nothing_is_due(sandbox: &Sandbox) {
    let begun = std::time::Instant::now();
    while state(sandbox)["due"] != 0 {
        assert!(begun.elapsed() < Duration::from_secs(10));
        thread::sleep(Duration::from_millis(10));
    }
}

pub(crate) fn push(amount: u32) -> Value {
    json!({
        "payment_channel": "M-PESA STK Push",
        "till_number": "K000000",
        "amount": { "value": amount },
        "subscriber": { "phone_number": "254712345678" },
        "_links": { "callback_url": "http://127.0.0.1:9/results" },
    })
}

/// What a worker did before the sandbox was killed, and knows of.
#[derive(Default)]
struct Acknowledged {
    /// Paths of payments.
    created: Vec<String>,
    /// References of money that came.
    paid: Vec<String>,
}

fn work(host: &str, token: &str, goes_on: &AtomicBool) -> Acknowledged {
    let mut known = Acknowledged::default();
    while goes_on.load(Ordering::SeqCst) {
        let Some((status, head, _)) = send(host, "POST", "/api/v2/incoming_payments", token, &push(7)) else { break };
        assert_eq!(status, 201, "{head}");
        let location = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
        known.created.push(location.split_once(host).unwrap().1.to_owned());
        let pay = json!({ "till_number": "112233", "amount": 3 });
        let Some((status, _, body)) = send(host, "POST", "/_sandbox/pay", "", &pay) else { break };
        assert_eq!(status, 200, "{body}");
        let paid: Value = serde_json::from_str(&body).unwrap();
        known.paid.push(paid["resource"]["reference"].as_str().unwrap().to_owned());
    }
    known
}

#[test]
fn killing_the_sandbox_200_times_loses_nothing_that_it_acknowledged() {
    let folder = Folder::new("kills");
    let file = folder.file("state");
    let mut sandbox = Sandbox::start(&["--state", &file]);
    let token = token(&sandbox);
    let (mut created, mut paid) = (0, 0);
    let mut last = Acknowledged::default();
    for round in 0..200_u64 {
        let host = sandbox.host().to_owned();
        let goes_on = AtomicBool::new(true);
        let all = thread::scope(|scope| {
            let workers: Vec<_> = (0..3).map(|_| scope.spawn(|| work(&host, &token, &goes_on))).collect();
            thread::sleep(Duration::from_millis(5 + round * 7 % 40));
            sandbox.child.kill().unwrap();
            goes_on.store(false, Ordering::SeqCst);
            workers.into_iter().map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
        });
        sandbox.child.wait().unwrap();
        sandbox = Sandbox::start(&["--state", &file]);
        let state = state(&sandbox);
        assert_eq!(state["unaccounted"], "0", "{state}");
        let references: Vec<Value> = control(&sandbox, "/_sandbox/transactions").as_array().unwrap().clone();
        for known in all {
            created += known.created.len();
            paid += known.paid.len();
            for path in &known.created {
                let (status, _, body) = send(sandbox.host(), "GET", path, &token, &json!({})).unwrap();
                assert!(status == 200 && body.contains("\"status\":"), "round {round}: {path}: {status} {body}");
            }
            for reference in &known.paid {
                assert!(references.iter().any(|found| found["reference"] == *reference), "round {round}: {reference}");
            }
            last = known;
        }
    }
    // Enough was under way for the kills to hit something.
    assert!(created > 500 && paid > 500, "{created} {paid}");
    // Every payment that is decided has its callback, and only one.
    wait_until_nothing_is_due(&sandbox);
    let deliveries = control(&sandbox, "/_sandbox/deliveries");
    for path in &last.created {
        let id = path.rsplit('/').next().unwrap();
        let of_it = |found: &&Value| found["body"].as_str().unwrap().contains(id);
        assert_eq!(deliveries.as_array().unwrap().iter().filter(of_it).count(), 1, "{id}");
    }
}

#[test]
fn a_sandbox_goes_on_with_what_is_in_its_file() {
    let folder = Folder::new("goes-on");
    let file = folder.file("state");
    let mut first = Sandbox::start(&["--state", &file, "--till", "K777=12.50", "--pace", "manual"]);
    let token = token(&first);
    let (_, head, _) = send(first.host(), "POST", "/api/v2/incoming_payments", &token, &push(5)).unwrap();
    let path = head.lines().find_map(|line| line.strip_prefix("location: ")).unwrap();
    let path = path.split_once(first.host()).unwrap().1.to_owned();
    let fault = r#"{"operation": "polling.*", "kind": "status", "status": 503, "times": 2}"#;
    assert!(http(first.host(), "PUT", "/_sandbox/faults", fault).starts_with("HTTP/1.1 200"));
    assert!(http(first.host(), "POST", "/_sandbox/clock/advance", r#"{"seconds": 3000}"#).starts_with("HTTP/1.1 200"));
    let before = control(&first, "/_sandbox/settings");
    let requests = control(&first, "/_sandbox/requests");
    // Only one sandbox can use it.
    let refused = output(&["sandbox", "--json", "--state", &file], b"");
    assert_eq!(refused.status.code(), Some(2));
    assert_eq!(text(&refused.stderr).trim(), format!("--state {file}: another sandbox uses it"));
    first.child.kill().unwrap();
    first.child.wait().unwrap();

    let second = Sandbox::start(&["--state", &file]);
    for name in ["client_id", "client_secret", "api_key"] {
        assert_eq!(first.announced[name], second.announced[name], "{name}");
    }
    assert_eq!(before, control(&second, "/_sandbox/settings"));
    assert_eq!(requests, control(&second, "/_sandbox/requests"));
    assert_eq!(control(&second, "/_sandbox/faults")[0]["times"], 2);
    let (status, _, body) = send(second.host(), "GET", &path, &token, &json!({})).unwrap();
    assert!(status == 200 && body.contains("Pending"), "{status} {body}");
    let id = path.rsplit('/').next().unwrap();
    let decided = http(
        second.host(),
        "POST",
        &format!("/_sandbox/incoming_payments/{id}/customer"),
        r#"{"action": "enter_pin"}"#,
    );
    assert!(decided.starts_with("HTTP/1.1 200"), "{decided}");
    let tills = state(&second)["tills"].clone();
    let balance = |number: &str| {
        tills.as_array().unwrap().iter().find(|till| till["number"] == number).unwrap()["balance"].clone()
    };
    assert_eq!((balance("K777"), balance("K000000")), (json!("12.5"), json!("100005")));
    // The token is 50 minutes old.
    assert!(http(second.host(), "POST", "/_sandbox/clock/advance", r#"{"seconds": 601}"#).starts_with("HTTP/1.1 200"));
    let (status, _, body) = send(second.host(), "GET", &path, &token, &json!({})).unwrap();
    assert!(status == 401 && body.contains("ExpiredAccessToken"), "{status} {body}");
    // A reset restores the till of the first start, and is in the file too.
    assert!(http(second.host(), "POST", "/_sandbox/reset", "").starts_with("HTTP/1.1 200"));
    drop(second);
    let third = Sandbox::start(&["--state", &file, "--pace", "fast", "--api-key", "another"]);
    assert_eq!(control(&third, "/_sandbox/settings")["pace"], "fast");
    assert_eq!(third.announced["api_key"], "another");
    let tills = state(&third)["tills"].clone();
    assert!(
        tills.as_array().unwrap().contains(&json!({ "number": "K777", "name": "Till", "balance": "12.5" })),
        "{tills}"
    );
    assert_eq!(state(&third)["resources"], 0);
}

#[test]
fn callbacks_that_wait_are_sent_after_a_kill() {
    let folder = Folder::new("callbacks");
    let file = folder.file("state");
    let receiver = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/results", receiver.local_addr().unwrap());
    let mut first = Sandbox::start(&["--state", &file]);
    let token = token(&first);
    let fault = r#"{"operation": "incoming_payment", "kind": "callback_late", "delay_ms": 1500}"#;
    assert!(http(first.host(), "PUT", "/_sandbox/faults", fault).starts_with("HTTP/1.1 200"));
    let mut body = push(5);
    body["_links"]["callback_url"] = json!(url);
    assert_eq!(send(first.host(), "POST", "/api/v2/incoming_payments", &token, &body).unwrap().0, 201);
    let begun = std::time::Instant::now();
    while control(&first, "/_sandbox/deliveries").as_array().unwrap().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(10));
        thread::sleep(Duration::from_millis(10));
    }
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let _second = Sandbox::start(&["--state", &file]);
    let (mut stream, _) = receiver.accept().unwrap();
    let mut head = [0; 4096];
    let n = stream.read(&mut head).unwrap();
    assert!(text(&head[..n]).starts_with("POST /results"), "{}", text(&head[..n]));
}

#[test]
fn a_file_that_is_no_state_is_left_alone() {
    let folder = Folder::new("others");
    let note = folder.file("note.txt");
    fs::write(&note, "a note of more than sixteen bytes").unwrap();
    let database = folder.file("database");
    rusqlite::Connection::open(&database).unwrap().execute_batch("CREATE TABLE documents (name TEXT)").unwrap();
    for file in [&note, &database, &folder.file("none/state")] {
        let before = fs::read(file).ok();
        let refused = output(&["sandbox", "--json", "--state", file], b"");
        assert_eq!(refused.status.code(), Some(2), "{file}");
        let why = text(&refused.stderr);
        assert!(why.starts_with(&format!("--state {file}: ")) && why.lines().count() == 1, "{why}");
        assert!(before == fs::read(file).ok(), "{file} has changed");
    }
}

#[cfg(unix)]
#[test]
fn only_the_owner_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("private");
    let (file, export) = (folder.file("state"), folder.file("export.json"));
    let sandbox = Sandbox::start(&["--state", &file]);
    token(&sandbox);
    let url = sandbox.announced["base_url"].as_str().unwrap();
    assert!(output(&["sandbox", "export", &export, "--base-url", url], b"").status.success());
    for entry in fs::read_dir(&folder.0).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{}", entry.path().display());
    }
}

/// For people the credentials of a new state are fixed, and one that goes on has its own.
#[test]
fn people_keep_the_credentials_of_a_state_too() {
    let folder = Folder::new("people");
    let file = folder.file("state");
    fs::write(&file, "").unwrap();
    let start = |arguments: &[&str]| {
        let arguments = [&["sandbox", "--port", "0", "--exit-with-stdin", "--state", &file][..], arguments].concat();
        let ended = output(&arguments, b"");
        assert!(ended.status.success(), "{}", text(&ended.stderr));
        (text(&ended.stdout), text(&ended.stderr))
    };
    let (shown, note) = start(&["--client-secret", "mine"]);
    assert!(shown.contains("K2_CLIENT_SECRET=mine") && shown.contains("K2_API_KEY=sandbox_key"), "{shown}");
    assert!(shown.contains(&file) && note.is_empty(), "{shown} {note}");
    let (shown, note) = start(&["--till", "K777=5"]);
    assert!(
        shown.contains("K2_CLIENT_SECRET=mine") && note.contains("take effect at the next reset"),
        "{shown} {note}"
    );
    let (shown, _) = start(&["--client-secret", "other"]);
    assert!(shown.contains("K2_CLIENT_SECRET=other") && shown.contains("K2_API_KEY=sandbox_key"), "{shown}");
}

/// What is accepted is kept with a few levels more, and must be readable.
#[test]
fn deeply_nested_json_is_refused_or_survives_a_restart() {
    let folder = Folder::new("deep");
    let file = folder.file("state");
    let nested = |depth: usize| -> Value {
        serde_json::from_str(&format!("{}{}", "[".repeat(depth), "]".repeat(depth))).unwrap()
    };
    let mut first = Sandbox::start(&["--state", &file]);
    let token = token(&first);
    for depth in [10, 60, 62, 63, 100, 125] {
        let mut request = push(5);
        request["more"] = nested(depth);
        let (status, _, body) = send(first.host(), "POST", "/api/v2/incoming_payments", &token, &request).unwrap();
        assert_eq!(status, if depth < 64 { 201 } else { 400 }, "{depth}: {body}");
        // Without a token too.
        assert!(send(first.host(), "POST", "/api/v2/send_money", "", &json!({ "a": nested(depth) })).is_some());
        let fault = json!({ "kind": "status", "operation": "polling.get", "body": nested(depth) });
        let (status, ..) = send(first.host(), "PUT", "/_sandbox/faults", "", &fault).unwrap();
        assert_eq!(status, if depth < 64 { 200 } else { 400 }, "{depth}");
    }
    let account = json!({ "merchant_wallets": [{ "id": "x", "more": nested(61) }] });
    assert_eq!(send(first.host(), "PUT", "/_sandbox/data", "", &account).unwrap().0, 200);
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let second = Sandbox::start(&["--state", &file]);
    let url = second.announced["base_url"].as_str().unwrap();
    let export = folder.file("export.json");
    for command in ["export", "import"] {
        let done = output(&["sandbox", command, &export, "--base-url", url], b"");
        assert!(done.status.success(), "{command}: {}", text(&done.stderr));
    }
}

#[test]
fn names_that_sqlite_reads_in_another_way_are_files() {
    let folder = Folder::new("names");
    for name in [":memory:", "file:x?mode=memory", "file:y%3fz"] {
        for round in 0..2 {
            let mut child = crate::support::k2();
            child
                .args(["sandbox", "--json", "--port", "0", "--exit-with-stdin", "--state", name])
                .current_dir(&folder.0);
            let ended = child.stdin(std::process::Stdio::null()).output().unwrap();
            assert!(ended.status.success(), "{name} {round}: {}", text(&ended.stderr));
        }
        assert!(fs::metadata(folder.0.join(name)).unwrap().len() > 0, "{name}");
    }
    let pipe = folder.file("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let refused = output(&["sandbox", "--json", "--state", &pipe], b"");
    assert_eq!(text(&refused.stderr).trim(), format!("--state {pipe}: is not a file"));
}

#[test]
fn a_callback_to_another_machine_is_withheld_after_a_restart_without_the_option() {
    let folder = Folder::new("remote");
    let file = folder.file("state");
    // The sandbox does not count it as loopback, and nothing leaves this machine.
    let receiver = std::net::TcpListener::bind("0.0.0.0:0").unwrap();
    let url = format!("http://0.0.0.0:{}/results", receiver.local_addr().unwrap().port());
    let mut first = Sandbox::start(&["--state", &file, "--allow-remote-callbacks"]);
    let token = token(&first);
    let late = r#"{"operation": "incoming_payment", "kind": "callback_late", "delay_ms": 60000}"#;
    assert!(http(first.host(), "PUT", "/_sandbox/faults", late).starts_with("HTTP/1.1 200"));
    let mut body = push(5);
    body["_links"]["callback_url"] = json!(url);
    assert_eq!(send(first.host(), "POST", "/api/v2/incoming_payments", &token, &body).unwrap().0, 201);
    wait_until_nothing_is_due(&first);
    first.child.kill().unwrap();
    first.child.wait().unwrap();
    let second = Sandbox::start(&["--state", &file]);
    assert!(http(second.host(), "POST", "/_sandbox/clock/advance", r#"{"seconds": 61}"#).starts_with("HTTP/1.1 200"));
    let begun = std::time::Instant::now();
    loop {
        let delivery = control(&second, "/_sandbox/deliveries")[0].clone();
        if delivery["withheld"] == true {
            assert!(
                delivery["withheld_because"].as_str().unwrap().contains("0.0.0.0 is not this machine"),
                "{delivery}"
            );
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{delivery}");
        thread::sleep(Duration::from_millis(10));
    }
    receiver.set_nonblocking(true).unwrap();
    assert!(receiver.accept().is_err());
}

#[test]
fn a_state_that_cannot_be_restored_keeps_its_credentials() {
    let folder = Folder::new("unreadable");
    let file = folder.file("state");
    drop(Sandbox::start(&["--state", &file, "--api-key", "its own"]));
    let document = |name: &str| -> String {
        let database = rusqlite::Connection::open(&file).unwrap();
        database.query_row("SELECT value FROM documents WHERE name = ?1", [name], |row| row.get(0)).unwrap()
    };
    assert!(document("credentials").contains("its own"));
    rusqlite::Connection::open(&file)
        .unwrap()
        .execute("UPDATE documents SET value = '{}' WHERE name = 'state'", [])
        .unwrap();
    let refused = output(&["sandbox", "--json", "--state", &file, "--api-key", "another"], b"");
    let why = text(&refused.stderr);
    assert!(refused.status.code() == Some(2) && why.contains("state: missing field"), "{why}");
    assert!(document("credentials").contains("its own"));
}
