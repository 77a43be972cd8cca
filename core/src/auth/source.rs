//! Tokens that the program brings.

use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::{
    detail::detail,
    error::{ErrorKind, KopoKopoError, Result},
    types::Secret,
};

/// Supplies access tokens to a program without a client secret, such as a mobile app that gets them from its backend.
/// Neither `client_secret` nor `api_key` belongs in an app.
///
/// The source is called on first use, then again shortly before the token expires, or after a 401. It is called once,
/// regardless of how many calls wait for a token.
pub trait TokenSource: Send + Sync + 'static {
    /// Returns a token that works. After a 401 the source must not return the token that it returned before.
    ///
    /// # Errors
    /// Any [`crate::KopoKopoError`], best made by [`crate::KopoKopoError::token_source`]; the call that needed the
    /// token fails with it and nothing is sent.
    fn token(&self) -> BoxFuture<'static, Result<AccessToken>>;
}

/// A token as a [`TokenSource`] returns it.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token itself, in visible ASCII. White space around it, such as the line break at the end of a file, is
    /// removed; a token with any other character is refused with `authentication` and not kept.
    pub token: Secret,
    /// How long it works from now. None: it is used until a 401.
    pub expires_in: Option<Duration>,
}

impl AccessToken {
    /// The token as a header can carry it.
    pub(super) fn checked(self, from: &'static str) -> Result<Self> {
        let token = self.token.expose().trim_ascii();
        let remedy = if token.is_empty() {
            "an empty access token"
        } else if token.bytes().any(|byte| !byte.is_ascii_graphic()) {
            "an access token with white space, a line break or another character that no HTTP header can carry"
        } else if token.len() == self.token.expose().len() {
            return Ok(self);
        } else {
            return Ok(Self { token: Secret::from(token), ..self });
        };
        Err(KopoKopoError::new(ErrorKind::Authentication, detail!("{} returned {}", from, remedy)))
    }
}

impl<F, Fut> TokenSource for F
where
    F: Fn() -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<AccessToken>> + Send + 'static,
{
    fn token(&self) -> BoxFuture<'static, Result<AccessToken>> {
        Box::pin(self())
    }
}
