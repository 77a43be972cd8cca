//! Calls under way, and how JavaScript learns that they are over.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use kopokopo_ffi::{
    error,
    runtime::{self, Cancel},
};
use napi::{
    Status,
    bindgen_prelude::FnArgs,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;
use tokio::task::AbortHandle;

use crate::{
    answer::{Answered, guard},
    native::Native,
};

/// `settle(number, result)`, called on JavaScript's thread. It keeps the event loop alive until it is closed.
type Settle = ThreadsafeFunction<FnArgs<(u32, Answered)>, (), FnArgs<(u32, Answered)>, Status, false>;

/// What the calls that are under way at the same time on one JavaScript thread have in common.
#[napi]
pub struct Line(Mutex<Option<Arc<Settle>>>);

/// Opens a line. It keeps the event loop alive until it is closed.
#[napi]
#[must_use]
pub(crate) fn open(settle: Settle) -> Line {
    Line(Mutex::new(Some(Arc::new(settle))))
}

#[napi]
impl Line {
    /// Begins a call. `settle` is called exactly once, with this number. The ticket cancels it.
    #[napi]
    pub fn call(
        &self,
        number: u32,
        native: &Native,
        method: String,
        given: String,
        is_cancellable: bool,
    ) -> Option<Ticket> {
        let settle = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let is_told = Arc::new(AtomicBool::new(false));
        let waiting = Arc::new(Waiting { settle, number, is_told: Arc::clone(&is_told) });
        let caller = Arc::clone(&waiting);
        let begun = native.begin(&method, &given).and_then(|call| {
            let cancel = call.cancel();
            let task = runtime::spawn(async move {
                let answer = call.await;
                waiting.tell(|| guard(|| answer.map(|answer| Answered::of(answer.view()))));
            })?;
            Ok(Ticket { cancel, task, is_told })
        });
        match begun {
            Ok(ticket) => is_cancellable.then_some(ticket),
            Err(error) => {
                caller.tell(|| Answered::failure(&error));
                None
            }
        }
    }

    /// Closes the line: the event loop does not wait for it any more. Calls under way go on, and their results are
    /// dropped.
    #[napi]
    pub fn close(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// Cancels one call. It does not keep the line open.
#[napi]
pub struct Ticket {
    cancel: Cancel,
    task: AbortHandle,
    is_told: Arc<AtomicBool>,
}

#[napi]
impl Ticket {
    /// Cancels the call, by the rule of docs/adr/0010-cancelling-a-create.md: `true` if its result is on its way to
    /// `settle`; null if no request that creates something was sent, and none will be; otherwise the error to report.
    ///
    /// A call with an idempotency key goes on until its outcome is in the journal, whose store may need this thread: it
    /// keeps the event loop alive so long.
    #[napi]
    pub fn cancel(&self, has_key: bool) -> Answered {
        if self.is_told.swap(true, Ordering::AcqRel) {
            return Answered::Delivered;
        }
        let outcome = self.cancel.cancel();
        if !has_key {
            self.task.abort();
        }
        outcome.map_or(Answered::NotSent, |error| Answered::failure(&error))
    }
}

/// The caller that waits for a call. If it is dropped without a result (a panic, an abort), the caller gets an error.
struct Waiting {
    settle: Arc<Settle>,
    number: u32,
    is_told: Arc<AtomicBool>,
}

impl Waiting {
    /// Does nothing if the thread has ended.
    fn tell(&self, answer: impl FnOnce() -> Answered) {
        if !self.is_told.swap(true, Ordering::AcqRel) {
            self.settle.call((self.number, answer()).into(), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.tell(|| Answered::failure(&error::internal()));
    }
}
