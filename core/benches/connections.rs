//! The cost of a new connection for each create, on loopback over http and over TLS. It compares the SDK with a fresh
//! connection for each create, the SDK with reused connections that are checked first, and bare reqwest, which reuses
//! any connection of its pool. All three take turns, so that other work of the machine affects all three.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    hint::black_box,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use kopokopo::{AccessToken, KopoKopo, resources::IncomingPaymentRequest};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ClientConfig, RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::json;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
    runtime,
};
use tokio_rustls::TlsAcceptor;

const PATH: &str = "/api/v2/incoming_payments";
const ROUNDS: usize = 40;
const CALLS: u32 = 25;
const RESPONSE: &[u8] =
    b"HTTP/1.1 201 Created\r\nlocation: /api/v2/incoming_payments/247b1bd8\r\ncontent-length: 0\r\n\r\n";

fn main() {
    let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let (tls, authority) = certificate();
    for (name, base_url) in [
        ("http", format!("http://127.0.0.1:{}", serve(None))),
        ("tls", format!("https://localhost:{}", serve(Some(tls)))),
    ] {
        let (fresh, alive) = (sdk(&base_url, &authority, true), sdk(&base_url, &authority, false));
        let bare = reqwest(&authority);
        let (mut fresh_times, mut alive_times, mut bare_times) = (Vec::new(), Vec::new(), Vec::new());
        runtime.block_on(async {
            for round in 0..=ROUNDS {
                fresh_times.push(time(|| create(&fresh)).await);
                alive_times.push(time(|| create(&alive)).await);
                bare_times.push(time(|| post(&bare, &base_url)).await);
                if round == 0 {
                    // The first round fetches tokens and warms up.
                    for times in [&mut fresh_times, &mut alive_times, &mut bare_times] {
                        times.clear();
                    }
                }
            }
        });
        let (fresh, alive, bare) = (median(fresh_times), median(alive_times), median(bare_times));
        for (id, ours, baseline) in [("fresh", fresh, alive), ("alive", alive, bare)] {
            let line =
                json!({"id": format!("connections/{name}_{id}"), "ours": ours, "baseline": baseline, "unit": "us"});
            println!("measured {line}");
        }
    }
}

async fn time<F: Future>(call: impl Fn() -> F) -> Duration {
    let began = Instant::now();
    for _ in 0..CALLS {
        black_box(call().await);
    }
    began.elapsed()
}

/// The median round, in microseconds per call.
fn median(mut rounds: Vec<Duration>) -> f64 {
    rounds.sort_unstable();
    rounds[rounds.len() / 2].as_secs_f64() * 1e6 / f64::from(CALLS)
}

fn certificate() -> (TlsAcceptor, String) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from(certificate)],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    (TlsAcceptor::from(Arc::new(config)), authority.pem())
}

/// A server that accepts every request, on a separate thread.
fn serve(tls: Option<TlsAcceptor>) -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let runtime = runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::from_std(listener).unwrap();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                stream.set_nodelay(true).unwrap();
                match tls.clone() {
                    None => drop(tokio::spawn(serve_connection(stream))),
                    Some(tls) => drop(tokio::spawn(async move {
                        if let Ok(stream) = tls.accept(stream).await {
                            serve_connection(stream).await;
                        }
                    })),
                }
            }
        });
    });
    port
}

async fn serve_connection(mut stream: impl AsyncRead + AsyncWrite + Unpin) {
    let mut bytes = vec![0; 16 * 1024];
    let mut end = 0;
    while let Ok(n @ 1..) = stream.read(&mut bytes[end..]).await {
        end += n;
        if is_whole(&bytes[..end]) {
            if stream.write_all(RESPONSE).await.is_err() {
                return;
            }
            if bytes[..end].windows(17).any(|window| window == b"connection: close") {
                let _ = stream.shutdown().await;
                return;
            }
            end = 0;
        }
    }
}

/// Whether a request and its body are complete.
fn is_whole(bytes: &[u8]) -> bool {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return false };
    let text = String::from_utf8_lossy(&bytes[..head]).to_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    bytes.len() >= head + 4 + length
}

fn sdk(base_url: &str, authority: &str, fresh: bool) -> KopoKopo {
    let token = || async { Ok(AccessToken { token: "t".into(), expires_in: Some(Duration::from_secs(3600)) }) };
    let builder = KopoKopo::builder().base_url(base_url).token_source(token).fresh_connections(fresh);
    builder.extra_ca_certificates(authority).build().unwrap()
}

async fn create(client: &KopoKopo) {
    let request = IncomingPaymentRequest {
        till_number: "K000000".into(),
        phone_number: "0712345678".into(),
        amount: 1500.into(),
        callback_url: "https://shop.example.com/k2/results".into(),
        ..IncomingPaymentRequest::default()
    };
    client.incoming_payments().create(&request).await.unwrap();
}

fn reqwest(authority: &str) -> reqwest::Client {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .no_proxy()
        .http1_only()
        .timeout(Duration::from_secs(10))
        .build()
        .unwrap()
}

async fn post(client: &reqwest::Client, base_url: &str) {
    let body = json!({
        "payment_channel": "M-PESA STK Push", "till_number": "K000000",
        "subscriber": {"phone_number": "254712345678"}, "amount": {"currency": "KES", "value": 1500},
        "metadata": {}, "_links": {"callback_url": "https://shop.example.com/k2/results"}
    });
    let request = client.post(format!("{base_url}{PATH}")).bearer_auth("t").header("content-type", "application/json");
    let response = request.body(body.to_string()).send().await.unwrap();
    assert_eq!(response.status(), 201);
    response.bytes().await.unwrap();
}
