//! The end of a program. It has a process to itself, because the runtime does not come back.

#![allow(clippy::result_large_err, clippy::unwrap_used, reason = "errors and test code")]

mod support;

use std::time::{Duration, Instant};

use kopokopo_ffi::runtime;
use support::{
    client, payment,
    server::{Act, Server},
};

#[tokio::test(flavor = "multi_thread")]
async fn shutting_down_ends_calls_under_way_and_refuses_later_ones() {
    let server = Server::with_token(|_, _| Act::Hang).await;
    let payments = client(&server.base_url).incoming_payments();
    let waiting = {
        let payments = payments.clone();
        std::thread::spawn(move || runtime::block_on(payments.get("p1".into())))
    };
    let creating = {
        let payments = payments.clone();
        std::thread::spawn(move || runtime::block_on(payments.create(payment())))
    };
    while server.count("GET") == 0 || server.count("POST /api/v2") == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let began = Instant::now();
    std::thread::spawn(runtime::shutdown).join().unwrap();
    assert!(began.elapsed() < Duration::from_secs(3));

    let ended = waiting.join().unwrap().unwrap_err();
    let refused = payments.get("p1".into()).await.unwrap_err();
    for error in [ended, refused] {
        assert_eq!(error.kind(), "configuration");
        assert_eq!(error.into_fields().field.as_deref(), Some("runtime"));
    }
    let unknown = creating.join().unwrap().unwrap_err();
    assert_eq!(unknown.kind(), "outcome_unknown");
    let fields = unknown.into_fields();
    assert_eq!((fields.operation.as_deref(), fields.attempts), (Some("incoming_payments.create"), 1));
    assert!(fields.sent_at.is_some());
    assert_eq!(server.count("POST /api/v2"), 1);
    runtime::shutdown();
}
