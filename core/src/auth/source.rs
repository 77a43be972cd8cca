//! Tokens that the application supplies.

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
/// regardless of how many calls wait for a token. If it has not replied after a minute, or after the client's total timeout
/// if that is longer, it is asked again, and its first reply is ignored.
pub trait TokenSource: Send + Sync + 'static {
    /// Returns a valid token. After a 401 the source must not return the same token again.
    ///
    /// # Errors
    /// Any [`crate::KopoKopoError`], preferably from [`crate::KopoKopoError::token_source`]. The call that needs the
    /// token fails with this error, and nothing is sent.
    fn token(&self) -> BoxFuture<'static, Result<AccessToken>>;
}

/// A token from a [`TokenSource`].
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token, in visible ASCII. White space around it, such as the line break at the end of a file, is removed. A
    /// token with any other character is refused with `authentication` and not kept.
    pub token: Secret,
    /// Its remaining lifetime. None: it is used until a 401.
    pub expires_in: Option<Duration>,
}

impl AccessToken {
    /// Checks that a header can contain the token, and removes white space around it.
    pub(super) fn checked(self, from: &'static str) -> Result<Self> {
        let token = self.token.expose().trim_ascii();
        let remedy = if token.is_empty() {
            "an empty access token"
        } else if token.bytes().any(|byte| !byte.is_ascii_graphic()) {
            "an access token with white space, a line break or another character that is invalid in an HTTP header"
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
