//! Raw requests: what is sent, how often, and what is refused.

#![allow(clippy::unwrap_used)]

mod support;

use kopokopo::{ErrorKind, resources::RawPostRequest};
use support::{Act, Server, json, response};

const POST: &str = "POST /api/v3/widgets";

fn post(path: &str, body: &str) -> RawPostRequest {
    RawPostRequest { path: path.to_owned(), body: body.into() }
}

#[tokio::test]
async fn post_is_sent_once_with_token_and_unchanged_body() {
    let server =
        Server::with_token(|_, _| Act::Respond(response("201 Created", "location: /api/v3/widgets/1\r\n", ""))).await;
    let body = "{ \"z\": 1.50,\n\"a\": \"\\u00e9\" }";
    let response = server.client().raw_requests().post(&post("/api/v3/widgets", body)).await.unwrap();
    assert_eq!((response.status, response.location.as_deref()), (201, Some("/api/v3/widgets/1")));
    assert_eq!(response.body.unwrap().as_str(), "");
    let seen = server.seen().pop().unwrap();
    assert_eq!((seen.body.as_str(), seen.line.as_str()), (body, "POST /api/v3/widgets HTTP/1.1"));
    assert_eq!(seen.header("authorization"), Some("Bearer canary-token-0"));
    assert_eq!(seen.header("content-type"), Some("application/json"));
    assert_eq!(seen.header("connection"), Some("close"));
}

#[tokio::test]
async fn post_with_lost_response_is_outcome_unknown_and_sent_once() {
    for act in [
        Act::Close,
        Act::RespondAndClose("HTTP/1.1 2".into()),
        Act::Respond(response("500 Internal Server Error", "", "")),
        Act::Respond(response("502 Bad Gateway", "", "<html>")),
        Act::Respond(response("303 See Other", "location: /login\r\n", "")),
    ] {
        let server = Server::with_token(move |_, _| act.clone()).await;
        let error = server.client().raw_requests().post(&post("/api/v3/widgets", "{}")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
        assert_eq!((error.operation(), error.attempts()), (Some("raw_requests.post"), 1));
        assert_eq!(server.count(POST), 1);
    }
}

#[tokio::test]
async fn post_is_accepted_if_body_of_its_response_is_incomplete() {
    let server = Server::with_token(|_, _| {
        Act::RespondAndClose(
            "HTTP/1.1 201 Created\r\nlocation: /api/v3/widgets/1\r\ncontent-length: 10\r\n\r\n{".into(),
        )
    })
    .await;
    let response = server.client().raw_requests().post(&post("/api/v3/widgets", "{}")).await.unwrap();
    assert_eq!((response.status, response.body), (201, None));
    assert_eq!(server.count(POST), 1);
}

#[tokio::test]
async fn get_is_retried_and_returns_unchanged_text() {
    let text = r#"{"b":1.0,"a":[{}]}"#;
    let server = Server::with_token(move |_, before| {
        Act::Respond(if before == 0 { response("503 Service Unavailable", "", "") } else { json("200 OK", text) })
    })
    .await;
    let response = server.client().raw_requests().get("/api/v3/widgets/1?a=b%20c").await.unwrap();
    assert_eq!((response.status, response.body.unwrap().as_str()), (200, text));
    assert_eq!(server.count("GET /api/v3/widgets/1?a=b%20c"), 2);
}

#[tokio::test]
async fn refused_request_sends_nothing_and_error_repeats_no_text_of_caller() {
    let server = Server::with_token(|_, _| Act::Respond(json("200 OK", "{}"))).await;
    let client = server.client();
    for (path, body, field) in [
        ("https://evil.example/api/v3/widgets", "{}", "path"),
        ("/oauth/token", "{}", "path"),
        ("/api/v3/canary phone", "{}", "path"),
        ("/api/v3/widgets", "", "body"),
        ("/api/v3/widgets", "{\"canary\": 0712345678", "body"),
        ("/api/v3/widgets", "[]", "body"),
        ("/api/v2/send_money", "{\"canary\": []}", "body"),
        ("/api/v2/send_money.json", "{\"destinations\": []}", "body"),
        ("/api/v1/settlement_transfers", "{\"amount\": {\"value\": \"canary\"}}", "body"),
        (
            "/api/v2/settlement-transfers",
            "{\"destination_reference\": \"canary\", \"destination_type\": \" \"}",
            "body",
        ),
    ] {
        let error = client.raw_requests().post(&post(path, body)).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some(field)), "{path}");
        assert!(!error.to_string().contains("canary") && !error.to_string().contains("0712"), "{error}");
    }
    assert_eq!(client.raw_requests().get("/oauth/token/info").await.unwrap_err().field(), Some("path"));
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn debug_has_no_body_of_request_or_response() {
    let server = Server::with_token(|_, _| Act::Respond(json("200 OK", r#"{"name":"canary"}"#))).await;
    let request = post("/api/v3/widgets", r#"{"phone":"canary"}"#);
    let response = server.client().raw_requests().post(&request).await.unwrap();
    let shown = format!("{request:?} {response:?}");
    assert!(!shown.contains("canary"), "{shown}");
}
