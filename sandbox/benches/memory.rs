//! The memory of a sandbox over 1,000,000 requests of all kinds, which must stop growing when everything has reached its bound.
//! Linux only.

#![allow(clippy::unwrap_used, missing_docs)]

use std::{env, fs, time::Duration};

use kopokopo_sandbox::direct::Direct;
use serde_json::{Value, json};
use tokio::runtime;

const REQUESTS: u32 = 1_000_000;

/// When everything has reached its bound.
const FULL: u32 = 250_000;

/// The allocator may keep a little more as time goes by.
const ALLOWED_GROWTH: f64 = 1.1;

fn main() {
    // `cargo test --benches` passes it.
    if env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = runtime::Builder::new_current_thread().build().unwrap();
    let sandbox = Direct::new(1);
    let mut full = 0.0;
    for number in 1..=REQUESTS {
        let (method, path, body) = request(number);
        let (status, body) =
            runtime.block_on(sandbox.send(method, &path, "application/json", body.to_string().into())).unwrap();
        assert!(status < 300, "{path}: {status} {}", String::from_utf8_lossy(&body));
        if number % 100 == 0 {
            sandbox.advance(Duration::from_secs(1));
        }
        if number == FULL {
            full = resident();
        }
        if number % 50_000 == 0 {
            println!("{number:>9} requests: {:>4.0} MiB", resident());
        }
    }
    let growth = resident() / full;
    assert_eq!(sandbox.state()["unaccounted"], "0");
    println!("measured {}", json!({ "id": "sandbox/memory", "ours": growth, "baseline": 1.0, "unit": "x" }));
    assert!(growth < ALLOWED_GROWTH, "the memory has grown by a factor of {growth:.2} since {FULL} requests");
}

fn request(number: u32) -> (&'static str, String, Value) {
    let links = json!({ "callback_url": "http://127.0.0.1:9/results" });
    let phone = format!("2547{:08}", number % 100_000_000);
    let push = json!({
        "payment_channel": "M-PESA STK Push", "till_number": "K000000", "amount": { "value": 7 },
        "subscriber": { "phone_number": phone, "first_name": "Jane" }, "metadata": { "order": number.to_string() }, "_links": links,
    });
    let sent = json!({ "type": "mobile_wallet", "phone_number": phone, "network": "Safaricom", "amount": 1, "description": "d" });
    match number % 8 {
        0 => ("POST", "/api/v2/send_money".to_owned(), json!({ "destinations": [sent], "_links": links })),
        1 => (
            "POST",
            "/api/v2/payment_links".to_owned(),
            json!({ "till_number": "K000000", "amount": 1, "_links": links }),
        ),
        2 => {
            let subscription = json!({ "event_type": "customer_created", "url": "http://127.0.0.1:9/", "scope": "till", "scope_reference": "112233" });
            ("POST", "/api/v2/webhook_subscriptions".to_owned(), subscription)
        }
        3 => {
            ("POST", "/_sandbox/pay".to_owned(), json!({ "till_number": "112233", "amount": 3, "phone_number": phone }))
        }
        4 => ("GET", "/api/v2/incoming_payments/d76265cd-0951-e511-80da-0aa34a9b2388".to_owned(), json!({})),
        5 => {
            let credentials =
                json!({ "client_id": "client", "client_secret": "secret", "grant_type": "client_credentials" });
            ("POST", "/oauth/token".to_owned(), credentials)
        }
        _ => ("POST", "/api/v2/incoming_payments".to_owned(), push),
    }
}

/// The resident memory of this process in MiB.
fn resident() -> f64 {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<f64>().unwrap() * 4.0 / 1024.0
}
