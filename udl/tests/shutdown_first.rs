//! The end of a program before its first call. It has a process to itself, because the runtime does not come back.

#![allow(clippy::unwrap_used, reason = "test code")]

mod support;

use kopokopo_ffi::runtime;
use support::{
    client, payment,
    server::{Act, Server},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_call_after_the_end_is_refused_and_sends_nothing_also_if_it_is_the_first() {
    let server = Server::with_token(|_, _| Act::Hang).await;
    let payments = client(&server.base_url).incoming_payments();
    runtime::shutdown();
    let refused = payments.create(payment()).await.unwrap_err();
    assert_eq!(refused.kind(), "configuration");
    assert_eq!(refused.into_fields().field.as_deref(), Some("runtime"));
    assert!(runtime::spawn(async {}).is_err());
    assert!(server.seen().is_empty());
    runtime::shutdown();
}
