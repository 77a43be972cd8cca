//! The Rust SDK, through the layer that every dynamic language uses.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use futures_util::future::BoxFuture;
use kopokopo::{KopoKopoError, webhooks::Event};
use kopokopo_ffi::{
    error,
    journal::HostStore,
    operations::{self, Object, Output},
    value::{Arguments, Reflect, Value as Input, View},
};
use serde_json::{Map, Value, json};

use crate::{
    control,
    tagged::{tagged, untagged},
};

type Result<T> = std::result::Result<T, KopoKopoError>;

/// The journal's store, which is the runner's.
struct Store(String);

impl HostStore for Store {
    fn execute(&self, request: String) -> BoxFuture<'static, std::result::Result<String, String>> {
        let url = self.0.clone();
        Box::pin(async move {
            let address = url.trim_start_matches("http://").trim_end_matches('/').parse().map_err(|_| url.clone())?;
            let (status, body) = control::send(address, "POST", "/", request).await?;
            if status == 200 { Ok(body) } else { Err(body) }
        })
    }
}

#[derive(Default)]
pub(super) struct Local {
    clients: Mutex<HashMap<String, Object>>,
}

pub(super) fn hello() -> Value {
    json!({ "language": "rust", "engines": ["async"], "timestamp_digits": 9, "keeps_offsets": true, "journal": true })
}

impl Local {
    pub(super) async fn ask(&self, request: &Value) -> Value {
        match self.perform(request).await {
            Ok(value) => json!({ "value": value }),
            Err(error) => json!({ "error": describe(&error), "texts": texts(&error) }),
        }
    }

    async fn perform(&self, request: &Value) -> Result<Value> {
        let text = |name: &str| request[name].as_str().unwrap_or_default();
        match text("do") {
            "client" => {
                let mut client = Object::new("KopoKopo", "new", in_seconds(&request["options"]))?;
                if let Some(url) = request["journal"]["url"].as_str() {
                    let options = arguments(&request["journal"]["options"]);
                    client = operations::with_journal(&client, Store(url.to_owned()), options)?;
                }
                self.clients().insert(text("client").to_owned(), client);
                Ok(Value::Null)
            }
            "call" => call(&self.client(text("client"))?, request).await,
            "verify" => {
                let verifier = object(&self.client(text("client"))?.call_sync("webhooks", Vec::new())?)?;
                event(&verifier.verifier()?.verify(&body(request), request["signature"].as_str())?)
            }
            "verifier" => {
                let verifier = operations::webhook_verifier(arguments(&request["options"]))?;
                let (body, signature) = (body(request), request["signature"].as_str());
                match text("method") {
                    "verify_signature" => verifier.verify_signature(&body, signature).map(|()| Value::Null),
                    "parse_unverified" => event(&verifier.parse_unverified(&body)?),
                    _ => event(&verifier.verify(&body, signature)?),
                }
            }
            "function" if text("name") == "sign_webhook" => {
                let with = &request["with"];
                let body = STANDARD.decode(with["body"]["$bytes"].as_str().unwrap_or_default()).unwrap_or_default();
                Ok(json!(operations::sign_webhook(with["api_key"].as_str().unwrap_or_default(), &body)?))
            }
            "function" => Ok(tagged(operations::function(text("name"), arguments(&request["with"]))?.view())),
            "close" => {
                self.clients().remove(text("client"));
                Ok(Value::Null)
            }
            // What the Rust crate exports is what the compiler knows.
            _ => Ok(Value::Null),
        }
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<String, Object>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn client(&self, name: &str) -> Result<Object> {
        self.clients().get(name).cloned().ok_or_else(error::internal)
    }
}

async fn call(client: &Object, request: &Value) -> Result<Value> {
    let operation = request["operation"].as_str().unwrap_or_default();
    let (section, method) = operation.split_once('.').ok_or_else(error::internal)?;
    let client = match &request["options"] {
        Value::Null => client.clone(),
        options => object(&client.call_sync("with_options", in_seconds(options))?)?,
    };
    let section = object(&client.call_sync(section, Vec::new())?)?;
    let mut arguments = arguments(&request["with"]);
    let wait = in_seconds(&request["wait"]);
    match method {
        "watch" => {
            arguments.extend(wait);
            watch(&object(&section.call_sync(method, arguments)?)?).await
        }
        "wait" => {
            arguments.extend(wait);
            Ok(tagged(section.call(method, arguments).await?.view()))
        }
        _ => {
            let output = section.call(method, arguments).await?;
            match output.view() {
                View::Object(handle) if wait.is_empty() => describe_handle(handle),
                View::Object(handle) => Ok(tagged(handle.call("wait", wait).await?.view())),
                view => Ok(tagged(view)),
            }
        }
    }
}

async fn watch(watch: &Object) -> Result<Value> {
    let mut states = Vec::new();
    while let View::Seconds(pause) = watch.call_sync("pause", Vec::new())?.view() {
        tokio::time::sleep(Duration::try_from_secs_f64(pause).unwrap_or_default()).await;
        states.push(tagged(watch.call("poll", Vec::new()).await?.view()));
    }
    states.retain(|state| !state.is_null());
    Ok(states.into())
}

fn describe_handle(handle: &Object) -> Result<Value> {
    let text = |method| Ok(tagged(handle.call_sync(method, Vec::new())?.view()));
    Ok(json!({ "$handle": handle.name(), "id": text("id")?, "location": text("location")? }))
}

fn object(output: &Output) -> Result<Object> {
    match output.view() {
        View::Object(object) => Ok(object.clone()),
        _ => Err(error::internal()),
    }
}

#[allow(clippy::unnecessary_wraps, reason = "it ends a chain of results")]
fn event(event: &Event) -> Result<Value> {
    Ok(tagged(event.view()))
}

fn body(request: &Value) -> Vec<u8> {
    STANDARD.decode(request["body"].as_str().unwrap_or_default()).unwrap_or_default()
}

fn arguments(with: &Value) -> Arguments {
    match with {
        Value::Null => Vec::new(),
        with => Input::arguments(&untagged(with).to_string()).unwrap_or_default(),
    }
}

/// Options with durations as the contract has them: in seconds.
#[allow(clippy::cast_precision_loss, reason = "a test's durations are short")]
fn in_seconds(options: &Value) -> Arguments {
    let options = options.as_object().cloned().unwrap_or_default();
    let converted = options.into_iter().map(|(name, value)| match (name.strip_suffix("_ms"), value.as_u64()) {
        (Some(name), Some(ms)) => (name.to_owned(), json!(ms as f64 / 1000.0)),
        _ => (name, value),
    });
    arguments(&Value::Object(converted.collect::<Map<_, _>>()))
}

fn describe(error: &KopoKopoError) -> Value {
    json!({
        "kind": error.kind().as_str(),
        "detail": error.detail(),
        "operation": error.operation(),
        "field": error.field(),
        "status": error.status(),
        "server_code": error.server_code(),
        "messages": error.messages(),
        "retry_after_ms": error.retry_after().map(|pause| pause.as_millis()),
        "attempts": error.attempts(),
        "body": error.body(),
        "id": error.id(),
        "location": error.location(),
        "state": error.state(),
        "request_id": error.request_id(),
        "sent_at": error.sent_at().map(|at| json!({ "$timestamp": at.to_string() })),
        "idempotency_key": error.idempotency_key(),
        "fingerprint": error.fingerprint(),
        "class": "KopoKopoError",
        "retried": false,
    })
}

fn texts(error: &KopoKopoError) -> Value {
    json!({ "debug": format!("{error:?}"), "display": error.to_string() })
}
