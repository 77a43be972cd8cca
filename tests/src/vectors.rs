//! The vectors of `vectors/`: what goes in and what must come out, without a scenario.

use std::{fs, io, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kopokopo_ffi::operations::sign_webhook;
use kopokopo_sandbox::Sandbox;
use serde_json::{Value, json};

use crate::{
    control,
    locations::LocationServer,
    run::{client_options, succeeded},
    scenario::ClientOptions,
    tagged::{comparable, tag_arguments},
    testee::{Testee, UNSUPPORTED},
};

const KEY: &str = "api-key";

/// A vector, or a file of vectors that need a server.
pub(crate) enum Vector {
    Signature(Value),
    Hostile(Value),
    Sample(String),
    Phones(Value),
    Amounts(Value),
    Timestamps(Value),
    Locations(Value),
}

/// All vectors by their names.
pub(crate) fn all() -> io::Result<Vec<(String, Vector)>> {
    let mut vectors = Vec::new();
    for case in items(&file("webhook_signatures")?["cases"]) {
        vectors.push((format!("signature: {}", text(&case["name"])), Vector::Signature(case)));
    }
    let hostile = file("hostile_webhooks")?;
    for mut case in items(&hostile["cases"]) {
        if case["api_keys"].is_null() {
            case["api_keys"] = hostile["api_keys"].clone();
        }
        vectors.push((format!("hostile webhook: {}", text(&case["name"])), Vector::Hostile(case)));
    }
    let mut samples = fs::read_dir(folder().join("payloads"))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<Vec<_>>>()?;
    samples.sort();
    for path in samples {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if name.starts_with("webhook-") || name.starts_with("result-") {
            vectors.push((format!("sample: {name}"), Vector::Sample(fs::read_to_string(path)?)));
        }
    }
    vectors.push(("phones".to_owned(), Vector::Phones(file("phones")?)));
    vectors.push(("amounts".to_owned(), Vector::Amounts(file("amounts")?)));
    vectors.push(("timestamps".to_owned(), Vector::Timestamps(file("timestamps")?)));
    vectors.push(("locations".to_owned(), Vector::Locations(file("locations")?)));
    Ok(vectors)
}

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn file(name: &str) -> io::Result<Value> {
    Ok(serde_json::from_slice(&fs::read(folder().join(format!("{name}.json")))?)?)
}

fn items(list: &Value) -> Vec<Value> {
    list.as_array().cloned().unwrap_or_default()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

impl Vector {
    /// Whether it is about calls, and not only about webhooks.
    pub(crate) fn is_of_calls(&self) -> bool {
        matches!(self, Self::Phones(_) | Self::Amounts(_) | Self::Locations(_))
    }

    /// Asks a testee, and compares.
    pub(crate) async fn check(&self, testee: &Testee) -> Result<(), String> {
        match self {
            Self::Signature(case) => signature(testee, case).await,
            Self::Hostile(case) => hostile(testee, case).await,
            Self::Sample(body) => sample(testee, body).await,
            Self::Phones(file) => phones(testee, file).await,
            Self::Amounts(file) => amounts(testee, file).await,
            Self::Timestamps(file) => timestamps(testee, file).await,
            Self::Locations(file) => locations(testee, file).await,
        }
    }
}

async fn signature(testee: &Testee, case: &Value) -> Result<(), String> {
    let body = STANDARD.encode(body(&case["body"]));
    let with = json!({ "api_key": case["api_key"], "body": { "$bytes": body } });
    let found = succeeded(testee.ask(json!({ "do": "function", "name": "sign_webhook", "with": with })).await?)?;
    expect("signature", &case["signature"], &found)?;
    let request = json!({
        "do": "verifier", "method": "verify_signature", "options": { "api_keys": [case["api_key"]] }, "body": body,
        "signature": case["signature"],
    });
    succeeded(testee.ask(request).await?).map(drop)
}

async fn hostile(testee: &Testee, case: &Value) -> Result<(), String> {
    let (body, expected) = (body(&case["body"]), &case["expect"]);
    let mut options = json!({ "api_keys": case["api_keys"] });
    for name in ["client_secret", "max_body"] {
        if !case[name].is_null() {
            options[name] = case[name].clone();
        }
    }
    let request = json!({
        "do": "verifier", "method": "verify", "options": options, "body": STANDARD.encode(&body),
        "signature": header(&case["signature"], &body)?, "texts": true,
    });
    let reply = testee.ask(request).await?;
    let error = match reply.outcome {
        Ok(event) => {
            expect("topic", &expected["topic"], &event["topic"])?;
            return expect("payload", &expected["payload"], &event["payload"]["kind"]);
        }
        Err(error) => error,
    };
    expect("error", &expected["error"], &error["kind"])?;
    let detail = format!("{}: {}", text(&error["field"]), text(&error["detail"]));
    for words in items(&expected["detail"]) {
        if !detail.contains(text(&words)) {
            return Err(format!("the detail does not contain {words}: {detail}"));
        }
    }
    let forms = format!("{error} {}", serde_json::to_string(&reply.texts).unwrap_or_default());
    for words in items(&expected["never"]) {
        if forms.contains(text(&words)) {
            return Err(format!("the error contains {words}"));
        }
    }
    for words in items(&expected["never_in_detail"]) {
        if detail.contains(text(&words)) {
            return Err(format!("the detail contains {words}"));
        }
    }
    Ok(())
}

async fn sample(testee: &Testee, body: &str) -> Result<(), String> {
    let event = parse(testee, body).await?.map_err(|error| error.to_string())?;
    if event["payload"]["kind"] == "unknown" {
        return Err("the kind of the payload is unknown".to_owned());
    }
    expect("raw", &json!({ "$raw": "the document" }), &comparable(&event["raw"], &testee.language, body))
}

/// The event of a body that is not verified, or the error.
async fn parse(testee: &Testee, body: &str) -> Result<Result<Value, Value>, String> {
    let request = json!({
        "do": "verifier", "method": "parse_unverified", "options": { "api_keys": [KEY] }, "body": STANDARD.encode(body),
    });
    Ok(testee.ask(request).await?.outcome)
}

/// A client of the first engine.
async fn client(testee: &Testee, name: &str, options: &Value) -> Result<(), String> {
    let engine = testee.language.engines.first();
    let request = json!({ "do": "client", "client": name, "engine": engine, "options": options });
    succeeded(testee.ask(request).await?).map(drop)
}

async fn call(testee: &Testee, client: &str, operation: &str, with: Value) -> Result<Result<Value, Value>, String> {
    let with = tag_arguments(with.as_object().cloned().unwrap_or_default());
    Ok(testee.ask(json!({ "do": "call", "client": client, "operation": operation, "with": with })).await?.outcome)
}

fn payment(name: &str, value: &Value) -> Value {
    let mut payment = json!({
        "till_number": "K000000", "phone_number": "0712345678", "amount": "100", "callback_url": "https://shop.example",
    });
    payment[name] = value.clone();
    payment
}

async fn phones(testee: &Testee, file: &Value) -> Result<(), String> {
    let sandbox = Sandbox::start().await.map_err(|error| error.to_string())?;
    client(testee, "phones", &client_options(&sandbox, &ClientOptions::default())).await?;
    for case in items(&file["accepted"]) {
        let made = call(testee, "phones", "incoming_payments.create", payment("phone_number", &case["typed"])).await?;
        made.map_err(|error| error.to_string())?;
    }
    for typed in items(&file["refused"]) {
        let found = call(testee, "phones", "incoming_payments.create", payment("phone_number", &typed)).await?;
        let error = rejected("phone_number", &typed, found)?;
        if text(&typed).trim().len() >= 6 && text(&error["detail"]).contains(text(&typed)) {
            return Err(format!("the detail repeats what was typed: {}", error["detail"]));
        }
    }
    let (_, requests) = control::ask(sandbox.address(), "GET /_sandbox/requests", None).await?;
    let creates = items(&requests).into_iter().filter(|request| request["operation"] == "incoming_payments.create");
    let sent = creates.map(|request| text(&request["body"]["subscriber"]["phone_number"]).replace('+', ""));
    let expected: Vec<_> = items(&file["accepted"]).into_iter().map(|case| case["normalised"].clone()).collect();
    expect("phone numbers that were sent", &json!(expected), &json!(sent.collect::<Vec<_>>()))?;
    for case in items(&file["hashes"]) {
        let with = json!({ "phone_number": case["phone_number"] });
        let found = succeeded(testee.ask(json!({ "do": "function", "name": "hash_phone", "with": with })).await?)?;
        expect("hash", &case["sha256"], &found)?;
    }
    Ok(())
}

/// The error of a call whose argument must be rejected.
fn rejected(field: &str, value: &Value, found: Result<Value, Value>) -> Result<Value, String> {
    let error = found.err().ok_or_else(|| format!("{field}: {value} was accepted"))?;
    expect("kind", &json!("invalid_request"), &error["kind"])?;
    expect("field", &json!(field), &error["field"])?;
    Ok(error)
}

async fn amounts(testee: &Testee, file: &Value) -> Result<(), String> {
    let shown = |amount: &Value| comparable(amount, &testee.language, "");
    let expected = |case: &Value| shown(&json!({ "$amount": case["shown"] }));
    for case in items(&file["texts"]) {
        let found = amount(testee, &case["text"].to_string()).await?.map_err(|error| error.to_string())?;
        expect(text(&case["text"]), &expected(&case), &shown(&found))?;
    }
    for case in items(&file["wire"]) {
        let found = amount(testee, text(&case["json"])).await?.map_err(|error| error.to_string())?;
        expect(text(&case["json"]), &expected(&case), &shown(&found))?;
    }
    for wire in items(&file["wire_refused"]) {
        match (text(&wire), amount(testee, text(&wire)).await?) {
            // A webhook may have no amount.
            ("null" | "\"\"", Ok(Value::Null)) => {}
            (_, Err(error)) => expect(text(&wire), &json!("decode"), &error["kind"])?,
            (wire, Ok(found)) => return Err(format!("{wire} was accepted as {found}")),
        }
    }
    client(testee, "amounts", &json!({ "client_id": "a", "client_secret": "b", "base_url": "http://127.0.0.1:9" }))
        .await?;
    for typed in items(&file["refused"]) {
        let found = call(testee, "amounts", "incoming_payments.create", payment("amount", &typed)).await?;
        // Where amounts are numbers, most of these texts cannot be passed.
        if !matches!(&found, Err(error) if error["kind"] == UNSUPPORTED) {
            rejected("amount", &typed, found)?;
        }
    }
    Ok(())
}

/// The amount of a webhook that has this JSON for it.
async fn amount(testee: &Testee, wire: &str) -> Result<Result<Value, Value>, String> {
    let body =
        format!(r#"{{"topic":"buygoods_transaction_received","id":"1","event":{{"resource":{{"amount":{wire}}}}}}}"#);
    Ok(parse(testee, &body).await?.map(|event| event["payload"]["transaction"]["amount"].clone()))
}

async fn timestamps(testee: &Testee, file: &Value) -> Result<(), String> {
    let compare = |shown: &Value, found: &Value| {
        let expected = comparable(&json!({ "$timestamp": shown }), &testee.language, "");
        expect(text(shown), &expected, &comparable(found, &testee.language, ""))
    };
    for case in items(&file["accepted"]) {
        let body =
            json!({ "topic": "customer_created", "id": "1", "created_at": case["text"], "event": { "resource": {} } });
        let event = parse(testee, &body.to_string()).await?.map_err(|error| error.to_string())?;
        compare(&case["shown"], &event["created_at"])?;
    }
    // A time that cannot be read is absent.
    for refused in items(&file["refused"]) {
        let body =
            json!({ "topic": "customer_created", "id": "1", "created_at": refused, "event": { "resource": {} } });
        let event = parse(testee, &body.to_string()).await?.map_err(|error| error.to_string())?;
        expect(text(&refused), &Value::Null, &event["created_at"])?;
    }
    for case in items(&file["daraja"]) {
        let body = json!({ "TransactionType": "Buygoods", "TransID": "1", "TransTime": case["text"] });
        let event = parse(testee, &body.to_string()).await?.map_err(|error| error.to_string())?;
        compare(&case["shown"], &event["payload"]["daraja_transaction"]["trans_time"])?;
    }
    Ok(())
}

async fn locations(testee: &Testee, file: &Value) -> Result<(), String> {
    let server = LocationServer::start().await.map_err(|error| error.to_string())?;
    let options = json!({ "client_id": "a", "client_secret": "b", "base_url": server.base_url, "private_token": true });
    client(testee, "locations", &options).await?;
    for case in items(&file["accepted"]) {
        server.respond_with(text(&case["location"]));
        let (operation, with) = create(text(&case["collection"]))?;
        let made = call(testee, "locations", operation, with).await?.map_err(|error| format!("{case}: {error}"))?;
        expect(text(&case["location"]), &case["id"], &made["id"])?;
    }
    for case in items(&file["refused"]) {
        let location = text(&case["location"]);
        // Other characters cannot be in an HTTP header.
        if !location.chars().all(|c| (' '..='~').contains(&c)) {
            continue;
        }
        server.respond_with(location);
        let (operation, with) = create(text(&case["collection"]))?;
        match call(testee, "locations", operation, with).await? {
            Err(error) => expect(location, &json!("outcome_unknown"), &error["kind"])?,
            Ok(made) => return Err(format!("{location} was accepted: {made}")),
        }
    }
    for case in items(&file["typed"]) {
        let found = call(testee, "locations", "incoming_payments.get", json!({ "id": case["text"] })).await?;
        found.map_err(|error| format!("{case}: {error}"))?;
        let path = server.take_path().unwrap_or_default();
        if !path.ends_with(&format!("/{}", text(&case["id"]))) {
            return Err(format!("{case}: the path was {path}"));
        }
    }
    for typed in items(&file["typed_refused"]) {
        let found = call(testee, "locations", "incoming_payments.get", json!({ "id": typed })).await?;
        rejected("id", &typed, found)?;
    }
    match server.take_path() {
        None => Ok(()),
        Some(path) => Err(format!("a request was sent for an id that was rejected: {path}")),
    }
}

/// A create whose path is this collection.
fn create(collection: &str) -> Result<(&'static str, Value), String> {
    let callback = "https://shop.example";
    let destination = json!({ "type": "till", "till_number": "1", "amount": "1", "description": "x" });
    Ok(match collection {
        "/api/v2/incoming_payments" => ("incoming_payments.create", payment("amount", &json!("100"))),
        "/api/v2/webhook_subscriptions" => (
            "webhook_subscriptions.create",
            json!({ "event_type": "customer_created", "url": callback, "scope": "company" }),
        ),
        "/api/v1/transaction_sms_notifications" => (
            "sms_notifications.create",
            json!({ "webhook_event_reference": "1", "message": "x", "callback_url": callback }),
        ),
        "/api/v2/reversals" => (
            "reversals.create",
            json!({ "transaction_reference": "QWE1234567", "reason": "x", "callback_url": callback }),
        ),
        "/api/v2/send_money" => {
            ("send_money.create", json!({ "destinations": [destination], "callback_url": callback }))
        }
        "/api/v2/payment_links" => {
            ("payment_links.create", json!({ "till_number": "1", "amount": "1", "callback_url": callback }))
        }
        other => return Err(format!("no create posts to {other}")),
    })
}

fn expect(what: &str, expected: &Value, found: &Value) -> Result<(), String> {
    if expected == found { Ok(()) } else { Err(format!("{what}: expected {expected}, found {found}")) }
}

/// The body that a vector describes.
fn body(description: &Value) -> Vec<u8> {
    match description {
        Value::String(text) => text.as_bytes().to_vec(),
        Value::Array(parts) => parts.iter().flat_map(body).collect(),
        description => {
            if let Some(encoded) = description["base64"].as_str() {
                return STANDARD.decode(encoded).unwrap_or_default();
            }
            let times = description["times"].as_u64().and_then(|times| usize::try_from(times).ok());
            text(&description["repeat"]).repeat(times.unwrap_or_default()).into_bytes()
        }
    }
}

/// The signature header that a vector describes.
fn header(description: &Value, body: &[u8]) -> Result<Option<String>, String> {
    let Some(key) = description["sign_with"].as_str() else {
        return Ok(description.as_str().map(str::to_owned));
    };
    let mut signature = sign_webhook(key, body).map_err(|error| error.to_string())?;
    match text(&description["then"]) {
        "upper_case" => signature = signature.to_uppercase(),
        "drop_last" => drop(signature.pop()),
        "append_0" => signature.push('0'),
        "change_last" => {
            let last = signature.pop();
            signature.push(if last == Some('0') { '1' } else { '0' });
        }
        "surround_with_space" => signature = format!(" {signature}\t"),
        "" => {}
        other => return Err(format!("then: expected a change of the signature, found {other}")),
    }
    Ok(Some(signature))
}
