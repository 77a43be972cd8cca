//! Endpoints and fields of the API that this library does not cover yet.

#[cfg(feature = "client")]
use http::header::LOCATION;
use serde::Serialize;
use serde_json::{Map, Value};

#[cfg(feature = "client")]
use crate::{
    client::{ApiResponse, Body},
    detail::detail,
};
use crate::{
    endpoint::{Endpoint, RetrySafety},
    error::{KopoKopoError, Result},
    types::Personal,
};

static GET: Endpoint = Endpoint::get("raw_requests.get", "/api/{path}");
static POST: Endpoint = Endpoint::post(
    "raw_requests.post",
    "/api/{path}",
    RetrySafety::NonIdempotent {
        recovery_hint: "Check whether it took effect, with a GET request or on Kopo Kopo's dashboard, before you send it again.",
    },
);

/// The longest path, in bytes. Every path of the API is shorter.
const MAX_PATH: usize = 2_048;

section! {
    /// Endpoints and fields that this library does not cover yet. They use the client's token, timeouts, retries and
    /// redaction. The fields of the body are not checked: prefer the operation of another section if it exists.
    RawRequests
}

/// A request that is sent unchanged.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RawPostRequest {
    /// The path below the origin: `/api/v2/incoming_payments`.
    pub path: String,
    /// A JSON object, as text. It is sent unchanged. `{}` if the endpoint needs no body.
    pub body: Personal,
}

/// The response to a raw request, whose status is 2xx.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct RawResponse {
    /// The HTTP status.
    pub status: u16,
    /// The `Location` header: the URL of the created resource, as the server wrote it.
    pub location: Option<String>,
    /// The body, empty if there was none. Absent if the body of the response to a POST request did not arrive
    /// completely. The request was accepted even so.
    pub body: Option<Personal>,
}

#[cfg(feature = "client")]
impl RawRequests {
    /// Sends a GET request. A transient failure is retried. `path` is below the origin and may have a query:
    /// `/api/v2/incoming_payments/247b1bd8?expand=links`.
    ///
    /// # Errors
    /// `invalid_request` for a path that is not below `/api/`, before anything is sent. `not_found` if the API has no
    /// resource at the path.
    pub async fn get(&self, path: &str) -> Result<RawResponse> {
        let path = checked_path(path, true)?;
        let response = self.client.execute_at(&GET, path.to_owned().into(), Body::Empty).await?;
        let body = text(&response, response.body()?)?;
        Ok(raw_response(&response, Some(body)))
    }

    /// Sends a POST request. Like a create, it is sent again only if no byte of it was sent, or once after a 401.
    ///
    /// # Errors
    /// `invalid_request` before anything is sent: a path that is not below `/api/`, a body that is not a JSON object,
    /// or a body for `send_money` without destinations, which would transfer all funds (use
    /// [`super::SendMoneyRequests::sweep_all_funds`]). `outcome_unknown` if the response was lost.
    pub async fn post(&self, request: &RawPostRequest) -> Result<RawResponse> {
        if self.client.idempotency_key().is_some() {
            return Err(KopoKopoError::invalid(
                "idempotency_key",
                "is not available for raw requests, whose responses the journal cannot read: use the operation of another section, or leave the key out",
            ));
        }
        let path = checked_path(&request.path, false)?;
        let body = request.body.as_str();
        let fields: Map<String, Value> = serde_json::from_str(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            KopoKopoError::invalid(
                "body",
                detail!("must be a JSON object as text; it is invalid at line {}, column {}", line, column),
            )
        })?;
        check_destinations(path, &fields)?;
        let body = Body::Json(body.to_owned().into());
        let response = self.client.execute_at(&POST, path.to_owned().into(), body).await?;
        let body = response.body().and_then(|body| text(&response, body)).ok();
        Ok(raw_response(&response, body))
    }
}

/// Checks that a path is below `/api/` and has only plain segments, so that it names exactly one endpoint.
fn checked_path(path: &str, may_have_query: bool) -> Result<&str> {
    let refuse = |remedy: &'static str| Err(KopoKopoError::invalid("path", remedy));
    if path.len() > MAX_PATH {
        return refuse("must not be longer than 2048 bytes");
    }
    let (segments, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let Some(segments) = segments.strip_prefix("/api/") else {
        return refuse(
            "must begin with /api/, such as /api/v2/incoming_payments: it is appended to the client's base URL",
        );
    };
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b':' | b'-');
    let is_segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain);
    if !segments.split('/').all(is_segment) {
        return refuse(
            "must have segments of letters, digits and . _ ~ : - separated by one /, without a / at the end",
        );
    }
    match query {
        None => Ok(path),
        Some(_) if !may_have_query => refuse("must not have a query: put the fields of a POST request into the body"),
        Some(query) if query.bytes().all(|b| b.is_ascii_graphic() && b != b'#') => Ok(path),
        Some(_) => refuse("must have a percent-encoded query, without spaces and #"),
    }
}

/// Refuses requests without destinations that would transfer all funds: `send_money`, and `settlement_transfers` of
/// version 1.
fn check_destinations(path: &str, fields: &Map<String, Value>) -> Result<()> {
    let endpoint = path.rsplit('/').next().and_then(|segment| segment.split('.').next()).unwrap_or_default();
    let endpoint = endpoint.replace('-', "_").to_ascii_lowercase();
    if endpoint == "settlement_transfers" {
        let has = |field: &str| fields.get(field).and_then(Value::as_str).is_some_and(|text| !text.trim().is_empty());
        return if has("destination_reference") && has("destination_type") {
            Ok(())
        } else {
            Err(KopoKopoError::invalid(
                "body",
                "must have destination_reference and destination_type: without them settlement_transfers transfers all funds. Use send_money.sweep_all_funds for that",
            ))
        };
    }
    if endpoint != "send_money" {
        return Ok(());
    }
    let has_destinations = fields.get("destinations").and_then(Value::as_array).is_some_and(|list| {
        !list.is_empty() && list.iter().all(|item| item.as_object().is_some_and(|item| !item.is_empty()))
    });
    if has_destinations {
        Ok(())
    } else {
        Err(KopoKopoError::invalid(
            "body",
            "must have destinations, a list of objects: without them send_money transfers all funds. Use send_money.sweep_all_funds for that",
        ))
    }
}

#[cfg(feature = "client")]
fn text(response: &ApiResponse, body: &[u8]) -> Result<Personal> {
    let text = std::str::from_utf8(body);
    text.map(Personal::from).map_err(|_| response.with_response_context(KopoKopoError::decode("the body is not UTF-8")))
}

#[cfg(feature = "client")]
fn raw_response(response: &ApiResponse, body: Option<Personal>) -> RawResponse {
    let location = response.http.headers.get(LOCATION);
    RawResponse {
        status: response.http.status,
        location: location.map(|location| String::from_utf8_lossy(location.as_bytes()).into_owned()),
        body,
    }
}

#[cfg(all(test, feature = "client"))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::{check_destinations, checked_path};
    use crate::origin::Origin;

    #[test]
    fn path_must_be_below_api() {
        for path in ["/api/v2/incoming_payments", "/api/v3/a-b/x~1:2/c.json", "/api/v2/x?a=b&c=%20"] {
            assert!(checked_path(path, true).is_ok(), "{path}");
        }
        for path in [
            "",
            "/",
            "/api",
            "/api/",
            "api/v2/x",
            "/oauth/token",
            "/oauth/introspect?x=/api/v2",
            "//evil.example/api/v2",
            "https://evil.example/api/v2",
            "/api/v2/../../oauth/token",
            "/api/./x",
            "/api/v2//x",
            "/api/v2/x/",
            "/api/v2/%2e%2e/x",
            "/api/v2/send%5fmoney",
            "/api/v2/x#y",
            "/api/v2/x?a b",
            "/api/v2/x?a#b",
            "/api/v2/x\\..\\y",
            "/api/v2/x\r\nHost: evil",
            "/api/v2/é",
            &format!("/api/{}", "x".repeat(3_000)),
        ] {
            assert_eq!(checked_path(path, true).unwrap_err().field(), Some("path"), "{path:?}");
        }
        assert!(checked_path("/api/v2/x?a=b", false).is_err());
    }

    #[test]
    fn send_money_without_destinations_is_refused_at_every_path() {
        let check = |path: &str, body: &str| check_destinations(path, &serde_json::from_str(body).unwrap());
        for path in ["/api/v2/send_money", "/api/v1/send_money", "/api/v2/SEND-money", "/api/v2/send_money.json"] {
            for body in [
                "{}",
                r#"{"destinations":null}"#,
                r#"{"destinations":[]}"#,
                r#"{"destinations":[null]}"#,
                r#"{"destinations":[{}]}"#,
                r#"{"destinations":{"a":1}}"#,
                r#"{"destinations":"x"}"#,
                r#"{"Destinations":[{"a":1}]}"#,
                r#"{"destinations":[{"a":1}],"destinations":[]}"#,
            ] {
                assert_eq!(check(path, body).unwrap_err().field(), Some("body"), "{path} {body}");
            }
            assert!(check(path, r#"{"destinations":[{"a":1}]}"#).is_ok());
        }
        assert!(check("/api/v2/incoming_payments", "{}").is_ok());
    }

    proptest! {
        #[test]
        fn accepted_path_is_sent_unchanged(path in "/api/[a-z0-9./?&=%~:_-]{0,30}|\\PC{0,40}") {
            if checked_path(&path, true).is_ok() {
                let url = Origin::parse("https://api.kopokopo.com").unwrap().url(&path);
                prop_assert_eq!(url.as_str(), format!("https://api.kopokopo.com{path}"));
            }
        }
    }
}
