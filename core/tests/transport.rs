//! Connections: reuse, failures, limits for the size of responses, and runtimes.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, Instant};

use kopokopo::{AccessToken, CallOptions, ErrorKind, KopoKopo, Timeouts, types::Secret};
use support::{Act, Server, created, payment_request, pending, quick, response};
use tokio::{
    io::AsyncWriteExt,
    net::TcpListener,
    runtime::{Builder as RuntimeBuilder, Runtime},
};

const CREATE: &str = "POST /api/v2/incoming_payments";
const READ: &str = "GET /api/v2/incoming_payments/p1";

/// A runtime whose tasks and timers run only during `block_on`.
fn current_thread() -> Runtime {
    RuntimeBuilder::new_current_thread().enable_all().build().unwrap()
}

/// A server on a separate runtime, which runs all the time.
fn serve(script: impl Fn(&support::Seen, usize) -> Act + Send + Sync + 'static) -> (Runtime, Server) {
    let runtime = RuntimeBuilder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = runtime.block_on(Server::with_token(script));
    (runtime, server)
}

fn with_timeout(client: &KopoKopo, millis: u64) -> KopoKopo {
    let options = CallOptions { timeout: Some(Duration::from_millis(millis)), ..CallOptions::default() };
    client.with_options(options).unwrap()
}

#[test]
fn each_create_has_new_connection_and_reads_share_one() {
    let (_runtime, server) =
        serve(|seen, _| Act::Respond(if seen.line.starts_with("POST") { created("p1") } else { pending() }));
    let client = server.client();
    current_thread().block_on(async {
        for _ in 0..3 {
            client.incoming_payments().get("p1").await.unwrap();
        }
        assert_eq!(server.connections(), 1);
        for _ in 0..3 {
            client.incoming_payments().create(&payment_request()).await.unwrap();
        }
    });
    assert_eq!(server.connections(), 4);
    for seen in server.seen() {
        let expected = seen.line.starts_with(CREATE).then_some("close");
        assert_eq!(seen.header("connection"), expected, "{}", seen.line);
        assert_eq!(seen.head.lines().filter(|line| line.to_ascii_lowercase().starts_with("host:")).count(), 1);
    }
}

#[test]
fn creates_in_a_row_share_connection_without_fresh_connections() {
    let (_runtime, server) = serve(|_, _| Act::Respond(created("p1")));
    let client = server.builder().fresh_connections(false).build().unwrap();
    current_thread().block_on(async {
        for _ in 0..5 {
            client.incoming_payments().create(&payment_request()).await.unwrap();
        }
    });
    // The token was fetched over another connection.
    assert_eq!((server.count(CREATE), server.connections()), (5, 2));
}

/// With one `block_on` for each call the connection is not polled while it is idle.
#[test]
fn idle_connection_closed_by_server_does_not_cause_outcome_unknown() {
    for fresh in [true, false] {
        let (_runtime, server) = serve(|_, _| Act::RespondAndClose(created("p1")));
        let client = server.builder().fresh_connections(fresh).build().unwrap();
        let runtime = current_thread();
        for _ in 0..20 {
            runtime.block_on(client.incoming_payments().create(&payment_request())).unwrap();
            std::thread::sleep(Duration::from_millis(20));
        }
        assert_eq!(server.count(CREATE), 20);
    }
}

#[test]
fn read_on_connection_closed_by_server_does_not_count_as_retry() {
    let (_runtime, server) = serve(|_, _| Act::RespondAndClose(pending()));
    let mut retries = kopokopo::RetryOptions::default();
    retries.max_retries = 0;
    let client = server.builder().retries(retries).build().unwrap();
    let runtime = current_thread();
    for _ in 0..20 {
        runtime.block_on(client.incoming_payments().get("p1")).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.count(READ), 20);
}

#[test]
fn unsolicited_response_is_not_response_to_create() {
    for fresh in [true, false] {
        let two = format!("{}{}", created("p1"), created("unknown"));
        let (_runtime, server) = serve(move |_, _| Act::Respond(two.clone()));
        let client = server.builder().fresh_connections(fresh).build().unwrap();
        let runtime = current_thread();
        for _ in 0..20 {
            let push = runtime.block_on(client.incoming_payments().create(&payment_request())).unwrap();
            assert_eq!(push.id(), "p1");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

/// Another runtime cannot use the connections and the token request of a runtime that has ended.
#[test]
fn client_works_on_every_runtime_while_others_are_idle() {
    let (_runtime, server) =
        serve(|seen, _| Act::Respond(if seen.line.starts_with("POST") { created("p1") } else { pending() }));
    for fresh in [true, false] {
        let client = server.builder().fresh_connections(fresh).build().unwrap();
        let client = with_timeout(&client, 5000);
        let idle = current_thread();
        idle.block_on(client.incoming_payments().get("p1")).unwrap();
        idle.block_on(client.incoming_payments().create(&payment_request())).unwrap();
        for _ in 0..20 {
            let other = current_thread();
            other.block_on(client.incoming_payments().get("p1")).unwrap();
            other.block_on(client.incoming_payments().create(&payment_request())).unwrap();
            drop(other);
            idle.block_on(client.incoming_payments().get("p1")).unwrap();
        }
    }
}

#[tokio::test]
async fn hanging_connect_sends_nothing_with_any_timeout() {
    // The TLS handshake never ends.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("https://127.0.0.1:{}", listener.local_addr().unwrap().port());
    let short = Duration::from_millis(200);
    let long = Duration::from_secs(20);
    for timeouts in [
        Timeouts { connect: short, stalled: long, total: long },
        Timeouts { connect: long, stalled: short, total: Duration::from_secs(1) },
        Timeouts { connect: long, stalled: long, total: short },
    ] {
        let source = || async { Ok(AccessToken { token: Secret::from("t"), expires_in: None }) };
        let client = quick(KopoKopo::builder().token_source(source).base_url(&base_url)).timeouts(timeouts);
        let error = client.build().unwrap().incoming_payments().create(&payment_request()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
        assert!(error.detail().contains("nothing was sent"), "{error}");
    }
}

/// No server listens at the address.
#[tokio::test]
async fn request_without_connection_was_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let source = || async { Ok(AccessToken { token: Secret::from("t"), expires_in: None }) };
    let client = quick(KopoKopo::builder().token_source(source).base_url(base_url)).build().unwrap();
    let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 3), "{error}");
    assert_eq!(error.sent_at(), None);
}

#[tokio::test]
async fn too_large_response_is_not_retried() {
    let server = Server::with_token(|_, _| {
        Act::RespondAndClose("HTTP/1.1 200 OK\r\ncontent-length: 70000000\r\n\r\n".to_owned() + &" ".repeat(68_000_000))
    })
    .await;
    let error = server.client().incoming_payments().get("p1").await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Decode, 1), "{error}");
    assert_eq!(server.count(READ), 1);
}

#[tokio::test]
async fn accepted_create_does_not_wait_for_slow_body() {
    let head = "HTTP/1.1 201 Created\r\nlocation: /api/v2/incoming_payments/p1\r\ncontent-length: 100\r\n\r\n{";
    let server = Server::with_token(move |_, _| Act::Respond(head.into())).await;
    let began = Instant::now();
    assert_eq!(server.client().incoming_payments().create(&payment_request()).await.unwrap().id(), "p1");
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
}

#[tokio::test]
async fn only_beginning_of_error_body_is_read() {
    let server = Server::with_token(|seen, _| {
        let status = if seen.line.starts_with("POST") { "400 Bad Request" } else { "404 Not Found" };
        Act::Respond(format!("HTTP/1.1 {status}\r\ncontent-length: 900000000\r\n\r\n{}", "x".repeat(200_000)))
    })
    .await;
    let client = server.client();
    let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!(error.status(), Some(400));
    assert!(error.body().unwrap().len() <= 64 * 1024);
    let error = client.incoming_payments().get("p1").await.unwrap_err();
    assert_eq!(error.status(), Some(404));
}

#[tokio::test]
async fn redirect_of_create_is_refusal_only_for_301_307_and_308() {
    for (status, kind) in [
        ("301 Moved Permanently", ErrorKind::Api),
        ("307 Temporary Redirect", ErrorKind::Api),
        ("308 Permanent Redirect", ErrorKind::Api),
        ("302 Found", ErrorKind::OutcomeUnknown),
        ("303 See Other", ErrorKind::OutcomeUnknown),
        ("304 Not Modified", ErrorKind::OutcomeUnknown),
        ("101 Switching Protocols", ErrorKind::OutcomeUnknown),
    ] {
        let headers = "location: /api/v2/incoming_payments/p1\r\nconnection: upgrade\r\nupgrade: x\r\n";
        let server = Server::with_token(move |_, _| Act::Respond(response(status, headers, ""))).await;
        let error = server.client().incoming_payments().create(&payment_request()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(server.count(CREATE), 1, "{status}");
    }
}

#[tokio::test]
async fn post_without_body_has_content_length() {
    let server = Server::with_token(|_, _| Act::Respond(response("200 OK", "", ""))).await;
    server.client().payment_links().cancel("l1").await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[1].header("content-length"), Some("0"), "{}", seen[1].head);
    assert_eq!(seen[1].header("content-type"), None);
    assert_eq!(seen[1].header("transfer-encoding"), None);
}

#[tokio::test]
async fn cancelling_link_shares_deadline_with_its_read() {
    let refusal = response("400 Bad Request", "", "");
    let server = Server::with_token(move |seen, before| match (seen.line.starts_with("POST"), before) {
        (true, 0) => Act::Close,
        (true, _) => Act::Late(Duration::from_millis(600), refusal.clone()),
        _ => Act::Hang,
    })
    .await;
    let began = Instant::now();
    let error = with_timeout(&server.client(), 1000).payment_links().cancel("l1").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
}

/// One thread runs the flood and the timer. The flood is slow enough for a build without optimisations to parse it.
#[test]
fn flood_of_interim_responses_does_not_exceed_deadline() {
    let flood = current_thread();
    let listener = flood.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        flood.block_on(async move {
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                tokio::spawn(async move {
                    let interim = "HTTP/1.1 103 Early Hints\r\nlink: </style.css>\r\n\r\n".repeat(200);
                    while stream.write_all(interim.as_bytes()).await.is_ok() {
                        tokio::time::sleep(Duration::from_millis(2)).await;
                    }
                });
            }
        });
    });
    let source = || async { Ok(AccessToken { token: Secret::from("t"), expires_in: None }) };
    let client = quick(KopoKopo::builder().token_source(source).base_url(base_url)).build().unwrap();
    let client = with_timeout(&client, 1000);
    let runtime = current_thread();
    let began = Instant::now();
    let error = runtime.block_on(client.incoming_payments().get("p1")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(began.elapsed() < Duration::from_millis(1500), "{:?}", began.elapsed());
}
