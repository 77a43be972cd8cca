//! Stores of journals that a program brings.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{FutureExt, future::BoxFuture};
use kopokopo_ffi::journal::HostStore;
use pyo3::{intern, prelude::*};
use tokio::{sync::oneshot, task::spawn_blocking};

/// `kopokopo._journal_store.Store`, which asks the program's store.
pub(crate) struct Store(Arc<Py<PyAny>>);

impl Store {
    pub(crate) fn new(store: Py<PyAny>) -> Self {
        Self(Arc::new(store))
    }
}

impl HostStore for Store {
    fn execute(&self, request: String) -> BoxFuture<'static, Result<String, String>> {
        let store = Arc::clone(&self.0);
        async move {
            let (sender, receiver) = oneshot::channel();
            // A database takes its time, which would keep other calls of this runtime waiting.
            spawn_blocking(move || {
                let result = JournalReply(Mutex::new(Some(sender)));
                Python::try_attach(|py| store.call_method1(py, intern!(py, "run"), (request, result)).map(drop));
            });
            receiver.await.unwrap_or_else(|_| Err("its store ended without a result".to_owned()))
        }
        .boxed()
    }
}

/// Takes the store's result. Later calls have no effect.
#[pyclass(frozen, module = "kopokopo._native")]
pub(crate) struct JournalReply(Mutex<Option<oneshot::Sender<Result<String, String>>>>);

impl JournalReply {
    fn send(&self, result: Result<String, String>) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // The receiver may be gone.
            let _ = sender.send(result);
        }
    }
}

#[pymethods]
impl JournalReply {
    /// The result, as JSON.
    fn result(&self, text: String) {
        self.send(Ok(text));
    }

    /// The reason why there is no result.
    fn fail(&self, detail: String) {
        self.send(Err(detail));
    }
}
