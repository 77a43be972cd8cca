//! Tokens that a program brings.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use kopokopo::{AccessToken, KopoKopoError, Result, TokenSource};
use kopokopo_ffi::{reply, value::duration};
use pyo3::{intern, prelude::*};
use tokio::task::spawn_blocking;

/// `kopokopo._token_source.Source`, which asks the program.
pub(crate) struct Source(Arc<Py<PyAny>>);

impl Source {
    pub(crate) fn new(source: Py<PyAny>) -> Self {
        Self(Arc::new(source))
    }
}

impl TokenSource for Source {
    fn token(&self) -> BoxFuture<'static, Result<AccessToken>> {
        let source = Arc::clone(&self.0);
        async move {
            let (reply, receiver) = reply::Reply::new();
            // A program may take its time, which would keep other calls of this runtime waiting.
            spawn_blocking(move || {
                Python::try_attach(|py| source.call_method1(py, intern!(py, "ask"), (Reply(reply),)).map(drop));
            });
            receiver.await.unwrap_or_else(|_| Err(KopoKopoError::token_source("it ended without a token")))
        }
        .boxed()
    }
}

/// Takes the program's result. Later calls have no effect.
#[pyclass(frozen, module = "kopokopo._native")]
pub(crate) struct Reply(reply::Reply<Result<AccessToken>>);

#[pymethods]
impl Reply {
    /// A token, and how many seconds it works.
    fn token(&self, token: &str, expires_in: Option<f64>) {
        let expires_in: std::result::Result<Option<Duration>, _> = expires_in.map(duration).transpose();
        self.0.send(match expires_in {
            Ok(expires_in) => Ok(AccessToken { token: token.into(), expires_in }),
            Err(remedy) => Err(KopoKopoError::token_source(format!("expires_in {remedy}"))),
        });
    }

    /// The reason why there is no token.
    fn fail(&self, detail: &str) {
        self.0.send(Err(KopoKopoError::token_source(detail)));
    }
}
