//! Calls under way, for which PHP waits in steps: between two of them it runs its signal handlers, ends a script whose time
//! is over, and runs what the library asks for.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use ext_php_rs::{prelude::*, types::Zval, zend::ExecutorGlobals};
use kopokopo_ffi::{
    error,
    operations::{Call, Output},
    runtime::Cancel,
};

use crate::{
    questions,
    values::{self, guard, show},
};

/// How often a wait looks whether a signal came or a time limit is over.
const INTERVAL: Duration = Duration::from_millis(50);

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// A call under way. When it is dropped, it is cancelled; a request that was sent still finishes.
#[php_class]
#[php(name = "KopoKopo\\Internal\\NativeCall")]
pub struct NativeCall {
    call: Option<Pin<Box<Call>>>,
    cancel: Cancel,
}

impl NativeCall {
    pub(crate) fn new(call: Call) -> Self {
        Self { cancel: call.cancel(), call: Some(Box::pin(call)) }
    }

    fn poll_until(&mut self, end: Option<Instant>) -> kopokopo_ffi::error::Result<Option<Step>> {
        let Some(call) = &mut self.call else { return Err(error::internal()) };
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        questions::wake(thread::current());
        loop {
            if let Poll::Ready(output) = call.as_mut().poll(&mut context) {
                self.call = None;
                return output.map(|output| Some(Step::Done(output)));
            }
            if let Some(question) = questions::next() {
                return Ok(Some(Step::Question(question)));
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            if is_interrupted() || left.is_some_and(|left| left.is_zero()) {
                return Ok(None);
            }
            thread::park_timeout(left.unwrap_or(INTERVAL).min(INTERVAL));
        }
    }
}

enum Step {
    Done(Output),
    Question(questions::Question),
}

use std::future::Future as _;

#[php_impl]
impl NativeCall {
    /// Waits, at most so many seconds: null if PHP has something else to do first, a question for PHP, else
    /// the result, after which there is no other.
    pub fn wait(&mut self, seconds: Option<f64>) -> Zval {
        let end = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let end = end.map(|limit| Instant::now() + limit);
        let mut pending = None;
        let result = guard(|| match self.poll_until(end)? {
            Some(Step::Done(output)) => Ok(show(output.view())),
            Some(Step::Question(question)) => {
                pending = Some(values::object(question));
                Ok(Zval::null())
            }
            None => {
                pending = Some(Zval::null());
                Ok(Zval::null())
            }
        });
        pending.unwrap_or(result)
    }

    /// Cancels the call: null if no request that creates something was sent, and none will be; otherwise the error to
    /// throw. docs/adr/0010-cancelling-a-create.md has the rule.
    pub fn cancel(&mut self) -> Zval {
        let outcome = self.cancel.cancel();
        self.call = None;
        outcome.map_or_else(Zval::null, |error| values::failure(&error))
    }
}

/// Whether PHP has to run a signal handler, or to end the script. PHP does so itself, outside of this call.
fn is_interrupted() -> bool {
    let globals = ExecutorGlobals::get();
    // SAFETY: a flag of one byte, which a signal handler sets: it must be read each time.
    unsafe { std::ptr::from_ref(&globals.vm_interrupt).cast::<bool>().read_volatile() }
}
