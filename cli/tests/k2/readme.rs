//! The commands of the repository's README, run as they are written there, but for addresses and keys.

use std::{
    fs,
    io::{BufRead, BufReader},
    process::Stdio,
};

use crate::support::{KEY, Sandbox, k2, receive_one, text};

/// The address of the shop in the README.
const SHOP: &str = "http://127.0.0.1:8000/k2";

/// The commands, without their comments.
fn commands() -> Vec<Vec<String>> {
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).unwrap();
    // `k2 = ...` is a line of another language.
    let lines = readme.lines().filter_map(|line| line.strip_prefix("k2 ")).filter(|line| !line.starts_with('='));
    let command = |line: &str| {
        let command = line.split(" #").next().unwrap_or_default();
        command.split_whitespace().map(str::to_owned).collect()
    };
    lines.map(command).collect()
}

#[test]
fn commands_of_the_readme_work() {
    let folder = std::env::temp_dir().join(format!("k2-readme-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let body = r#"{"topic":"customer_created","id":"e1","event":{"resource":{}}}"#;
    fs::write(folder.join("body"), body).unwrap();
    let saved = serde_json::json!({ "received_at": "", "path": "/k2", "is_genuine": true, "body": body });
    fs::write(folder.join("callbacks.jsonl"), format!("{saved}\n")).unwrap();
    let sandbox = Sandbox::start(&[]);
    let commands = commands();
    let names: Vec<_> = commands.iter().map(|command| command[0].as_str()).collect();
    assert_eq!(names, ["demo", "sandbox", "call", "trigger", "webhook", "listen", "replay", "doctor"]);
    for command in &commands {
        // Nothing leaves this machine.
        let is_doctor = command[0] == "doctor";
        let (url, receiver) = receive_one(if is_doctor { 401 } else { 200 });
        let input = command.iter().position(|word| word == "<");
        let words = command[..input.unwrap_or(command.len())].iter().map(|word| match word.as_str() {
            SHOP => url.clone(),
            "https://shop.example/k2" if is_doctor => url.clone(),
            "KEY" => KEY.to_owned(),
            "SIG" => kopokopo::webhooks::sign(KEY, body.as_bytes()),
            word => word.to_owned(),
        });
        let mut program = k2();
        program.args(words).current_dir(&folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for name in ["base_url", "client_id", "client_secret", "api_key"] {
            program.env(format!("K2_{}", name.to_uppercase()), sandbox.announced[name].as_str().unwrap());
        }
        if let Some(at) = input {
            program.stdin(fs::File::open(folder.join(&command[at + 1])).unwrap());
        }
        let is_server = matches!(command[0].as_str(), "sandbox" | "listen");
        if is_server {
            program.args(["--port", "0"]);
            let mut child = program.spawn().unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            child.kill().unwrap();
            child.wait().unwrap();
            assert!(line.contains("http://127.0.0.1:"), "{command:?}: {line}");
        } else {
            let output = program.output().unwrap();
            assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
            if command.iter().any(|word| word == SHOP) || is_doctor {
                receiver.join().unwrap();
            }
        }
    }
    fs::remove_dir_all(&folder).unwrap();
}
