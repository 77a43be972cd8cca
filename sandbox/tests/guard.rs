//! The controls are used by programs and pages of this machine only. The API itself does not mind its name.

#![allow(clippy::unwrap_used)]

mod support;

use kopokopo_sandbox::Sandbox;
use support::{NOWHERE, Talk, stk_push};

#[tokio::test]
async fn controls_are_refused_under_a_foreign_host_and_the_message_has_the_option() {
    let talk = Talk::start().await;
    for (method, path) in [("GET", "/_sandbox/state"), ("POST", "/_sandbox/reset"), ("GET", "/_sandbox/unknown")] {
        for host in ["evil.example", "evil.example:4254", "127.0.0.1.evil.example", "192.168.1.5:4254", "sandbox:3500"]
        {
            let refused = talk.send(method, path, &[("host", host)], "").await.unwrap();
            let why = refused.json()["error"].as_str().unwrap().to_owned();
            assert_eq!(refused.status, 403, "{host}");
            assert!(why.starts_with("Host: ") && why.contains("--allow-host "), "{host}: {why}");
        }
    }
    let refused = talk.send("GET", "/_sandbox/state", &[("host", "sandbox:3500")], "").await.unwrap();
    assert!(refused.json()["error"].as_str().unwrap().ends_with("--allow-host sandbox"), "{}", refused.body);
    for host in ["localhost:1", "127.0.0.1", "shop.localhost:8000", "[::1]:4254"] {
        assert_eq!(talk.send("GET", "/_sandbox/state", &[("host", host)], "").await.unwrap().status, 200, "{host}");
    }
}

#[tokio::test]
async fn one_foreign_host_among_several_is_enough() {
    let talk = Talk::start().await;
    let two = [("host", "localhost"), ("host", "evil.example")];
    assert_eq!(talk.send("GET", "/_sandbox/state", &two, "").await.unwrap().status, 403);
    let absolute = "http://evil.example/_sandbox/state";
    assert_eq!(talk.send("GET", absolute, &[("host", "localhost")], "").await.unwrap().status, 403);
}

#[tokio::test]
async fn the_option_allows_a_host_as_name_and_as_origin() {
    let talk = Talk { sandbox: Sandbox::builder().allow_host("sandbox").start().await.unwrap() };
    for headers in [vec![("host", "sandbox:3500")], vec![("host", "SANDBOX:3500"), ("origin", "http://sandbox:3500")]] {
        let answer = talk.send("POST", "/_sandbox/reset", &headers, "").await.unwrap();
        assert_eq!(answer.status, 200, "{headers:?}: {}", answer.body);
    }
    let other = [("host", "sandbox:3500"), ("origin", "http://other:3500")];
    assert_eq!(talk.send("POST", "/_sandbox/reset", &other, "").await.unwrap().status, 403);
    let error = Sandbox::builder().allow_host("http://sandbox").start().await.unwrap_err();
    assert!(error.to_string().starts_with("allow_host: "), "{error}");
}

#[tokio::test]
async fn a_sandbox_that_listens_on_a_name_can_be_controlled_under_it() {
    let talk = Talk { sandbox: Sandbox::builder().host("localhost").start().await.unwrap() };
    assert_eq!(talk.send("GET", "/_sandbox/state", &[("host", "localhost:9")], "").await.unwrap().status, 200);
}

#[tokio::test]
async fn the_api_works_under_any_host_and_names_it_in_the_location() {
    let talk = Talk::start().await;
    let token = format!("Bearer {}", talk.token().await);
    let body = stk_push("10", "254700000006", NOWHERE).to_string();
    let headers = [("host", "pay.example:8443"), ("authorization", &token), ("content-type", "application/json")];
    let made = talk.send("POST", "/api/v2/incoming_payments", &headers, &body).await.unwrap();
    assert_eq!(made.status, 201);
    assert!(made.header("location").unwrap().starts_with("http://pay.example:8443/api/v2/"));
}

#[tokio::test]
async fn a_foreign_origin_is_refused_for_reading_too() {
    let talk = Talk::start().await;
    for origin in ["https://evil.example", "null", "", "chrome-extension://abc", "http://localhost.evil.example"] {
        let refused = talk.send("GET", "/_sandbox/state", &[("origin", origin)], "").await.unwrap();
        assert_eq!((refused.status, refused.body.contains("Origin: ")), (403, true), "{origin}: {}", refused.body);
    }
}

#[tokio::test]
async fn a_form_of_another_site_changes_nothing() {
    let talk = Talk::start().await;
    talk.control("POST", "/pay", &serde_json::json!({ "till_number": "555555", "amount": 7 })).await;
    let text = ("content-type", "text/plain");
    for headers in [
        vec![("origin", "https://evil.example"), text],
        vec![("origin", "null"), text],
        vec![("sec-fetch-site", "cross-site"), text],
        vec![("sec-fetch-site", "cross-site"), ("content-type", "application/json")],
        vec![("user-agent", "Mozilla/5.0"), text],
        vec![("referer", "https://evil.example/"), ("content-type", "multipart/form-data; boundary=x")],
        vec![("user-agent", "Mozilla/5.0"), ("content-type", "Application/X-WWW-Form-urlencoded")],
    ] {
        let refused = talk.send("POST", "/_sandbox/reset", &headers, "").await.unwrap();
        assert_eq!(refused.status, 403, "{headers:?}");
    }
    assert_eq!(talk.balance("555555"), "7");
    // What curl sends by default, and what the sandbox's own page sends.
    for headers in [
        vec![("user-agent", "curl/8.0"), ("content-type", "application/x-www-form-urlencoded")],
        vec![
            ("origin", "http://127.0.0.1:4254"),
            ("sec-fetch-site", "same-origin"),
            ("user-agent", "Mozilla/5.0"),
            text,
        ],
        vec![],
    ] {
        assert_eq!(talk.send("POST", "/_sandbox/reset", &headers, "").await.unwrap().status, 200, "{headers:?}");
    }
}

#[tokio::test]
async fn a_page_of_another_site_reads_nothing_and_can_link_to_the_page() {
    let talk = Talk::start().await;
    let cross = ("sec-fetch-site", "cross-site");
    for path in ["/_sandbox/snapshot", "/_sandbox/events", "/_sandbox/ui/app.js", "/_sandbox/state"] {
        let refused = talk.send("GET", path, &[cross, ("sec-fetch-mode", "no-cors")], "").await.unwrap();
        assert_eq!(refused.status, 403, "{path}");
        assert_eq!(refused.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
    }
    let opened = talk.send("GET", "/_sandbox/ui", &[cross, ("sec-fetch-mode", "navigate")], "").await.unwrap();
    assert_eq!(opened.status, 200);
    for path in ["/_sandbox", "/_sandbox/", "/_sandbox/ui/"] {
        let moved = talk.send("GET", path, &[], "").await.unwrap();
        assert_eq!((moved.status, moved.header("location")), (303, Some("/_sandbox/ui")), "{path}");
    }
    let wrong = talk.send("GET", "/_sandbox/tills/K000000", &[], "").await.unwrap();
    assert!(wrong.status == 405 && wrong.body.contains("PUT /tills/{number}"), "{}", wrong.body);
}
