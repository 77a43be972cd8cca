//! Logs of this library have operations and route templates, but no id, token, phone number or secret.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    io::Write,
    sync::{Arc, Mutex},
};

use support::{Act, Server, created, payment_request, response};
use tracing_subscriber::fmt::format::FmtSpan;

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn spans_have_operation_and_route_and_no_private_data() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let server = Server::with_token(|seen, before| match (seen.line.starts_with("POST"), before) {
        (true, _) => Act::Respond(created("canary-id")),
        (false, 0) => Act::Respond(response("503 Service Unavailable", "", "")),
        _ => Act::Respond(response(
            "404 Not Found",
            "",
            r#"{"error_code":404,"error_message":"254712345678 canary-token-0"}"#,
        )),
    })
    .await;
    let guard = tracing::subscriber::set_default(subscriber);
    let push = server.client().incoming_payments().create(&payment_request()).await.unwrap();
    push.get().await.unwrap_err();
    drop(guard);

    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let own: String = log.lines().filter(|line| line.contains("kopokopo{")).collect::<Vec<_>>().join("\n");
    for expected in [
        r#"operation="incoming_payments.create""#,
        r#"url.template="/api/v2/incoming_payments/{id}""#,
        r#"http.request.method="GET""#,
        "http.response.status_code=201",
        "http.response.status_code=404",
        "attempts=2",
        r#"error="not_found""#,
        "retrying",
    ] {
        assert!(own.contains(expected), "{expected}\n{own}");
    }
    for private in ["canary", "712345678", "secret"] {
        assert!(!own.contains(private), "{private}");
    }
}

#[tokio::test]
async fn unknown_outcome_is_logged_as_warning() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let server = Server::with_token(|_, before| {
        Act::Respond(match before {
            0 => response("500 Internal Server Error", "x-request-id: r1\r\n", ""),
            1 => response("201 Created", "location: /login/canary\r\nx-request-id: r2\r\n", ""),
            _ => response("400 Bad Request", "", ""),
        })
    })
    .await;
    let guard = tracing::subscriber::set_default(subscriber);
    for _ in 0..3 {
        server.client().incoming_payments().create(&payment_request()).await.unwrap_err();
    }
    drop(guard);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(log.lines().count(), 2, "{log}");
    for (line, id) in log.lines().zip(["r1", "r2"]) {
        assert!(line.contains("WARN") && line.contains("incoming_payments.create"), "{line}");
        assert!(line.contains(&format!("request_id=\"{id}\"")) && line.contains("sent_at="), "{line}");
        assert!(!line.contains("canary"), "{line}");
    }
}
