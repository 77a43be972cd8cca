//! Tokens that the program brings.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use kopokopo::{AccessToken, KopoKopoError, Result, TokenSource};
use kopokopo_ffi::{reply, value::duration};
use napi::{
    Status,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;

/// `ask(reply)`, called on JavaScript's thread. It does not keep the event loop alive: the call that needs the token does.
pub(crate) type Ask = ThreadsafeFunction<Reply, (), Reply, Status, false, true>;

/// The program's function.
pub(crate) struct Source(Arc<Ask>);

impl Source {
    pub(crate) fn new(ask: Ask) -> Self {
        Self(Arc::new(ask))
    }
}

impl TokenSource for Source {
    fn token(&self) -> BoxFuture<'static, Result<AccessToken>> {
        let ask = Arc::clone(&self.0);
        async move {
            let (reply, receiver) = reply::Reply::new();
            ask.call(Reply(reply), ThreadsafeFunctionCallMode::NonBlocking);
            receiver.await.unwrap_or_else(|_| Err(KopoKopoError::token_source("it ended without a token")))
        }
        .boxed()
    }
}

/// Takes the program's result. Later calls have no effect.
#[napi]
pub struct Reply(reply::Reply<Result<AccessToken>>);

#[napi]
impl Reply {
    /// A token, and how many seconds it works.
    #[napi]
    pub fn token(&self, token: String, expires_in: Option<f64>) {
        self.0.send(match expires_in.map(duration).transpose() {
            Ok(expires_in) => Ok(AccessToken { token: token.into(), expires_in }),
            Err(remedy) => Err(KopoKopoError::token_source(format!("expires_in {remedy}"))),
        });
    }

    /// The reason why there is no token.
    #[napi]
    pub fn fail(&self, detail: String) {
        self.0.send(Err(KopoKopoError::token_source(detail)));
    }
}
