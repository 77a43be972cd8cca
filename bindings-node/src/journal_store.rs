//! Stores of journals that the program brings.

use std::sync::Arc;

use futures_util::{
    FutureExt,
    future::{BoxFuture, ready},
};
use kopokopo_ffi::{journal::HostStore, reply::Reply};
use napi::{
    Status,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;

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
            let (reply, receiver) = Reply::new();
            let request = JournalRequest { text: request, is_warning: false, reply };
            run.call(request, ThreadsafeFunctionCallMode::NonBlocking);
            receiver.await.unwrap_or_else(|_| Err("its store ended without a result".to_owned()))
        }
        .boxed()
    }

    fn warn(&self, warning: String) -> BoxFuture<'static, ()> {
        let (reply, _) = Reply::new();
        let request = JournalRequest { text: warning, is_warning: true, reply };
        self.0.call(request, ThreadsafeFunctionCallMode::NonBlocking);
        ready(()).boxed()
    }
}

/// A request of the journal, and where its result goes. Later results have no effect.
#[napi]
pub struct JournalRequest {
    text: String,
    is_warning: bool,
    reply: Reply<Result<String, String>>,
}

#[napi]
impl JournalRequest {
    /// Whether it is a sentence for the program's log, and no request.
    #[napi]
    #[must_use]
    pub fn is_warning(&self) -> bool {
        self.is_warning
    }

    /// The request, as JSON.
    #[napi]
    #[must_use]
    pub fn text(&self) -> String {
        self.text.clone()
    }

    /// The result, as JSON.
    #[napi]
    pub fn result(&self, text: String) {
        self.reply.send(Ok(text));
    }

    /// The reason why there is no result.
    #[napi]
    pub fn fail(&self, detail: String) {
        self.reply.send(Err(detail));
    }
}
