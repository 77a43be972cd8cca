//! Nothing that is sent makes the sandbox fail: any number as an amount, any JSON at any route.

#![allow(clippy::unwrap_used)]

use std::{sync::LazyLock, time::Duration};

use kopokopo_sandbox::direct::Direct;
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().enable_all().build().unwrap());

const LINKS: &str = "https://callback_to_your_app.your_application.com";

/// Numbers at every border, as JSON numbers and as texts.
fn number() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        any::<i64>().prop_map(|number| number.to_string()),
        any::<u128>().prop_map(|number| number.to_string()),
        (any::<i64>(), 0..40_usize).prop_map(|(number, zeros)| format!("{number}{}", "0".repeat(zeros))),
        (any::<u64>(), any::<u64>()).prop_map(|(whole, part)| format!("{whole}.{part}")),
        prop::sample::select(vec![
            "79228162514264337593543950335",
            "-79228162514264337593543950335",
            "7922816251426433759354395033.5",
            "250000",
            "250000.01",
            "0.0000000000000000000000000001",
            "0",
            "-0",
            "1e28",
            "NaN",
            "inf",
            "1_000",
            "",
        ])
        .prop_map(str::to_owned),
    ];
    prop_oneof![
        text.prop_map(Value::String),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (1..300_000_u32).prop_map(Value::from),
    ]
}

/// Any JSON, and often the keys that the API knows.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "\\PC{0,12}".prop_map(Value::String),
        prop::sample::select(vec![
            "K000000",
            "KES",
            "till",
            "company",
            "mobile_wallet",
            "merchant_wallet",
            "bank_account",
            "254712345678",
            "2026-01-01T00:00:00+03:00",
            "buygoods_transaction_received",
            "enter_pin",
            "status",
            "*",
            LINKS,
            "CX83943KH",
            "M-PESA STK Push",
            "callback_reordered",
            "manual",
            "flat",
            "Safaricom",
        ])
        .prop_map(Value::from),
    ];
    let leaf = prop_oneof![Just(Value::Null), any::<bool>().prop_map(Value::from), number(), text];
    let keys = prop::sample::select(vec![
        "till_number",
        "amount",
        "value",
        "currency",
        "subscriber",
        "phone_number",
        "destinations",
        "type",
        "reference",
        "metadata",
        "_links",
        "callback_url",
        "scope",
        "scope_reference",
        "from_time",
        "to_time",
        "event_type",
        "url",
        "payment_channel",
        "transaction_reference",
        "reason",
        "message",
        "network",
        "description",
        "kind",
        "seconds",
        "balance",
        "tills",
        "number",
        "operation",
        "times",
        "delay_ms",
        "probability",
        "topic",
        "set",
        "unset",
        "pace",
        "callback_retries_ms",
        "token_lifetime_seconds",
        "external_recipient",
        "source_identifier",
        "action",
    ]);
    leaf.prop_recursive(4, 48, 8, move |inner| {
        let keys = prop_oneof![4 => keys.clone().prop_map(str::to_owned), 1 => "\\PC{0,6}".prop_map(|key| key)];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((keys, inner), 0..8).prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

fn send(direct: &Direct, method: &str, path: &str, body: &[u8]) -> Result<u16, TestCaseError> {
    // A fault of a property test's own may leave a request hanging: then it was understood.
    let sent = RUNTIME.block_on(async {
        tokio::time::timeout(Duration::from_millis(200), direct.send(method, path, "application/json", body.to_vec()))
            .await
    });
    let Ok(sent) = sent else { return Ok(200) };
    let (status, answer) = sent.map_err(TestCaseError::fail)?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    prop_assert!(!answer.contains("internal error"), "{method} {path}: {answer}");
    prop_assert!(direct.failures().is_empty(), "{method} {path}: {:?}", direct.failures());
    Ok(status)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_number_as_an_amount_is_accepted_or_refused(numbers in prop::collection::vec(number(), 1..6)) {
        let direct = Direct::new(1);
        for number in &numbers {
            let links = json!({ "callback_url": LINKS });
            let bodies = [
                ("/api/v2/incoming_payments", json!({ "payment_channel": "M", "till_number": "K000000", "amount": { "value": number },
                    "subscriber": { "phone_number": "254712345678" }, "_links": links })),
                ("/api/v2/payment_links", json!({ "till_number": "K000000", "amount": number, "_links": links })),
                ("/api/v2/send_money", json!({ "destinations": [{ "type": "mobile_wallet", "phone_number": "254712345678", "network": "S",
                    "amount": number, "description": "d" }], "_links": links })),
                ("/api/v2/send_money", json!({ "destinations": [{ "type": "merchant_bank_account", "amount": number,
                    "reference": "e479b8de-d05d-46f1-89ea-27948293f5df" }], "_links": links })),
                ("/_sandbox/pay", json!({ "till_number": "K000000", "amount": number })),
                ("/_sandbox/pay", json!({ "till_number": "K000000", "amount": number, "kind": "card" })),
            ];
            for (path, body) in bodies {
                let status = send(&direct, "POST", path, body.to_string().as_bytes())?;
                prop_assert!(matches!(status, 200 | 201 | 400), "{path} {number}: {status}");
            }
            let body = json!({ "balance": number }).to_string();
            let status = send(&direct, "PUT", "/_sandbox/tills/K000000", body.as_bytes())?;
            prop_assert!(matches!(status, 200 | 400), "{number}: {status}");
            direct.advance(Duration::from_secs(60));
            prop_assert!(direct.failures().is_empty(), "{:?}", direct.failures());
        }
        for till in direct.state()["tills"].as_array().unwrap() {
            let balance: i128 = till["balance"].as_str().unwrap().split('.').next().unwrap().parse().unwrap();
            prop_assert!((0..=1_000_000_000_000).contains(&balance), "{till}");
        }
        // It still works.
        send(&direct, "POST", "/_sandbox/reset", b"")?;
        let push = json!({ "payment_channel": "M", "till_number": "K000000", "amount": { "value": 7 },
            "subscriber": { "phone_number": "254712345678" }, "_links": { "callback_url": LINKS } });
        prop_assert_eq!(send(&direct, "POST", "/api/v2/incoming_payments", push.to_string().as_bytes())?, 201);
        direct.advance(Duration::from_secs(1));
        let state = direct.state();
        prop_assert_eq!(&state["received"], "7");
    }

    #[test]
    fn any_json_at_any_route_gets_a_response(calls in prop::collection::vec((any::<prop::sample::Index>(), any_json()), 1..12)) {
        let direct = Direct::new(2);
        let routes = Direct::routes();
        for (route, body) in &calls {
            let (method, path) = route.get(&routes);
            send(&direct, method, path, body.to_string().as_bytes())?;
            direct.advance(Duration::from_secs(5));
            prop_assert!(direct.failures().is_empty(), "{method} {path} {body}: {:?}", direct.failures());
        }
    }

    #[test]
    fn any_bytes_at_any_route_get_a_response(route in any::<prop::sample::Index>(), body in prop::collection::vec(any::<u8>(), 0..200)) {
        let direct = Direct::new(3);
        let routes = Direct::routes();
        let (method, path) = route.get(&routes);
        let status = send(&direct, method, path, &body)?;
        prop_assert!(status < 500, "{method} {path}: {status}");
    }
}
