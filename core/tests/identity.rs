//! A read returns the requested resource, or an error.

#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use kopokopo::{
    ErrorKind, KopoKopoError, WaitOptions,
    resources::{MobileWalletDestination, SendMoneyRequest},
};
use serde_json::{Value, json};
use support::{Act, Server, json as respond, payment_request, response};

fn document(data: &Value) -> String {
    respond("200 OK", &json!({ "data": data }).to_string())
}

fn paid(id: &str, kind: &str) -> Value {
    json!({ "id": id, "type": kind, "attributes": { "status": "Success", "event": {
        "resource": { "status": "Received", "amount": "100.0" } } } })
}

async fn server(data: Value) -> Server {
    Server::with_token(move |seen, _| {
        Act::Respond(if seen.line.starts_with("POST") { support::created("p1") } else { document(&data) })
    })
    .await
}

fn names(error: &KopoKopoError, ids: &[&str]) {
    assert_eq!(error.kind(), ErrorKind::Decode, "{error}");
    for id in ids {
        assert!(error.detail().contains(id), "{id}: {error}");
    }
}

#[tokio::test]
async fn get_refuses_document_of_another_id_and_names_both_ids() {
    let server = server(paid("p2", "incoming_payment")).await;
    let error = server.client().incoming_payments().get("p1").await.unwrap_err();
    names(&error, &["p1", "p2"]);
}

#[tokio::test]
async fn wait_refuses_document_of_another_id_and_names_both_ids() {
    let server = server(paid("p2", "incoming_payment")).await;
    let push = server.client().incoming_payments().create(&payment_request()).await.unwrap();
    names(&push.get().await.unwrap_err(), &["p1", "p2"]);
    let error = push.wait(WaitOptions::timeout(Duration::from_secs(5))).await.unwrap_err();
    names(&error, &["p1", "p2"]);
}

#[tokio::test]
async fn get_refuses_document_of_another_type() {
    for kind in ["send_money", "payment", "payment_link", "surprise"] {
        let error = server(paid("p1", kind)).await.client().incoming_payments().get("p1").await.unwrap_err();
        names(&error, &[kind, "incoming_payment", "p1"]);
    }
    // The type of a wallet is not documented, so every type is accepted except those of other sections.
    let wallet = |kind: &str| json!({ "id": "w1", "type": kind, "attributes": { "status": "Approved" } });
    let error = server(wallet("send_money")).await.client().merchant_wallets().get("w1").await.unwrap_err();
    names(&error, &["send_money", "w1"]);
    for kind in ["merchant_wallet", "merchant_wallets", "wallet"] {
        server(wallet(kind)).await.client().merchant_wallets().get("w1").await.unwrap();
    }
}

#[tokio::test]
async fn get_refuses_document_without_id() {
    for id in [json!(null), json!(""), json!(" "), json!([])] {
        let mut data = paid("", "incoming_payment");
        data["id"] = id;
        let error = server(data).await.client().incoming_payments().get("p1").await.unwrap_err();
        names(&error, &["p1", "data.id"]);
    }
}

#[tokio::test]
async fn get_accepts_other_spellings_of_id_and_type() {
    for (id, kind) in [
        (json!("ABC-1"), json!("incoming_payment")),
        (json!("abc-1 "), json!(null)),
        (json!("abc-1"), json!("incoming-payments")),
    ] {
        let mut data = paid("", "");
        (data["id"], data["type"]) = (id, kind);
        server(data).await.client().incoming_payments().get("abc-1").await.unwrap();
    }
    let reversal = |kind: &str| json!({ "id": "r1", "type": kind, "attributes": { "status": "Processed" } });
    for kind in ["reversal", "reversals"] {
        server(reversal(kind)).await.client().reversals().get("r1").await.unwrap();
    }
}

#[tokio::test]
async fn create_reads_id_from_body_if_location_is_absent() {
    let link = "https://sandbox.kopokopo.com/api/v2/incoming_payments/p7";
    for body in [
        json!({ "_links": { "self": link } }),
        json!({ "data": { "id": "p7", "attributes": { "_links": { "self": link } } } }),
        json!({ "data": { "_links": { "self": "/api/v2/incoming-payments/p7/?x=1" } } }),
    ] {
        for head in ["", "location: \r\n"] {
            let body = body.to_string();
            let server = Server::with_token(move |_, _| Act::Respond(response("201 Created", head, &body))).await;
            let push = server.client().incoming_payments().create(&payment_request()).await.unwrap();
            assert_eq!(push.id(), "p7");
        }
    }
    for body in [
        json!({}),
        json!({ "_links": { "self": "https://sandbox.kopokopo.com/login" } }),
        json!({ "_links": { "self": "https://sandbox.kopokopo.com/api/v2/payment_links/p7" } }),
        json!({ "_links": { "self": null } }),
    ] {
        let body = body.to_string();
        let server = Server::with_token(move |_, _| Act::Respond(response("201 Created", "", &body))).await;
        let error = server.client().incoming_payments().create(&payment_request()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    }
}

#[tokio::test]
async fn send_money_refuses_repeated_recipient() {
    let server = Server::with_token(|_, _| Act::Close).await;
    let wallet = |phone: &str| MobileWalletDestination {
        phone_number: phone.into(),
        amount: 100.into(),
        description: "wage".to_owned(),
        ..MobileWalletDestination::default()
    };
    let request = SendMoneyRequest {
        destinations: ["0712345678", "0712345679", "+254 712 345 678"]
            .map(|phone| kopokopo::resources::Destination::MobileWallet(wallet(phone)))
            .into(),
        callback_url: "https://shop.example/results".into(),
        ..SendMoneyRequest::default()
    };
    let error = server.client().send_money().create(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("destinations[2].phone_number")));
    assert!(
        error.detail().contains("destinations[0].phone_number") && !error.detail().contains("712345678"),
        "{error}"
    );
    assert_eq!(server.connections(), 0);
}
