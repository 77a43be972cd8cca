//! A create over a kept connection on loopback: the SDK, bare reqwest and bare hyper. Each sends the same request to
//! the same small server, in turns, so that other work of the machine affects all three.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    convert::Infallible,
    hint::black_box,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use http_body_util::{BodyExt, Empty, Full};
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1::SendRequest,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, LOCATION, USER_AGENT},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use kopokopo::{AccessToken, KopoKopo, resources::IncomingPaymentRequest};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    runtime,
};

const PATH: &str = "/api/v2/incoming_payments";
const ID: &str = "247b1bd8-f5a0-4b71-a898-f62f67b8ae1c";
const TOKEN: &str = "an-access-token-of-the-usual-length-0123456789";
const ROUNDS: usize = 60;
const CALLS: u32 = 100;

fn main() {
    let address = serve();
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (mut sdk, mut reqwest, mut hyper) = (Vec::new(), Vec::new(), Vec::new());
    runtime.block_on(async {
        let ours = Sdk::new(address);
        let bare = Reqwest::new(address);
        let mut barest = Hyper::new(address).await;
        for round in 0..=ROUNDS {
            let begun = Instant::now();
            for _ in 0..CALLS {
                assert_eq!(black_box(ours.create().await), ID);
            }
            sdk.push(begun.elapsed());
            let begun = Instant::now();
            for _ in 0..CALLS {
                assert_eq!(black_box(bare.create().await), ID);
            }
            reqwest.push(begun.elapsed());
            let begun = Instant::now();
            for _ in 0..CALLS {
                assert_eq!(black_box(barest.create().await), ID);
            }
            hyper.push(begun.elapsed());
            if round == 0 {
                // The first round makes the connections and warms up.
                for times in [&mut sdk, &mut reqwest, &mut hyper] {
                    times.clear();
                }
            }
        }
    });
    let ours = median(sdk);
    for (name, times) in [("reqwest", reqwest), ("hyper", hyper)] {
        let line = json!({"id": format!("create/{name}"), "ours": ours, "baseline": median(times), "unit": "us"});
        println!("measured {line}");
    }
}

/// The median round, in microseconds per call.
fn median(mut rounds: Vec<Duration>) -> f64 {
    rounds.sort_unstable();
    rounds[rounds.len() / 2].as_secs_f64() * 1e6 / f64::from(CALLS)
}

/// A server that accepts every request, on a separate thread.
fn serve() -> SocketAddr {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(accept)));
            }
        });
    });
    address
}

async fn accept(request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
    let authorised =
        request.headers().get(AUTHORIZATION).is_some_and(|value| value == format!("Bearer {TOKEN}").as_str());
    let status = if authorised && request.uri().path() == PATH { StatusCode::CREATED } else { StatusCode::BAD_REQUEST };
    let body = request.into_body().collect().await.unwrap().to_bytes();
    assert!(body.starts_with(b"{") && body.len() > 200);
    let location = format!("http://127.0.0.1{PATH}/{ID}");
    Ok(Response::builder().status(status).header(LOCATION, location).body(Empty::new()).unwrap())
}

/// The request written by hand, without an SDK.
fn body() -> Value {
    json!({
        "payment_channel": "M-PESA STK Push",
        "till_number": "K000000",
        "subscriber": {"first_name": "Jane", "last_name": "Doe", "phone_number": "254712345678", "email": "jane@example.com"},
        "amount": {"currency": "KES", "value": 1500},
        "metadata": {"customer_id": "123456789", "reference": "123456", "notes": "Payment for invoice 123456"},
        "_links": {"callback_url": "https://shop.example.com/k2/results"}
    })
}

fn id(location: &str) -> String {
    location.rsplit('/').next().unwrap().to_owned()
}

struct Reqwest {
    client: reqwest::Client,
    url: String,
}

impl Reqwest {
    fn new(address: SocketAddr) -> Self {
        let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
        let tls = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(rustls::RootCertStore::empty())
            .with_no_client_auth();
        let client = reqwest::Client::builder().tls_backend_preconfigured(tls).no_proxy().http1_only();
        let client = client.timeout(Duration::from_secs(45)).user_agent("bare-reqwest").build().unwrap();
        Self { client, url: format!("http://{address}{PATH}") }
    }

    async fn create(&self) -> String {
        let request = self.client.post(&self.url).bearer_auth(TOKEN).header(ACCEPT, "application/json");
        let request = request.header(CONTENT_TYPE, "application/json").body(serde_json::to_vec(&body()).unwrap());
        let response = request.send().await.unwrap().error_for_status().unwrap();
        let id = id(response.headers()[LOCATION].to_str().unwrap());
        response.bytes().await.unwrap();
        id
    }
}

struct Hyper {
    connection: SendRequest<Full<Bytes>>,
    host: String,
}

impl Hyper {
    async fn new(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (connection, driver) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(driver);
        Self { connection, host: address.to_string() }
    }

    async fn create(&mut self) -> String {
        let request = Request::post(PATH)
            .header(HOST, &self.host)
            .header(AUTHORIZATION, format!("Bearer {TOKEN}"))
            .header(ACCEPT, "application/json")
            .header(USER_AGENT, "bare-hyper")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(serde_json::to_vec(&body()).unwrap()))
            .unwrap();
        self.connection.ready().await.unwrap();
        let response = self.connection.send_request(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        let id = id(response.headers()[LOCATION].to_str().unwrap());
        response.into_body().collect().await.unwrap();
        id
    }
}

struct Sdk {
    client: KopoKopo,
}

impl Sdk {
    fn new(address: SocketAddr) -> Self {
        let token = || async { Ok(AccessToken { token: TOKEN.into(), expires_in: Some(Duration::from_secs(3600)) }) };
        let client = KopoKopo::builder()
            .base_url(format!("http://{address}"))
            .token_source(token)
            .fresh_connections(false)
            .build()
            .unwrap();
        Self { client }
    }

    async fn create(&self) -> String {
        let request = IncomingPaymentRequest {
            till_number: "K000000".into(),
            phone_number: "0712345678".into(),
            amount: 1500.into(),
            callback_url: "https://shop.example.com/k2/results".into(),
            first_name: Some("Jane".into()),
            last_name: Some("Doe".into()),
            email: Some("jane@example.com".into()),
            metadata: [("customer_id", "123456789"), ("reference", "123456"), ("notes", "Payment for invoice 123456")]
                .into_iter()
                .collect(),
            ..IncomingPaymentRequest::default()
        };
        self.client.incoming_payments().create(&request).await.unwrap().id().to_owned()
    }
}
