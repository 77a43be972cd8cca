//! Tokens that a program brings.

use std::sync::{Mutex, PoisonError};

use kopokopo_ffi::{AccessToken, KopoKopoError, Result, Secret, TokenSource};
use pyo3::{intern, prelude::*};
use tokio::{sync::oneshot, task::spawn_blocking};

/// `kopokopo._token_source.Source`, which asks the program.
pub(crate) struct Source(pub(crate) Py<PyAny>);

#[async_trait::async_trait]
impl TokenSource for Source {
    async fn token(&self) -> Result<AccessToken> {
        let (sender, receiver) = oneshot::channel();
        let asked = Python::try_attach(|py| self.0.clone_ref(py));
        let Some(source) = asked else { return Err(failed("the program is ending".to_owned())) };
        // A program may take its time, which would keep other calls of this runtime waiting.
        spawn_blocking(move || {
            let reply = Reply(Mutex::new(Some(sender)));
            Python::try_attach(|py| source.call_method1(py, intern!(py, "ask"), (reply,)).map(drop));
        });
        receiver.await.unwrap_or_else(|_| Err(failed("it ended without a token".to_owned())))
    }
}

/// Takes a program's answer. Only the first counts.
#[pyclass(frozen, module = "kopokopo._native")]
pub(crate) struct Reply(Mutex<Option<oneshot::Sender<Result<AccessToken>>>>);

impl Reply {
    fn send(&self, answer: Result<AccessToken>) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // Whoever asked may have gone.
            let _ = sender.send(answer);
        }
    }
}

#[pymethods]
impl Reply {
    /// A token, and how many seconds it works.
    fn token(&self, token: &str, expires_in: Option<f64>) {
        self.send(Ok(AccessToken { token: Secret::from(token), expires_in }));
    }

    /// Why there is none.
    fn fail(&self, detail: String) {
        self.send(Err(failed(detail)));
    }
}

fn failed(detail: String) -> KopoKopoError {
    kopokopo_ffi::error(kopokopo::ErrorKind::Authentication, detail)
}
