//! Turns what went wrong on the wire into what a caller acts on.

use std::{fmt::Write as _, time::Duration};

use http::header::LOCATION;
use serde::Deserialize;

use crate::{
    endpoint::{Endpoint, Safety},
    error::{ErrorKind, KopoKopoError},
    transport::{HttpResponse, Reason, Sent, TransportError},
    types::{Timestamp, de},
};

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

/// The kind of a request without an answer that surely changed nothing.
pub(crate) const fn kind(reason: Reason) -> ErrorKind {
    match reason {
        Reason::Setup => ErrorKind::Configuration,
        Reason::Connection => ErrorKind::Connection,
        Reason::Timeout => ErrorKind::Timeout,
        Reason::TooLarge => ErrorKind::Decode,
    }
}

/// A request without an answer, or whose answer broke off.
pub(crate) fn lost(endpoint: &Endpoint, lost: &TransportError) -> KopoKopoError {
    match (endpoint.safety, lost.sent) {
        (Safety::Once { find_out }, Sent::Maybe) => {
            outcome_unknown(&format!("was sent, and its answer was lost ({})", lost.detail), find_out)
        }
        (Safety::Once { .. }, Sent::No) => {
            KopoKopoError::new(kind(lost.reason), format!("{}; nothing was sent", lost.detail))
        }
        (Safety::Repeatable, _) => KopoKopoError::new(kind(lost.reason), &lost.detail),
    }
}

/// A request that creates something was sent, and its call was cancelled before the response arrived.
pub(crate) fn cancelled(endpoint: &Endpoint, attempts: u32, sent_at: Timestamp) -> KopoKopoError {
    let find_out = match endpoint.safety {
        Safety::Once { find_out } => find_out,
        Safety::Repeatable => "",
    };
    outcome_unknown("was sent, and the call was cancelled before its response arrived", find_out)
        .with_operation(endpoint.operation)
        .with_attempts(attempts)
        .with_sent_at(Some(sent_at))
}

/// The request was accepted, and its call was cancelled before the result was delivered.
pub(crate) fn cancelled_after_acceptance(endpoint: &Endpoint, id: &str) -> KopoKopoError {
    let detail = format!(
        "the server accepted the request before the call was cancelled. Do not send it again: fetch it by its id {id}"
    );
    KopoKopoError::new(ErrorKind::OutcomeUnknown, detail).with_operation(endpoint.operation)
}

fn outcome_unknown(what: &str, find_out: &str) -> KopoKopoError {
    KopoKopoError::new(
        ErrorKind::OutcomeUnknown,
        format!("the request {what}. It may have taken effect: sending it again may move the money twice. {find_out}"),
    )
}

/// An answer whose status is not 2xx.
pub(crate) fn refused(endpoint: &Endpoint, response: &HttpResponse, retry_after: Option<Duration>) -> KopoKopoError {
    let status = response.status;
    let body: ErrorBody = serde_json::from_slice(response.body_or_empty()).unwrap_or_default();
    let code = body.error_code.or(body.error);
    let mut messages = body.error_message;
    messages.extend(body.error_description);

    let mut detail = sentence(status, endpoint);
    if let Some(said) = (!messages.is_empty())
        .then(|| messages.join("; "))
        .or_else(|| code.clone().filter(|code| *code != status.to_string()))
    {
        let _ = write!(detail, ": {said}");
    }
    if let Some(hint) = hint(response) {
        detail.truncate(detail.trim_end_matches('.').len());
        let _ = write!(detail, ". {hint}");
    }
    let error = match endpoint.safety {
        // A gateway's 502 or 504 and a server's 500 say that something went wrong, not that nothing happened.
        Safety::Once { find_out } if status >= 500 || status == 408 => outcome_unknown(
            &format!("was answered with {status}, which does not say whether it was carried out"),
            find_out,
        ),
        _ => KopoKopoError::new(kind_of(status, endpoint, code.as_deref()), detail),
    };
    error
        .with_status(status)
        .with_server_words(code, &messages)
        .with_retry_after(retry_after)
        .with_body(response.body_or_empty())
}

fn kind_of(status: u16, endpoint: &Endpoint, code: Option<&str>) -> ErrorKind {
    match status {
        // RFC 6749 lets a token endpoint answer bad credentials with 400.
        400 if endpoint.path.starts_with("/oauth/")
            && matches!(code, Some("invalid_client" | "unauthorized_client")) =>
        {
            ErrorKind::Authentication
        }
        400 | 409 | 422 => ErrorKind::InvalidRequest,
        401 => ErrorKind::Authentication,
        403 => ErrorKind::Permission,
        404 | 410 => ErrorKind::NotFound,
        429 => ErrorKind::RateLimited,
        _ => ErrorKind::Api,
    }
}

fn sentence(status: u16, endpoint: &Endpoint) -> String {
    match status {
        300..=399 => format!("the server answered with a redirect ({status}), which is never followed"),
        401 if endpoint.path.starts_with("/oauth/token") => "the server refused the credentials (401)".into(),
        401 => "the server refused the access token, and a fresh one too (401)".into(),
        403 => "the server does not permit this (403)".into(),
        404 | 410 => format!("the server knows no such thing ({status})"),
        429 => "too many requests (429)".into(),
        500.. => format!("the server failed ({status})"),
        _ => format!("the server refused the request ({status})"),
    }
}

fn hint(response: &HttpResponse) -> Option<&'static str> {
    match response.status {
        300..=399 if response.headers.contains_key(LOCATION) => {
            Some("Check that base_url is the API's https origin and that no proxy stands between")
        }
        401 => Some("Check client_id and client_secret, and that they belong to this environment"),
        403 => Some("Kopo Kopo approves each application before it may use the API"),
        _ => None,
    }
}
