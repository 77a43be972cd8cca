//! Calls under way, for which PHP waits in steps: between two of them it runs its signal handlers, ends a script whose time
//! is over, and runs what the library asks for.

use std::{
    pin::Pin,
    process,
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
    /// The result, if it came while PHP did something else.
    ready: Option<error::Result<Output>>,
    cancel: Cancel,
    is_begun: bool,
    is_cancelled: bool,
    process: u32,
}

impl NativeCall {
    pub(crate) fn new(call: Call) -> Self {
        Self {
            cancel: call.cancel(),
            call: Some(Box::pin(call)),
            ready: None,
            is_begun: false,
            is_cancelled: false,
            process: process::id(),
        }
    }

    /// Whether this process began the call. In a fork nothing can be done with it.
    fn is_own(&self) -> bool {
        self.process == process::id()
    }

    fn poll_once(&mut self) {
        let Some(call) = &mut self.call else { return };
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        if let Poll::Ready(output) = call.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.call = None;
            self.ready = Some(output);
        }
    }

    fn poll_until(&mut self, end: Option<Instant>) -> error::Result<Option<Step>> {
        if let Some(output) = self.ready.take() {
            return output.map(|output| Some(Step::Done(output)));
        }
        let Some(call) = &mut self.call else { return Err(error::internal()) };
        let waker = Waker::from(Arc::new(Unpark(thread::current())));
        let mut context = Context::from_waker(&waker);
        questions::wake(thread::current());
        // The first poll of a process starts the library's thread.
        let mut masked = (!self.is_begun).then(Masked::new);
        self.is_begun = true;
        loop {
            let polled = call.as_mut().poll(&mut context);
            drop(masked.take());
            if let Poll::Ready(output) = polled {
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

impl Drop for NativeCall {
    /// In a fork, the threads that the call belongs to do not exist, and their locks may be taken for ever.
    fn drop(&mut self) {
        if !self.is_own() {
            std::mem::forget(self.call.take());
            std::mem::forget(self.ready.take());
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

    /// Whether `wait` would return the result at once: the call does not wait for the store that PHP runs now.
    pub fn is_ready(&mut self) -> bool {
        if self.is_own() {
            guard(|| {
                self.poll_once();
                Ok(Zval::null())
            });
        }
        self.call.is_none()
    }

    /// Cancels the call: null if no request that creates something was sent, and none will be; otherwise the error to
    /// throw. docs/adr/0010-cancelling-a-create.md has the rule.
    pub fn cancel(&mut self) -> Zval {
        let outcome = self.cancel.cancel();
        self.is_cancelled = true;
        if !self.cancel.is_recording() {
            self.call = None;
        }
        outcome.map_or_else(Zval::null, |error| values::failure(&error))
    }

    /// Whether nothing can be done with it any more: its result was taken, or it is another process's.
    pub fn is_ended(&self) -> bool {
        (self.call.is_none() && self.ready.is_none())
            || !self.is_own()
            || (self.is_cancelled && !self.cancel.is_recording())
    }

    /// Whether the outcome is still written to the journal, after the call was cancelled too: `wait` ends after that.
    pub fn is_recording(&self) -> bool {
        self.is_own() && self.call.is_some() && self.cancel.is_recording()
    }
}

/// Blocks all signals for this thread, and so for those that it starts: PHP's handlers must run on PHP's thread, whose
/// lists of pending signals have no lock.
struct Masked(#[cfg(unix)] libc::sigset_t);

impl Masked {
    #[cfg(unix)]
    fn new() -> Self {
        // SAFETY: the sets are plain data, which the functions fill in.
        unsafe {
            let mut all = std::mem::zeroed();
            let mut before = std::mem::zeroed();
            libc::sigfillset(&raw mut all);
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, &raw mut before);
            Self(before)
        }
    }

    #[cfg(not(unix))]
    fn new() -> Self {
        Self()
    }
}

impl Drop for Masked {
    fn drop(&mut self) {
        // SAFETY: the set is the one from before.
        #[cfg(unix)]
        unsafe {
            libc::pthread_sigmask(libc::SIG_SETMASK, &raw const self.0, std::ptr::null_mut());
        }
    }
}

/// Whether PHP has to run a signal handler, or to end the script. PHP does so itself, outside of this call.
fn is_interrupted() -> bool {
    let globals = ExecutorGlobals::get();
    // SAFETY: a flag of one byte, which a signal handler sets: it must be read each time.
    unsafe { std::ptr::from_ref(&globals.vm_interrupt).cast::<bool>().read_volatile() }
}
