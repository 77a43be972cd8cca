//! A response of status 2xx, with the context that its errors need.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use http::header::LOCATION;

use crate::{
    auth::CachedToken,
    detail::{Detail, detail},
    endpoint::{Endpoint, RetrySafety},
    error::{ErrorKind, KopoKopoError, Result},
    failure,
    origin::Origin,
    redact::{Redactor, json_error},
    resources::document,
    transport::HttpResponse,
    types::{ResourceId, Timestamp},
};

/// A response of status 2xx.
pub(crate) struct ApiResponse {
    pub(crate) http: HttpResponse,
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) origin: Arc<Origin>,
    /// The path of the request, below the origin.
    pub(crate) path: Cow<'static, str>,
    pub(crate) attempts: u32,
    /// Redacts the client's secrets.
    pub(crate) redactor: Redactor,
    pub(crate) token: Option<Arc<CachedToken>>,
    /// When the request of a create was sent.
    pub(crate) sent_at: Option<Timestamp>,
}

impl ApiResponse {
    pub(crate) fn body(&self) -> Result<&[u8]> {
        self.http.body.as_deref().map_err(|broken| {
            self.with_response_context(KopoKopoError::new(
                failure::kind(broken.reason),
                self.redactor().redact(&broken.detail),
            ))
        })
    }

    /// The body. Empty if the connection closed before its end.
    pub(crate) fn bytes(&self) -> Bytes {
        self.http.body.clone().unwrap_or_default()
    }

    /// The id of the resource that was created: from the Location, or else from the link in the body.
    pub(crate) fn created_id(&self) -> Result<ResourceId> {
        let location = self.http.headers.get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let collection = &*self.path;
        location
            .as_deref()
            .and_then(|location| ResourceId::from_location(location, collection).ok())
            .or_else(|| document::linked_id(&self.bytes(), collection))
            .ok_or_else(|| self.without_id(location))
    }

    /// The error for a caller that cancels the create before this response is delivered.
    pub(crate) fn if_cancelled(&self) -> KopoKopoError {
        match self.created_id() {
            Ok(id) => {
                let location = self.origin.url(&format!("{}/{}", self.path, id.as_str()));
                let error = failure::cancelled_after_acceptance(self.endpoint, &id).with_sent_at(self.sent_at);
                self.with_response_context(error).with_resource(id.as_str(), location.into())
            }
            Err(error) => error,
        }
    }

    fn without_id(&self, location: Option<Cow<'_, str>>) -> KopoKopoError {
        let fault: Detail = match location {
            Some(text) => detail!("an invalid Location (\"{}\")", self.redactor().redact(&text)),
            None => detail!("no Location"),
        };
        self.with_response_context(match self.endpoint.safety {
            RetrySafety::Idempotent => {
                KopoKopoError::decode(detail!("the server accepted the request with {}, so its id is unknown", fault))
            }
            RetrySafety::NonIdempotent { recovery_hint } => KopoKopoError::new(
                ErrorKind::OutcomeUnknown,
                detail!(
                    "the server accepted the request with {}: it very likely took effect, but its id is unknown. Do not send it again. {}",
                    fault,
                    recovery_hint
                ),
            )
            .with_sent_at(self.sent_at),
        })
    }

    /// Adds the response and the operation to an error.
    pub(crate) fn with_response_context(&self, error: KopoKopoError) -> KopoKopoError {
        failure::with_response(error, self.endpoint, &self.http, &self.redactor())
            .with_operation(self.endpoint.operation)
            .with_attempts(self.attempts)
    }

    pub(crate) fn unreadable(&self, error: &serde_json::Error) -> KopoKopoError {
        self.with_response_context(KopoKopoError::decode(detail!("the response cannot be read: {}", json_error(error))))
    }

    fn redactor(&self) -> Redactor {
        self.redactor.with(self.token.as_ref().map(|cached| &cached.token))
    }
}
