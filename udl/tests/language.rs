//! The language package's name. It has a process to itself, because the first name stays.

#![allow(clippy::result_large_err, clippy::unwrap_used, reason = "errors and test code")]

mod support;

use support::{
    client, options, paid,
    server::{Act, Server},
};

#[tokio::test(flavor = "multi_thread")]
async fn the_user_agent_names_the_language_package() {
    let server = Server::with_token(|_, _| Act::Respond(paid())).await;
    kopokopo_ffi::set_language("python");
    kopokopo_ffi::set_language("node");
    client(&server.base_url).incoming_payments().get("p1".into()).await.unwrap();
    let mut with_product = options(&server.base_url);
    with_product.product = Some("shop/1.0".into());
    kopokopo_ffi::KopoKopo::new(with_product).unwrap().incoming_payments().get("p1".into()).await.unwrap();
    let seen = server.seen();
    let agents: Vec<_> = seen.iter().map(|seen| seen.header("user-agent").unwrap()).collect();
    assert!(agents[..2].iter().all(|agent| agent.starts_with("kopokopo-python/")), "{agents:?}");
    assert!(agents[2..].iter().all(|agent| agent.starts_with("shop/1.0 kopokopo-python/")), "{agents:?}");
}
