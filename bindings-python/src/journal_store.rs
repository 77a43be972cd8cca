//! Stores of journals that a program brings.

use std::sync::Arc;

use futures_util::{FutureExt, future::BoxFuture};
use kopokopo_ffi::{journal::HostStore, reply::Reply};
use pyo3::{intern, prelude::*};
use tokio::task::spawn_blocking;

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
            let (reply, receiver) = Reply::new();
            // A database takes its time, which would keep other calls of this runtime waiting.
            spawn_blocking(move || {
                Python::try_attach(|py| {
                    store.call_method1(py, intern!(py, "run"), (request, JournalReply(reply))).map(drop)
                });
            });
            receiver.await.unwrap_or_else(|_| Err("its store ended without a result".to_owned()))
        }
        .boxed()
    }

    fn warn(&self, warning: String) -> BoxFuture<'static, ()> {
        let store = Arc::clone(&self.0);
        // A handler of the program's log can take its time too.
        let warned = spawn_blocking(move || {
            Python::try_attach(|py| store.call_method1(py, intern!(py, "warn"), (warning,)).map(drop))
        });
        warned.map(|_| ()).boxed()
    }
}

/// Takes the store's result. Later calls have no effect.
#[pyclass(frozen, module = "kopokopo._native")]
pub(crate) struct JournalReply(Reply<Result<String, String>>);

#[pymethods]
impl JournalReply {
    /// The result, as JSON.
    fn result(&self, text: String) {
        self.0.send(Ok(text));
    }

    /// The reason why there is no result.
    fn fail(&self, detail: String) {
        self.0.send(Err(detail));
    }
}
