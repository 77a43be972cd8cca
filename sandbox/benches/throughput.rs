//! The sandbox's requests per second compared with a hello-simulation axum, on one connection and on 32. Both run on a runtime of
//! their own in this process, under the same load, in turns.

#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use axum::{Router, routing::get};
use bytes::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use kopokopo_sandbox::Sandbox;
use serde_json::json;
use tokio::{net::TcpStream, runtime};

const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(200);

/// A server and the request it is asked.
struct Target {
    address: SocketAddr,
    path: &'static str,
    token: String,
}

fn main() {
    let sandbox = start_sandbox();
    let hello = start_hello();
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for connections in [1, 32] {
        let (mut ours, mut baseline) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let rates = (runtime.block_on(rate(&sandbox, connections)), runtime.block_on(rate(&hello, connections)));
            // The first round warms up.
            if round > 0 {
                ours.push(rates.0);
                baseline.push(rates.1);
            }
        }
        let line = json!({ "id": format!("sandbox/{connections}"), "ours": median(ours), "baseline": median(baseline), "unit": "req/s" });
        println!("measured {line}");
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Reading a wallet: recognised, its token checked, found, written as JSON, kept in the list of requests.
fn start_sandbox() -> Target {
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let sandbox = Sandbox::start().await.unwrap();
            let client = kopokopo::KopoKopo::builder()
                .base_url(sandbox.base_url())
                .client_id(sandbox.client_id())
                .client_secret(sandbox.client_secret())
                .build()
                .unwrap();
            let token = client.oauth().token().await.unwrap().access_token.expose().to_owned();
            let path = "/api/v2/merchant_wallets/11111111-1111-4111-8111-111111111111";
            sender.send(Target { address: sandbox.address(), path, token }).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().unwrap()
}

fn start_hello() -> Target {
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            sender.send(listener.local_addr().unwrap()).unwrap();
            let router = Router::new().route("/hello", get(|| async { "Hello, Simulation!" }));
            serve_plainly(listener, router).await;
        });
    });
    Target { address: receiver.recv().unwrap(), path: "/hello", token: String::new() }
}

/// What `axum::serve` does over HTTP/1.1, without its optional parts.
async fn serve_plainly(listener: tokio::net::TcpListener, router: Router) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        stream.set_nodelay(true).unwrap();
        let service = hyper_util::service::TowerToHyperService::new(router.clone());
        tokio::spawn(hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// Responses per second, over a number of concurrent connections.
async fn rate(target: &Target, connections: usize) -> f64 {
    let mut senders = Vec::new();
    for _ in 0..connections {
        let stream = TcpStream::connect(target.address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        senders.push(sender);
    }
    let begun = Instant::now();
    let counts = futures_util::future::join_all(senders.into_iter().map(|sender| ask(target, sender, begun))).await;
    let answers: u32 = counts.into_iter().sum();
    f64::from(answers) / begun.elapsed().as_secs_f64()
}

async fn ask(target: &Target, mut sender: SendRequest<Empty<Bytes>>, begun: Instant) -> u32 {
    let mut count = 0;
    while begun.elapsed() < ROUND {
        let request = Request::get(target.path)
            .header(header::HOST, "127.0.0.1")
            .header(header::AUTHORIZATION, format!("Bearer {}", target.token))
            .body(Empty::new())
            .unwrap();
        sender.ready().await.unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.into_body().collect().await.unwrap();
        count += 1;
    }
    count
}
