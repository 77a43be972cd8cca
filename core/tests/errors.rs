//! The content of errors about server responses: useful information, without secrets and personal data.

#![allow(clippy::unwrap_used)]

mod support;

use kopokopo::{
    ErrorKind, KopoKopoError,
    resources::{Destination, IncomingPaymentRequest, MobileWalletDestination, SendMoneyRequest},
};
use support::{Act, Server, payment_request, response, token};

const CREATE: &str = "POST /api/v2/incoming_payments";

async fn server(script: impl Fn() -> String + Send + Sync + 'static) -> Server {
    Server::with_token(move |_, _| Act::Respond(script())).await
}

/// All text of an error that a program could log.
fn all_text(error: &KopoKopoError) -> String {
    let json = serde_json::to_string(error).unwrap();
    format!("{error} {error:?} {json} {}", error.body().unwrap_or_default())
}

#[tokio::test]
async fn own_secrets_echoed_by_server_are_redacted() {
    let echo = r#"{"error_code":"my-client-secret","error_message":["no my-client-secret","my-api-key","x-canary-token-0-x"],"note":"my+client"}"#;
    for status in ["400 Bad Request", "500 Internal Server Error", "422 Unprocessable Entity"] {
        let server = server(move || response(status, "x-request-id: my-api-key\r\n", echo)).await;
        let client = server.builder().client_secret("my-client-secret").api_key("my-api-key").build().unwrap();
        let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
        let shown = all_text(&error);
        for secret in ["my-client-secret", "my-api-key", "canary-token-0"] {
            assert!(!shown.contains(secret), "{status}: {shown}");
        }
        assert!(error.body().unwrap().contains("my+client"), "{error:?}");
    }
    let moved = || response("302 Found", "location: https://e.example/?k=my-client-secret&p=0712345678\r\n", "");
    let server = server(moved).await;
    let client = server.builder().client_secret("my-client-secret").build().unwrap();
    let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
    assert!(error.detail().contains("https://e.example/?k=[redacted]&p=[redacted]"), "{error}");
}

#[tokio::test]
async fn body_of_oauth_response_is_not_kept() {
    for body in [r#"{"error":"invalid_request","error_description":"bad","hint":"canary"}"#, "<p>canary</p>"] {
        let server = Server::start(move |_, _| Act::Respond(response("400 Bad Request", "", body))).await;
        let client = server.client();
        let push = client.incoming_payments().create(&payment_request()).await.unwrap_err();
        let own = client.oauth().token().await.unwrap_err();
        for error in [push, own] {
            assert!(error.body().is_none() && !all_text(&error).contains("canary"), "{error:?}");
        }
    }
    let server = Server::start(|_, _| Act::Respond(response("200 OK", "", r#"{"access_token":["canary"]}"#))).await;
    let error = server.client().oauth().token().await.unwrap_err();
    assert!(error.body().is_none() && !all_text(&error).contains("canary"), "{error:?}");
}

#[tokio::test]
async fn error_of_create_without_usable_location_has_location_and_time() {
    let unusable = [
        ("https://sandbox.kopokopo.com/login", "/login"),
        ("/api/v2/incoming_payments", "incoming_payments\""),
        ("/api/v2/incoming_payments/null", "/null"),
        ("/api/v2/incoming_payments/<script>", "<script>"),
        ("/queue/0712345678", "/queue/[redacted]"),
    ];
    for (location, shown) in unusable {
        let header = format!("location: {location}\r\nx-request-id: 7f3c-99\r\n");
        let server = server(move || response("201 Created", &header, "")).await;
        let before = time::OffsetDateTime::now_utc() - time::Duration::seconds(1);
        let error = server.client().incoming_payments().create(&payment_request()).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::OutcomeUnknown, Some(201)), "{error}");
        assert!(error.detail().contains(shown), "{error}");
        assert_eq!(error.request_id(), Some("7f3c-99"));
        assert!(error.sent_at().unwrap().instant() >= before, "{error:?}");
        assert_eq!(server.count(CREATE), 1);
    }
    let long = format!("location: /{}\r\n", "a/".repeat(20_000));
    let server = server(move || response("201 Created", &long, "")).await;
    let error = server.client().incoming_payments().create(&payment_request()).await.unwrap_err();
    assert!(error.detail().len() < 2_000 && error.detail().contains("a/a/"), "{}", error.detail().len());
}

#[tokio::test]
async fn every_error_of_response_has_request_id_of_server() {
    for (status, id) in [
        ("400 Bad Request", "123456789012345678"),
        ("401 Unauthorized", "a:b~c_d.e-f"),
        ("404 Not Found", "247b1bd8-f5a0-4b71-a898-123456789012"),
        ("200 OK", "no-json"),
        ("500 Internal Server Error", "x"),
    ] {
        let header = format!("x-request-id: {id}\r\n");
        let server = server(move || response(status, &header, "")).await;
        let error = server.client().incoming_payments().get("p1").await.unwrap_err();
        assert_eq!(error.request_id(), Some(id), "{error:?}");
    }
    let server = server(|| response("400 Bad Request", "x-request-id: call 0712345678 now\r\n", "")).await;
    let error = server.client().incoming_payments().get("p1").await.unwrap_err();
    assert_eq!(error.request_id(), Some("call [redacted] now"));
}

#[tokio::test]
async fn own_sentences_and_ids_are_not_redacted() {
    let server = server(|| response("200 OK", "", r#"{"data":{"id":"2","type":"incoming_payment"}}"#)).await;
    let error = server.client().incoming_payments().get("254712345678").await.unwrap_err();
    assert!(error.detail().contains("expected 254712345678"), "{error}");
    let missing = kopokopo::KopoKopo::builder().client_id("c").build().unwrap_err();
    assert!(missing.detail().starts_with("client_secret: is missing"), "{missing}");
    let key = kopokopo::KopoKopo::builder().client_id("c").client_secret("s").api_key(" ").build().unwrap_err();
    assert!(key.detail().starts_with("api_key: ") && !key.detail().contains("[redacted]"), "{key}");
    let error = KopoKopoError::token_source("token=canary for 0712 345 678");
    assert_eq!(error.detail(), "the token source failed: token=[redacted] for [redacted]");
}

#[tokio::test]
async fn refused_amount_above_mpesa_limit_has_hint() {
    let refusal = || response("400 Bad Request", "", r#"{"error_code":400,"error_message":"Amount is invalid."}"#);
    let server = server(refusal).await;
    for (amount, explained) in [(250_000, false), (250_001, true)] {
        let push = IncomingPaymentRequest { amount: amount.into(), ..payment_request() };
        let to = MobileWalletDestination {
            phone_number: "0712345678".into(),
            amount: amount.into(),
            description: "d".into(),
            ..Default::default()
        };
        let send = SendMoneyRequest {
            destinations: vec![Destination::MobileWallet(to)],
            callback_url: "https://shop.example".into(),
            ..Default::default()
        };
        let client = server.client();
        for error in [
            client.incoming_payments().create(&push).await.unwrap_err(),
            client.send_money().create(&send).await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert_eq!(error.detail().contains("Amount is invalid. The amount may be too large"), explained, "{error}");
        }
    }
}

#[tokio::test]
async fn white_space_around_fields_is_not_sent() {
    let server = Server::with_token(|seen, _| Act::Respond(support::created_there(seen, "p1"))).await;
    let request = IncomingPaymentRequest {
        till_number: " K000000\n".into(),
        callback_url: "\thttps://shop.example/k2 ".into(),
        first_name: Some(" Jane ".into()),
        ..payment_request()
    };
    server.client().incoming_payments().create(&request).await.unwrap();
    let sent: serde_json::Value = serde_json::from_str(&server.seen().pop().unwrap().body).unwrap();
    assert_eq!(sent["till_number"], "K000000");
    assert_eq!(sent["_links"]["callback_url"], "https://shop.example/k2");
    assert_eq!(sent["subscriber"]["first_name"], "Jane");
}

#[tokio::test]
async fn error_serializes_to_json_for_loggers() {
    let body = r#"{"error_code":"busy","error_message":["one","two"],"name":"canary"}"#;
    let server =
        server(move || response("429 Too Many Requests", "retry-after: 100\r\nx-request-id: r1\r\n", body)).await;
    let error = server.client().incoming_payments().get("p1").await.unwrap_err();
    let json = serde_json::to_value(&error).unwrap();
    assert_eq!(json["kind"], "rate_limit");
    assert_eq!(json["operation"], "incoming_payments.get");
    assert_eq!(json["detail"], error.detail());
    assert_eq!(json["status"], 429);
    assert_eq!(json["server_code"], "busy");
    assert_eq!(json["messages"], serde_json::json!(["one", "two"]));
    assert_eq!(json["retry_after"], 100.0);
    assert_eq!(json["request_id"], "r1");
    assert!(json.get("field").is_none() && !json.to_string().contains("canary"));
    let shown = error.to_string();
    assert!(shown.starts_with("rate_limit: incoming_payments.get: too many requests (429): one; two"), "{shown}");
}

#[tokio::test]
async fn large_error_body_is_cut() {
    let body = "bearer a ".repeat(1_000_000);
    let server = Server::start(move |seen, before| {
        Act::Respond(if seen.line.contains("/oauth/") { token(before) } else { response("400 Bad Request", "", &body) })
    })
    .await;
    let error = server.client().incoming_payments().create(&payment_request()).await.unwrap_err();
    assert!(error.body().unwrap().len() <= 16 * 1024 + 3, "{}", error.body().unwrap().len());
}
