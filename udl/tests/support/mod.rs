//! A client of the contract against a server of bytes.

#![allow(dead_code, clippy::unwrap_used, clippy::missing_panics_doc, unreachable_pub)]

#[path = "../../../core/tests/support/mod.rs"]
pub mod server;

use kopokopo_ffi::{ClientOptions, Environment, IncomingPaymentRequest, KopoKopo};

pub fn options(base_url: &str) -> ClientOptions {
    ClientOptions {
        client_id: "app".into(),
        client_secret: "canary-secret".into(),
        api_key: Some("canary-key".into()),
        other_api_keys: Vec::new(),
        environment: Environment::Sandbox,
        base_url: Some(base_url.to_owned()),
        connect_timeout: 3.1,
        stalled_timeout: 5.0,
        timeout: 10.0,
        max_retries: 2,
        retry_base: 0.005,
        retry_cap: 8.0,
        proxy: None,
        extra_ca_certificates: None,
        product: None,
        fresh_connections: true,
        private_token: true,
    }
}

pub fn client(base_url: &str) -> KopoKopo {
    KopoKopo::new(options(base_url)).unwrap()
}

pub fn payment() -> IncomingPaymentRequest {
    IncomingPaymentRequest {
        till_number: "K000000".into(),
        phone_number: "0712345678".into(),
        amount: "100.50".into(),
        callback_url: "https://shop.example/results".into(),
        currency: None,
        first_name: Some("Jane".into()),
        last_name: None,
        email: None,
        metadata: Some(r#"{"order":"7","rush":true}"#.into()),
        payment_channel: None,
    }
}

/// A payment that the customer made.
pub fn paid() -> String {
    server::json(
        "200 OK",
        r#"{"data":{"id":"p1","type":"incoming_payment","attributes":{"initiation_time":"2026-05-01T10:43:20+03:00","status":"Success","event":{"type":"Incoming Payment Request","resource":{"reference":"R1","amount":"100.5","currency":"KES","status":"Received","system":"Lipa Na M-PESA","sender_phone_number":"+254712345678"},"errors":null},"metadata":{"order":"7","rush":true},"_links":{"self":"https://elsewhere.example/p1"}}}}"#,
    )
}
