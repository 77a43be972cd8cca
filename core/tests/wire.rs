//! The requests on the network: every test counts the requests that a server received.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use kopokopo::{CallOptions, ErrorKind, KopoKopo, Timeouts, types::Secret};
use support::{Act, Server, created, json, payment_request, pending, quick, response};

const CREATE: &str = "POST /api/v2/incoming_payments";
const READ: &str = "GET /api/v2/incoming_payments/p1";

#[tokio::test]
async fn create_sends_one_request_with_token_user_agent_and_json() {
    let server = Server::with_token(|_, _| Act::Respond(created("p1"))).await;
    let push = server
        .builder()
        .product("shop/1.0")
        .build()
        .unwrap()
        .incoming_payments()
        .create(&payment_request())
        .await
        .unwrap();
    assert_eq!(push.id(), "p1");
    assert_eq!(push.location(), format!("{}/api/v2/incoming_payments/p1", server.base_url));
    let seen = server.seen();
    assert_eq!(server.lines(), ["POST /oauth/token", CREATE]);
    assert_eq!(seen[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    assert_eq!(seen[0].body, "client_id=app&client_secret=secret&grant_type=client_credentials");
    assert_eq!(seen[0].header("authorization"), None);
    assert_eq!(seen[1].header("authorization"), Some("Bearer canary-token-0"));
    assert_eq!(seen[1].header("accept"), Some("application/json"));
    assert_eq!(seen[1].header("content-type"), Some("application/json"));
    assert!(seen[1].header("user-agent").unwrap().starts_with("shop/1.0 kopokopo-rust/"));
    assert_eq!(
        seen[1].body,
        r#"{"payment_channel":"M-PESA STK Push","till_number":"K000000","subscriber":{"phone_number":"254712345678"},"amount":{"currency":"KES","value":100},"_links":{"callback_url":"https://shop.example/results"}}"#
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousand_concurrent_first_calls_make_one_token_request() {
    let server = Server::with_token(|_, _| Act::Respond(pending())).await;
    let client = server.client();
    let calls = (0..1000).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { client.incoming_payments().get("p1").await })
    });
    for call in futures_util::future::join_all(calls).await {
        call.unwrap().unwrap();
    }
    assert_eq!(server.count("POST /oauth/token"), 1);
    assert_eq!(server.count(READ), 1000);
}

#[tokio::test]
async fn clients_with_same_credentials_share_one_token() {
    let server = Server::with_token(|_, _| Act::Respond(pending())).await;
    for _ in 0..3 {
        server.builder().private_token(false).build().unwrap().incoming_payments().get("p1").await.unwrap();
    }
    assert_eq!(server.count("POST /oauth/token"), 1);
}

#[tokio::test]
async fn create_is_sent_again_with_new_token_after_401() {
    let server = Server::with_token(|seen, _| {
        Act::Respond(if seen.header("authorization") == Some("Bearer canary-token-0") {
            response("401 Unauthorized", "", "")
        } else {
            created("p1")
        })
    })
    .await;
    server.client().incoming_payments().create(&payment_request()).await.unwrap();
    assert_eq!(server.lines(), ["POST /oauth/token", CREATE, "POST /oauth/token", CREATE]);
}

#[tokio::test]
async fn second_401_is_authentication_error() {
    let server =
        Server::with_token(|_, _| Act::Respond(json("401 Unauthorized", r#"{"error":"InvalidAccessToken"}"#))).await;
    let error = server.client().incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::Authentication, Some(401), 2));
    assert_eq!(server.count(CREATE), 2);
}

#[tokio::test]
async fn redirect_is_not_followed_and_no_token_is_sent_elsewhere() {
    let elsewhere = Server::start(|_, _| Act::Respond(json("200 OK", "{}"))).await;
    let target = elsewhere.base_url.clone();
    let server = Server::with_token(move |_, _| {
        Act::Respond(response("302 Found", &format!("location: {target}/stolen\r\n"), ""))
    })
    .await;
    let error = server.client().incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::OutcomeUnknown, Some(302)));
    let error = server.client().incoming_payments().get("p1").await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Api, Some(302)));
    assert!(error.detail().contains("not followed"), "{error}");
    assert_eq!(elsewhere.connections(), 0);
    assert_eq!(server.count(CREATE) + server.count(READ), 2);
}

#[tokio::test]
async fn read_with_transient_failure_is_retried_twice() {
    for status in [
        "429 Too Many Requests",
        "500 Internal Server Error",
        "502 Bad Gateway",
        "503 Service Unavailable",
        "504 Gateway Timeout",
        "408 Request Timeout",
    ] {
        let server = Server::with_token(move |_, before| {
            Act::Respond(if before < 2 { response(status, "", "<html>") } else { pending() })
        })
        .await;
        server.client().incoming_payments().get("p1").await.unwrap();
        assert_eq!(server.count(READ), 3, "{status}");
    }
}

#[tokio::test]
async fn read_fails_after_three_attempts() {
    let server = Server::with_token(|_, _| {
        Act::Respond(response("502 Bad Gateway", "content-type: text/html\r\n", "<html>bad gateway</html>"))
    })
    .await;
    let error = server.client().incoming_payments().get("p1").await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts()), (ErrorKind::Api, Some(502), 3));
    assert_eq!(error.body(), Some("<html>bad gateway</html>"));
    assert_eq!(server.count(READ), 3);
}

#[tokio::test]
async fn read_is_retried_after_broken_connection_and_incomplete_body() {
    let server = Server::with_token(|_, before| match before {
        0 => Act::Close,
        1 => Act::RespondAndClose("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"data\"".into()),
        _ => Act::Respond(pending()),
    })
    .await;
    server.client().incoming_payments().get("p1").await.unwrap();
    assert_eq!(server.count(READ), 3);
}

#[tokio::test]
async fn refused_request_is_not_retried() {
    for (status, kind) in [
        ("400 Bad Request", ErrorKind::InvalidRequest),
        ("403 Forbidden", ErrorKind::Permission),
        ("404 Not Found", ErrorKind::NotFound),
        ("422 Unprocessable Entity", ErrorKind::InvalidRequest),
        ("418 I'm a teapot", ErrorKind::Api),
    ] {
        let server = Server::with_token(move |_, _| {
            Act::Respond(json(status, r#"{"error_code":400,"error_message":["One","Two"]}"#))
        })
        .await;
        let error = server.client().incoming_payments().get("p1").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status}");
        assert_eq!(error.messages(), ["One", "Two"]);
        assert_eq!(error.server_code(), Some("400"));
        assert_eq!(server.count(READ), 1, "{status}");
    }
}

#[tokio::test]
async fn only_404_of_the_api_is_not_found() {
    let api = r#"{"error_code":404,"error_message":"Payment not found"}"#;
    let truncated = "HTTP/1.1 404 Not Found\r\ncontent-length: 500\r\n\r\n{\"error_code\"".to_owned();
    for (response, kind) in [
        (json("404 Not Found", api), ErrorKind::NotFound),
        (json("410 Gone", api), ErrorKind::NotFound),
        (response("404 Not Found", "", ""), ErrorKind::NotFound),
        (response("404 Not Found", "", "<html>nginx</html>"), ErrorKind::Api),
        (json("404 Not Found", r#"{"message":"no Route matched with those values"}"#), ErrorKind::Api),
        (json("404 Not Found", "[]"), ErrorKind::Api),
        (response("410 Gone", "", "<html>"), ErrorKind::Api),
        (truncated, ErrorKind::Api),
    ] {
        let act = Act::RespondAndClose(response.clone());
        let server = Server::with_token(move |_, _| act.clone()).await;
        let error = server.client().incoming_payments().get("p1").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{response}: {error}");
        assert_eq!(server.count(READ), 1);
    }
}

#[tokio::test]
async fn refusal_of_create_by_gateway_differs_from_api_error_and_unknown_outcome() {
    for (status, body, kind) in [
        ("404 Not Found", "<html>", ErrorKind::Api),
        ("400 Bad Request", "<html>", ErrorKind::Api),
        ("403 Forbidden", "<html>blocked</html>", ErrorKind::Api),
        ("413 Payload Too Large", "<html>", ErrorKind::Api),
        ("403 Forbidden", "", ErrorKind::Permission),
        ("409 Conflict", "", ErrorKind::OutcomeUnknown),
        ("499 Client Closed Request", "", ErrorKind::OutcomeUnknown),
        ("409 Conflict", r#"{"error_code":409,"error_message":"exists already"}"#, ErrorKind::OutcomeUnknown),
    ] {
        let server = Server::with_token(move |_, _| Act::Respond(response(status, "", body))).await;
        let error = server.client().incoming_payments().create(&payment_request()).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{status} {body}: {error}");
        assert_eq!(server.count(CREATE), 1);
    }
}

#[tokio::test]
async fn create_with_lost_response_is_outcome_unknown_and_sent_once() {
    let broken = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 50\r\n\r\noops".to_owned();
    for act in [
        Act::Close,
        Act::RespondAndClose("HTTP/1.1 2".into()),
        Act::RespondAndClose("nonsense\r\n\r\n".into()),
        Act::RespondAndClose(broken),
        Act::Respond(response("500 Internal Server Error", "", "")),
        Act::Respond(response("502 Bad Gateway", "", "<html>")),
        Act::Respond(response("503 Service Unavailable", "retry-after: 1\r\n", "")),
        Act::Respond(response("201 Created", "", "")),
        Act::Respond(response("201 Created", "location: https://x.example/..\r\n", "")),
        Act::Hang,
    ] {
        let server = Server::with_token(move |_, _| act.clone()).await;
        let client = server
            .builder()
            .timeouts(Timeouts { stalled: Duration::from_millis(200), ..Timeouts::default() })
            .build()
            .unwrap();
        let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
        assert!(error.detail().contains("callback_url"), "{error}");
        assert_eq!(error.attempts(), 1);
        assert_eq!(server.count(CREATE), 1);
    }
}

#[tokio::test]
async fn create_succeeds_if_only_body_of_response_is_incomplete() {
    let server = Server::with_token(|_, _| {
        Act::RespondAndClose(
            "HTTP/1.1 201 Created\r\nlocation: /api/v2/incoming_payments/p1\r\ncontent-length: 10\r\n\r\n{".into(),
        )
    })
    .await;
    assert_eq!(server.client().incoming_payments().create(&payment_request()).await.unwrap().id(), "p1");
    assert_eq!(server.count(CREATE), 1);
}

#[tokio::test]
async fn create_is_retried_if_connecting_fails_and_error_says_nothing_was_sent() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let source = || async { Ok(kopokopo::AccessToken { token: Secret::from("t"), expires_in: None }) };
    let client = quick(KopoKopo::builder().token_source(source).base_url(format!("http://{address}"))).build().unwrap();
    let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Connection, 3));
    assert!(error.detail().contains("nothing was sent"), "{error}");
}

#[tokio::test]
async fn create_on_idle_connection_closed_by_server_is_received_once() {
    let server =
        Server::with_token(
            |_, before| if before == 0 { Act::RespondAndClose(created("p1")) } else { Act::Respond(created("p1")) },
        )
        .await;
    let client = server.client();
    for expected in 1..=20 {
        match client.incoming_payments().create(&payment_request()).await {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}"),
        }
        assert_eq!(server.count(CREATE), expected);
    }
}

#[tokio::test]
async fn create_is_not_retried_after_429() {
    let server =
        Server::with_token(|_, _| Act::Respond(response("429 Too Many Requests", "retry-after: 7\r\n", ""))).await;
    let error = server.client().incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimit, Some(Duration::from_secs(7))));
    assert_eq!(server.count(CREATE), 1);
}

#[tokio::test]
async fn call_waits_for_retry_after_and_fails_if_it_is_longer_than_60_s() {
    let server = Server::with_token(|_, before| {
        Act::Respond(if before == 0 {
            response("503 Service Unavailable", "retry-after: 1\r\n", "")
        } else {
            pending()
        })
    })
    .await;
    let began = std::time::Instant::now();
    server.client().incoming_payments().get("p1").await.unwrap();
    assert!(began.elapsed() >= Duration::from_secs(1));

    let server =
        Server::with_token(|_, _| Act::Respond(response("429 Too Many Requests", "retry-after: 61\r\n", ""))).await;
    let error = server.client().incoming_payments().get("p1").await.unwrap_err();
    assert_eq!(error.retry_after(), Some(Duration::from_secs(61)));
    assert!(error.detail().contains("longer pause"), "{error}");
    assert_eq!(server.count(READ), 1);
}

#[tokio::test]
async fn deadline_covers_token_attempts_and_waits() {
    let server = Server::start(|_, _| Act::Hang).await;
    let client = server
        .client()
        .with_options(CallOptions { timeout: Some(Duration::from_millis(300)), ..CallOptions::default() })
        .unwrap();
    let began = std::time::Instant::now();
    let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.detail().contains("nothing else was sent"), "{error}");
    assert!(began.elapsed() < Duration::from_secs(3));
}

#[tokio::test]
async fn retry_budget_limits_requests_if_every_request_fails() {
    let server = Server::with_token(|_, _| Act::Respond(response("500 Internal Server Error", "", ""))).await;
    let client = server.client();
    for _ in 0..100 {
        client.incoming_payments().get("p1").await.unwrap_err();
    }
    let sent = server.count(READ);
    assert!((100..=135).contains(&sent), "{sent}");
}

#[tokio::test]
async fn request_of_dropped_call_finishes() {
    let server = Server::with_token(|_, _| Act::Late(Duration::from_millis(300), created("p1"))).await;
    let client = server.builder().fresh_connections(false).build().unwrap();
    let request = payment_request();
    let payments = client.incoming_payments();
    let cut = tokio::time::timeout(Duration::from_millis(150), payments.create(&request)).await;
    assert!(cut.is_err());
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(server.count(CREATE), 1);
    let connections = server.connections();
    // The response was read to its end, so the connection is back in the pool and serves the next call.
    client.incoming_payments().create(&request).await.unwrap();
    assert_eq!(server.connections(), connections);
}

#[tokio::test]
async fn invalid_request_sends_nothing() {
    let server = Server::with_token(|_, _| Act::Respond(created("p1"))).await;
    let mut request = payment_request();
    request.phone_number = "12345".into();
    let error = server.client().incoming_payments().create(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("phone_number")));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn cancelling_link_again_after_lost_response_succeeds() {
    let server = Server::with_token(|seen, before| match (seen.line.starts_with("POST"), before) {
        (true, 0) => Act::Close,
        (true, _) => Act::Respond(json("400 Bad Request", r#"{"error_code":400,"error_message":"Only active payment links can be cancelled."}"#)),
        _ => Act::Respond(json("200 OK", r#"{"data":{"id":"l1","type":"payment_link","attributes":{"status":"Processed","payment_link":{"status":"Cancelled"}}}}"#)),
    })
    .await;
    server.client().payment_links().cancel("l1").await.unwrap();
    assert_eq!(
        server.lines()[1..],
        [
            "POST /api/v2/payment_links/l1/cancel",
            "POST /api/v2/payment_links/l1/cancel",
            "GET /api/v2/payment_links/l1"
        ]
    );
}

#[tokio::test]
async fn error_has_no_token_secret_or_phone_number() {
    let leak = r#"{"error_code":400,"error_message":"254712345678 is wrong for canary-token-0","access_token":"canary-token-0","client_secret":"canary"}"#;
    let server = Server::with_token(move |_, _| Act::Respond(json("400 Bad Request", leak))).await;
    let error = server.client().incoming_payments().create(&payment_request()).await.unwrap_err();
    for shown in [error.to_string(), format!("{error:?}"), error.body().unwrap().to_owned(), error.messages().join(" ")]
    {
        assert!(!shown.contains("712345678"), "{shown}");
    }
    assert!(!error.body().unwrap().contains("\"canary"), "{error:?}");
}

#[tokio::test]
async fn explicit_proxy_is_used_for_loopback_and_proxy_of_environment_is_not() {
    let proxy = Server::start(|seen, before| {
        Act::Respond(if seen.line.contains("/oauth/token") { support::token(before) } else { pending() })
    })
    .await;
    let server = Server::with_token(|_, _| Act::Respond(pending())).await;
    let client = server.builder().proxy(kopokopo::transport::Proxy::Url(proxy.base_url.clone())).build().unwrap();
    client.incoming_payments().get("p1").await.unwrap();
    assert_eq!((proxy.seen().len(), server.seen().len()), (2, 0));
    for unusable in ["::no url::", "socks5://user:canary@proxy.example:1080", "ftp://proxy.example"] {
        let error = server.builder().proxy(kopokopo::transport::Proxy::Url(unusable.into())).build().unwrap_err();
        assert_eq!(error.field(), Some("proxy"));
        assert!(!error.to_string().contains("canary"));
    }
}
