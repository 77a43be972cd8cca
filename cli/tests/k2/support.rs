//! The program, a sandbox that it runs, and a receiver.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Output, Stdio},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

pub(crate) const KEY: &str = "an api key";

pub(crate) fn k2() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_k2"));
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("K2_") || name.to_lowercase().ends_with("_proxy"))
    {
        command.env_remove(name);
    }
    command
}

pub(crate) fn output(arguments: &[&str], stdin: &[u8]) -> Output {
    let mut child =
        k2().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    child.wait_with_output().unwrap()
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A `k2 sandbox --json`, and what its first line says.
pub(crate) struct Sandbox {
    pub(crate) child: Child,
    pub(crate) announced: Value,
}

impl Sandbox {
    pub(crate) fn start(arguments: &[&str]) -> Self {
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

    pub(crate) fn host(&self) -> &str {
        self.announced["base_url"].as_str().unwrap().trim_start_matches("http://")
    }

    pub(crate) fn call(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let variable = |name: &str| self.announced[name].as_str().unwrap();
        let mut command = k2();
        command
            .arg("call")
            .args(arguments)
            .env("K2_BASE_URL", variable("base_url"))
            .env("K2_CLIENT_ID", variable("client_id"))
            .env("K2_CLIENT_SECRET", variable("client_secret"))
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn ends(&mut self) -> bool {
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

/// One request to a sandbox's controls.
pub(crate) fn http(host: &str, method: &str, path: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(host).unwrap();
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Responds to one POST with the status, and returns its head and body.
pub(crate) fn receive_one(status: u16) -> (String, thread::JoinHandle<(String, Vec<u8>)>) {
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

/// Runs a command line on a terminal made by `script` of util-linux, and returns the exit code and the output.
#[cfg(target_os = "linux")]
pub(crate) fn on_a_terminal(arguments: &str, like: &Command, stdin: &str) -> (Option<i32>, String) {
    let variables = like.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let mut child = Command::new("script")
        .args(["-qec", &format!("{} {arguments}", env!("CARGO_BIN_EXE_k2")), "/dev/null"])
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .envs(variables)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script, of util-linux");
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let seen = child.wait_with_output().unwrap();
    (seen.status.code(), text(&seen.stdout))
}
