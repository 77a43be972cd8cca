//! The sandbox's own controls, under `/_sandbox`.

mod data;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    body::Bytes,
    extract::{Extension, Path, State},
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, get, on},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    api,
    app::App,
    events,
    faults::{Fault, FaultKind, callbacks},
    guard,
    health::STATE_FILE,
    page,
    reply::Reply,
    rules::{MAGIC, RULES},
    samples::Changes,
    saved,
    server::Connection,
    simulation::{CustomerAction, LONGEST, Payment, SECTIONS},
};

type Shared = State<Arc<App>>;

/// A control: its method and path, as `controls.json` describes them, and what serves it.
struct Control {
    method: &'static str,
    path: &'static str,
    serve: MethodRouter<Arc<App>>,
}

macro_rules! controls {
    ($($method:ident $path:literal => $handler:expr,)*) => {
        vec![$(Control {
            method: stringify!($method),
            path: $path,
            serve: on(MethodFilter::$method, $handler),
        }),*]
    };
}

fn controls() -> Vec<Control> {
    controls! {
        GET "/health" => health,
        POST "/reset" => reset,
        GET "/requests" => |State(app): Shared| async move { respond(&app.requests().list()) },
        GET "/deliveries" => |State(app): Shared| async move { respond(&app.deliveries.list()) },
        POST "/deliveries/{id}/resend" => resend,
        POST "/incoming_payments/{id}/customer" => decide,
        POST "/payment_links/{id}/customer" => pay_link,
        POST "/pay" => pay,
        GET "/customers" => |State(app): Shared| async move { respond(&app.simulation().customers()) },
        PUT "/customers/{phone_number}" => data::set_customer,
        GET "/transactions" => |State(app): Shared| async move { respond(&app.simulation().list_transactions()) },
        GET "/payment_links" => |State(app): Shared| async move { respond(&app.simulation().list_payment_links()) },
        GET "/payment_links/{id}" => payment_link,
        GET "/resources/{section}" => resources,
        POST "/transactions/{reference}/reverse" => reverse,
        POST "/transactions/{reference}/void" => void,
        PUT "/tills/{number}" => data::set_till,
        PUT "/data" => data::set_data,
        GET "/pending" => pending,
        GET "/operations" =>
            || async { respond(&json!({ "operations": api::operations(), "callbacks": callbacks() })) },
        POST "/trigger" => trigger,
        POST "/clock/advance" => advance,
        GET "/faults" => |State(app): Shared| async move { respond(&app.faults().list()) },
        PUT "/faults" => set_faults,
        DELETE "/faults" => clear_faults,
        GET "/settings" => |State(app): Shared| async move { respond(&app.settings()) },
        PUT "/settings" => set_settings,
        GET "/state" => |State(app): Shared| async move { respond(&app.simulation().state()) },
        GET "/snapshot" => data::export,
        PUT "/snapshot" => data::import,
        GET "/rules" => || async { respond(&json!({ "rules": RULES, "magic": MAGIC })) },
    }
}

/// All controls.
pub(crate) fn router(app: &Arc<App>) -> Router<Arc<App>> {
    let controls = controls();
    let mut names: Vec<_> = controls.iter().map(|control| format!("{} {}", control.method, control.path)).collect();
    names.push("GET /events".to_owned());
    let names = names.join(", ");
    let unknown = format!("there is no such control; expected one of {names}");
    let wrong_method = format!("the control has another method; expected one of {names}");
    controls
        .into_iter()
        .fold(Router::new(), |router, control| router.route(control.path, control.serve))
        .route("/events", get(events::stream))
        .merge(page::router())
        .route("/", get(|| async { page::redirect() }))
        .fallback(|| async move { refused(StatusCode::NOT_FOUND, &unknown) })
        .method_not_allowed_fallback(|| async move { refused(StatusCode::METHOD_NOT_ALLOWED, &wrong_method) })
        .layer(middleware::from_fn_with_state(Arc::clone(app), guard::guard))
}

pub(crate) fn respond(value: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(body) => ([(http::header::CONTENT_TYPE, "application/json")], body).into_response(),
        Err(error) => refused(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn done() -> Response {
    respond(&json!({}))
}

pub(crate) fn refused(status: StatusCode, why: &str) -> Response {
    (status, [(http::header::CONTENT_TYPE, "application/json")], json!({ "error": why }).to_string()).into_response()
}

/// The control's body, or why it is none: serde names the field and what it may be.
fn read<T: DeserializeOwned>(body: &Bytes) -> Result<T, Refused> {
    parse(if body.is_empty() { b"{}" } else { body }).map_err(Refused)
}

/// The value of a JSON text, or a sentence that names the field.
pub(crate) fn parse<T: DeserializeOwned>(text: &[u8]) -> Result<T, String> {
    if crate::json::is_too_deep(text) {
        return Err("the JSON is nested too deeply".to_owned());
    }
    let mut json = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut json).map_err(|error| named(&error))?;
    json.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// The field, and what is wrong with it. A field that is missing or unknown is named by the message.
fn named(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    match error.path().to_string().as_str() {
        "." | "?" => error.inner().to_string(),
        path => format!("{path}: {}", error.inner()),
    }
}

/// A control's body that does not fit: 400.
struct Refused(String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        refused(StatusCode::BAD_REQUEST, &self.0)
    }
}

fn settled(outcome: Result<(), Reply>) -> Response {
    found(outcome.map(|()| json!({})))
}

fn found(outcome: Result<Value, Reply>) -> Response {
    match outcome {
        Ok(value) => respond(&value),
        Err(reply) => refused(StatusCode::from_u16(reply.status).unwrap_or(StatusCode::BAD_REQUEST), &reply.words()),
    }
}

async fn health(State(app): Shared) -> Response {
    let failures = app.health.list();
    if failures.is_empty() {
        return respond(&json!({ "status": "ok" }));
    }
    let advice = if failures.iter().all(|failure| failure.task == STATE_FILE) {
        "the state could not be saved, and what is acknowledged would be lost; make room for the file of --state. What is not saved yet is saved with the next request"
    } else {
        "a task failed because of a defect in the sandbox; POST /_sandbox/reset starts anew"
    };
    let mut response = respond(&json!({ "status": "failed", "advice": advice, "failures": failures }));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response
}

async fn pay(State(app): Shared, body: Bytes) -> Result<Response, Refused> {
    let payment: Payment = read(&body)?;
    Ok(found(app.change(|simulation| simulation.pay(&payment))))
}

async fn reverse(State(app): Shared, Path(reference): Path<String>) -> Response {
    found(app.change(|simulation| simulation.take_back(&reference, false)))
}

async fn void(State(app): Shared, Path(reference): Path<String>) -> Response {
    found(app.change(|simulation| simulation.take_back(&reference, true)))
}

/// What is waiting: steps, requests, and deliveries.
async fn pending(State(app): Shared) -> Response {
    let (mut pending, elapsed) = {
        let simulation = app.simulation();
        (simulation.pending(), simulation.clock.elapsed())
    };
    let deliveries = app.deliveries.waiting(1_000).into_iter().map(|(id, topic, due)| {
        let left = u64::try_from(due.saturating_sub(elapsed).as_millis()).unwrap_or(u64::MAX);
        json!({ "id": id, "topic": topic, "in_ms": left })
    });
    pending["deliveries"] = deliveries.collect();
    respond(&pending)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reset {
    #[serde(default)]
    keep_tokens: bool,
}

async fn reset(State(app): Shared, body: Bytes) -> Result<Response, Refused> {
    let Reset { keep_tokens } = read(&body)?;
    app.reset(keep_tokens);
    Ok(done())
}

async fn resend(State(app): Shared, Path(id): Path<String>) -> Response {
    let Ok(id) = id.parse() else {
        return refused(
            StatusCode::BAD_REQUEST,
            "id: must be the number of a delivery, as GET /_sandbox/deliveries has it",
        );
    };
    match app.resend(id) {
        Ok(()) => done(),
        Err(why) if app.deliveries.find(id).is_none() => refused(StatusCode::NOT_FOUND, &why),
        Err(why) => refused(StatusCode::BAD_REQUEST, &why),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    action: CustomerAction,
}

async fn decide(State(app): Shared, Path(id): Path<String>, body: Bytes) -> Result<Response, Refused> {
    let Decision { action } = read(&body)?;
    Ok(settled(app.change(|simulation| simulation.decide(&id, action))))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LinkDecision {
    action: CustomerAction,
    #[serde(default, deserialize_with = "saved::optional_text_or_number")]
    phone_number: Option<String>,
}

async fn pay_link(State(app): Shared, Path(id): Path<String>, body: Bytes) -> Result<Response, Refused> {
    let LinkDecision { action, phone_number } = read(&body)?;
    Ok(settled(app.change(|simulation| simulation.pay_link(&id, action, phone_number.as_deref()))))
}

async fn payment_link(State(app): Shared, Path(id): Path<String>) -> Response {
    let link = app.simulation().payment_link(&id);
    link.map_or_else(|| refused(StatusCode::NOT_FOUND, "Payment link not found"), |link| respond(&link))
}

async fn resources(State(app): Shared, Path(section): Path<String>) -> Response {
    let list = app.simulation().list_resources(&section);
    list.map_or_else(
        || refused(StatusCode::NOT_FOUND, &format!("section: must be one of {}", SECTIONS.join(", "))),
        |list| respond(&list),
    )
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Trigger {
    topic: String,
    /// Default: the subscribers of the topic.
    #[serde(default)]
    url: Option<String>,
    /// Values by their dotted paths.
    #[serde(default)]
    set: serde_json::Map<String, Value>,
    /// Values that the sample does not have, by their dotted paths.
    #[serde(default)]
    add: serde_json::Map<String, Value>,
    /// Dotted paths to leave out.
    #[serde(default)]
    unset: Vec<String>,
}

async fn trigger(State(app): Shared, body: Bytes) -> Result<Response, Refused> {
    let trigger: Trigger = read(&body)?;
    let texts = |values: serde_json::Map<String, Value>| {
        values.into_iter().map(|(path, value)| (path, value.to_string())).collect()
    };
    let changes = Changes { set: texts(trigger.set), add: texts(trigger.add), unset: trigger.unset };
    let url = trigger.url.as_deref();
    let sent = app.trigger(&trigger.topic, url, &changes).map_err(Refused)?;
    if sent == 0 {
        let why = "there is no subscription to this topic for the whole company or for the sample's till";
        return Ok(respond(&json!({ "sent": 0, "why": why })));
    }
    Ok(respond(&json!({ "sent": sent })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    seconds: u64,
}

async fn advance(State(app): Shared, body: Bytes) -> Result<Response, Refused> {
    let Advance { seconds } = read(&body)?;
    if seconds > LONGEST.as_secs() {
        return Err(Refused(format!("seconds: must be at most {}, a century", LONGEST.as_secs())));
    }
    app.advance(Duration::from_secs(seconds));
    Ok(respond(&json!({ "now": app.simulation().state()["now"] })))
}

/// One fault or a list of them. They replace those in force.
async fn set_faults(
    State(app): Shared,
    Extension(connection): Extension<Connection>,
    body: Bytes,
) -> Result<Response, Refused> {
    let is_list = body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let faults = if is_list { read::<Vec<Fault>>(&body) } else { read::<Fault>(&body).map(|fault| vec![fault]) };
    let faults =
        faults.map_err(|Refused(error)| Refused(format!("{error}; kinds are {}", FaultKind::NAMES.join(", "))))?;
    app.set_faults(faults, connection.number()).map_err(Refused)?;
    Ok(done())
}

async fn clear_faults(State(app): Shared) -> Response {
    let _ = app.set_faults(Vec::new(), 0);
    done()
}

async fn set_settings(State(app): Shared, body: Bytes) -> Result<Response, Refused> {
    app.apply(&read(&body)?).map_err(Refused)?;
    Ok(respond(&app.settings()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::controls;

    #[test]
    fn every_control_is_described_and_every_described_one_exists() {
        let description: Value = serde_json::from_str(include_str!("../controls.json")).unwrap();
        let text = |call: &Value, name: &str| call[name].as_str().unwrap().to_owned();
        let calls = description["calls"].as_array().unwrap();
        let described: BTreeSet<_> = calls.iter().map(|call| (text(call, "method"), text(call, "path"))).collect();
        let served: BTreeSet<_> =
            controls().into_iter().map(|control| (control.method.to_owned(), control.path.to_owned())).collect();
        assert_eq!(described, served);
    }
}
