//! Webhooks and result callbacks.

use super::{
    convert::FromCore,
    error::{Result, guard},
    generated::Event,
    text::Secret,
};
use crate::{api, operations::verifier};

/// Verifies webhooks and result callbacks (API reference, sections Validating webhooks and Process ... Result). Needs
/// no connection.
///
/// Pass the body exactly as received. If a framework has parsed and re-serialized it, the signature does not match.
#[derive(Debug, Clone)]
pub struct WebhookVerifier(pub(crate) api::Webhooks);

impl WebhookVerifier {
    /// A verifier with the API keys in force: one, or the old and the new while they rotate. `max_body` is the largest
    /// body that is accepted, in bytes.
    ///
    /// # Errors
    /// `configuration` if there is no key, only blank ones, or one that cannot be an API key: the client secret alone, or a
    /// key that starts or ends with white space.
    pub fn new(api_keys: Vec<Secret>, client_secret: Option<Secret>, max_body: u64) -> Result<Self> {
        guard(|| {
            let api_keys = api_keys.into_iter().map(|key| key.0).collect();
            verifier::make_verifier(api_keys, client_secret.map(|secret| secret.0), Some(max_body)).map(Self)
        })
    }

    /// The largest body that is accepted, in bytes.
    pub fn max_body(&self) -> u64 {
        u64::try_from(self.0.max_body()).unwrap_or(u64::MAX)
    }

    /// Verifies the raw body against the `X-KopoKopo-Signature` header and returns the event.
    ///
    /// # Errors
    /// `signature`, `configuration` without an API key, `decode` where the body is authentic and cannot be read.
    #[allow(clippy::needless_pass_by_value, reason = "a zero-copy slice costs other languages more than a copy")]
    pub fn verify(&self, body: Vec<u8>, signature: Option<String>) -> Result<Event> {
        self.verify_slice(&body, signature.as_deref())
    }

    /// Verifies the raw body only.
    ///
    /// # Errors
    /// As [`Self::verify`], but for `decode`.
    #[allow(clippy::needless_pass_by_value, reason = "a zero-copy slice costs other languages more than a copy")]
    pub fn verify_signature(&self, body: Vec<u8>, signature: Option<String>) -> Result<()> {
        self.verify_signature_slice(&body, signature.as_deref())
    }

    /// Reads an event from a body without verifying its signature.
    ///
    /// # Errors
    /// `decode` if it is not a JSON object.
    #[allow(clippy::needless_pass_by_value, reason = "a zero-copy slice costs other languages more than a copy")]
    pub fn parse_unverified(&self, body: Vec<u8>) -> Result<Event> {
        self.parse_unverified_slice(&body)
    }

    /// [`Self::verify`] for glue that can borrow the body.
    ///
    /// # Errors
    /// Those of [`Self::verify`].
    pub fn verify_slice(&self, body: &[u8], signature: Option<&str>) -> Result<Event> {
        guard(|| Ok(Event::from_core(self.0.verify(body, signature)?)))
    }

    /// [`Self::verify_signature`] for glue that can borrow the body.
    ///
    /// # Errors
    /// Those of [`Self::verify_signature`].
    pub fn verify_signature_slice(&self, body: &[u8], signature: Option<&str>) -> Result<()> {
        guard(|| self.0.verify_signature(body, signature))
    }

    /// [`Self::parse_unverified`] for glue that can borrow the body.
    ///
    /// # Errors
    /// Those of [`Self::parse_unverified`].
    pub fn parse_unverified_slice(&self, body: &[u8]) -> Result<Event> {
        guard(|| Ok(Event::from_core(self.0.parse_unverified(body)?)))
    }
}
