//! Clients with the same credentials share the token but no settings: each fetches it over its own connection.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use kopokopo::{Builder, CallOptions, ErrorKind, KopoKopo, KopoKopoError, RetryOptions, Timeouts, transport::Proxy};
use support::{Act, Server, created, json, payment_request, pending, quick, response, token};

const TOKEN: &str = "POST /oauth/token";

/// A client that shares its token.
fn sharing(server: &Server) -> Builder {
    server.builder().private_token(false)
}

async fn read(client: &KopoKopo) -> kopokopo::Result<()> {
    client.incoming_payments().get("p1").await.map(drop)
}

#[tokio::test]
async fn wrong_proxy_of_client_does_not_affect_client_without_proxy() {
    let server = Server::with_token(|_, _| Act::Respond(pending())).await;
    let proxy = Server::start(|_, _| Act::Respond(response("404 Not Found", "", "<html>no such page</html>"))).await;
    let first = sharing(&server).proxy(Proxy::Url(proxy.base_url.clone())).build().unwrap();
    let second = sharing(&server).proxy(Proxy::Off).build().unwrap();

    let error = read(&first).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(404)), "{error}");
    assert!(proxy.count("POST ") > 0);
    let seen_by_proxy = proxy.seen().len();
    read(&second).await.unwrap();
    assert_eq!((proxy.seen().len(), server.count(TOKEN)), (seen_by_proxy, 1));
}

#[tokio::test]
async fn hanging_proxy_of_client_does_not_delay_client_without_proxy() {
    let server = Server::with_token(|_, _| Act::Respond(pending())).await;
    let proxy = Server::start(|_, _| Act::Hang).await;
    let first = sharing(&server).proxy(Proxy::Url(proxy.base_url.clone())).build().unwrap();
    let second = sharing(&server).build().unwrap();

    let hanging = tokio::spawn(async move { read(&first).await });
    while proxy.seen().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let began = std::time::Instant::now();
    read(&second).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(4), "{:?}", began.elapsed());
    hanging.abort();
}

#[tokio::test]
async fn short_timeout_of_client_does_not_fail_client_with_longer_timeout() {
    let server = Server::start(|seen, before| {
        if seen.line.starts_with(TOKEN) {
            Act::Late(Duration::from_millis(400), token(before))
        } else {
            Act::Respond(pending())
        }
    })
    .await;
    let short = Timeouts { total: Duration::from_millis(100), ..Timeouts::default() };
    let first = sharing(&server).timeouts(short).build().unwrap();
    let second = sharing(&server).build().unwrap();

    let (first, second) = tokio::join!(read(&first), read(&second));
    assert_eq!(first.unwrap_err().kind(), ErrorKind::Timeout);
    second.unwrap();
}

#[tokio::test]
async fn longer_timeout_of_call_applies_to_its_token_request() {
    let server = Server::start(|seen, before| {
        if seen.line.starts_with(TOKEN) {
            Act::Late(Duration::from_millis(500), token(before))
        } else {
            Act::Respond(pending())
        }
    })
    .await;
    let short = Timeouts { total: Duration::from_millis(100), ..Timeouts::default() };
    let client = server.builder().timeouts(short).build().unwrap();
    let patient = CallOptions { timeout: Some(Duration::from_secs(10)), ..CallOptions::default() };
    read(&client.with_options(patient).unwrap()).await.unwrap();
}

#[tokio::test]
async fn call_without_retries_sends_one_token_request() {
    let server = Server::start(|_, _| Act::Respond(response("503 Service Unavailable", "", ""))).await;
    let once = CallOptions { max_retries: Some(0), ..CallOptions::default() };
    let error = read(&server.client().with_options(once).unwrap()).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::Api, Some(503), 0));
    assert_eq!(error.operation(), Some("incoming_payments.get"));
    assert_eq!(server.count(TOKEN), 1);
}

#[tokio::test]
async fn clients_with_same_credentials_share_retry_budget() {
    let server = Server::with_token(|_, _| Act::Respond(response("500 Internal Server Error", "", ""))).await;
    for _ in 0..100 {
        read(&sharing(&server).build().unwrap()).await.unwrap_err();
    }
    let sent = server.count("GET ");
    assert!((100..=135).contains(&sent), "{sent}");
}

#[tokio::test]
async fn retry_budget_limits_requests_if_server_refuses_every_token() {
    let server =
        Server::with_token(|_, _| Act::Respond(json("401 Unauthorized", r#"{"error":"InvalidAccessToken"}"#))).await;
    let client = server.client();
    for _ in 0..100 {
        assert_eq!(read(&client).await.unwrap_err().kind(), ErrorKind::Authentication);
    }
    let (sent, tokens) = (server.count("GET "), server.count(TOKEN));
    assert!((100..=135).contains(&sent) && tokens <= 36, "{sent} requests, {tokens} token requests");
}

#[tokio::test]
async fn hundred_calls_with_wrong_secret_send_few_token_requests() {
    let server = Server::start(|_, _| {
        Act::Respond(json("401 Unauthorized", r#"{"error":"invalid_client","error_description":"unknown client"}"#))
    })
    .await;
    let began = std::time::Instant::now();
    for _ in 0..100 {
        let client = sharing(&server).build().unwrap();
        let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
        assert_eq!((error.kind(), error.server_code()), (ErrorKind::Authentication, Some("invalid_client")));
        assert_eq!(error.operation(), Some("incoming_payments.create"));
        assert!(error.detail().contains("the token request failed"), "{error}");
    }
    let longest = usize::try_from(began.elapsed().as_secs()).unwrap() + 1;
    assert!((1..=longest).contains(&server.count(TOKEN)), "{} in {:?}", server.count(TOKEN), began.elapsed());
    // A corrected secret is another set of credentials, so it is tried at once.
    let error = read(&sharing(&server).client_secret("another").build().unwrap()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(!error.detail().contains("at the earliest"), "{error}");
}

#[tokio::test]
async fn invalid_token_from_source_is_refused_and_requested_again() {
    let server = Server::start(|_, _| Act::Respond(created("p1"))).await;
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let source = {
        let asked = std::sync::Arc::clone(&asked);
        move || {
            let first = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            let text = if first { "canary\ntoken" } else { "token\n" };
            async move { Ok(kopokopo::AccessToken { token: text.into(), expires_in: None }) }
        }
    };
    let client = KopoKopo::builder()
        .token_source(source)
        .base_url(&server.base_url)
        .retries(RetryOptions::default())
        .build()
        .unwrap();
    let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    assert!(error.detail().contains("token source") && !error.detail().contains("canary"), "{error}");
    client.incoming_payments().create(&payment_request()).await.unwrap();
    assert_eq!(server.seen()[0].header("authorization"), Some("Bearer token"));
}

/// A source that renews a token can quote the old one, and a program the keys that it was given.
#[tokio::test]
async fn error_of_token_source_shows_no_secret_of_the_client() {
    let server = Server::start(|_, _| Act::Respond(response("401 Unauthorized", "", ""))).await;
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let source = {
        let asked = std::sync::Arc::clone(&asked);
        move || {
            let first = asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            async move {
                if first {
                    return Ok(kopokopo::AccessToken { token: "canary-words-of-a-token".into(), expires_in: None });
                }
                Err(KopoKopoError::token_source(
                    "canary-words-of-a-token is over, and so is \"a pass phrase of words\"",
                ))
            }
        }
    };
    let client = KopoKopo::builder()
        .token_source(source)
        .api_key("a pass phrase of words")
        .base_url(&server.base_url)
        .build()
        .unwrap();
    let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!(error.detail(), "the token source failed: [redacted] is over, and so is \"[redacted]\"");
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 2);
}

#[tokio::test]
async fn error_of_token_endpoint_is_not_error_about_payment() {
    let api = r#"{"error_code":404,"error_message":"Not found"}"#;
    for (status, body, kind) in [
        ("404 Not Found", "<html>no such page</html>", ErrorKind::Api),
        ("404 Not Found", api, ErrorKind::Api),
        ("404 Not Found", "", ErrorKind::Api),
        ("400 Bad Request", r#"{"error":"invalid_request"}"#, ErrorKind::Api),
        ("400 Bad Request", r#"{"error":"invalid_client"}"#, ErrorKind::Authentication),
        ("401 Unauthorized", "", ErrorKind::Authentication),
        ("403 Forbidden", "<html>blocked</html>", ErrorKind::Api),
        ("403 Forbidden", r#"{"error_code":403,"error_message":"not approved"}"#, ErrorKind::Authentication),
        ("410 Gone", "", ErrorKind::Api),
        ("422 Unprocessable Entity", api, ErrorKind::Api),
        ("429 Too Many Requests", "", ErrorKind::RateLimit),
        ("500 Internal Server Error", "", ErrorKind::Api),
        ("200 OK", "<html>sign in to this network</html>", ErrorKind::Api),
        ("200 OK", r#"{"token_type":"Bearer","canary":"x"}"#, ErrorKind::Api),
        ("200 OK", r#"{"access_token":"ca\nnary"}"#, ErrorKind::Authentication),
    ] {
        let server = Server::start(move |_, _| Act::Respond(json(status, body))).await;
        let error = read(&server.client()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
        assert_eq!((error.operation(), error.attempts()), (Some("incoming_payments.get"), 0));
        assert!(error.detail().contains("the token request failed"), "{error}");
        assert!(error.body().is_none() && !error.detail().contains("nary"), "{error:?}");
        assert_eq!(server.count("GET "), 0);
    }
}

#[tokio::test]
async fn error_of_failed_connection_names_host_and_operation_of_caller() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let client =
        quick(KopoKopo::builder().client_id("app").client_secret("s").base_url(format!("http://{address}"))).build();
    let error = client.unwrap().incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!((error.kind(), error.operation()), (ErrorKind::Connection, Some("incoming_payments.create")));
    let expected = format!("the token request failed, so nothing else was sent: could not connect to {address}");
    assert!(error.detail().starts_with(&expected), "{error}");
}

/// A token of 2 s is renewed in the background with 0.5 s left.
#[tokio::test]
async fn no_call_fails_while_token_endpoint_of_real_server_hangs_fails_and_recovers() {
    let server = Server::start(|seen, before| {
        if !seen.line.starts_with(TOKEN) {
            return Act::Respond(pending());
        }
        match before {
            0 => Act::Respond(token(0).replace(r#""expires_in":3600"#, r#""expires_in":2   "#)),
            1 => Act::Hang,
            2 => Act::Respond(response("503 Service Unavailable", "", "")),
            _ => Act::Respond(token(before)),
        }
    })
    .await;
    let timeouts = Timeouts { stalled: Duration::from_millis(800), ..Timeouts::default() };
    let client = server.builder().timeouts(timeouts).build().unwrap();
    let began = std::time::Instant::now();
    while began.elapsed() < Duration::from_millis(3500) {
        let calls = (0..10).map(|_| read(&client));
        for outcome in futures_util::future::join_all(calls).await {
            outcome.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(server.count(TOKEN) >= 4, "{} token requests", server.count(TOKEN));
}

#[test]
fn token_request_on_idle_runtime_does_not_block_client_on_another_runtime() {
    let background = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let server = background.block_on(Server::start(|seen, before| {
        if seen.line.starts_with(TOKEN) {
            Act::Late(Duration::from_millis(200), token(before))
        } else {
            Act::Respond(pending())
        }
    }));
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let client = sharing(&server).build().unwrap();
    let idle = runtime();
    idle.block_on(async {
        tokio::time::timeout(Duration::from_millis(50), read(&client)).await.unwrap_err();
    });
    let began = std::time::Instant::now();
    runtime().block_on(read(&client)).unwrap();
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    drop(idle);
}
