//! The option `fresh_connections`, through both ways into the library.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::HashSet;

use kopokopo_ffi::{
    ClientOptions, KopoKopo,
    operations::Object,
    value::{Value, View},
};
use serde_json::json;
use support::{
    payment,
    server::{Act, Server, created},
};

const CREATE: &str = "POST /api/v2/incoming_payments";

/// Both ways into the library: the one of Kotlin and Swift, and the one of every other language.
#[tokio::test(flavor = "multi_thread")]
async fn creates_share_a_connection_only_if_the_program_says_so() {
    for fresh in [true, false] {
        for is_dynamic in [true, false] {
            let server = Server::with_token(|_, _| Act::Respond(created("p1"))).await;
            two_creates(&server.base_url, fresh, is_dynamic).await;
            let creates = server.seen().into_iter().filter(|seen| seen.line.starts_with(CREATE));
            let connections: HashSet<usize> = creates.map(|seen| seen.connection).collect();
            assert_eq!(connections.len(), if fresh { 2 } else { 1 }, "dynamic: {is_dynamic}");
        }
    }
}

async fn two_creates(base_url: &str, fresh: bool, is_dynamic: bool) {
    if !is_dynamic {
        let options = ClientOptions { fresh_connections: fresh, ..support::options(base_url) };
        let payments = KopoKopo::new(options).unwrap().incoming_payments();
        for _ in 0..2 {
            payments.create(payment()).await.unwrap();
        }
        return;
    }
    let arguments = |json: serde_json::Value| Value::arguments(&json.to_string()).unwrap();
    let client = json!({"client_id": "a", "client_secret": "b", "base_url": base_url, "private_token": true, "fresh_connections": fresh});
    let client = Object::new("KopoKopo", "new", arguments(client)).unwrap();
    let payments = client.call_sync("incoming_payments", Vec::new()).unwrap();
    let View::Object(payments) = payments.view() else { panic!("an object") };
    for _ in 0..2 {
        let push = json!({"till_number": "K000000", "phone_number": "0712345678", "amount": 1, "callback_url": "https://shop.example"});
        payments.call("create", arguments(push)).await.unwrap();
    }
}
