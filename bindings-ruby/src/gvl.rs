//! Waiting without Ruby's lock, the GVL, so that other threads run.

use std::{
    ffi::c_void,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    ptr, thread,
};

use futures_util::future::{Either, select};
use kopokopo_ffi::runtime;
use magnus::Error;
use tokio::sync::Notify;

/// How a wait ended.
pub(crate) enum Waited<T> {
    /// With a result.
    Ready(T),
    /// By an interrupt, which has to be passed on: `Timeout`, `Thread#raise`, `Thread#kill`, Ctrl-C.
    Interrupted(Error),
    /// By a panic.
    Panicked,
}

struct Wait<'a, F: Future> {
    future: &'a mut F,
    interrupt: &'a Notify,
    /// None inside: Ruby asked to look at its interrupts.
    outcome: Option<thread::Result<Option<F::Output>>>,
}

unsafe extern "C" fn run<F: Future + Unpin>(data: *mut c_void) -> *mut c_void {
    // SAFETY: `wait` keeps it alive until this returns.
    let wait = unsafe { &mut *data.cast::<Wait<'_, F>>() };
    wait.outcome = Some(catch_unwind(AssertUnwindSafe(|| {
        match runtime::block_on(select(&mut *wait.future, pin!(wait.interrupt.notified()))) {
            Either::Left((output, _)) => Some(output),
            Either::Right(_) => None,
        }
    })));
    ptr::null_mut()
}

unsafe extern "C" fn unblock(data: *mut c_void) {
    // SAFETY: Ruby calls it only while `run` runs.
    unsafe { &*data.cast::<Notify>() }.notify_one();
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
    let interrupt = Notify::new();
    loop {
        let mut wait = Wait { future: &mut *future, interrupt: &interrupt, outcome: None };
        // The second form does not run interrupts itself: a jump would leave this frame without dropping what it holds.
        // SAFETY: both pointers outlive the call, and `run` does not unwind.
        unsafe {
            rb_sys::rb_thread_call_without_gvl2(
                Some(run::<F>),
                (&raw mut wait).cast(),
                Some(unblock),
                (&raw const interrupt).cast_mut().cast(),
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
