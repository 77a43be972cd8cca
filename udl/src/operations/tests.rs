#![allow(clippy::unwrap_used)]

use serde_json::{Value, json};

use super::*;
use crate::{
    error::Result,
    runtime::block_on,
    value::{Arguments, Variant, View, read::read},
};

#[allow(clippy::needless_pass_by_value, reason = "it is made for the call")]
fn arguments(value: serde_json::Value) -> Arguments {
    crate::value::Value::arguments(&value.to_string()).unwrap()
}

fn client() -> Object {
    let options = json!({"client_id": "app", "client_secret": "canary-secret", "api_key": "canary-key", "base_url": "http://127.0.0.1:9"});
    Object::new("KopoKopo", "new", arguments(options)).unwrap()
}

fn refused<T>(result: Result<T>, kind: &str, field: &str) {
    let error = result.err().unwrap();
    assert_eq!(error.kind().as_str(), kind, "{error}");
    assert_eq!(error.field(), Some(field));
    assert!(error.detail().starts_with(field), "{error}");
}

fn sending(destination: &Value) -> Result<api::SendMoneyRequest> {
    let request = json!({"callback_url": "https://shop.example", "destinations": [destination]});
    read(arguments(request))
}

/// The view as JSON, records as objects.
fn shown(view: View<'_>) -> Value {
    match view {
        View::Null => Value::Null,
        View::Bool(value) => json!(value),
        View::Integer(value) => json!(value),
        View::Seconds(value) => json!(value),
        View::Amount(amount) => json!(amount.to_string()),
        View::Timestamp(moment) => json!(moment.to_string()),
        View::Metadata(metadata) => json!(metadata),
        View::Raw(raw) => json!(raw.as_str()),
        View::Text(text)
        | View::Currency(text)
        | View::Personal(text)
        | View::Secret(text)
        | View::OpenEnum(_, text) => json!(text),
        View::List(items) => {
            let mut found = Vec::new();
            items.each(&mut |item| found.push(shown(item)));
            found.into()
        }
        View::Record(record) => {
            let mut values = Vec::new();
            record.each(&mut |field| values.push(shown(field)));
            assert_eq!(values.len(), record.shape().fields.len());
            record
                .shape()
                .fields
                .iter()
                .map(|name| (*name).to_owned())
                .zip(values)
                .collect::<serde_json::Map<_, _>>()
                .into()
        }
        View::Variant(Variant { word, field, .. }) => match field {
            Some((name, held)) => json!({"kind": word, name: shown(held.view())}),
            None => json!({"kind": word}),
        },
        View::Object(object) => json!(object.name()),
    }
}

#[test]
fn client_leads_to_its_sections() {
    let rooms = client().call_sync("incoming_payments", Arguments::new()).unwrap();
    assert_eq!(shown(rooms.view()), json!("IncomingPayments"));
    let base_url = client().call_sync("base_url", Arguments::new()).unwrap();
    assert_eq!(shown(base_url.view()), json!("http://127.0.0.1:9"));
}

#[test]
fn option_that_does_not_fit_is_a_configuration_error() {
    let new = |options| Object::new("KopoKopo", "new", arguments(options));
    refused(new(json!({"client_secret": "s"})), "configuration", "client_id");
    refused(new(json!({"client_id": "a", "client_secret": "s", "api_keys": []})), "configuration", "api_keys");
    refused(
        new(json!({"client_id": "a", "client_secret": "s", "environment": "live"})),
        "configuration",
        "environment",
    );
    refused(client().call_sync("with_options", arguments(json!({"timeout": "soon"}))), "configuration", "timeout");
}

#[test]
fn refusal_names_the_path_and_repeats_no_value() {
    let calls = [
        (json!({"till_number": "K1"}), "phone_number"),
        (json!({"phone_nubmer": "0712345678"}), "phone_nubmer"),
        (json!({"till_number": 7}), "till_number"),
    ];
    let payments = client().call_sync("incoming_payments", Arguments::new()).unwrap();
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
fn variant_is_given_flat() {
    let mobile = json!({"type": "mobile_wallet", "phone_number": "0712345678", "amount": 100, "description": "d"});
    let request = sending(&mobile).unwrap();
    assert!(matches!(&request.destinations[0], api::Destination::MobileWallet(own) if own.amount.to_string() == "100"));
    refused(sending(&json!({"type": "pigeon"})), "invalid_request", "destinations[0].type");
    refused(sending(&json!({"type": "till", "amount": "1"})), "invalid_request", "destinations[0].till_number");
    refused(sending(&json!({"type": "till", "till": "1"})), "invalid_request", "destinations[0].till");
    refused(sending(&json!("till")), "invalid_request", "destinations[0]");
}

#[test]
fn event_shows_all_its_fields() {
    let body = include_bytes!("../../../tests/vectors/payloads/webhook-buygoods_transaction_received-2.json");
    let verifier = Object::new("WebhookVerifier", "new", arguments(json!({"api_keys": ["key"]}))).unwrap();
    let signature = sign_webhook("key", body).unwrap();
    let event = verifier.verifier().unwrap().verify(body, Some(&signature)).unwrap();
    let found = shown(event.view());
    assert_eq!(found["payload"]["kind"], "buygoods_transaction_received");
    assert_eq!(found["payload"]["transaction"]["is_received"], true);
    assert_eq!(found["raw"], String::from_utf8_lossy(body).as_ref());
}

#[test]
fn record_that_was_handed_out_goes_in_again() {
    let body = json!({"data": {"id": "1", "attributes": {"status": "Processed", "transfer_batches": [{"status": "Transferred",
        "disbursements": [{"status": "Transferred", "amount": "5", "destination_reference": "r-1"}]}]}}});
    let given = json!({"send_money": {"raw": body.to_string()}, "recipient": "r-1"});
    let found = function("disbursements_to", arguments(given)).unwrap();
    assert_eq!(shown(found.view())[0]["is_paid"], true);
    let broken = json!({"send_money": {"raw": "x"}, "recipient": "r-1"});
    refused(function("disbursements_to", arguments(broken)), "invalid_request", "send_money.raw");
}

#[test]
fn unknown_method_is_refused() {
    let names: Vec<Error> = [
        client().call_sync("sweep", Arguments::new()).err(),
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
fn metadata_keeps_the_order_of_the_caller() {
    let text = r#"{"till_number":"1","phone_number":"0712345678","amount":"1","callback_url":"https://shop.example","metadata":{"z":1,"a":2,"m":3}}"#;
    let given = crate::value::Value::arguments(text).unwrap();
    let request: api::IncomingPaymentRequest = read(given).unwrap();
    assert_eq!(serde_json::to_string(&request.metadata).unwrap(), r#"{"z":1,"a":2,"m":3}"#);
}

#[test]
fn name_given_twice_is_refused() {
    let given = crate::value::Value::arguments(r#"{"id":"1","id":"2"}"#).unwrap();
    let payments = client().call_sync("incoming_payments", Arguments::new()).unwrap();
    let View::Object(payments) = payments.view() else { panic!("an object") };
    refused(block_on(payments.call("get", given)), "invalid_request", "id");
}

/// Every option of the contract is read, and none that the contract does not have.
#[test]
fn options_are_those_of_the_contract() {
    let udl = include_str!("../../kopokopo.udl");
    let fields = |record: &str| -> std::collections::BTreeSet<String> {
        let start = udl.find(&format!("dictionary {record} {{")).unwrap();
        let body = &udl[start..start + udl[start..].find("\n};").unwrap()];
        let lines = body.lines().skip(1).map(str::trim).filter(|line| !line.starts_with("//") && !line.is_empty());
        lines
            .map(|line| line.split(" = ").next().unwrap().trim_end_matches(';').rsplit(' ').next().unwrap().to_owned())
            .collect()
    };
    let names =
        |options: &[&str]| options.iter().map(|name| (*name).to_owned()).collect::<std::collections::BTreeSet<_>>();
    let (connection, credentials) = (crate::options::CONNECTION, crate::options::CREDENTIALS);
    assert_eq!(fields("TokenSourceOptions"), names(&connection));
    assert_eq!(fields("ClientOptions"), names(&[&connection[..], &credentials[..]].concat()));
    for (name, value) in
        [("timeout", json!(0)), ("max_retries", json!(-1)), ("environment", json!(1)), ("proxy", json!(7))]
    {
        refused(
            Object::new("KopoKopo", "new", arguments(json!({"client_id": "a", "client_secret": "s", name: value}))),
            "configuration",
            name,
        );
    }
}
