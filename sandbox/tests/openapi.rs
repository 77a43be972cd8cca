//! The description of the API that the sandbox serves.

#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;

use kopokopo_sandbox::{OPENAPI, direct::Direct};
use serde_json::json;
use support::Talk;

/// The methods and paths of the description: a path is a key below `paths`, and a method a key below a path.
fn described() -> BTreeSet<(String, String)> {
    let paths = OPENAPI.split("\npaths:\n").nth(1).unwrap().split("\nwebhooks:\n").next().unwrap();
    let mut found = BTreeSet::new();
    let mut path = "";
    for line in paths.lines() {
        if let Some(name) = line.strip_prefix("  /") {
            path = name.strip_suffix(':').unwrap();
        } else if let Some(method @ ("get" | "post" | "put" | "patch" | "delete")) =
            line.strip_prefix("    ").and_then(|line| line.strip_suffix(':'))
        {
            found.insert((method.to_uppercase(), format!("/{path}")));
        }
    }
    found
}

#[test]
fn the_description_has_every_route_and_no_other() {
    let id = "d76265cd-0951-e511-80da-0aa34a9b2388";
    let gone = ["payments", "settlement_transfers", "pay_recipients"].map(|name| format!("/api/v1/{name}"));
    let served = Direct::routes()
        .into_iter()
        .filter(|(method, path)| !(path.starts_with("/_sandbox") || method == "POST" && gone.contains(path)));
    let served: BTreeSet<_> = served.map(|(method, path)| (method, path.replace(id, "{id}"))).collect();
    assert_eq!(described(), served);
}

#[tokio::test]
async fn the_description_needs_no_token_and_is_no_request_of_the_api() {
    let talk = Talk::start().await;
    let served = talk.send("GET", "/openapi.yaml", &[], "").await.unwrap();
    assert_eq!((served.status, served.header("content-type")), (200, Some("application/yaml")));
    // The sandbox is the first server.
    let own = format!("servers:\n  - url: {}\n    description: This sandbox\n", talk.sandbox.base_url());
    assert_eq!(served.body, OPENAPI.replacen("servers:\n", &own, 1));
    assert!(talk.sandbox.requests().is_empty());
}

#[tokio::test]
async fn a_method_that_a_path_does_not_have_is_refused_with_those_that_it_has() {
    let talk = Talk::start().await;
    for (method, path, allowed) in [
        ("DELETE", "/api/v2/incoming_payments", "POST"),
        ("POST", "/api/v2/incoming_payments/x", "GET"),
        ("PUT", "/oauth/token/info", "GET"),
        ("GET", "/api/v2/payment_links/x/cancel", "POST"),
    ] {
        let refused = talk.send(method, path, &[], "").await.unwrap();
        assert_eq!((refused.status, refused.header("allow")), (405, Some(allowed)), "{method} {path}");
        assert_eq!(refused.json(), json!({ "error_code": 405, "error_message": "Method not allowed" }));
    }
}
