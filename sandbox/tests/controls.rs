//! The sandbox's own controls: what they accept, and what they say where they do not.

#![allow(clippy::unwrap_used)]

mod support;

use kopokopo_sandbox::{Data, Sandbox, TillData};
use serde_json::{Value, json};
use support::{NOWHERE, Talk, stk_push};

#[tokio::test]
async fn a_fault_that_can_never_strike_is_refused() {
    let talk = Talk::start().await;
    for (fault, words) in [
        (json!({ "operation": "incoming_payment.create", "kind": "delay" }), "incoming_payments.create"),
        (json!({ "operation": "incoming_payments.create", "kind": "callback_late" }), "customer_created"),
        (json!({ "operation": "payments_*", "kind": "delay" }), "operation"),
        (json!({ "kind": "delay", "probability": 7 }), "probability: must be between 0 and 1"),
        (json!({ "kind": "status", "status": 99 }), "status: must be between 200 and 599"),
        (json!({ "kind": "delay", "delay_ms": 9_999_999_999_u64 }), "delay_ms: must be at most"),
        (json!({ "kind": "status", "retry_after": [7] }), "retry_after must be a text or a number"),
        (json!({ "kind": "redirect", "location": "a\nb" }), "location"),
    ] {
        let refused = talk.control("PUT", "/faults", &fault).await;
        assert!(refused.status == 400 && refused.body.contains(words), "{fault}: {}", refused.body);
    }
    for fault in [
        json!({ "operation": "incoming_payments.*", "kind": "delay" }),
        json!({ "operation": "reversal*", "kind": "callback_never" }),
        json!({ "operation": "polling.get", "kind": "status", "status": 429, "retry_after": 7 }),
    ] {
        assert_eq!(talk.control("PUT", "/faults", &fault).await.status, 200, "{fault}");
    }
    assert_eq!(talk.get("/api/v2/polling/x").await.header("retry-after"), Some("7"));
}

#[tokio::test]
async fn settings_and_the_clock_have_bounds() {
    let talk = Talk::start().await;
    for settings in [
        json!({ "token_lifetime_seconds": u64::MAX }),
        json!({ "callback_retries_ms": vec![1; 21] }),
        json!({ "callback_retries_ms": [u64::MAX] }),
        json!({ "payment_link_shape": "round" }),
        json!({ "reversal_type": "x" }),
    ] {
        assert_eq!(talk.control("PUT", "/settings", &settings).await.status, 400, "{settings}");
    }
    let refused = talk.control("POST", "/clock/advance", &json!({ "seconds": u64::MAX })).await;
    assert!(refused.status == 400 && refused.body.contains("century"), "{}", refused.body);
    for _ in 0..3 {
        assert_eq!(talk.control("POST", "/clock/advance", &json!({ "seconds": 3_000_000_000_u64 })).await.status, 200);
    }
    let link = json!({ "till_number": "K000000", "amount": 1, "_links": { "callback_url": NOWHERE } });
    assert_eq!(talk.post("/api/v2/payment_links", &link).await.status, 201);
    assert_eq!(talk.control("GET", "/health", &json!({})).await.json(), json!({ "status": "ok" }));
}

#[tokio::test]
async fn what_is_pending_is_listed() {
    let talk = Talk::start().await;
    talk.control("PUT", "/settings", &json!({ "pace": "manual" })).await;
    let push = talk.post("/api/v2/incoming_payments", &stk_push("10", "0712345678", NOWHERE)).await.id();
    let sms = json!({ "message": "m", "webhook_event_reference": "x", "_links": { "callback_url": NOWHERE } });
    let sms = talk.post("/api/v1/transaction_sms_notifications", &sms).await.id();
    let pending = talk.control("GET", "/pending", &json!({})).await.json();
    let waiting = pending["waiting"].as_array().unwrap();
    assert!(waiting.iter().any(|one| one["id"] == push.as_str() && one["status"] == "Pending"), "{pending}");
    let due = &pending["due"][0];
    assert_eq!((due["id"].as_str(), due["section"].as_str()), (Some(sms.as_str()), Some("sms_notifications")));
    assert!(due["in_ms"].as_u64().unwrap() <= 3_000, "{pending}");
}

#[tokio::test]
async fn a_web_page_of_another_site_cannot_use_the_controls() {
    let talk = Talk::start().await;
    for (origin, status) in
        [("https://evil.example", 403), ("null", 403), ("http://localhost:3000", 200), ("http://127.0.0.1:4254", 200)]
    {
        let answer = talk.send("POST", "/_sandbox/reset", &[("origin", origin)], "").await.unwrap();
        assert_eq!(answer.status, status, "{origin}");
    }
}

#[tokio::test]
async fn tills_are_made_while_it_runs_and_data_comes_back_with_a_reset() {
    let sandbox = Sandbox::builder().till("K654321", "5000").start().await.unwrap();
    let talk = Talk { sandbox };
    assert_eq!(talk.balance("K654321"), "5000");
    assert_eq!(
        talk.control("PUT", "/tills/K1", &json!({ "balance": 7, "name": "New" })).await.json(),
        json!({ "number": "K1", "name": "New", "balance": "7" })
    );
    for body in [json!({ "balance": -1 }), json!({ "balance": "1e3" }), json!({ "balance": "0.001" }), json!({})] {
        assert_eq!(talk.control("PUT", "/tills/K1", &body).await.status, 400, "{body}");
    }
    talk.control("POST", "/pay", &json!({ "till_number": "K654321", "amount": 1 })).await;
    assert_eq!(talk.balance("K654321"), "5001");
    talk.sandbox.reset();
    assert_eq!(talk.balance("K654321"), "5000");

    let data = json!({
        "tills": [{ "number": "K777777", "balance": "100" }],
        "merchant_wallets": [{ "id": "own-wallet", "first_name": "Jane" }],
        "merchant_bank_accounts": [{ "id": "own-account", "account_name": "Jane" }],
        "transactions": [{ "reference": "TKJ1234567", "till_number": "K777777", "amount": "40", "phone_number": "0712345678" }],
    });
    assert_eq!(talk.control("PUT", "/data", &data).await.status, 200);
    assert_eq!(talk.balance("K777777"), "100");
    let to = json!({ "type": "merchant_wallet", "reference": "own-wallet", "amount": 10 });
    let links = json!({ "callback_url": NOWHERE });
    assert_eq!(talk.post("/api/v2/send_money", &json!({ "destinations": [to], "_links": links })).await.status, 201);
    let reversal = json!({ "transaction_reference": "TKJ1234567", "reason": "r", "_links": links });
    let id = talk.post("/api/v2/reversals", &reversal).await.id();
    talk.until(&format!("/api/v2/reversals/{id}"), |value| value["data"]["attributes"]["status"] == "Processed").await;
    assert_eq!(talk.balance("K777777"), "60");
    let wrong = talk.control("PUT", "/data", &json!({ "tills": [{ "number": "K1", "balance": "x" }] })).await;
    assert!(wrong.status == 400 && wrong.body.contains("tills: K1: balance"), "{}", wrong.body);
}

#[tokio::test]
async fn wrong_data_is_an_error_at_the_start() {
    let till = TillData { number: String::new(), name: None, balance: "1".to_owned() };
    let data = Data { tills: vec![till], ..Data::default() };
    let error = Sandbox::builder().data(data).start().await.unwrap_err();
    assert!(error.to_string().contains("number must have 1 to 64 characters"), "{error}");
}

#[tokio::test]
async fn credentials_are_compared_exactly() {
    let sandbox = Sandbox::builder().client_id("me").client_secret(" secret ").start().await.unwrap();
    let talk = Talk { sandbox };
    for (secret, status) in [(" secret ", 200), ("secret", 401), (" secret \n", 401), (" secret", 401)] {
        let body = json!({ "client_id": "me", "client_secret": secret, "grant_type": "client_credentials" });
        let answer = talk
            .send("POST", "/oauth/token", &[("content-type", "application/json")], &body.to_string())
            .await
            .unwrap();
        assert_eq!(answer.status, status, "{secret:?}");
    }
}

#[tokio::test]
async fn what_the_real_api_would_not_accept_is_refused() {
    let talk = Talk::start().await;
    let push = stk_push("100", "0712345678", NOWHERE);
    let with = |path: &[&str], value: Value| {
        let mut body = push.clone();
        let mut place = &mut body;
        for name in path {
            place = &mut place[*name];
        }
        *place = value;
        body
    };
    let links = json!({ "callback_url": NOWHERE });
    let bank = json!({ "destinations": [{ "type": "merchant_wallet", "amount": 1, "reference": "22222222-2222-4222-8222-222222222222" }], "_links": links });
    let polling = json!({ "scope": "company", "from_time": "2026-02-01T00:00:00+03:00", "to_time": "2026-01-01T00:00:00+03:00", "_links": links });
    for (path, body, words) in [
        ("incoming_payments", with(&["payment_channel"], Value::Null), "Payment channel can't be blank"),
        ("incoming_payments", with(&["amount", "currency"], json!("USD")), "Currency is invalid"),
        ("incoming_payments", with(&["amount", "value"], json!(0.001)), "Amount is invalid"),
        (
            "incoming_payments",
            with(&["amount", "value"], json!("79228162514264337593543950335")),
            "Amount must be less than or equal to 250000",
        ),
        (
            "payment_links",
            json!({ "till_number": "K000000", "amount": 1, "currency": "USD", "_links": links }),
            "Currency is invalid",
        ),
        ("send_money", bank, "Destination reference is invalid"),
        ("send_money", json!({ "destinations": {}, "_links": links }), "Destinations must be a list"),
        ("send_money", json!({ "destinations": "all", "_links": links }), "Destinations must be a list"),
        ("send_money", json!({ "currency": "USD", "_links": links }), "Currency is invalid"),
        ("polling", polling, "From time must be before To time"),
    ] {
        let refused = talk.post(&format!("/api/v2/{path}"), &body).await;
        assert_eq!((refused.status, refused.message()), (400, json!(words)), "{path}");
    }
    assert_eq!(talk.sandbox.state()["paid_out"], "0");
    assert_eq!(talk.post("/api/v2/incoming_payments", &with(&["metadata"], json!([]))).await.status, 201);
    assert_eq!(talk.post("/api/v2/incoming_payments", &with(&["metadata"], json!([1]))).await.status, 400);
}

#[tokio::test]
async fn create_can_return_url_in_body() {
    let talk = Talk::start().await;
    let fault = json!({ "operation": "incoming_payments.create", "kind": "location_in_body" });
    talk.control("PUT", "/faults", &fault).await;
    let created = talk.post("/api/v2/incoming_payments", &stk_push("1", "0712345678", NOWHERE)).await;
    assert_eq!((created.status, created.header("location")), (200, None));
    let url = created.json()["_links"]["self"].as_str().unwrap().to_owned();
    assert_eq!(talk.get(&url[talk.sandbox.base_url().len()..]).await.status, 200);
}
