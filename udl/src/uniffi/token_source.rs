//! Tokens that the program brings: a mobile app asks its own backend.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{FutureExt, future::BoxFuture};

use super::{
    error::Result,
    generated::{AccessToken, ErrorFields, KopoKopoError},
};
use crate::{api, value::duration};

/// Supplies access tokens to a program without a client secret, such as a mobile app that gets them from its backend.
///
/// The source is called on first use, then again shortly before the token expires, or after a 401. It is called once,
/// regardless of how many calls wait for a token.
#[uniffi::trait_interface]
#[async_trait::async_trait]
pub trait TokenSource: Send + Sync {
    /// Returns a valid token. After a 401 it must not return the same token as before.
    ///
    /// # Errors
    /// Any. The call that needed the token fails with `authentication`, and nothing is sent.
    async fn token(&self) -> Result<AccessToken>;
}

/// A token source as the core calls it.
pub(crate) struct Foreign(pub(crate) Arc<dyn TokenSource>);

impl api::TokenSource for Foreign {
    fn token(&self) -> BoxFuture<'static, api::Result<api::AccessToken>> {
        let source = Arc::clone(&self.0);
        // Made inside of the future, so that a panic in the source's first step is caught too.
        let answer = async move { source.token().await };
        async move {
            let answer = AssertUnwindSafe(answer).catch_unwind().await;
            let token = answer.map_err(|_| api::KopoKopoError::token_source("it broke off"))?.map_err(|error| {
                let ErrorFields { detail, .. } = error.into_fields();
                api::KopoKopoError::token_source(detail)
            })?;
            let expires_in = token
                .expires_in
                .map(duration)
                .transpose()
                .map_err(|remedy| api::KopoKopoError::token_source(format!("expires_in {remedy}")))?;
            Ok(api::AccessToken { token: token.token.0, expires_in })
        }
        .boxed()
    }
}

/// An exception of the app's own. What it says stays out: it may hold the token.
impl From<uniffi::UnexpectedUniFFICallbackError> for KopoKopoError {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        crate::error::error(api::ErrorKind::Authentication, "it failed with an exception of its own").into()
    }
}
