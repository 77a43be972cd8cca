//! Converts transport failures and error responses to errors.

use std::time::Duration;

use http::header::LOCATION;
use serde::Deserialize;

use crate::{
    detail::{Detail, IntoDetail, detail},
    endpoint::{Endpoint, RetrySafety},
    error::{ErrorKind, KopoKopoError},
    redact::{Redacted, Redactor},
    transport::{HttpResponse, Reason, Sent, TransportError},
    types::{ResourceId, Timestamp, de},
};

/// The longest error body that is parsed, in bytes.
const MAX_ERROR_BODY: usize = 64 * 1024;

/// The number of server messages that an error keeps.
const MAX_MESSAGES: usize = 20;

/// The source of the body of an error response. Gateways and proxies return their own pages with the same statuses.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BodySource {
    /// The API: the body has the fields of the API's errors.
    Api,
    /// The body is empty. Some errors of the API have an empty body.
    Empty,
    /// Any other JSON document.
    Json,
    /// Not the API: any other text, or an incomplete body.
    Other,
}

impl BodySource {
    fn of(response: &HttpResponse, body: Option<&ErrorBody>) -> Self {
        match (&response.body, body) {
            (Ok(bytes), _) if bytes.trim_ascii().is_empty() => Self::Empty,
            (_, Some(body)) if body.error_code.is_some() || !body.error_message.is_empty() => Self::Api,
            (_, Some(_)) => Self::Json,
            (_, None) => Self::Other,
        }
    }
}

/// The API's error body, or OAuth's.
#[derive(Default, Deserialize)]
struct ErrorBody {
    #[serde(default, deserialize_with = "de::string")]
    error_code: Option<String>,
    #[serde(default, deserialize_with = "de::strings")]
    error_message: Vec<String>,
    #[serde(default, deserialize_with = "de::string")]
    error: Option<String>,
    #[serde(default, deserialize_with = "de::string")]
    error_description: Option<String>,
}

/// The kind of a request without a response that had no effect.
pub(crate) const fn kind(reason: Reason) -> ErrorKind {
    match reason {
        Reason::Setup => ErrorKind::Configuration,
        Reason::Connection => ErrorKind::Connection,
        Reason::Timeout => ErrorKind::Timeout,
        Reason::TooLarge => ErrorKind::Decode,
    }
}

/// A request without a response, or with an incomplete response.
pub(crate) fn lost(endpoint: &Endpoint, lost: &TransportError, redactor: &Redactor) -> KopoKopoError {
    let cause = redactor.redact(&lost.detail);
    match (endpoint.safety, lost.sent) {
        (RetrySafety::NonIdempotent { recovery_hint }, Sent::Maybe) => {
            outcome_unknown(&detail!("was sent, and its response was lost ({})", cause), recovery_hint)
        }
        (RetrySafety::NonIdempotent { .. }, Sent::No) => {
            KopoKopoError::new(kind(lost.reason), detail!("{}; nothing was sent", cause))
        }
        (RetrySafety::Idempotent, _) => KopoKopoError::new(kind(lost.reason), cause),
    }
}

/// A request that creates something was sent, and its call was cancelled before the response arrived.
pub(crate) fn cancelled(endpoint: &Endpoint, attempts: u32, sent_at: Timestamp) -> KopoKopoError {
    let recovery_hint = match endpoint.safety {
        RetrySafety::NonIdempotent { recovery_hint } => recovery_hint,
        RetrySafety::Idempotent => "",
    };
    outcome_unknown(&detail!("was sent, and the call was cancelled before its response arrived"), recovery_hint)
        .with_operation(endpoint.operation)
        .with_attempts(attempts)
        .with_sent_at(Some(sent_at))
}

/// What a caller with a key can do about a lost response, which others cannot.
pub(crate) const AGAIN: &str =
    " A call with the same idempotency key does not send it again, and returns its id once it is known.";

/// The request was accepted, and its call was cancelled before the result was delivered.
pub(crate) fn cancelled_after_acceptance(endpoint: &Endpoint, id: &ResourceId) -> KopoKopoError {
    let detail = detail!(
        "the server accepted the request before the call was cancelled. Do not send it again: fetch it by its id {}",
        id
    );
    KopoKopoError::new(ErrorKind::OutcomeUnknown, detail).with_operation(endpoint.operation)
}

fn outcome_unknown(what: &Detail, recovery_hint: &'static str) -> KopoKopoError {
    KopoKopoError::new(
        ErrorKind::OutcomeUnknown,
        detail!(
            "the request {}. It may have taken effect: sending it again may move the money twice. {}",
            what,
            recovery_hint
        ),
    )
}

/// A response whose status is not 2xx.
pub(crate) fn refused(
    endpoint: &Endpoint,
    response: &HttpResponse,
    retry_after: Option<Duration>,
    reauthenticated: bool,
    redactor: &Redactor,
) -> KopoKopoError {
    let status = response.status;
    let body = error_body(response.body_or_empty());
    let source = BodySource::of(response, body.as_ref());
    let body = body.unwrap_or_default();
    let code = body.error_code.or(body.error);
    let messages: Vec<Redacted> = body
        .error_message
        .iter()
        .chain(&body.error_description)
        .take(MAX_MESSAGES)
        .map(|message| redactor.redact(message))
        .collect();

    let code_text = code.as_deref().filter(|code| *code != status.to_string()).map(|code| redactor.redact(code));
    let mut server_text = Detail::default();
    for (at, text) in messages.iter().chain(code_text.as_ref().filter(|_| messages.is_empty())).enumerate() {
        server_text.push(&detail!("{}{}", if at == 0 { "" } else { "; " }, text));
    }
    let error = match endpoint.safety {
        // A gateway's 502 or 504 and a server's 500 do not say that the request had no effect. A 409 may be the
        // response to a copy of this request that a proxy sent again.
        RetrySafety::NonIdempotent { recovery_hint } if may_have_taken_effect(status) => {
            let mut what = detail!("received the status {}", status);
            if let Some(location) = response.headers.get(LOCATION) {
                let location = String::from_utf8_lossy(location.as_bytes());
                what.push(&detail!(" and the Location \"{}\"", redactor.redact(&location)));
            }
            if !server_text.is_empty() {
                what.push(&detail!(" ({})", server_text));
            }
            what.push(&detail!(", which does not say whether it was carried out"));
            outcome_unknown(&what, recovery_hint)
        }
        _ => {
            let mut detail = sentence(status, endpoint, reauthenticated);
            if !server_text.is_empty() {
                detail.push(&detail!(": {}", server_text));
            }
            if let Some(hint) = hint(response, source) {
                detail.end_sentence();
                detail.push(&detail!(" {}", hint));
            }
            KopoKopoError::new(kind_of(status, endpoint, source, code.as_deref()), detail)
        }
    };
    with_response(error, endpoint, response, redactor)
        .with_server_error(code.map(|code| redactor.redact(&code)), messages)
        .with_retry_after(retry_after)
}

/// Adds the response to an error. Bodies of OAuth endpoints are not kept, because they contain secrets and tokens.
pub(crate) fn with_response(
    error: KopoKopoError,
    endpoint: &Endpoint,
    response: &HttpResponse,
    redactor: &Redactor,
) -> KopoKopoError {
    let error = error.with_status(response.status).with_request_id(request_id(response, redactor));
    if is_oauth(endpoint) { error } else { error.with_body(response.body_or_empty(), redactor) }
}

/// The server's id for a request, which its support can search for.
fn request_id(response: &HttpResponse, redactor: &Redactor) -> Option<Redacted> {
    let id = response.headers.get("x-request-id")?.to_str().ok()?.trim();
    (!id.is_empty()).then(|| redactor.request_id(id))
}

/// Logs an unknown outcome, so that it is visible even if the application drops the error.
pub(crate) fn warn_if_unknown(error: &KopoKopoError) {
    if error.kind() == ErrorKind::OutcomeUnknown {
        tracing::warn!(
            operation = error.operation(),
            attempts = error.attempts(),
            status = error.status(),
            request_id = error.request_id(),
            sent_at = error.sent_at().map(tracing::field::display),
            "the outcome of a request is unknown: it may have taken effect, do not send it again"
        );
    }
}

/// Reads an error body. Bodies of the API are short: a long one is a page of a proxy or gateway.
fn error_body(body: &[u8]) -> Option<ErrorBody> {
    serde_json::from_slice(body.get(..MAX_ERROR_BODY).unwrap_or(body)).ok()
}

/// Whether a request that creates something may have been processed, although its status is not 2xx.
const fn may_have_taken_effect(status: u16) -> bool {
    match status {
        // The server asks to send the same request to another URL: it was not processed here.
        301 | 307 | 308 => false,
        // A redirect to a result, or a protocol that was not requested.
        100..=199 | 300..=399 => true,
        // 499 is of gateways whose client gave up waiting.
        _ => status >= 500 || matches!(status, 408 | 409 | 499),
    }
}

fn is_oauth(endpoint: &Endpoint) -> bool {
    endpoint.path.starts_with("/oauth/")
}

/// The kind of an error response. Only the API can say that a resource does not exist. A gateway's 404 is not
/// `not_found`, because a program may create a resource again that does not exist.
fn kind_of(status: u16, endpoint: &Endpoint, source: BodySource, code: Option<&str>) -> ErrorKind {
    match status {
        401 => ErrorKind::Authentication,
        429 => ErrorKind::RateLimit,
        // RFC 6749 lets a token endpoint refuse credentials with 400.
        400 if is_oauth(endpoint) && matches!(code, Some("invalid_client" | "unauthorized_client")) => {
            ErrorKind::Authentication
        }
        404 | 410 if !is_oauth(endpoint) && matches!(source, BodySource::Api | BodySource::Empty) => {
            ErrorKind::NotFound
        }
        400 | 409 | 422 if source != BodySource::Other => ErrorKind::InvalidRequest,
        403 if source != BodySource::Other => ErrorKind::Permission,
        _ => ErrorKind::Api,
    }
}

fn sentence(status: u16, endpoint: &Endpoint, reauthenticated: bool) -> Detail {
    match status {
        300..=399 => detail!("the response is a redirect ({}), which is not followed", status),
        401 if endpoint.path.starts_with("/oauth/token") => "the server refused the credentials (401)".into_detail(),
        401 if reauthenticated => "the server refused the access token, and a new one too (401)".into_detail(),
        401 => "the server refused the access token (401)".into_detail(),
        403 => "the server does not permit this (403)".into_detail(),
        404 | 410 => detail!("not found ({})", status),
        429 => "too many requests (429)".into_detail(),
        500.. => detail!("the server failed ({})", status),
        _ => detail!("the server refused the request ({})", status),
    }
}

fn hint(response: &HttpResponse, source: BodySource) -> Option<&'static str> {
    match response.status {
        300..=399 if response.headers.contains_key(LOCATION) => {
            Some("Check that base_url is the API's https origin, and that no proxy redirects requests")
        }
        401 => Some("Check client_id and client_secret, and that they belong to this environment"),
        400..=499 if source == BodySource::Other => {
            Some("The response is not from the API: check base_url, and any proxy or gateway")
        }
        403 => Some("Kopo Kopo approves each application before it may use the API"),
        _ => None,
    }
}
