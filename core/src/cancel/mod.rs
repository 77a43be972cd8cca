//! Cancelling a call. A create must not be reported as cancelled if it may have been sent, and must not be sent after
//! it was reported as cancelled. Both sides use one lock: the transport passes the [`SendGate`] immediately before the
//! first byte, and [`CancelHandle::cancel`] closes it.

mod call;

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tracing::Instrument;

use self::call::CallState;
pub use self::call::SendGate;
pub(crate) use self::call::{InFlight, TOO_LATE};
use crate::error::{ErrorKind, KopoKopoError, Result};

tokio::task_local! {
    static CURRENT: Scope;
}

/// Makes a call cancellable from any thread. The future runs the call; the handle cancels it. If the future makes
/// several creates, the handle cancels all of them.
///
/// ```no_run
/// # async fn example(client: kopokopo::KopoKopo, request: kopokopo::resources::IncomingPaymentRequest) {
/// let (handle, call) = kopokopo::cancellable(async move { client.incoming_payments().create(&request).await });
/// let task = tokio::spawn(call);
/// match handle.cancel() {
///     // The request was not sent and never will be.
///     kopokopo::Cancelled::NotSent => task.abort(),
///     // The request was sent and is not aborted: the error has kind `outcome_unknown`.
///     kopokopo::Cancelled::OutcomeUnknown(error) => eprintln!("{error}"),
///     _ => {}
/// }
/// # }
/// ```
pub fn cancellable<F: Future>(call: F) -> (CancelHandle, impl Future<Output = F::Output>) {
    let scope = Scope::new(Rules::default());
    (CancelHandle(scope.clone()), CURRENT.scope(scope, call))
}

/// Runs a create with an idempotency key on a task of its own, which ends even if the caller stops waiting. Then the call
/// counts as cancelled: a request that was not sent never will be, and the journal is still written.
pub(crate) async fn detached<T: Send + 'static>(
    rules: Rules,
    call: impl Future<Output = Result<T>> + Send + 'static,
) -> Result<T> {
    struct CancelOnDrop(Scope);
    impl Drop for CancelOnDrop {
        fn drop(&mut self) {
            if !self.0.lock().is_done {
                self.0.cancel();
            }
        }
    }
    if tokio::runtime::Handle::try_current().is_err() {
        return Err(KopoKopoError::no_runtime());
    }
    let key = rules.key.clone();
    let scope = Scope::new(rules);
    let _ = CURRENT.try_with(|outer| outer.nest(scope.clone()));
    let guard = CancelOnDrop(scope.clone());
    let outcome = tokio::spawn(CURRENT.scope(scope, call).in_current_span()).await;
    guard.0.lock().is_done = true;
    outcome.unwrap_or_else(|_| {
        let error = KopoKopoError::new(ErrorKind::OutcomeUnknown, "the call ended before its outcome was known, because its runtime was shut down or by a panic. Read the journal's record");
        Err(match key {
            Some((key, fingerprint)) => error.with_idempotency_key(&key, Some(fingerprint)),
            None => error,
        })
    })
}

/// Cancels a call. Made by [`cancellable`].
#[derive(Clone)]
pub struct CancelHandle(Scope);

/// The result of [`CancelHandle::cancel`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Cancelled {
    /// No create was sent, and none will be. Drop the call's future and report a normal cancellation.
    NotSent,
    /// A create was sent, and the caller has not received its response. Report this error, of kind `outcome_unknown`.
    /// The request continues in the background even if the call's future is dropped.
    OutcomeUnknown(KopoKopoError),
}

impl CancelHandle {
    /// Cancels the call and returns whether its request was sent. Never blocks. A second call returns the same result.
    /// After the call's result was delivered, the return value has no meaning. If several creates were sent, the error
    /// is that of the first.
    pub fn cancel(&self) -> Cancelled {
        self.0.cancel()
    }

    /// Whether a create with an idempotency key is under way, whose outcome is still written to the journal, also after
    /// [`cancel`](Self::cancel). The call's future ends after that.
    pub fn is_recording(&self) -> bool {
        self.0.lock().creates.iter().any(|create| matches!(create, Create::Detached(_)) && !create.has_ended())
    }
}

impl fmt::Debug for CancelHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelHandle").finish_non_exhaustive()
    }
}

/// What the creates of a scope have in common.
#[derive(Clone, Default)]
pub(crate) struct Rules {
    /// The idempotency key and the fingerprint, for the error of a cancelled call.
    pub(crate) key: Option<(String, String)>,
    /// Asked immediately before the first byte.
    pub(crate) may_send: Option<Arc<dyn Fn() -> bool + Send + Sync>>,
}

/// The creates that one future makes, one after the other or at the same time. Each has a state of its own.
#[derive(Clone)]
struct Scope(Arc<Mutex<ScopeState>>);

struct ScopeState {
    rules: Rules,
    creates: Vec<Create>,
    cancelled: Option<Cancelled>,
    /// The caller has the result.
    is_done: bool,
}

/// A create on this task, or one with a key, which has a task and a scope of its own.
enum Create {
    Here(Arc<CallState>),
    Detached(Scope),
}

impl Create {
    fn cancel(&self) -> Cancelled {
        match self {
            Self::Here(call) => call.cancel(),
            Self::Detached(scope) => scope.cancel(),
        }
    }

    fn has_ended(&self) -> bool {
        match self {
            Self::Here(call) => call.has_ended(),
            Self::Detached(scope) => scope.lock().is_done,
        }
    }
}

impl Scope {
    fn new(rules: Rules) -> Self {
        Self(Arc::new(Mutex::new(ScopeState { rules, creates: Vec::new(), cancelled: None, is_done: false })))
    }

    fn lock(&self) -> MutexGuard<'_, ScopeState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state of a new create.
    fn begin(&self) -> Arc<CallState> {
        let mut inner = self.lock();
        let state = CallState::new(inner.rules.clone());
        inner.add(Create::Here(Arc::clone(&state)));
        state
    }

    fn nest(&self, scope: Self) {
        self.lock().add(Create::Detached(scope));
    }

    fn cancel(&self) -> Cancelled {
        let mut inner = self.lock();
        if let Some(cancelled) = &inner.cancelled {
            return cancelled.clone();
        }
        // All of them are cancelled, also those after the first that was sent.
        let sent = inner.creates.iter().map(Create::cancel).fold(None, |sent, cancelled| match cancelled {
            Cancelled::OutcomeUnknown(error) => sent.or(Some(error)),
            Cancelled::NotSent => sent,
        });
        let cancelled = sent.map_or(Cancelled::NotSent, Cancelled::OutcomeUnknown);
        inner.cancelled = Some(cancelled.clone());
        cancelled
    }
}

impl ScopeState {
    fn add(&mut self, create: Create) {
        // A create that begins shows that the future has the results of earlier ones.
        self.creates.retain(|create| !create.has_ended());
        if self.cancelled.is_some() {
            create.cancel();
        }
        self.creates.push(create);
    }
}
