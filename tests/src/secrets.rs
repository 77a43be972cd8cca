//! Whether secrets, phone numbers, names and free text stay out of every text form of clients, results and errors.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use kopokopo_ffi::operations::sign_webhook;
use kopokopo_sandbox::Sandbox;
use serde_json::{Map, Value, json};

use crate::{
    run::client_options,
    scenario::ClientOptions,
    tagged::tag_arguments,
    testee::{Reply, Testee},
};

const SECRET: &str = "canary-client-secret-1";
const KEY: &str = "canary-api-key-2";
const PASSWORD: &str = "canary-password-3";

/// What no text may contain.
const CANARIES: [&str; 9] = [
    SECRET,
    KEY,
    PASSWORD,
    "712345678",
    "Canaryname",
    "canary@shop.example",
    "canary-metadata",
    "canary-free-text",
    "canary-account",
];

/// The body of a webhook with personal data.
const WEBHOOK: &str = r#"{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Canaryname","last_name":"Canaryname",
"phone_number":"0712345678","email":"canary@shop.example"}}}"#;

/// Checks clients, options that are rejected, calls that succeed and fail, and webhooks.
///
/// # Errors
/// The text forms that contain something they must not.
pub(crate) async fn check(testee: &Testee, engine: &str) -> Result<(), String> {
    let mut found = Vec::new();
    let sandbox = Sandbox::start().await.map_err(|error| error.to_string())?;
    clients(testee, engine, &mut found).await?;
    calls(testee, engine, &sandbox, &mut found).await?;
    webhooks(testee, &mut found).await?;
    if found.is_empty() { Ok(()) } else { Err(found.join("\n")) }
}

/// A client with canaries, and options that are rejected.
async fn clients(testee: &Testee, engine: &str, found: &mut Vec<String>) -> Result<(), String> {
    let proxy = format!("http://user:{PASSWORD}@127.0.0.1:9");
    let cases = [
        (json!({ "proxy": proxy }), true),
        (json!({ "base_url": format!("http://user:{PASSWORD}@shop.example") }), false),
        (json!({ "proxy": format!("nonsense://user:{PASSWORD}@127.0.0.1") }), false),
        (json!({ "client_id": "" }), false),
        (json!({ "environment": format!("live {SECRET}") }), false),
        (json!({ "timeout_ms": 0 }), false),
    ];
    for (changed, is_accepted) in cases {
        let mut options = json!({ "client_id": "app", "client_secret": SECRET, "api_key": KEY });
        if let (Some(options), Some(changed)) = (options.as_object_mut(), changed.as_object()) {
            options.extend(changed.clone());
        }
        let what = format!("a client with {}", changed.as_object().map(names).unwrap_or_default());
        let request =
            json!({ "do": "client", "client": "secrets", "engine": engine, "options": options, "texts": true });
        let reply = testee.ask(request).await?;
        if reply.outcome.is_ok() != is_accepted {
            return Err(format!("{what}: expected {is_accepted}, found {:?}", reply.outcome));
        }
        search(&what, &reply, &[], found);
    }
    Ok(())
}

fn names(fields: &Map<String, Value>) -> String {
    fields.keys().cloned().collect::<Vec<_>>().join(", ")
}

/// Calls that the server refuses because of the credentials, calls that the SDK refuses, and calls that succeed.
async fn calls(testee: &Testee, engine: &str, sandbox: &Sandbox, found: &mut Vec<String>) -> Result<(), String> {
    let payment = json!({
        "till_number": "K000000", "phone_number": "0712345678", "amount": "100", "callback_url": "https://shop.example",
        "first_name": "Canaryname", "email": "canary@shop.example", "metadata": { "order": "canary-metadata" },
    });
    let changed = |name: &str, value: &str| {
        let mut payment = payment.clone();
        payment[name] = json!(value);
        payment
    };
    let wallet = json!({
        "type": "mobile_wallet", "phone_number": "0712345678", "amount": "10", "description": "canary-free-text",
        "nickname": "canary-free-text",
    });
    let account = json!({
        "type": "bank_account", "bank_branch_ref": "633aa26c-7b7c-4091-ae28-96c0687cf886", "account_name": "Canaryname",
        "account_number": "canary-account", "amount": "10", "description": "canary-free-text",
    });
    let send = |destination: &Value| json!({ "destinations": [destination], "callback_url": "https://shop.example" });
    let cases = [
        ("incoming_payments.create", payment.clone()),
        ("incoming_payments.create", changed("amount", "canary-free-text")),
        ("incoming_payments.create", changed("callback_url", "ftp://0712345678.example")),
        ("incoming_payments.create", changed("phone_number", "0712345678x")),
        ("send_money.create", send(&wallet)),
        ("send_money.create", send(&account)),
        ("oauth.revoke", json!({ "token": SECRET })),
        ("oauth.introspect", json!({ "token": SECRET })),
        ("incoming_payments.get", json!({ "id": "0712345678 Canaryname" })),
    ];
    let wrong = ClientOptions {
        client_secret: Some(SECRET.to_owned()),
        api_key: Some(KEY.to_owned()),
        private_token: Some(true),
        ..ClientOptions::default()
    };
    for (client, options) in [("wrong-credentials", wrong), ("credentials", ClientOptions::default())] {
        let options = client_options(sandbox, &options);
        let request = json!({ "do": "client", "client": client, "engine": engine, "options": options, "texts": true });
        search(client, &testee.ask(request).await?, &[sandbox.client_secret(), sandbox.api_key()], found);
        for (operation, with) in &cases {
            let with = tag_arguments(with.as_object().cloned().unwrap_or_default());
            let wait = (*operation == "incoming_payments.create")
                .then(|| json!({ "timeout_ms": 10_000, "interval_ms": 20, "max_interval_ms": 500 }));
            let request = json!({
                "do": "call", "client": client, "operation": operation, "with": with, "wait": wait, "texts": true,
            });
            let reply = testee.ask(request).await?;
            search(operation, &reply, &[sandbox.client_secret(), sandbox.api_key()], found);
        }
    }
    let request =
        json!({ "do": "call", "client": "credentials", "operation": "oauth.token", "with": {}, "texts": true });
    let reply = testee.ask(request).await?;
    let token = reply.outcome.as_ref().ok().and_then(|token| token["access_token"].as_str()).map(str::to_owned);
    let token = token.ok_or("oauth.token: expected an access token")?;
    search("oauth.token", &reply, &[&token], found);
    Ok(())
}

/// Webhooks with personal data that are verified, and webhooks that are rejected.
async fn webhooks(testee: &Testee, found: &mut Vec<String>) -> Result<(), String> {
    let sign = |key: &str| sign_webhook(key, WEBHOOK.as_bytes()).map_err(|error| error.to_string());
    for (signature, is_accepted) in
        [(Some(sign(KEY)?), true), (None, false), (Some("00".repeat(32)), false), (Some(sign(SECRET)?), false)]
    {
        let request = json!({
            "do": "verifier", "method": "verify", "options": { "api_keys": [KEY], "client_secret": SECRET },
            "body": STANDARD.encode(WEBHOOK), "signature": signature, "texts": true,
        });
        let reply = testee.ask(request).await?;
        if reply.outcome.is_ok() != is_accepted {
            return Err(format!("webhook: expected {is_accepted}"));
        }
        search("webhook", &reply, &[], found);
    }
    Ok(())
}

/// Searches the text forms of a reply. Only the Rust testee has none for results: their `Debug` is tested in the core.
fn search(what: &str, reply: &Reply, more: &[&str], found: &mut Vec<String>) {
    for (form, text) in &reply.texts {
        let text = text.as_str().unwrap_or_default();
        for canary in CANARIES.iter().chain(more).filter(|canary| text.contains(**canary)) {
            // The kinds of canaries are known; what a test finds may be a real token of the sandbox.
            let shown = if CANARIES.contains(canary) { canary } else { "a credential" };
            found.push(format!("{what}: {form} contains {shown}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_canary_in_a_text_form_is_found() {
        let texts = json!({ "repr": "Client(secret)", "str": format!("it is {PASSWORD}, 0712345678") });
        let texts = texts.as_object().cloned().unwrap_or_default();
        let mut found = Vec::new();
        search("x", &Reply { outcome: Ok(Value::Null), texts }, &["secret"], &mut found);
        let expected =
            ["x: repr contains a credential", "x: str contains canary-password-3", "x: str contains 712345678"];
        assert_eq!(found, expected);
    }
}
