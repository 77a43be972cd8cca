//! Waiting without Ruby's lock, the GVL, so that other threads run.

use std::{
    ffi::c_void,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    ptr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use magnus::Error;

/// How often the main thread checks its interrupts. Ruby wakes it for a signal, except if it was not the only thread when
/// the wait began and is now.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(100);

/// How a wait ended.
pub(crate) enum Waited<T> {
    /// With a result.
    Ready(T),
    /// By an interrupt, which has to be passed on: `Timeout`, `Thread#raise`, `Thread#kill`, Ctrl-C.
    Interrupted(Error),
    /// By a panic.
    Panicked,
}

/// Wakes the thread that waits.
struct Unpark {
    thread: Thread,
    is_interrupted: AtomicBool,
}

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.thread.unpark();
    }
}

struct Wait<'a, F: Future> {
    future: &'a mut F,
    unpark: &'a Arc<Unpark>,
    is_main: bool,
    /// None inside: Ruby has to look at its interrupts.
    outcome: Option<thread::Result<Option<F::Output>>>,
}

impl<F: Future + Unpin> Wait<'_, F> {
    fn run(&mut self) -> Option<F::Output> {
        let waker = Waker::from(Arc::clone(self.unpark));
        let mut context = Context::from_waker(&waker);
        let until = self.is_main.then(|| Instant::now() + SIGNAL_INTERVAL);
        loop {
            if let Poll::Ready(output) = Pin::new(&mut *self.future).poll(&mut context) {
                return Some(output);
            }
            if self.unpark.is_interrupted.swap(false, Ordering::Acquire) {
                return None;
            }
            match until.map(|until| until.saturating_duration_since(Instant::now())) {
                None => thread::park(),
                Some(Duration::ZERO) => return None,
                Some(left) => thread::park_timeout(left),
            }
        }
    }
}

unsafe extern "C" fn run<F: Future + Unpin>(data: *mut c_void) -> *mut c_void {
    // SAFETY: `wait` keeps it alive until this returns.
    let wait = unsafe { &mut *data.cast::<Wait<'_, F>>() };
    wait.outcome = Some(catch_unwind(AssertUnwindSafe(|| wait.run())));
    ptr::null_mut()
}

/// Ruby calls it in a signal handler too, so it takes no lock.
unsafe extern "C" fn unblock(data: *mut c_void) {
    // SAFETY: Ruby calls it only while `run` runs.
    let unpark = unsafe { &*data.cast::<Unpark>() };
    unpark.is_interrupted.store(true, Ordering::Release);
    unpark.thread.unpark();
}

/// Runs what is pending for this thread: signal handlers, exceptions of other threads, a kill.
pub(crate) fn check_interrupts() -> Result<(), Error> {
    let checked = magnus::rb_sys::protect(|| {
        // SAFETY: this thread holds the lock, and `protect` catches the jump.
        unsafe { rb_sys::rb_thread_check_ints() };
        rb_sys::Qnil.into()
    });
    checked.map(drop)
}

/// Waits for a future. A wake-up without an interrupt, as by `Thread#wakeup` or a signal handler that returns, goes on
/// with the same future, so that nothing is sent twice.
pub(crate) fn wait<F: Future + Unpin>(future: &mut F) -> Waited<F::Output> {
    let unpark = Arc::new(Unpark { thread: thread::current(), is_interrupted: AtomicBool::new(false) });
    // SAFETY: this thread holds the lock.
    let is_main = unsafe { rb_sys::rb_thread_current() == rb_sys::rb_thread_main() };
    // Ruby does not run interrupts itself: a jump would leave this frame without dropping what it holds.
    let flags = rb_sys::RB_NOGVL_INTR_FAIL | rb_sys::RB_NOGVL_UBF_ASYNC_SAFE;
    loop {
        let mut wait = Wait { future: &mut *future, unpark: &unpark, is_main, outcome: None };
        // SAFETY: both pointers outlive the call, and `run` does not unwind.
        unsafe {
            rb_sys::rb_nogvl(
                Some(run::<F>),
                (&raw mut wait).cast(),
                Some(unblock),
                Arc::as_ptr(&unpark).cast_mut().cast(),
                flags.cast_signed(),
            );
        }
        match wait.outcome {
            Some(Ok(Some(output))) => return Waited::Ready(output),
            Some(Err(_)) => return Waited::Panicked,
            // Nothing has run if an interrupt was pending before.
            Some(Ok(None)) | None => {}
        }
        if let Err(raised) = check_interrupts() {
            return Waited::Interrupted(raised);
        }
    }
}
