//! Calls under way, and how JavaScript hears that they are over.

use std::sync::Arc;

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
    /// Begins a call. `settle` hears of its end exactly once, under this number.
    #[napi]
    pub fn call(&self, number: u32, native: &Native, method: String, given: String) -> Option<Ticket> {
        let waiting = Waiting { settle: Some(Arc::clone(&self.0)), number };
        match native.begin(&method, &given).and_then(|call| {
            runtime::spawn(async move {
                let answer = call.await;
                waiting.tell(guard(|| answer.map(|answer| Answered::of(answer.view()))));
            })
        }) {
            Ok(abort) => Some(Ticket(abort)),
            Err(error) => {
                Waiting { settle: Some(Arc::clone(&self.0)), number }.tell(Answered::failure(error));
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
    settle: Option<Arc<Settle>>,
    number: u32,
}

impl Waiting {
    /// Nobody is there any more where the thread has ended.
    fn tell(mut self, answer: Answered) {
        if let Some(settle) = self.settle.take() {
            settle.call((self.number, answer).into(), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if let Some(settle) = self.settle.take() {
            settle.call((self.number, Answered::defect()).into(), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }
}
