//! A server that sends the bytes that a test chooses, and records the requests.

#![allow(dead_code, clippy::unwrap_used, clippy::missing_panics_doc, unreachable_pub)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use kopokopo::{Builder, KopoKopo, RetryOptions, Timeouts, resources::IncomingPaymentRequest};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// What the server does with one request.
#[derive(Clone)]
pub enum Act {
    /// Sends these bytes and keeps the connection.
    Respond(String),
    /// Sends these bytes and closes.
    RespondAndClose(String),
    /// Closes without a response.
    Close,
    /// Sends nothing and keeps the connection.
    Hang,
    /// Waits, then responds.
    Late(Duration, String),
}

type Script = Arc<dyn Fn(&Seen, usize) -> Act + Send + Sync>;

/// A received request.
#[derive(Debug, Clone)]
pub struct Seen {
    pub line: String,
    pub head: String,
    pub body: String,
    pub connection: usize,
}

impl Seen {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            line.split_once(':').filter(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        })
    }
}

pub struct Server {
    pub base_url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    connections: Arc<AtomicUsize>,
}

impl Server {
    /// `script` gets each request, and the number of earlier requests with the same line.
    pub async fn start(script: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connections = Arc::new(AtomicUsize::new(0));
        let script: Script = Arc::new(script);
        let server = Self { base_url, seen: Arc::clone(&seen), connections: Arc::clone(&connections) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let connection = connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, connection, Arc::clone(&script), Arc::clone(&seen)));
            }
        });
        server
    }

    /// A server with a working token endpoint. `script` responds to all other requests.
    pub async fn with_token(script: impl Fn(&Seen, usize) -> Act + Send + Sync + 'static) -> Self {
        Self::start(move |seen, before| {
            if seen.line.starts_with("POST /oauth/token ") { Act::Respond(token(before)) } else { script(seen, before) }
        })
        .await
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line.trim_end_matches(" HTTP/1.1").to_owned()).collect()
    }

    pub fn count(&self, line: &str) -> usize {
        self.lines().iter().filter(|seen| seen.starts_with(line)).count()
    }

    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    pub fn builder(&self) -> Builder {
        quick(KopoKopo::builder().client_id("app").client_secret("secret").base_url(&self.base_url).private_token(true))
    }

    pub fn client(&self) -> KopoKopo {
        self.builder().build().unwrap()
    }
}

/// Sets short waits between retries.
pub fn quick(builder: Builder) -> Builder {
    let mut retries = RetryOptions::default();
    retries.base = Duration::from_millis(5);
    builder.retries(retries).timeouts(Timeouts {
        total: Duration::from_secs(10),
        stalled: Duration::from_secs(5),
        ..Timeouts::default()
    })
}

async fn serve(mut stream: TcpStream, connection: usize, script: Script, seen: Arc<Mutex<Vec<Seen>>>) {
    let mut buffer = Vec::new();
    while let Some(request) = read_request(&mut stream, &mut buffer, connection).await {
        let before = {
            let mut seen = seen.lock().unwrap();
            let before = seen.iter().filter(|other: &&Seen| other.line == request.line).count();
            seen.push(request.clone());
            before
        };
        match script(&request, before) {
            Act::Respond(response) => drop(stream.write_all(response.as_bytes()).await),
            Act::RespondAndClose(response) => {
                let _ = stream.write_all(response.as_bytes()).await;
                let _ = stream.shutdown().await;
                return;
            }
            Act::Close => return,
            Act::Hang => tokio::time::sleep(Duration::from_secs(3600)).await,
            Act::Late(pause, response) => {
                tokio::time::sleep(pause).await;
                let _ = stream.write_all(response.as_bytes()).await;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream, buffer: &mut Vec<u8>, connection: usize) -> Option<Seen> {
    loop {
        if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
            let line = head.lines().next().unwrap().to_owned();
            let mut seen = Seen { line, head, body: String::new(), connection };
            let length: usize = seen.header("content-length").map_or(0, |length| length.parse().unwrap());
            if buffer.len() >= end + 4 + length {
                seen.body = String::from_utf8(buffer[end + 4..end + 4 + length].to_vec()).unwrap();
                buffer.drain(..end + 4 + length);
                return Some(seen);
            }
        }
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => buffer.extend_from_slice(&chunk[..n]),
        }
    }
}

pub fn response(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

pub fn json(status: &str, body: &str) -> String {
    response(status, "content-type: application/json\r\n", body)
}

pub fn token(number: usize) -> String {
    json(
        "200 OK",
        &format!(
            r#"{{"access_token":"canary-token-{number}","token_type":"Bearer","expires_in":3600,"created_at":"2026-04-27T00:09:15+03:00"}}"#
        ),
    )
}

pub fn created(id: &str) -> String {
    response("201 Created", &format!("location: https://elsewhere.example/api/v2/incoming_payments/{id}\r\n"), "")
}

/// The response to a create, for any collection.
pub fn created_there(seen: &Seen, id: &str) -> String {
    let collection = seen.line.split(' ').nth(1).unwrap();
    response("201 Created", &format!("location: https://elsewhere.example{collection}/{id}\r\n"), "")
}

pub fn pending() -> String {
    json(
        "200 OK",
        r#"{"data":{"id":"p1","type":"incoming_payment","attributes":{"status":"Pending","event":{"type":"Incoming Payment Request","resource":null,"errors":null},"_links":{}}}}"#,
    )
}

pub fn payment_request() -> IncomingPaymentRequest {
    IncomingPaymentRequest {
        till_number: "K000000".into(),
        phone_number: "0712345678".into(),
        amount: 100.into(),
        callback_url: "https://shop.example/results".into(),
        ..IncomingPaymentRequest::default()
    }
}
