//! Calls under way, and how JavaScript hears that they are over.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use kopokopo_ffi::runtime;
use napi::{
    Env, Status,
    bindgen_prelude::FnArgs,
    check_status, sys,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;
use tokio::task::AbortHandle;

use crate::{
    answer::{Answered, guard},
    native::Native,
};

/// `settle(number, answer)`, called on JavaScript's thread.
type Settle = ThreadsafeFunction<FnArgs<(u32, Answered)>, (), FnArgs<(u32, Answered)>, Status, false, true>;

/// What all calls of one JavaScript thread have in common.
#[napi]
pub struct Line(Arc<Settle>);

/// Opens the line of this JavaScript thread. It does not keep the event loop alive by itself.
#[napi]
#[must_use]
pub(crate) fn open(settle: Settle) -> Line {
    Line(Arc::new(settle))
}

#[napi]
impl Line {
    /// Begins a call. `settle` hears of its end exactly once, under this number. The ticket is for who wants it.
    #[napi]
    pub fn call(
        &self,
        number: u32,
        native: &Native,
        method: String,
        given: String,
        is_abortable: bool,
    ) -> Option<Ticket> {
        let waiting = Arc::new(Waiting { settle: Arc::clone(&self.0), number, is_told: AtomicBool::new(false) });
        let caller = Arc::clone(&waiting);
        let begun = native.begin(&method, &given).and_then(|call| {
            runtime::spawn(async move {
                let answer = call.await;
                waiting.tell(|| guard(|| answer.map(|answer| Answered::of(answer.view()))));
            })
        });
        match begun {
            Ok(abort) => is_abortable.then_some(Ticket(abort)),
            Err(error) => {
                caller.tell(|| Answered::failure(error));
                None
            }
        }
    }

    /// From here on the event loop goes on until `release`.
    #[napi]
    pub fn hold(&self, env: &Env) -> napi::Result<()> {
        // SAFETY: this is the thread of the environment, which has not ended while JavaScript runs.
        check_status!(unsafe { sys::napi_ref_threadsafe_function(env.raw(), self.0.raw()) })
    }

    /// The event loop need not go on for this.
    #[napi]
    pub fn release(&self, env: &Env) -> napi::Result<()> {
        // SAFETY: as above.
        check_status!(unsafe { sys::napi_unref_threadsafe_function(env.raw(), self.0.raw()) })
    }
}

/// A call that can be ended early.
#[napi]
pub struct Ticket(AbortHandle);

#[napi]
impl Ticket {
    /// Stops waiting. A request that is on its way still finishes. Does nothing once the call is over.
    #[napi]
    pub fn abort(&self) {
        self.0.abort();
    }
}

/// Who waits for a call. Dropped without an answer, because the call panicked or was aborted, it says so.
struct Waiting {
    settle: Arc<Settle>,
    number: u32,
    is_told: AtomicBool,
}

impl Waiting {
    /// Nobody is there any more where the thread has ended.
    fn tell(&self, answer: impl FnOnce() -> Answered) {
        if !self.is_told.swap(true, Ordering::AcqRel) {
            self.settle.call((self.number, answer()).into(), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.tell(Answered::defect);
    }
}
