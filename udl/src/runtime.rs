//! The library's own runtime: one for each process, made on first use.
//!
//! A fork copies memory and no threads, so in a child the parent's runtime is dead. The child makes its own on first use
//! and takes no lock for it (one could have been held at the moment of the fork). The parent's is leaked on purpose:
//! dropping it would touch files that the two processes share.

use std::{
    fmt,
    future::Future,
    panic::AssertUnwindSafe,
    pin::{Pin, pin},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::Duration,
};

use futures_util::FutureExt;
use kopokopo::{CancelHandle, Cancelled, PerProcess};
use tokio::{
    runtime::{Builder, Handle},
    sync::oneshot,
    task::{AbortHandle, JoinHandle},
};

use crate::{
    api,
    error::{self, Error, Result},
};

/// How long a program's end waits for calls that are under way.
const LONGEST_SHUTDOWN: Duration = Duration::from_secs(2);

static RUNTIME: PerProcess<Own> = PerProcess::new();

/// One process's runtime: one thread, because calls wait far more than they compute, and each further thread that a
/// request passes through is one more to wake.
struct Own {
    /// Absent if the program ended before the first call.
    handle: Option<Handle>,
    is_shut_down: AtomicBool,
    /// Taken out at shutdown. Where it is dropped, because this lost the race to be the process's, the thread ends too.
    end: Mutex<Option<End>>,
}

/// How the thread is asked to end, and how it says that it did.
struct End {
    ask: oneshot::Sender<()>,
    ended: mpsc::Receiver<()>,
}

impl Own {
    /// Of a program that ends without a call: one that begins later finds this, and starts no thread.
    fn never_started() -> Self {
        Self { handle: None, is_shut_down: AtomicBool::new(true), end: Mutex::new(None) }
    }

    fn start() -> Result<Self> {
        let refuse = || {
            error::at(api::ErrorKind::Configuration, "runtime", "no thread could be started: the system refuses more")
        };
        let (ask, asked) = oneshot::channel::<()>();
        let (made, making) = mpsc::channel();
        let (ending, ended) = mpsc::channel();
        // It is made and dropped there, because a drop blocks, which is not allowed on another runtime's threads.
        let work = move || {
            let Ok(runtime) = Builder::new_current_thread().enable_all().build() else { return };
            if made.send(runtime.handle().clone()).is_ok() {
                // The caller may be gone.
                let _ = runtime.block_on(asked);
            }
            runtime.shutdown_timeout(LONGEST_SHUTDOWN);
            drop(ending);
        };
        thread::Builder::new().name("kopokopo".to_owned()).spawn(work).map_err(|_| refuse())?;
        let handle = making.recv().map_err(|_| refuse())?;
        Ok(Self {
            handle: Some(handle),
            is_shut_down: AtomicBool::new(false),
            end: Mutex::new(Some(End { ask, ended })),
        })
    }
}

/// This process's runtime, unless the program is ending.
fn running() -> Result<Handle> {
    let own = RUNTIME.get(Own::start)?;
    let is_running = !own.is_shut_down.load(Ordering::Acquire);
    own.handle.clone().filter(|_| is_running).ok_or_else(ended)
}

/// A call under way. Any executor can poll it, or [`block_on`]. Dropping it cancels the call; a request that was sent
/// still finishes.
#[must_use = "a call does nothing unless it is polled"]
pub struct Work<T> {
    future: BoxFuture<T>,
    cancel: Cancel,
}

type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

impl<T> Work<T> {
    /// A result that is there already.
    pub(crate) fn ready(result: T) -> Self
    where
        T: Send + 'static,
    {
        Self { future: Box::pin(std::future::ready(result)), cancel: Cancel(None) }
    }

    /// Cancels the call from any thread, without the future.
    pub fn cancel(&self) -> Cancel {
        self.cancel.clone()
    }
}

impl<T: Send + 'static> Work<Result<T>> {
    /// A call that has failed already, such as one whose arguments cannot be read.
    pub fn failed(error: Error) -> Self {
        Self::ready(Err(error))
    }
}

impl<T> Future for Work<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        self.future.as_mut().poll(context)
    }
}

impl<T> fmt::Debug for Work<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Work")
    }
}

/// Cancels a call. The rule for every language is in docs/adr/0010-cancelling-a-create.md.
#[derive(Clone, Debug)]
pub struct Cancel(Option<CancelHandle>);

impl Cancel {
    /// Cancels the call. Call it before the call's future is dropped or aborted, and only while the language has not
    /// received the result. Never blocks.
    ///
    /// `None`: no request that creates something was sent, and none will be; report the language's own cancellation.
    /// Otherwise the error to report, of kind `outcome_unknown`: the request was sent, and it is not aborted.
    #[must_use]
    pub fn cancel(&self) -> Option<Error> {
        match self.0.as_ref()?.cancel() {
            Cancelled::OutcomeUnknown(error) => Some(error),
            _ => None,
        }
    }

    /// Whether the call writes an outcome to the journal, also after it was cancelled. A language whose store runs only
    /// inside of its calls keeps the call's future, which ends after that.
    pub fn is_recording(&self) -> bool {
        self.0.as_ref().is_some_and(CancelHandle::is_recording)
    }
}

/// Runs a call on the library's runtime. Its panic becomes an error, and errors name the operation where there is one. A call
/// that does not end itself, because of a panic or because the program is ending, has an unknown outcome if it sent a create.
pub(crate) fn call<T: Send + 'static, E: From<Error> + 'static>(
    operation: Option<&'static str>,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> Work<Result<T, E>> {
    let (handle, work) = kopokopo::cancellable(work);
    let cancel = Cancel(Some(handle));
    let unended = cancel.clone();
    let delivered = Arc::new(Mutex::new(None));
    let deliver = Arc::clone(&delivered);
    let done = run(Box::pin(async move {
        let result = work.await;
        *deliver.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
    }));
    let future = Box::pin(done.map(move |done| {
        let delivered = || delivered.lock().unwrap_or_else(PoisonError::into_inner).take();
        let result = done.and_then(|()| delivered().ok_or_else(error::internal));
        let result = result.unwrap_or_else(|error| Err(unended.cancel().unwrap_or(error)));
        result.map_err(|error| error.in_operation(operation).into())
    }));
    Work { future, cancel }
}

/// Who is on the runtime already goes on there: another task would be one more to wake.
fn run(work: BoxFuture<()>) -> BoxFuture<Result<()>> {
    let caught = AssertUnwindSafe(work).catch_unwind().map(|done| done.map_err(|_| error::internal()));
    Box::pin(async move {
        let own = running()?;
        if Handle::try_current().is_ok_and(|current| current.id() == own.id()) {
            return caught.await;
        }
        let (sender, receiver) = oneshot::channel();
        let _task = Task(own.spawn(async move {
            // If it cannot be delivered, no caller waits any more.
            let _ = sender.send(caught.await);
        }));
        receiver.await.unwrap_or_else(|_| Err(ended()))
    })
}

/// Runs a future on the runtime: a language with an event loop of its own waits for a call there, and tells the loop
/// when it is over. Aborting it drops it.
///
/// # Errors
/// `configuration` where no thread can be started, or the program is ending.
pub fn spawn(work: impl Future<Output = ()> + Send + 'static) -> Result<AbortHandle> {
    Ok(running()?.spawn(work).abort_handle())
}

fn ended() -> Error {
    error::at(api::ErrorKind::Configuration, "runtime", "was shut down, because the program is ending")
}

/// A running call. When this is dropped, no caller waits for it any more.
struct Task(JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Wakes the thread that waits.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for a call on this thread. Release the language's lock (Python's GIL, Ruby's GVL) before.
pub fn block_on<F: Future>(call: F) -> F::Output {
    let mut call = pin!(call);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match call.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

/// Waits for a call on this thread, and asks at least every so often whether to go on: a language looks there whether
/// the caller interrupts. None if it returned false: the call is cancelled.
///
/// # Errors
/// The result of `go_on`.
pub fn block_on_while<F: Future, E>(
    call: F,
    every: Duration,
    mut go_on: impl FnMut() -> std::result::Result<(), E>,
) -> std::result::Result<F::Output, E> {
    let mut call = pin!(call);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    loop {
        match call.as_mut().poll(&mut context) {
            Poll::Ready(output) => return Ok(output),
            Poll::Pending => thread::park_timeout(every),
        }
        go_on()?;
    }
}

/// Ends the runtime of this process, because the program is ending: its threads must not call into a language that is
/// going away. Calls under way fail, after at most two seconds: a create that was sent with `outcome_unknown`. Later ones are
/// refused, also if none was made before.
pub fn shutdown() {
    let Ok(own) = RUNTIME.get(|| Ok(Own::never_started())) else { return };
    own.is_shut_down.store(true, Ordering::Release);
    let end = own.end.lock().unwrap_or_else(PoisonError::into_inner).take();
    let Some(End { ask, ended }) = end else { return };
    // It may have ended already.
    let _ = ask.send(());
    if Handle::try_current().is_err() {
        // The runtime's own thread cannot wait for it.
        let _ = ended.recv_timeout(LONGEST_SHUTDOWN);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn call<T: Send + 'static>(
        operation: Option<&'static str>,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Work<Result<T>> {
        super::call(operation, work)
    }

    #[test]
    fn a_panic_in_a_call_becomes_a_fixed_sentence_and_the_runtime_lives_on() {
        let error = block_on(call::<()>(None, async { panic!("canary") })).unwrap_err();
        assert_eq!(error.kind(), api::ErrorKind::Internal);
        assert!(!format!("{error} {error:?}").contains("canary"));
        assert_eq!(block_on(call(None, async { Ok(7) })).unwrap(), 7);
    }

    #[test]
    fn racing_threads_agree_on_one_runtime() {
        let seen: Vec<usize> = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| Arc::as_ptr(&RUNTIME.get(Own::start).unwrap()).addr())).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(seen.windows(2).all(|pair| pair[0] == pair[1]), "{seen:?}");
    }

    #[test]
    fn what_is_spawned_waits_for_a_call_and_can_be_aborted() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let first = sender.clone();
        spawn(async move { first.send(call(None, async { Ok(7) }).await.unwrap()).unwrap() }).unwrap();
        assert_eq!(receiver.recv().unwrap(), 7);
        let hangs = spawn(async move {
            let _held = sender;
            std::future::pending::<()>().await;
        });
        hangs.unwrap().abort();
        assert!(receiver.recv().is_err(), "what it held is dropped");
    }

    #[test]
    fn a_panic_in_a_call_that_is_there_already_becomes_a_fixed_sentence_too() {
        let (sender, receiver) = std::sync::mpsc::channel();
        spawn(async move { sender.send(call::<()>(None, async { panic!("canary") }).await.unwrap_err()).unwrap() })
            .unwrap();
        let error = receiver.recv().unwrap();
        assert_eq!(error.kind(), api::ErrorKind::Internal);
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[test]
    fn an_executor_of_another_kind_can_wait_for_a_call() {
        // One step at a time, with a waker that does nothing: as UniFFI does it between two wake-ups.
        let mut future = pin!(call(None, async {
            tokio::time::sleep(Duration::from_millis(5)).await;
            Ok(())
        }));
        let mut context = Context::from_waker(Waker::noop());
        while future.as_mut().poll(&mut context).is_pending() {
            thread::sleep(Duration::from_millis(1));
        }
    }
}
