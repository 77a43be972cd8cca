#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;
use crate::{
    CallOptions, ClientOptions, Event, KopoKopoError, SendMoneyRequest, WebhookVerifier, runtime::block_on,
    sign_webhook,
};

fn arguments(value: Value) -> Arguments {
    match value {
        Value::Object(map) => map,
        _ => panic!("an object"),
    }
}

fn client() -> Object {
    let options = json!({"client_id": "app", "client_secret": "canary-secret", "api_key": "canary-key", "base_url": "http://127.0.0.1:9"});
    Object::new("KopoKopo", "new", arguments(options)).unwrap()
}

fn refused<T>(result: Result<T>, kind: &str, field: &str) {
    let error = result.err().unwrap();
    assert_eq!(error.kind(), kind, "{error}");
    assert_eq!(error.into_fields().field.as_deref(), Some(field));
}

fn sending(destination: &Value) -> Result<SendMoneyRequest> {
    let request = json!({"callback_url": "https://shop.example", "destinations": [destination]});
    read(arguments(request), api::ErrorKind::InvalidRequest)
}

/// The view as JSON, records as objects.
fn shown(view: View<'_>) -> Value {
    match view {
        View::Nothing => Value::Null,
        View::Bool(value) => json!(value),
        View::Integer(value) => json!(value),
        View::Seconds(value) => json!(value),
        View::String(text) | View::Text(_, text) | View::Word(_, text) => json!(text),
        View::List(items) => (0..items.count()).map(|at| shown(items.item(at))).collect(),
        View::Record(record) => {
            let fields = record.shape().fields.iter().enumerate();
            fields.map(|(at, name)| ((*name).to_owned(), shown(record.field(at)))).collect::<Arguments>().into()
        }
        View::Variant(Alternative { word, field, .. }) => match field {
            Some((name, held)) => json!({"kind": word, name: shown(held.view())}),
            None => json!({"kind": word}),
        },
        View::Object(object) => json!(object.name()),
    }
}

#[test]
fn a_client_leads_to_its_rooms() {
    let rooms = client().ask("incoming_payments", Arguments::new()).unwrap();
    assert!(matches!(rooms.view(), View::Object(Object::IncomingPayments(_))));
    let base_url = client().ask("base_url", Arguments::new()).unwrap();
    assert_eq!(shown(base_url.view()), json!("http://127.0.0.1:9"));
}

#[test]
fn an_option_that_does_not_fit_is_a_configuration_error() {
    let new = |options| Object::new("KopoKopo", "new", arguments(options));
    refused(new(json!({"client_secret": "s"})), "configuration", "client_id");
    refused(new(json!({"client_id": "a", "client_secret": "s", "api_keys": []})), "configuration", "api_keys");
    refused(
        new(json!({"client_id": "a", "client_secret": "s", "environment": "live"})),
        "configuration",
        "environment",
    );
    refused(client().ask("with_options", arguments(json!({"timeout": "soon"}))), "configuration", "timeout");
}

#[test]
fn what_is_left_out_has_the_contracts_default() {
    let options: ClientOptions =
        read(arguments(json!({"client_id": "a", "client_secret": "s"})), api::ErrorKind::Configuration).unwrap();
    assert!((options.timeout - 45.0).abs() < f64::EPSILON && options.max_retries == 2 && !options.private_token);
    let options: CallOptions = read(arguments(json!({"timeout": null})), api::ErrorKind::Configuration).unwrap();
    assert_eq!(options, CallOptions::default());
}

#[test]
fn a_refusal_names_the_place_and_repeats_no_value() {
    let calls = [
        (json!({"till_number": "K1"}), "phone_number"),
        (json!({"phone_nubmer": "0712345678"}), "phone_nubmer"),
        (json!({"till_number": 7}), "till_number"),
    ];
    let payments = client().ask("incoming_payments", Arguments::new()).unwrap();
    let View::Object(payments) = payments.view() else { panic!("an object") };
    for (given, field) in calls {
        refused(block_on(payments.call("create", arguments(given))), "invalid_request", field);
    }
    let whole = json!({"till_number": "K1", "phone_number": "0712345678", "amount": 10.5, "callback_url": "https://shop.example"});
    let error = block_on(payments.call("create", arguments(whole))).err().unwrap();
    assert!(error.to_string().contains("amount: must be exact"), "{error}");
    assert!(!error.to_string().contains("0712345678"));
}

#[test]
fn an_alternative_is_given_flat() {
    let mobile = json!({"type": "mobile_wallet", "phone_number": "0712345678", "amount": 100, "description": "d"});
    let request = sending(&mobile).unwrap();
    assert!(
        matches!(&request.destinations[0], crate::Destination::MobileWallet { destination } if destination.amount.as_str() == "100")
    );
    refused(sending(&json!({"type": "pigeon"})), "invalid_request", "destinations[0].type");
    refused(sending(&json!({"type": "till", "amount": "1"})), "invalid_request", "destinations[0].till_number");
    refused(sending(&json!({"type": "till", "till": "1"})), "invalid_request", "destinations[0].till");
    refused(sending(&json!("till")), "invalid_request", "destinations[0]");
}

#[test]
fn an_event_is_seen_with_all_its_fields() {
    let body = include_bytes!("../../../tests/vectors/payloads/webhook-buygoods-transaction-received-2.json");
    let verifier = WebhookVerifier::new(vec!["key".into()], None, 1 << 20).unwrap();
    let signature = sign_webhook("key".into(), body.to_vec()).unwrap();
    let event: Event = verifier.verify_slice(body, Some(&signature)).unwrap();
    let found = shown(event.view());
    assert_eq!(found["payload"]["kind"], "buygoods_transaction_received");
    assert_eq!(found["payload"]["transaction"]["is_received"], true);
    assert_eq!(found["raw"], String::from_utf8_lossy(body).as_ref());
}

#[test]
fn a_record_that_was_handed_out_goes_in_again() {
    let body = json!({"data": {"id": "1", "attributes": {"status": "Processed", "transfer_batches": [{"status": "Transferred",
        "disbursements": [{"status": "Transferred", "amount": "5", "destination_reference": "r-1"}]}]}}});
    let given = json!({"send_money": {"raw": body.to_string()}, "recipient": "r-1"});
    let found = function("disbursements_to", arguments(given)).unwrap();
    assert_eq!(shown(found.view())[0]["is_paid"], true);
    let broken = json!({"send_money": {"raw": "x"}, "recipient": "r-1"});
    refused(function("disbursements_to", arguments(broken)), "invalid_request", "send_money.raw");
}

#[test]
fn what_the_contract_does_not_have_is_refused() {
    let names: Vec<KopoKopoError> = [
        client().ask("sweep", Arguments::new()).err(),
        block_on(client().call("sweep", Arguments::new())).err(),
        function("sweep", Arguments::new()).err(),
        Object::new("KopoKopo", "old", Arguments::new()).err(),
    ]
    .into_iter()
    .flatten()
    .collect();
    assert_eq!(names.len(), 4);
}

#[test]
fn every_shape_knows_its_place() {
    for (at, shape) in RECORDS.iter().enumerate() {
        assert_eq!(shape.index, at, "{}", shape.name);
    }
}

#[test]
fn metadata_keeps_the_order_of_the_caller() {
    let text = r#"{"till_number":"1","phone_number":"0712345678","amount":"1","callback_url":"https://shop.example","metadata":{"z":1,"a":2,"m":3}}"#;
    let given: Arguments = serde_json::from_str(text).unwrap();
    let request: crate::IncomingPaymentRequest = read(given, api::ErrorKind::InvalidRequest).unwrap();
    assert_eq!(request.metadata.unwrap().as_str(), r#"{"z":1,"a":2,"m":3}"#);
}
