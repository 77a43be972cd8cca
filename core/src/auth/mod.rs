//! Access tokens: where they come from, how long they are kept, and the OAuth endpoints themselves.

mod cache;
mod oauth;

use std::time::Duration;

use futures_util::future::BoxFuture;

pub(crate) use cache::TokenCell;
pub(crate) use oauth::TOKEN;
pub use oauth::{Introspection, OAuth, Token, TokenApplication, TokenInfo};

use crate::{error::Result, types::Secret};

/// Where access tokens come from when the program holds no client secret: a mobile app asks its own backend. Neither
/// `client_secret` nor `api_key` belongs in an app.
///
/// The source is asked on first use and then again shortly before the token expires, or after a 401. However many
/// calls wait for a token, it is asked once.
pub trait TokenSource: Send + Sync + 'static {
    /// Answers a token that works. After a 401 the source must not answer the token it answered before.
    ///
    /// # Errors
    /// Any [`crate::KopoKopoError`], best made by [`crate::KopoKopoError::token_source`]; the call that needed the
    /// token fails with it and nothing is sent.
    fn token(&self) -> BoxFuture<'static, Result<AccessToken>>;
}

/// A token as a [`TokenSource`] answers it.
#[derive(Debug, Clone)]
pub struct AccessToken {
    /// The token itself.
    pub token: Secret,
    /// How long it works from now. None: it is used until a 401.
    pub expires_in: Option<Duration>,
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
