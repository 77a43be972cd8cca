//! A response of status 2xx, with all that an error about it needs.

use std::{borrow::Cow, sync::Arc};

use bytes::Bytes;
use http::header::LOCATION;

use crate::{
    auth::CachedToken,
    detail::{Detail, detail},
    endpoint::{Endpoint, Safety},
    error::{ErrorKind, KopoKopoError, Result},
    failure,
    redact::{Redactor, json_error},
    resources::document,
    transport::HttpResponse,
    types::{ResourceId, Timestamp},
};

/// An answer of status 2xx.
pub(crate) struct Answer {
    pub(crate) response: HttpResponse,
    pub(crate) endpoint: &'static Endpoint,
    /// Where the request was sent: a path below the origin.
    pub(crate) path: Cow<'static, str>,
    pub(crate) attempts: u32,
    /// Knows the client's secrets, and the token below.
    pub(crate) redactor: Redactor,
    pub(crate) token: Option<Arc<CachedToken>>,
    /// When the request of an operation that creates something was sent.
    pub(crate) sent_at: Option<Timestamp>,
}

impl Answer {
    pub(crate) fn body(&self) -> Result<&[u8]> {
        self.response.body.as_deref().map_err(|broken| {
            self.explain(KopoKopoError::new(failure::kind(broken.reason), self.redactor().redact(&broken.detail)))
        })
    }

    /// The body, or nothing if it broke off.
    pub(crate) fn bytes(&self) -> Bytes {
        self.response.body.clone().unwrap_or_default()
    }

    /// The id of the resource that was created: from the Location, or else from the link in the body.
    pub(crate) fn created_id(&self) -> Result<ResourceId> {
        let location = self.response.headers.get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()));
        let collection = &*self.path;
        location
            .as_deref()
            .and_then(|location| ResourceId::from_location(location, collection).ok())
            .or_else(|| document::linked_id(&self.bytes(), collection))
            .ok_or_else(|| self.without_id(location))
    }

    fn without_id(&self, location: Option<Cow<'_, str>>) -> KopoKopoError {
        let fault: Detail = match location {
            Some(text) => {
                detail!("a Location that does not name a resource of its kind (\"{}\")", self.redactor().redact(&text))
            }
            None => detail!("no Location"),
        };
        self.explain(match self.endpoint.safety {
            Safety::Repeatable => {
                KopoKopoError::decode(detail!("the server accepted the request with {}, so its id is unknown", fault))
            }
            Safety::Once { find_out } => KopoKopoError::new(
                ErrorKind::OutcomeUnknown,
                detail!(
                    "the server accepted the request with {}: it very likely took effect, under an id that is unknown. Do not send it again. {}",
                    fault,
                    find_out
                ),
            )
            .with_sent_at(self.sent_at),
        })
    }

    /// An error about this answer, with all that is known of it.
    pub(crate) fn explain(&self, error: KopoKopoError) -> KopoKopoError {
        failure::with_response(error, self.endpoint, &self.response, &self.redactor())
            .with_operation(self.endpoint.operation)
            .with_attempts(self.attempts)
    }

    pub(crate) fn unreadable(&self, error: &serde_json::Error) -> KopoKopoError {
        self.explain(KopoKopoError::decode(detail!("the answer could not be understood: {}", json_error(error))))
    }

    fn redactor(&self) -> Redactor {
        self.redactor.with(self.token.as_ref().map(|held| &held.token))
    }
}
