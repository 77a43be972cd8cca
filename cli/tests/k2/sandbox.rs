//! `k2 sandbox`.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::{Command, Stdio},
};

use crate::support::{Sandbox, http, k2, output, text};

#[test]
fn the_sandbox_announces_itself_answers_and_stops_with_stdin() {
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
    assert!(text(&refused.stderr).contains(&format!("cannot listen on 127.0.0.1:{port}")));
}

#[cfg(unix)]
#[test]
fn people_see_what_to_export_and_a_line_for_each_request() {
    let mut child = k2()
        .args(["sandbox", "--pace", "fast", "--seed", "7"])
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
    assert!(
        exported("K2_CLIENT_ID").starts_with("sandbox_client_") && exported("K2_API_KEY").starts_with("sandbox_key_")
    );
    assert!(!exported("K2_CLIENT_SECRET").is_empty());
    assert!(banner.iter().any(|line| line.contains("254700000002") && line.contains("cancels")));
    http(base_url.trim_start_matches("http://"), "GET", "/nowhere", "");
    let line = lines.find(|line| !line.is_empty()).unwrap();
    assert_eq!(line, "GET    /nowhere -> 404");
    Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
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
        assert_eq!(warning.contains("anybody who can reach"), warned, "{warning}");
        assert_eq!(said.lines().count(), 1, "one line of JSON, and nothing after: {said}");
    }
}
