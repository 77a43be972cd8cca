//! `k2 sandbox`.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Command, Stdio},
};

use crate::support::{Sandbox, http, k2, output, text};

#[test]
fn sandbox_announces_itself_responds_and_stops_with_stdin() {
    let mut sandbox = Sandbox::start(&["--exit-with-stdin", "--client-id", "me"]);
    assert_eq!(sandbox.announced["client_id"], "me");
    assert_eq!(sandbox.announced.as_object().unwrap().len(), 4);
    assert!(http(sandbox.host(), "GET", "/_sandbox/health", "").starts_with("HTTP/1.1 200 OK"));
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
    let why = text(&refused.stderr);
    assert!(why.contains(&format!("cannot listen on 127.0.0.1:{port}: the port is in use")), "{why}");
    assert!(why.contains("--port 0") && why.lines().count() == 1, "{why}");
}

#[test]
fn people_get_the_same_port_and_credentials_each_time_and_programs_new_ones() {
    // Either this test takes the port, or another program has it already.
    let taken = TcpListener::bind("127.0.0.1:4254");
    let refused = output(&["sandbox"], b"");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("127.0.0.1:4254: the port is in use"), "{}", text(&refused.stderr));
    drop(taken);
    let (one, other) = (Sandbox::start(&["--exit-with-stdin"]), Sandbox::start(&["--exit-with-stdin"]));
    for name in ["base_url", "client_id", "client_secret", "api_key"] {
        assert_ne!(one.announced[name], other.announced[name], "{name}");
    }
}

#[test]
fn help_says_that_state_lives_in_memory() {
    let help = text(&output(&["sandbox", "--help"], b"").stdout);
    assert!(help.contains("Without --state the state lives in memory") && help.contains("4254"), "{help}");
}

#[test]
fn data_of_ones_own_is_there_from_the_start_and_wrong_data_is_one_clear_error() {
    let folder = std::env::temp_dir().join(format!("k2-data-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("shop.json");
    std::fs::write(&file, r#"{"tills": [{"number": "777777", "name": "Shop", "balance": "10.5"}]}"#).unwrap();
    let sandbox = Sandbox::start(&["--exit-with-stdin", "--till", "K654321=5000", "--data", file.to_str().unwrap()]);
    let state = http(sandbox.host(), "GET", "/_sandbox/state", "");
    assert!(state.contains(r#"{"number":"K654321","name":"Till","balance":"5000"}"#), "{state}");
    assert!(state.contains(r#"{"number":"777777","name":"Shop","balance":"10.5"}"#), "{state}");
    std::fs::write(&file, r#"{"tills": [{"number": "777777", "balance": "much"}]}"#).unwrap();
    for (arguments, words) in [
        (vec!["--data", file.to_str().unwrap()], "tills: 777777: balance must be a number of shillings"),
        (vec!["--till", "K1=-5"], "balance must be a number of shillings"),
        (vec!["--till", "K1"], "--till K1: expected NUMBER=BALANCE"),
        (vec!["--data", "/nowhere/x.json"], "--data /nowhere/x.json"),
    ] {
        let refused = output(&[&["sandbox", "--json"][..], &arguments].concat(), b"");
        let why = text(&refused.stderr);
        assert_eq!(refused.status.code(), Some(2), "{why}");
        assert!(why.contains(words), "{why}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn money_comes_by_a_command_and_goes_back() {
    let sandbox = Sandbox::start(&["--exit-with-stdin", "--till", "K654321=0"]);
    let base_url = sandbox.announced["base_url"].as_str().unwrap();
    let pay = |arguments: &[&str]| {
        let ended = output(&[&["pay", "--base-url", base_url][..], arguments].concat(), b"");
        (ended.status.code(), text(&ended.stdout), text(&ended.stderr))
    };
    let (code, said, why) = pay(&["--till", "K654321", "--amount", "250", "--phone", "0712345678"]);
    assert_eq!((code, said.starts_with("Buygoods Transaction S")), (Some(0), true), "{said}{why}");
    assert!(said.contains("KES 250.0 at till K654321, Received"), "{said}");
    let reference = said.split([' ', ':']).nth(2).unwrap().to_owned();
    let balance = || {
        http(sandbox.host(), "GET", "/_sandbox/state", "")
            .contains(r#""number":"K654321","name":"Till","balance":"250""#)
    };
    assert!(balance());
    assert!(pay(&["--reverse", &reference]).1.contains("Reversed"));
    assert!(!balance());
    let (code, said, _) = pay(&["--till", "K654321", "--amount", "99.50", "--kind", "card"]);
    assert!(code == Some(0) && said.starts_with("Card Transaction CARD-"), "{said}");
    let (code, _, why) = pay(&["--till", "nothing", "--amount", "1"]);
    assert!(code == Some(1) && why.contains("known tills are") && why.contains("K654321"), "{why}");
    let (code, _, why) = pay(&["--till", "K654321", "--amount", "1000000"]);
    assert!(code == Some(1) && why.contains("less than or equal to 250000"), "{why}");
    let refused = output(&["pay", "--base-url", "https://api.kopokopo.com", "--till", "1", "--amount", "1"], b"");
    assert_eq!(refused.status.code(), Some(2));
    let nobody = output(&["pay", "--base-url", "http://127.0.0.1:9", "--till", "1", "--amount", "1"], b"");
    assert!(text(&nobody.stderr).contains("no sandbox at http://127.0.0.1:9"), "{}", text(&nobody.stderr));
}

#[cfg(unix)]
#[test]
fn people_see_what_to_export_and_a_line_for_each_request() {
    let mut child = k2()
        .args(["sandbox", "--pace", "fast", "--seed", "7", "--port", "0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let banner: Vec<_> = lines.by_ref().take_while(|line| !line.contains("Ctrl-C stops it")).collect();
    let exported = |name: &str| {
        let start = format!("export {name}=");
        banner.iter().find_map(|line| line.strip_prefix(&start)).unwrap().to_owned()
    };
    let base_url = exported("K2_BASE_URL");
    assert_eq!(
        ["K2_CLIENT_ID", "K2_CLIENT_SECRET", "K2_API_KEY"].map(exported),
        ["sandbox_client", "sandbox_secret", "sandbox_key"]
    );
    assert!(banner.iter().any(|line| line.contains("254700000002") && line.contains("cancels")));
    http(base_url.trim_start_matches("http://"), "GET", "/nowhere", "");
    let line = lines.find(|line| !line.is_empty()).unwrap();
    assert_eq!(line, "GET    /nowhere -> 404");
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[cfg(unix)]
#[test]
fn variables_are_printed_in_a_format_and_everything_else_goes_to_stderr() {
    for (format, key, quoted) in [
        ("dotenv", "plain", "K2_API_KEY=plain"),
        ("dotenv", "two words", "K2_API_KEY='two words'"),
        ("dotenv", "it's $1", "K2_API_KEY=\"it's \\$1\""),
        ("dotenv", "it's `id`\\\"", "K2_API_KEY=\"it's \\`id\\`\\\\\\\"\""),
        ("shell", "plain", "export K2_API_KEY=plain"),
        ("shell", "it's $1", r"export K2_API_KEY='it'\''s $1'"),
        ("powershell", "it's $1", "$env:K2_API_KEY = 'it''s $1'"),
        ("powershell", "\u{2019}; id", "$env:K2_API_KEY = '\u{2019}\u{2019}; id'"),
    ] {
        let mut child = k2()
            .args(["sandbox", "--port", "0", "--exit-with-stdin", "--format", format, "--api-key", key])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut lines = lines.take(4).collect::<Vec<_>>();
        assert_eq!(lines.pop().unwrap(), quoted);
        assert!(lines.iter().all(|line| line.contains("K2_")), "{lines:?}");
        if format != "powershell" {
            let script = format!("{}\n{quoted}\nprintf %s \"$K2_API_KEY\"", lines.join("\n"));
            let read = Command::new("sh").args(["-c", &script]).output().unwrap();
            assert_eq!(text(&read.stdout), key);
        }
        drop(child.stdin.take());
        let mut rest = String::new();
        child.stderr.take().unwrap().read_to_string(&mut rest).unwrap();
        assert!(rest.contains("Kopo Kopo, simulated, at") && rest.contains("Ctrl-C stops it"), "{rest}");
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
    let refused = output(&["sandbox", "--format", "shell", "--json"], b"");
    assert_eq!(refused.status.code(), Some(2));
}

#[test]
fn the_version_says_which_program_it_is() {
    assert!(text(&output(&["--version"], b"").stdout).trim().ends_with(" (kopokopo)"));
}

#[test]
fn a_sandbox_that_others_can_reach_comes_with_a_warning() {
    for (host, warned) in [("0.0.0.0", true), ("127.0.0.1", false)] {
        let mut child = k2()
            .args(["sandbox", "--json", "--exit-with-stdin", "--host", host])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (mut said, mut warning) = (String::new(), String::new());
        child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        child.stderr.take().unwrap().read_to_string(&mut warning).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0));
        assert_eq!(warning.contains("anyone who can reach"), warned, "{warning}");
        assert_eq!(said.lines().count(), 1, "one line of JSON, and nothing after: {said}");
    }
}

#[test]
fn customers_who_are_asked_and_links_are_decided_by_a_command() {
    let sandbox = Sandbox::start(&["--exit-with-stdin", "--pace", "manual"]);
    let base_url = sandbox.announced["base_url"].as_str().unwrap();
    let pay = |arguments: &[&str]| {
        let ended = output(&[&["pay", "--base-url", base_url][..], arguments].concat(), b"");
        (ended.status.code(), text(&ended.stdout), text(&ended.stderr))
    };
    let created = |arguments: &[&str]| {
        let ended = sandbox.call(arguments);
        let output: serde_json::Value = serde_json::from_str(&text(&ended.stdout)).unwrap();
        output["id"].as_str().unwrap().to_owned()
    };
    let callback = "callback_url=https://shop.example/k2";
    let push = ["incoming_payments", "create", "till_number=K000000", "phone_number=0712345678", "amount=10", callback];
    for (action, said) in [("enter_pin", "Success"), ("cancel", "Failed")] {
        let id = created(&push);
        let (code, shown, why) = pay(&["--prompt", &id, "--action", action]);
        let (code, shown) = (code, shown.trim().to_owned());
        assert!(
            code == Some(0) && shown.starts_with(&format!("The customer decided: {action}. {said}")),
            "{shown} {why}"
        );
        let payment = http(sandbox.host(), "GET", "/_sandbox/resources/incoming_payments", "");
        assert!(payment.contains(&format!(r#""status":"{said}""#)), "{payment}");
        let (code, _, why) = pay(&["--prompt", &id]);
        assert!(code == Some(1) && why.contains("The customer has decided already"), "{why}");
    }
    let link = created(&["payment_links", "create", "till_number=K000000", "amount=40", callback]);
    let (code, shown, _) = pay(&["--link", &link, "--action", "wrong_pin"]);
    assert!(code == Some(0) && shown.ends_with("Active: The initiator information is invalid.\n"), "{shown}");
    assert_eq!(pay(&["--link", &link, "--phone", "0711222333"]).0, Some(0));
    assert!(http(sandbox.host(), "GET", "/_sandbox/transactions", "").contains(r#""payer":"254711222333""#));
    let (code, _, why) = pay(&["--link", &link]);
    assert!(code == Some(1) && why.contains("not active"), "{why}");
    assert_eq!(pay(&["--link", &link, "--till", "K000000"]).0, Some(2));
}

#[test]
fn a_port_that_is_no_port_is_named_in_the_error() {
    let refused = output(&["sandbox", "--port", "70000"], b"");
    let why = text(&refused.stderr);
    assert!(refused.status.code() == Some(2) && why.contains("70000") && why.contains("--port"), "{why}");
    // What could be a phone number is not repeated.
    let why = text(&output(&["sandbox", "--port", "0712345678"], b"").stderr);
    assert!(!why.contains("0712345678"), "{why}");
}

#[test]
fn a_name_that_is_allowed_is_a_name_and_no_url() {
    let refused = output(&["sandbox", "--port", "0", "--allow-host", "http://sandbox:4254"], b"");
    let why = text(&refused.stderr);
    assert!(refused.status.code() == Some(2) && why.contains("allow_host: "), "{why}");
}

#[cfg(target_os = "linux")]
#[test]
fn variables_that_cannot_be_written_are_an_error() {
    for format in [&["--format", "dotenv"][..], &["--format", "shell"], &["--json"], &[]] {
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ended = k2()
            .args(["sandbox", "--port", "0"])
            .args(format)
            .stdin(Stdio::null())
            .stdout(full)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
            .wait_with_output()
            .unwrap();
        let why = text(&ended.stderr);
        assert_eq!(ended.status.code(), Some(1), "{format:?}: {why}");
        assert!(why.contains("stdout: the variables could not be written"), "{format:?}: {why}");
    }
}
