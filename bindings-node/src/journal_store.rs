//! Stores of journals that the program brings.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::{FutureExt, future::BoxFuture};
use kopokopo_ffi::journal::HostStore;
use napi::{
    Status,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;
use tokio::sync::oneshot;

/// `run(request)`, called on JavaScript's thread. It does not keep the event loop alive: the call that needs it does.
pub(crate) type Run = ThreadsafeFunction<JournalRequest, (), JournalRequest, Status, false, true>;

/// The program's store.
pub(crate) struct Store(Arc<Run>);

impl Store {
    pub(crate) fn new(run: Run) -> Self {
        Self(Arc::new(run))
    }
}

impl HostStore for Store {
    fn execute(&self, request: String) -> BoxFuture<'static, Result<String, String>> {
        let run = Arc::clone(&self.0);
        async move {
            let (sender, receiver) = oneshot::channel();
            let request = JournalRequest { text: request, sender: Mutex::new(Some(sender)) };
            run.call(request, ThreadsafeFunctionCallMode::NonBlocking);
            receiver.await.unwrap_or_else(|_| Err("its store ended without a result".to_owned()))
        }
        .boxed()
    }
}

/// A request of the journal, and where its result goes. Later results have no effect.
#[napi]
pub struct JournalRequest {
    text: String,
    sender: Mutex<Option<oneshot::Sender<Result<String, String>>>>,
}

impl JournalRequest {
    fn send(&self, result: Result<String, String>) {
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // The receiver may be gone.
            let _ = sender.send(result);
        }
    }
}

#[napi]
impl JournalRequest {
    /// The request, as JSON.
    #[napi]
    #[must_use]
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// The result, as JSON.
    #[napi]
    pub fn result(&self, text: String) {
        self.send(Ok(text));
    }

    /// The reason why there is no result.
    #[napi]
    pub fn fail(&self, detail: String) {
        self.send(Err(detail));
    }
}
