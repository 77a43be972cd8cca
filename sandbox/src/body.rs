//! Reading what a request carries.

use axum::extract::{FromRequest, Multipart, Request};
use http::{HeaderMap, Method, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde_json::{Map, Value};

use crate::{api::Route, json, reply::Reply};

/// A larger body is refused.
const MAX_BODY: usize = 1024 * 1024;

pub(crate) fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}

pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then_some(token).filter(|token| !token.is_empty())
}

/// The body as one object, and how many bytes it has: JSON, and for OAuth also a form, multipart or the query.
pub(crate) async fn read(route: &Route, request: Request) -> (Result<Value, Reply>, usize) {
    if route.method == Method::GET {
        return (Ok(Value::Null), 0);
    }
    let mut size = 0;
    let outcome = read_object(route, request, &mut size).await;
    (outcome, size)
}

async fn read_object(route: &Route, request: Request, size: &mut usize) -> Result<Value, Reply> {
    let content_type = header_text(request.headers(), header::CONTENT_TYPE).unwrap_or_default();
    let mut fields = Map::new();
    if route.oauth {
        pairs(&mut fields, request.uri().query().unwrap_or_default().as_bytes());
        if content_type.starts_with("multipart/") {
            multipart(&mut fields, request).await?;
            return Ok(Value::Object(fields));
        }
    }
    let body = match Limited::new(request.into_body(), MAX_BODY).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) if error.downcast_ref::<LengthLimitError>().is_some() => {
            return Err(Reply::error(413, "The body is larger than 1 MiB"));
        }
        Err(_) => return Err(Reply::invalid("The body broke off")),
    };
    *size = body.len();
    if route.oauth && content_type.starts_with("application/x-www-form-urlencoded") {
        pairs(&mut fields, &body);
        return Ok(Value::Object(fields));
    }
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Value::Object(fields));
    }
    if json::is_too_deep(&body) {
        return Err(Reply::invalid("The body is nested too deeply"));
    }
    match serde_json::from_slice(&body) {
        Ok(Value::Object(object)) => {
            fields.extend(object);
            Ok(Value::Object(fields))
        }
        Ok(Value::Null) => Ok(Value::Object(fields)),
        _ => Err(Reply::invalid("The body is not a JSON object")),
    }
}

fn pairs(fields: &mut Map<String, Value>, form: &[u8]) {
    fields.extend(
        url::form_urlencoded::parse(form).map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))),
    );
}

async fn multipart(fields: &mut Map<String, Value>, request: Request) -> Result<(), Reply> {
    let broken = || Reply::invalid("The multipart body is broken");
    let mut parts = Multipart::from_request(request, &()).await.map_err(|_| broken())?;
    while let Some(part) = parts.next_field().await.map_err(|_| broken())? {
        let name = part.name().unwrap_or_default().to_owned();
        fields.insert(name, Value::String(part.text().await.map_err(|_| broken())?));
    }
    Ok(())
}
