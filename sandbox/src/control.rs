//! The sandbox's own controls, under `/_sandbox`.

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{Extension, Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{delete, get, post, put},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    app::App,
    faults::{Fault, FaultKind},
    reply::Reply,
    rules::{MAGIC, RULES},
    server::Connection,
    world::CustomerAction,
};

type Shared = State<Arc<App>>;

/// All controls.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/health", get(|| async { answer(&json!({ "status": "ok" })) }))
        .route("/reset", post(reset))
        .route("/requests", get(|State(app): Shared| async move { answer(&app.requests().list()) }))
        .route("/deliveries", get(|State(app): Shared| async move { answer(&app.deliveries.list()) }))
        .route("/deliveries/{id}/resend", post(resend))
        .route("/incoming_payments/{id}/customer", post(decide))
        .route("/payment_links/{id}/customer", post(pay_link))
        .route("/trigger", post(trigger))
        .route("/clock/advance", post(advance))
        .route("/faults", get(|State(app): Shared| async move { answer(&app.faults().list()) }))
        .route("/faults", put(set_faults))
        .route("/faults", delete(clear_faults))
        .route("/settings", get(|State(app): Shared| async move { answer(&app.settings()) }))
        .route("/settings", put(set_settings))
        .route("/state", get(|State(app): Shared| async move { answer(&app.world().state()) }))
        .route("/rules", get(|| async { answer(&json!({ "rules": RULES, "magic": MAGIC })) }))
        .fallback(|| async {
            refused(StatusCode::NOT_FOUND, "there is no such control; see the sandbox's documentation")
        })
}

fn answer(value: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => ([(http::header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn done() -> Response {
    answer(&json!({}))
}

fn refused(status: StatusCode, why: &str) -> Response {
    (status, [(http::header::CONTENT_TYPE, "application/json")], json!({ "error": why }).to_string()).into_response()
}

/// The control's body, or why it is none: serde names the field and what it may be.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refused> {
    let body = if body.is_empty() { b"{}".as_slice() } else { body };
    serde_json::from_slice(body).map_err(|error| Refused(error.to_string()))
}

/// A control's body that does not fit: 400.
struct Refused(String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        refused(StatusCode::BAD_REQUEST, &self.0)
    }
}

fn settled(outcome: Result<(), Reply>) -> Response {
    match outcome {
        Ok(()) => done(),
        Err(reply) => {
            let why = reply.body["error_message"].as_str().unwrap_or_default().to_owned();
            refused(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::BAD_REQUEST), &why)
        }
    }
}

async fn reset(State(app): Shared) -> Response {
    app.reset();
    done()
}

async fn resend(State(app): Shared, Path(id): Path<u64>) -> Response {
    if app.resend(id) { done() } else { refused(StatusCode::NOT_FOUND, "there is no delivery of this id") }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    action: CustomerAction,
}

async fn decide(State(app): Shared, Path(id): Path<String>, body: Bytes) -> Result<Response, Refused> {
    let Decision { action } = read(&body)?;
    Ok(settled(app.change(|world| world.decide(&id, action))))
}

async fn pay_link(State(app): Shared, Path(id): Path<String>, body: Bytes) -> Result<Response, Refused> {
    let Decision { action } = read(&body)?;
    Ok(settled(app.change(|world| world.pay_link(&id, action))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trigger {
    topic: String,
    /// Default: whoever subscribed to the topic.
    #[serde(default)]
    url: Option<String>,
    /// Values by their dotted paths.
    #[serde(default)]
    set: serde_json::Map<String, Value>,
}

async fn trigger(State(app): Shared, body: Bytes) -> Result<Response, Refused> {
    let trigger: Trigger = read(&body)?;
    let changes: Vec<_> = trigger.set.iter().map(|(path, value)| (path.clone(), value.to_string())).collect();
    let sent = app.trigger(&trigger.topic, trigger.url.as_deref(), &changes).map_err(Refused)?;
    Ok(answer(&json!({ "sent": sent })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

async fn advance(State(app): Shared, body: Bytes) -> Result<Response, Refused> {
    let Advance { seconds } = read(&body)?;
    app.advance(Duration::from_secs(seconds));
    Ok(answer(&json!({ "now": app.world().state()["now"] })))
}

/// One fault or a list of them. They replace those in force.
async fn set_faults(
    State(app): Shared,
    Extension(connection): Extension<Connection>,
    body: Bytes,
) -> Result<Response, Refused> {
    let value: Value = read(&body)?;
    let list = if value.is_array() { value } else { json!([value]) };
    let faults: Vec<Fault> = serde_json::from_value(list)
        .map_err(|error| Refused(format!("{error}; kinds are {}", FaultKind::NAMES.join(", "))))?;
    app.set_faults(faults, connection.number());
    Ok(done())
}

async fn clear_faults(State(app): Shared) -> Response {
    app.set_faults(Vec::new(), 0);
    done()
}

async fn set_settings(State(app): Shared, body: Bytes) -> Result<Response, Refused> {
    app.apply(&read(&body)?);
    Ok(answer(&app.settings()))
}
