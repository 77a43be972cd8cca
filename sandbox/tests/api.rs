//! The simulated API, over real HTTP.

#![allow(clippy::unwrap_used)]

mod support;

use serde_json::{Value, json};
use support::{NOWHERE, Receiver, Talk, stk_push};

#[tokio::test]
async fn tokens_are_given_for_every_body_style() {
    let talk = Talk::start().await;
    let (id, secret) = (talk.sandbox.client_id().to_owned(), talk.sandbox.client_secret().to_owned());
    let form = format!("client_id={id}&client_secret={secret}&grant_type=client_credentials");
    let multipart = [("client_id", id.as_str()), ("client_secret", &secret), ("grant_type", "client_credentials")]
        .map(|(name, value)| format!("--xx\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"))
        .concat()
        + "--xx--\r\n";
    let as_json = json!({ "client_id": id, "client_secret": secret, "grant_type": "client_credentials" }).to_string();
    for (path, content_type, body) in [
        ("/oauth/token".to_owned(), "application/x-www-form-urlencoded", form.as_str()),
        ("/oauth/token".to_owned(), "multipart/form-data; boundary=xx", &multipart),
        ("/oauth/token".to_owned(), "application/json", &as_json),
        (format!("/oauth/token?{form}"), "text/plain", ""),
    ] {
        let answer = talk.send("POST", &path, &[("content-type", content_type)], body).await.unwrap();
        assert_eq!(answer.status, 200, "{content_type}: {}", answer.body);
        assert_eq!(answer.json()["expires_in"], 3600);
    }
    let answer = talk
        .send("POST", "/oauth/token", &[("content-type", "application/json")], r#"{"client_id":"x"}"#)
        .await
        .unwrap();
    assert_eq!((answer.status, answer.json()["error"].as_str()), (401, Some("invalid_client")));
}

#[tokio::test]
async fn a_token_can_be_asked_about_expires_and_is_revoked() {
    let talk = Talk::start().await;
    let token = talk.token().await;
    let credentials =
        json!({ "client_id": talk.sandbox.client_id(), "client_secret": talk.sandbox.client_secret(), "token": token });
    let ask = async |path: &str| {
        talk.send("POST", path, &[("content-type", "application/json")], &credentials.to_string()).await.unwrap().json()
    };
    assert_eq!(ask("/oauth/introspect").await["active"], true);
    let bearer = format!("Bearer {token}");
    let info = talk.send("GET", "/oauth/token/info", &[("authorization", &bearer)], "").await.unwrap().json();
    assert_eq!(info["application"]["uid"], talk.sandbox.client_id());

    let read = async |bearer: &str| {
        talk.send(
            "GET",
            "/api/v2/merchant_wallets/11111111-1111-4111-8111-111111111111",
            &[("authorization", bearer)],
            "",
        )
        .await
        .unwrap()
    };
    assert_eq!(read(&bearer).await.status, 200);
    talk.control("POST", "/clock/advance", &json!({ "seconds": 3600 })).await;
    assert_eq!(read(&bearer).await.message(), "ExpiredAccessToken");
    let fresh = talk.token().await;
    let gone =
        json!({ "client_id": talk.sandbox.client_id(), "client_secret": talk.sandbox.client_secret(), "token": fresh });
    assert_eq!(talk.send("POST", "/oauth/revoke", &[], &gone.to_string()).await.unwrap().json(), json!({}));
    assert_eq!(read(&format!("Bearer {fresh}")).await.message(), "InvalidAccessToken");
    let none = talk.send("GET", "/api/v2/polling/x", &[], "").await.unwrap();
    assert_eq!((none.status, none.body.as_str()), (401, ""));
}

#[tokio::test]
async fn payment_runs_to_its_end_with_all_callbacks() {
    let talk = Talk::start().await;
    let (callback, webhook) = (Receiver::start(&[200]), Receiver::start(&[200]));
    for (event_type, daraja) in
        [("buygoods_transaction_received", false), ("buygoods_transaction_received", true), ("customer_created", false)]
    {
        let subscription = json!({ "event_type": event_type, "url": webhook.url, "scope": "till", "scope_reference": "K000000", "enable_daraja_payload": daraja });
        let subscription = if event_type == "customer_created" {
            json!({ "event_type": event_type, "url": webhook.url, "scope": "company" })
        } else {
            subscription
        };
        assert_eq!(talk.post("/api/v2/webhook_subscriptions", &subscription).await.status, 201);
    }
    let created = talk.post("/api/v2/incoming_payments", &stk_push("100.00", "+254712345678", &callback.url)).await;
    assert_eq!((created.status, created.body.as_str()), (201, ""));
    assert!(created.header("location").unwrap().starts_with(talk.sandbox.base_url()));
    let path = format!("/api/v2/incoming_payments/{}", created.id());
    let paid = talk.until(&path, |value| value["data"]["attributes"]["status"] == "Success").await;
    let resource = &paid["data"]["attributes"]["event"]["resource"];
    assert_eq!(
        (resource["amount"].as_str(), resource["sender_phone_number"].as_str()),
        (Some("100.0"), Some("+254712345678"))
    );
    assert_eq!(talk.balance("K000000"), "100100");

    let (head, body) = callback.wait_for(1).await.remove(0);
    let signature = head.lines().find_map(|line| line.strip_prefix("x-kopokopo-signature: ")).unwrap();
    assert_eq!(signature, kopokopo::webhooks::sign(talk.sandbox.api_key(), body.as_bytes()));
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), paid);
    let told: Vec<Value> =
        webhook.wait_for(3).await.iter().map(|(_, body)| serde_json::from_str(body).unwrap()).collect();
    let reference = &resource["reference"];
    assert!(told.iter().any(|event| event["topic"] == "buygoods_transaction_received"
        && event["event"]["resource"]["reference"] == *reference));
    assert!(told.iter().any(|event| event["TransactionType"] == "Buygoods" && event["TransID"] == *reference));
    assert!(told.iter().any(|event| event["topic"] == "customer_created"));
}

#[tokio::test]
async fn magic_numbers_and_amounts_choose_the_outcome() {
    let talk = Talk::start().await;
    for (phone, amount, words) in [
        ("254700000002", "100", "Request cancelled by user"),
        ("0712345678", "10002", "Request cancelled by user"),
        ("254700000003", "100", "Insufficient funds"),
        ("254700000004", "100", "DS timeout user cannot be reached"),
        ("254700000005", "100", "The initiator information is invalid."),
    ] {
        let id = talk.post("/api/v2/incoming_payments", &stk_push(amount, phone, NOWHERE)).await.id();
        let failed = talk
            .until(&format!("/api/v2/incoming_payments/{id}"), |value| {
                value["data"]["attributes"]["status"] != "Pending"
            })
            .await;
        assert_eq!(failed["data"]["attributes"]["event"]["errors"], json!([words]));
        assert!(failed["data"]["attributes"]["event"]["resource"].is_null());
    }
    let id = talk.post("/api/v2/incoming_payments", &stk_push("5", "254700000006", NOWHERE)).await.id();
    let path = format!("/incoming_payments/{id}/customer");
    assert_eq!(
        talk.get(&format!("/api/v2/incoming_payments/{id}")).await.json()["data"]["attributes"]["status"],
        "Pending"
    );
    assert_eq!(talk.control("POST", &path, &json!({ "action": "enter_pin" })).await.status, 200);
    assert_eq!(talk.control("POST", &path, &json!({ "action": "enter_pin" })).await.status, 400);
    assert_eq!(talk.balance("K000000"), "100005");
}

#[tokio::test]
async fn the_documented_refusals_come_word_for_word() {
    let talk = Talk::start().await;
    let links = json!({ "callback_url": NOWHERE });
    let with = |base: &Value, changes: Value| {
        let mut body = base.clone();
        body.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        body
    };
    let subscription = json!({ "event_type": "buygoods_transaction_received", "url": NOWHERE, "scope": "till", "scope_reference": "nothing" });
    let push = stk_push("1", "0712345678", NOWHERE);
    let bank =
        json!({ "account_name": "J", "bank_branch_ref": "x", "account_number": "1", "settlement_method": "EFT" });
    let send =
        json!({ "destinations": [{ "type": "merchant_wallet", "reference": "x", "amount": 1 }], "_links": links });
    let mobile = json!({ "type": "mobile_wallet", "phone_number": "+254712345678", "network": "Safaricom", "amount": 1, "description": "d" });
    for (path, body, words) in [
        ("webhook_subscriptions", subscription, json!("Invalid scope reference")),
        ("incoming_payments", with(&push, json!({ "till_number": " " })), json!("Till number can't be blank")),
        (
            "incoming_payments",
            with(&push, json!({ "subscriber": { "phone_number": "12" } })),
            json!("Subscriber phone number is an invalid number"),
        ),
        ("merchant_wallets", json!({}), json!("First name can't be blank")),
        ("merchant_bank_accounts", bank, json!("Bank branch ref is not valid")),
        ("external_recipients", json!({ "type": "friend" }), json!("Invalid recipient type")),
        ("send_money", json!({}), json!("Callback url can't be blank")),
        ("send_money", send.clone(), json!("Destination reference is invalid")),
        (
            "send_money",
            with(&send, json!({ "destinations": [{ "amount": 1 }] })),
            json!("Destination type can't be blank"),
        ),
        ("send_money", with(&send, json!({ "source_identifier": "x" })), json!("Source identifier is invalid")),
        (
            "send_money",
            with(&send, json!({ "destinations": [mobile] })),
            json!("Destination phone number has an invalid length or format. Must be 254XXXXXXXXX."),
        ),
        ("polling", json!({ "scope": "planet" }), json!("Scope is invalid")),
        ("reversals", json!({ "transaction_reference": "x" }), json!("Transaction reference invalid")),
        ("payment_links", json!({}), json!("Till number can't be blank")),
        ("payment_links", json!({ "till_number": "x" }), json!("Till number is invalid")),
    ] {
        let answer = talk.post(&format!("/api/v2/{path}"), &body).await;
        assert_eq!((answer.status, answer.message()), (400, words), "{path}");
        assert_eq!(answer.json()["error_code"], 400);
    }
    assert_eq!(
        talk.post("/api/v1/transaction_sms_notifications", &json!({})).await.message(),
        "Message can't be blank"
    );
    assert_eq!(talk.get("/api/v2/payment_links/x").await.message(), "Payment link not found");
}

#[tokio::test]
async fn a_reversal_gives_the_money_back_once() {
    let talk = Talk::start().await;
    let webhook = Receiver::start(&[200]);
    talk.post(
        "/api/v2/webhook_subscriptions",
        &json!({ "event_type": "buygoods_transaction_reversed", "url": webhook.url, "scope": "company" }),
    )
    .await;
    let id = talk.post("/api/v2/incoming_payments", &stk_push("250", "0712345678", NOWHERE)).await.id();
    let paid = talk
        .until(&format!("/api/v2/incoming_payments/{id}"), |value| value["data"]["attributes"]["status"] == "Success")
        .await;
    let reference = &paid["data"]["attributes"]["event"]["resource"]["reference"];
    let request =
        json!({ "transaction_reference": reference, "reason": "wrong", "_links": { "callback_url": NOWHERE } });
    let reversal = talk.post("/api/api/v2/reversals", &request).await;
    assert_eq!(reversal.status, 201);
    let path = format!("/api/v2/reversals/{}", reversal.id());
    let done = talk.until(&path, |value| value["data"]["attributes"]["status"] == "Processed").await;
    assert_eq!(done["data"]["type"], "reversals");
    assert_eq!(done["data"]["attributes"]["reversal_bulk_payment"]["status"], "Transferred");
    assert_eq!(talk.balance("K000000"), "100000");
    let again = talk.post("/api/v2/reversals", &request).await;
    assert_eq!(again.message(), json!(["You cannot reverse a transaction in Pending Reversal"]));
    assert!(webhook.wait_for(1).await[0].1.contains("Reversed"));
}

#[tokio::test]
async fn a_transaction_of_31_days_ago_cannot_be_reversed() {
    let talk = Talk::start().await;
    let id = talk.post("/api/v2/incoming_payments", &stk_push("250", "0712345678", NOWHERE)).await.id();
    let paid = talk
        .until(&format!("/api/v2/incoming_payments/{id}"), |value| value["data"]["attributes"]["status"] == "Success")
        .await;
    talk.control("POST", "/clock/advance", &json!({ "seconds": 31 * 24 * 3600 })).await;
    let reference = &paid["data"]["attributes"]["event"]["resource"]["reference"];
    let refused = talk
        .post(
            "/api/v2/reversals",
            &json!({ "transaction_reference": reference, "reason": "late", "_links": { "callback_url": NOWHERE } }),
        )
        .await;
    assert_eq!(refused.message(), json!(["You cannot reverse a transaction older than 30 days"]));
}

#[tokio::test]
async fn money_is_sent_to_each_destination_or_not() {
    let talk = Talk::start().await;
    let to = |phone: &str, amount: u32| json!({ "type": "mobile_wallet", "phone_number": phone, "network": "Safaricom", "amount": amount, "description": "pay", "nickname": phone });
    let request = json!({ "source_identifier": "112233", "destinations": [to("254711111111", 15_000), to("254722222222", 6_000), to("254700000002", 1)],
        "_links": { "callback_url": NOWHERE } });
    let id = talk.post("/api/v2/send_money", &request).await.id();
    let done = talk
        .until(&format!("/api/v2/send_money/{id}"), |value| value["data"]["attributes"]["status"] == "Processed")
        .await;
    let batches = done["data"]["attributes"]["transfer_batches"].as_array().unwrap();
    let status = |phone: &str| {
        let all = batches.iter().map(|batch| &batch["disbursements"][0]);
        all.filter(|one| one["phone_number"] == phone)
            .map(|one| one["status"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    // The later recipient comes first and is paid; for the other the till has not enough left.
    assert_eq!(status("254722222222"), ["Transferred"]);
    assert_eq!(status("254711111111"), ["Cancelled"]);
    assert_eq!(status("254700000002"), ["Cancelled"]);
    assert_eq!(talk.balance("112233"), "14000");
}

#[tokio::test]
async fn a_sweep_empties_every_till_and_an_empty_list_sweeps_too() {
    for destinations in [None, Some(json!([])), Some(Value::Null)] {
        let talk = Talk::start().await;
        let mut request = json!({ "currency": "KES", "_links": { "callback_url": NOWHERE } });
        if let Some(destinations) = destinations {
            request["destinations"] = destinations;
        }
        let id = talk.post("/api/v2/send_money", &request).await.id();
        talk.until(&format!("/api/v2/send_money/{id}"), |value| value["data"]["attributes"]["status"] == "Processed")
            .await;
        for till in ["K000000", "000000", "112233", "4321"] {
            assert_eq!(talk.balance(till), "0");
        }
        assert_eq!(talk.sandbox.state()["paid_out"], "370000");
    }
}

#[tokio::test]
async fn a_link_is_tried_paid_cancelled_or_expires() {
    let talk = Talk::start().await;
    let callback = Receiver::start(&[200]);
    let request = json!({ "till_number": "000000", "currency": "KES", "amount": 350, "_links": { "callback_url": callback.url } });
    let status =
        async |id: &str| talk.get(&format!("/api/v2/payment_links/{id}")).await.json()["data"]["attributes"].clone();

    let paid = talk.post("//api/v2/payment_links", &request).await.id();
    talk.control("POST", &format!("/payment_links/{paid}/customer"), &json!({ "action": "insufficient_funds" })).await;
    let tried = status(&paid).await;
    assert_eq!(
        (tried["payment_link"]["status"].as_str(), &tried["errors"]),
        (Some("Active"), &json!(["The balance is insufficient for the transaction"]))
    );
    talk.control("POST", &format!("/payment_links/{paid}/customer"), &json!({ "action": "enter_pin" })).await;
    assert_eq!(status(&paid).await["payment_link"]["status"], "Paid");
    assert_eq!(talk.balance("000000"), "50350");
    assert_eq!(callback.wait_for(2).await.len(), 2);

    let cancelled = talk.post("/api/v2/payment_links", &request).await.id();
    let cancel = format!("/api/v2/payment_links/{cancelled}/cancel");
    assert_eq!(talk.post(&cancel, &Value::Null).await.json()["message"], "Payment link cancelled.");
    let again = talk.post(&cancel, &json!({})).await;
    assert_eq!((again.status, again.message()), (400, json!("Only active payment links can be cancelled.")));

    let expired = talk.post("/api/v2/payment_links", &request).await.id();
    talk.control("POST", "/clock/advance", &json!({ "seconds": 7 * 24 * 3600 })).await;
    assert_eq!(status(&expired).await["payment_link"]["status"], "Expired");
}

#[tokio::test]
async fn polling_lists_the_span_and_accounts_can_be_read() {
    let talk = Talk::start().await;
    talk.post("/api/v2/incoming_payments", &stk_push("10", "0712345678", NOWHERE)).await;
    let id = talk.post("/api/v2/incoming_payments", &stk_push("20", "0712345678", NOWHERE)).await.id();
    talk.until(&format!("/api/v2/incoming_payments/{id}"), |value| value["data"]["attributes"]["status"] == "Success")
        .await;
    let request = json!({ "scope": "company", "scope_reference": "", "from_time": "2020-01-01T00:00:00+03:00", "to_time": "2099-01-01T00:00:00+03:00",
        "_links": { "callback_url": NOWHERE } });
    let id = talk.post("/api/v2/polling", &request).await.id();
    let done =
        talk.until(&format!("/api/v2/polling/{id}"), |value| value["data"]["attributes"]["status"] == "Success").await;
    assert_eq!(done["data"]["attributes"]["transactions"].as_array().unwrap().len(), 2);

    let wallet = json!({ "first_name": "A", "last_name": "B", "phone_number": 254_712_345_678_u64, "network": "Safaricom", "stray": [1] });
    let created = talk.post("/api/v2/merchant_wallets", &wallet).await;
    let read = talk.get(&format!("/api/v2/merchant_wallets/{}", created.id())).await.json();
    assert_eq!(read["data"]["attributes"]["status"], "Approved");
    for path in [
        "/api/v1/payments/33333333-3333-4333-8333-333333333333",
        "/api/v2/settlement_transfers/44444444-4444-4444-8444-444444444444",
    ] {
        assert_eq!(talk.get(path).await.json()["data"]["attributes"]["status"], "Processed");
    }
}

#[tokio::test]
async fn what_is_no_operation_or_no_json_is_refused() {
    let talk = Talk::start().await;
    assert_eq!(talk.send("GET", "/nothing", &[], "").await.unwrap().status, 404);
    assert_eq!(talk.send("DELETE", "/oauth/token", &[], "").await.unwrap().status, 405);
    let token = format!("Bearer {}", talk.token().await);
    let headers = [("authorization", token.as_str())];
    assert_eq!(
        talk.send("POST", "/api/v2/polling", &headers, "{").await.unwrap().message(),
        "The body is not a JSON object"
    );
    assert_eq!(talk.send("POST", "/api/v2/polling", &headers, &"x".repeat(2 << 20)).await.unwrap().status, 413);
    let wrong = talk.control("PUT", "/faults", &json!({ "kind": "earthquake" })).await;
    assert!(wrong.status == 400 && wrong.body.contains("reset_after_effect"), "{}", wrong.body);
    let wrong = talk.control("PUT", "/settings", &json!({ "pace": "slow" })).await;
    assert!(wrong.status == 400 && wrong.body.contains("manual"), "{}", wrong.body);
    let wrong = talk.control("POST", "/trigger", &json!({ "topic": "x" })).await;
    assert!(wrong.status == 400 && wrong.body.contains("customer_created"), "{}", wrong.body);
    let seen = talk.sandbox.requests();
    assert!(seen.iter().all(|request| !serde_json::to_string(request).unwrap().contains(talk.sandbox.client_secret())));
}

#[tokio::test]
async fn manual_pace_waits_for_control_calls_or_the_clock() {
    let talk = Talk::start().await;
    talk.control("PUT", "/settings", &json!({ "pace": "manual" })).await;
    let push = talk.post("/api/v2/incoming_payments", &stk_push("10", "0712345678", NOWHERE)).await.id();
    let request = json!({ "destinations": [{ "type": "till", "till_number": "1", "amount": 5, "description": "d" }], "_links": { "callback_url": NOWHERE } });
    let sent = talk.post("/api/v2/send_money", &request).await.id();
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let status = async |path: &str| talk.get(path).await.json()["data"]["attributes"]["status"].clone();
    let (push_path, sent_path) = (format!("/api/v2/incoming_payments/{push}"), format!("/api/v2/send_money/{sent}"));
    assert_eq!((status(&push_path).await, status(&sent_path).await), (json!("Pending"), json!("Scheduled")));
    talk.control("POST", "/clock/advance", &json!({ "seconds": 60 })).await;
    assert_eq!((status(&push_path).await, status(&sent_path).await), (json!("Pending"), json!("Processed")));
}
