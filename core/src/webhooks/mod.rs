//! Verifying and reading webhooks and result callbacks (API reference, sections Validating webhooks and Process ...
//! Result). Needs no connection and no runtime.

mod daraja;
mod event;
mod keys;
mod signature;

pub use daraja::DarajaTransaction;
pub use event::{Event, EventPayload};
pub use signature::sign;

use std::fmt;

use signature::Key;

use crate::{
    detail::detail,
    error::{KopoKopoError, Result},
    redact::Redactor,
    types::{PADDED, Secret, without_padding},
};

/// The header of the signature.
pub const SIGNATURE_HEADER: &str = "X-KopoKopo-Signature";

/// A larger body is refused before it is hashed. The result of polling a long period can have megabytes.
const DEFAULT_MAX_BODY: usize = 10 * 1024 * 1024;

/// Verifies webhooks and result callbacks.
///
/// Pass the body exactly as received. If a framework has parsed and re-serialized it, the signature does not match.
#[derive(Clone)]
pub struct Webhooks {
    keys: Vec<Key>,
    client_secret: Option<Key>,
    /// Whether one of the API keys was the client secret. It was removed.
    api_key_is_client_secret: bool,
    /// Whether one of the API keys has white space around it. It was removed.
    padded: bool,
    max_body: usize,
}

impl Webhooks {
    /// Creates a verifier with the current API keys: one, or the old and the new one during a rotation. A blank key is
    /// ignored, because anyone can sign with it. A key with white space around it is ignored too, and
    /// [`Self::check_keys`] reports it.
    pub fn new(api_keys: impl IntoIterator<Item = impl Into<Secret>>) -> Self {
        let keys: Vec<Secret> = api_keys.into_iter().map(Into::into).collect();
        let is_padded = |key: &Secret| without_padding(key.expose()).len() < key.expose().len();
        Self {
            keys: keys.iter().filter(|key| !is_padded(key)).filter_map(Key::new).collect(),
            client_secret: None,
            api_key_is_client_secret: false,
            padded: keys.iter().any(|key| is_padded(key) && !without_padding(key.expose()).is_empty()),
            max_body: DEFAULT_MAX_BODY,
        }
    }

    /// Lets an error say that the sender uses the client secret in place of the API key. The client secret is never
    /// accepted, even if it is one of the API keys.
    #[must_use]
    pub fn with_client_secret(mut self, client_secret: impl Into<Secret>) -> Self {
        let secret = Secret::from(without_padding(client_secret.into().expose()));
        if let Some(secret) = Key::new(&secret) {
            let given = self.keys.len();
            self.keys.retain(|key| !key.is(&secret));
            self.api_key_is_client_secret |= self.keys.len() < given;
            self.client_secret = Some(secret);
        }
        self
    }

    /// Checks that there is an API key, and that the keys are valid. Call it when the program starts, so that the error
    /// does not occur at the first webhook.
    ///
    /// # Errors
    /// `configuration`, field `api_key`, if there is no key, if the only key is the client secret, or if a key starts
    /// or ends with white space.
    pub fn check_keys(&self) -> Result<()> {
        let remedy = if self.padded {
            PADDED
        } else if !self.keys.is_empty() {
            return Ok(());
        } else if self.api_key_is_client_secret {
            "is the client secret: set it to the application's API key, which signs webhooks"
        } else {
            "is missing: set it to the application's API key, which signs webhooks"
        };
        Err(KopoKopoError::configuration("api_key", remedy))
    }

    /// Sets the largest body that is accepted, in bytes. Default 10 MiB.
    #[must_use]
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.max_body = bytes;
        self
    }

    /// The largest body that is accepted, in bytes. A receiver need not read more.
    pub fn max_body(&self) -> usize {
        self.max_body
    }

    /// Verifies the raw body against the `X-KopoKopo-Signature` header and returns the event.
    ///
    /// # Errors
    /// `signature` if the header is missing, malformed or does not match, or if the body is too large: do not trust the
    /// body. `configuration` without an API key, or if no key matches and one has white space around it. `decode` if
    /// the body is authentic but is not a readable JSON object: [`KopoKopoError::body`] has its beginning.
    pub fn verify(&self, body: &[u8], signature: Option<&str>) -> Result<Event> {
        self.verify_signature(body, signature)?;
        self.parse_unverified(body)
    }

    /// Verifies the signature of the raw body, without reading the event.
    ///
    /// # Errors
    /// Those of [`Self::verify`], except `decode`.
    pub fn verify_signature(&self, body: &[u8], signature: Option<&str>) -> Result<()> {
        if self.keys.is_empty() {
            self.check_keys()?;
        }
        if body.len() > self.max_body {
            return Err(KopoKopoError::signature(detail!(
                "the body has {} bytes; at most {} are accepted",
                body.len(),
                self.max_body
            )));
        }
        let signature = signature::parse(signature)?;
        // All keys are tried, so that the time does not reveal which one matches.
        let matches = self.keys.iter().fold(false, |matches, key| key.matches(body, &signature) | matches);
        if matches {
            return Ok(());
        }
        // The webhook may be authentic, and signed with a key that was ignored.
        self.check_keys()?;
        let api_key_is_client_secret =
            self.client_secret.as_ref().is_some_and(|secret| secret.matches(body, &signature));
        Err(KopoKopoError::signature(if api_key_is_client_secret {
            "the signature was made with the client secret: the sender is using the client secret where it should use the API key"
        } else {
            "the signature does not match: verify the raw body exactly as it was received, with the API key (not the client secret) of this environment"
        }))
    }

    /// Reads an event from a body without verifying its signature. Use it only for bodies that were verified before,
    /// such as those from a queue.
    ///
    /// # Errors
    /// `decode` if it is not a JSON object.
    pub fn parse_unverified(&self, body: &[u8]) -> Result<Event> {
        Event::parse(body).map_err(|error| error.with_body(body, &Redactor::default()))
    }
}

impl fmt::Debug for Webhooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhooks")
            .field("keys", &self.keys.len())
            .field("max_body", &self.max_body)
            .finish_non_exhaustive()
    }
}
