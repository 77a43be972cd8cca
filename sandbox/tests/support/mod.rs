//! A bare HTTP/1.1 client and a receiver of callbacks: what crosses the wire, byte for byte.

#![allow(dead_code, clippy::unwrap_used, clippy::missing_panics_doc, unreachable_pub)]

use std::{
    fmt::Write as _,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kopokopo_sandbox::Sandbox;
use serde_json::{Value, json};

/// One response.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.split_once(": ").filter(|(key, _)| *key == name).map(|(_, value)| value))
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub fn id(&self) -> String {
        self.header("location").unwrap().rsplit('/').next().unwrap().to_owned()
    }

    pub fn message(&self) -> Value {
        self.json()["error_message"].clone()
    }
}

/// A sandbox and what it takes to talk to it. Talks from a thread, so that the test's runtime stays free.
pub struct Talk {
    pub sandbox: Sandbox,
}

impl Talk {
    pub async fn start() -> Self {
        Self { sandbox: Sandbox::start().await.unwrap() }
    }

    pub fn host(&self) -> String {
        self.sandbox.base_url().trim_start_matches("http://").to_owned()
    }

    /// Sends one request and reads the response to the end of the connection.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> std::io::Result<Answer> {
        let host = self.host();
        let own = headers.iter().any(|(name, _)| *name == "host");
        let named = if own { String::new() } else { format!("host: {host}\r\n") };
        let mut head =
            format!("{method} {path} HTTP/1.1\r\n{named}connection: close\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            let _ = write!(head, "{name}: {value}\r\n");
        }
        let request = format!("{head}\r\n{body}");
        tokio::task::spawn_blocking(move || exchange(&host, &request)).await.unwrap()
    }

    pub async fn token(&self) -> String {
        let form = format!(
            "client_id={}&client_secret={}&grant_type=client_credentials",
            self.sandbox.client_id(),
            self.sandbox.client_secret()
        );
        let answer = self
            .send("POST", "/oauth/token", &[("content-type", "application/x-www-form-urlencoded")], &form)
            .await
            .unwrap();
        answer.json()["access_token"].as_str().unwrap().to_owned()
    }

    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body).await.unwrap()
    }

    pub async fn try_post(&self, path: &str, body: &Value) -> std::io::Result<Answer> {
        let token = format!("Bearer {}", self.token().await);
        self.send("POST", path, &[("authorization", &token), ("content-type", "application/json")], &body.to_string())
            .await
    }

    pub async fn get(&self, path: &str) -> Answer {
        let token = format!("Bearer {}", self.token().await);
        self.send("GET", path, &[("authorization", &token)], "").await.unwrap()
    }

    pub async fn control(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, &format!("/_sandbox{path}"), &[("content-type", "application/json")], &body.to_string())
            .await
            .unwrap()
    }

    /// Reads until the condition holds. Ten seconds are more than anything here takes.
    pub async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let value = self.get(path).await.json();
            if holds(&value) {
                return value;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "never came true: {value}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub fn balance(&self, till: &str) -> String {
        let state = self.sandbox.state();
        let tills = state["tills"].as_array().unwrap();
        tills.iter().find(|known| known["number"] == till).unwrap()["balance"].as_str().unwrap().to_owned()
    }
}

fn exchange(host: &str, request: &str) -> std::io::Result<Answer> {
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    let outcome = stream.read_to_end(&mut bytes);
    let text = String::from_utf8(bytes).unwrap();
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        outcome?;
        return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "no response"));
    };
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok(Answer { status, head: head.to_owned(), body: body.to_owned() })
}

/// What a receiver got: head and body.
pub type Received = Arc<Mutex<Vec<(String, String)>>>;

/// A server that responds to each POST with the next status of its list, then always with the last.
pub struct Receiver {
    pub url: String,
    pub received: Received,
}

impl Receiver {
    pub fn start(statuses: &'static [u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/callback", listener.local_addr().unwrap());
        let received = Received::default();
        let kept = Arc::clone(&received);
        std::thread::spawn(move || {
            for (count, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let Some(request) = read_request(&mut stream) else { continue };
                kept.lock().unwrap().push(request);
                let status = statuses[count.min(statuses.len() - 1)];
                let _ = stream.write_all(
                    format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes(),
                );
            }
        });
        Self { url, received }
    }

    /// Waits for a number of requests, and returns all.
    pub async fn wait_for(&self, count: usize) -> Vec<(String, String)> {
        let began = Instant::now();
        loop {
            let received = self.received.lock().unwrap().clone();
            if received.len() >= count {
                return received;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "only {} arrived", received.len());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

fn read_request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        let n = stream.read(&mut chunk).ok()?;
        if n == 0 {
            return None;
        }
        bytes.extend_from_slice(&chunk[..n]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse::<usize>().unwrap();
            if body.len() >= length {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
    }
}

pub fn stk_push(amount: &str, phone: &str, callback: &str) -> Value {
    json!({
        "payment_channel": "M-PESA STK Push",
        "till_number": "K000000",
        "subscriber": { "first_name": "Joe", "last_name": "Buyer", "phone_number": phone },
        "amount": { "currency": "KES", "value": amount },
        "metadata": { "order": "17" },
        "_links": { "callback_url": callback },
    })
}

pub const NOWHERE: &str = "https://nowhere.invalid/results";
