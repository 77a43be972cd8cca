//! The handling of one request: route, fault, operation, response, log.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde_json::{Value, json};

use crate::{
    api::{self, Context, Found, Route},
    app::App,
    body::{self, bearer, header_text},
    clock::iso,
    events::Change,
    faults::{Fault, FaultKind},
    health::guarded,
    log::LogEntry,
    page,
    params::Params,
    reply::Reply,
    requests::{Handled, RecordedRequest},
    server::Connection,
    simulation::Simulation,
};

/// How many bytes of a path and of a header are kept.
const LONGEST: usize = 2_000;

/// Handles one request of the API.
pub(crate) async fn handle(State(app): State<Arc<App>>, request: Request) -> Result<Response, Infallible> {
    let connection = request.extensions().get::<Connection>().cloned().unwrap_or_default();
    let path = collapsed(request.uri().path());
    let record = recorded(&app, &request, &connection);
    if request.method() == Method::GET {
        if let Some(token) = path.strip_prefix("/links/") {
            return Ok(link_page(&app, record, token, page::is_browser(request.headers())));
        }
        if path == "/" && page::is_browser(request.headers()) {
            return Ok(page::redirect());
        }
    }
    let (route, id) = match api::find(request.method(), &path) {
        Found::Route(route, id) => (route, id),
        Found::Gone(why) => return Ok(no_operation(&app, record, &Reply::error(404, why))),
        Found::WrongMethod(allowed) => {
            let mut answer = no_operation(&app, record, &Reply::error(405, "Method not allowed"));
            insert(&mut answer, header::ALLOW, &allowed);
            return Ok(answer);
        }
        Found::Nothing => return Ok(no_operation(&app, record, &Reply::error(404, "There is no such path"))),
    };
    let fault = app.take_fault(route.operation, false);
    let headers = request.headers().clone();
    let (read, size) = body::read(route, request).await;
    let kept = if route.oauth { Value::Null } else { read.clone().unwrap_or_default() };
    let record = RecordedRequest {
        operation: Some(route.operation),
        body: kept,
        fault: fault.as_ref().map(|fault| fault.kind),
        ..record
    };
    let handled = app.requests().push(record, if route.oauth { 0 } else { size });
    app.events.add(Change::Request(handled.sequence));
    let _seen = Seen { app: &app, handled };

    if let Some(fault) = fault.as_ref().filter(|fault| strikes_before(fault.kind)) {
        // Its response may never be sent.
        app.save_later();
        let answer = before_effect(fault, &connection).await;
        app.requests().settle(handled, Some(answer.status().as_u16()), false);
        return Ok(answer);
    }
    if let Some(Fault { kind: FaultKind::Delay, delay_ms, .. }) = &fault {
        tokio::time::sleep(Duration::from_millis(delay_ms.unwrap_or(1000))).await;
    }
    let reply = match read {
        Ok(body) => {
            let outcome =
                guarded(|| app.carry_out(|simulation| carry_out(simulation, route, id, bearer(&headers), &body)));
            outcome.unwrap_or_else(|message| {
                app.fail(route.operation, message);
                Reply::error(500, "internal error in the sandbox, please report it: GET /_sandbox/health says more")
            })
        }
        Err(refusal) => refusal,
    };
    let took_effect = reply.status < 300 && route.method == Method::POST && !route.oauth;
    app.requests().settle(handled, None, took_effect);
    app.requests().refuse(handled, &reply);
    if took_effect {
        app.events.add(Change::State);
    }
    // A fault may keep the response back for ever.
    if fault.is_some() {
        app.save_later();
    }
    let answer = after_effect(&app, fault.as_ref(), reply, &headers, &connection).await;
    app.requests().settle(handled, Some(answer.status().as_u16()), took_effect);
    Ok(answer)
}

fn recorded(app: &App, request: &Request, connection: &Connection) -> RecordedRequest {
    RecordedRequest {
        at: iso(app.simulation().now()),
        method: request.method().to_string(),
        path: bounded(request.uri().path().to_owned()),
        has_token: bearer(request.headers()).is_some(),
        user_agent: header_text(request.headers(), header::USER_AGENT).map(bounded),
        content_type: header_text(request.headers(), header::CONTENT_TYPE).map(bounded),
        connection: connection.number(),
        ..RecordedRequest::default()
    }
}

/// The beginning of a text that is kept.
fn bounded(text: String) -> String {
    if text.len() > LONGEST { text.chars().take(LONGEST / 4).collect() } else { text }
}

fn no_operation(app: &App, record: RecordedRequest, reply: &Reply) -> Response {
    record_response(app, record, reply.status, Some(reply));
    respond(reply, "")
}

fn record_response(app: &App, record: RecordedRequest, status: u16, refused: Option<&Reply>) {
    let handled = app.requests().push(RecordedRequest { status: Some(status), ..record }, 0);
    if let Some(reply) = refused {
        app.requests().refuse(handled, reply);
    }
    drop(Seen { app, handled });
}

/// The page behind a payment link.
fn link_page(app: &App, record: RecordedRequest, token: &str, in_browser: bool) -> Response {
    let page = app.simulation().link_page(token);
    let status = if page.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    record_response(app, record, status.as_u16(), None);
    if in_browser {
        return page::link(status);
    }
    with_body(status, "text/plain; charset=utf-8", page.unwrap_or_else(|| "Payment link not found\n".to_owned()))
}

/// Records the outcome of a request in the log, also where its connection was cut before a response.
struct Seen<'a> {
    app: &'a App,
    handled: Handled,
}

impl Drop for Seen<'_> {
    fn drop(&mut self) {
        self.app.events.add(Change::Request(self.handled.sequence));
        self.app.log(|| self.app.requests().of(self.handled).cloned().map(LogEntry::Request));
    }
}

fn carry_out(simulation: &mut Simulation, route: &Route, id: &str, token: Option<&str>, body: &Value) -> Reply {
    if route.needs_token
        && let Err(fault) = simulation.check_token(token)
    {
        return fault.reply();
    }
    let context = Context { params: Params::new(body), id, token: token.unwrap_or_default() };
    (route.run)(simulation, &context).unwrap_or_else(|refusal| refusal)
}

const fn strikes_before(kind: FaultKind) -> bool {
    matches!(
        kind,
        FaultKind::ResetBeforeEffect
            | FaultKind::HangBeforeEffect
            | FaultKind::Status
            | FaultKind::Html502
            | FaultKind::Redirect
    )
}

async fn before_effect(fault: &Fault, connection: &Connection) -> Response {
    match fault.kind {
        FaultKind::ResetBeforeEffect => connection.reset().await,
        FaultKind::Html502 => {
            let page = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>";
            with_body(StatusCode::BAD_GATEWAY, "text/html", page.to_owned())
        }
        FaultKind::Redirect => {
            let mut answer = empty(StatusCode::FOUND);
            insert(&mut answer, header::LOCATION, fault.location.as_deref().unwrap_or("https://elsewhere.example/"));
            answer
        }
        FaultKind::Status => status(fault),
        _ => std::future::pending().await,
    }
}

async fn after_effect(
    app: &App,
    fault: Option<&Fault>,
    mut reply: Reply,
    headers: &HeaderMap,
    connection: &Connection,
) -> Response {
    let base_url = app.url_of(headers);
    if let Some(fault) = fault {
        match fault.kind {
            FaultKind::ResetAfterEffect => return connection.reset().await,
            FaultKind::HangAfterEffect => return std::future::pending().await,
            FaultKind::StatusAfterEffect => return status(fault),
            FaultKind::MissingLocation => reply.location = None,
            FaultKind::LocationInBody => {
                if let Some(location) = reply.location.take() {
                    reply = Reply::ok(json!({ "_links": { "self": format!("{base_url}{location}") } }));
                }
            }
            FaultKind::ForeignLocation => {
                return respond(&reply, fault.location.as_deref().unwrap_or("https://elsewhere.example"));
            }
            FaultKind::EmptyBody => reply.body = Value::Null,
            FaultKind::TruncatedBody => return truncated(&respond(&reply, &base_url), &reply),
            _ => {}
        }
    }
    respond(&reply, &base_url)
}

fn status(fault: &Fault) -> Response {
    let status = fault.status.unwrap_or(500);
    let words = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let mut reply = Reply::error(status, words);
    if let Some(body) = &fault.body {
        reply.body = body.clone();
    }
    let mut answer = respond(&reply, "");
    if let Some(retry_after) = &fault.retry_after {
        insert(&mut answer, header::RETRY_AFTER, retry_after);
    }
    answer
}

fn respond(reply: &Reply, base_url: &str) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = if reply.body.is_null() {
        empty(status)
    } else {
        with_body(status, "application/json; charset=utf-8", reply.body.to_string())
    };
    if let Some(location) = &reply.location {
        insert(&mut answer, header::LOCATION, &format!("{base_url}{location}"));
    }
    answer
}

fn with_body(status: StatusCode, content_type: &str, body: String) -> Response {
    let mut answer = Response::new(Body::from(body));
    *answer.status_mut() = status;
    insert(&mut answer, header::CONTENT_TYPE, content_type);
    answer
}

fn empty(status: StatusCode) -> Response {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    insert(&mut answer, header::CONTENT_LENGTH, "0");
    answer
}

/// Announces the whole body, sends half of it and cuts the connection.
fn truncated(whole: &Response, reply: &Reply) -> Response {
    let text = if reply.body.is_null() { "{}".to_owned() } else { reply.body.to_string() };
    let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
    let broken = stream::iter([Ok(half), Err(std::io::Error::other("cut off"))]).then(|part| async move {
        if part.is_err() {
            // The half must leave before the connection does.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        part
    });
    let mut answer = Response::new(Body::from_stream(broken));
    *answer.status_mut() = whole.status();
    *answer.headers_mut() = whole.headers().clone();
    insert(&mut answer, header::CONTENT_LENGTH, &text.len().to_string());
    answer
}

fn insert(answer: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
}

/// Ruby's SDK posts to `//api/v2/payment_links`.
fn collapsed(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for c in path.chars() {
        if c != '/' || !out.ends_with('/') {
            out.push(c);
        }
    }
    out
}
