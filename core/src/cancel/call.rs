//! One create on its way, and the gate before its first byte.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use ::time::OffsetDateTime;
use tokio::time::Instant;

use super::{CURRENT, Cancelled, Rules, Scope};
use crate::{
    endpoint::{Endpoint, RetrySafety},
    error::{ErrorKind, KopoKopoError, Result},
    failure,
    response::ApiResponse,
    transport::{Reason, Sent, TransportError},
    types::Timestamp,
};

/// The state of one create, shared by the caller, the pipeline and the transport.
pub(super) struct CallState {
    rules: Rules,
    inner: Mutex<Inner>,
}

struct Inner {
    /// The number of the gate in use. Gates of abandoned attempts cannot be passed any more.
    generation: u32,
    attempts: u32,
    phase: Phase,
}

enum Phase {
    /// No request is being sent.
    Waiting,
    /// A request was sent, and its response has not been received yet.
    Sent { endpoint: Option<&'static Endpoint>, at: Timestamp },
    /// The call ended, and its result may not have been delivered.
    Ended(Undelivered),
    /// The call was cancelled, with the error to report if its request had been sent.
    Cancelled(Option<Box<KopoKopoError>>),
}

/// What a caller has to know who cancels the call before its result is delivered.
enum Undelivered {
    /// The server accepted the request. The error is made only if it is needed.
    Response(Arc<ApiResponse>),
    /// The error, if its outcome is unknown.
    Error(Option<Box<KopoKopoError>>),
}

impl CallState {
    pub(super) fn new(rules: Rules) -> Arc<Self> {
        Arc::new(Self { rules, inner: Mutex::new(Inner { generation: 0, attempts: 0, phase: Phase::Waiting }) })
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn has_ended(&self) -> bool {
        matches!(self.lock().phase, Phase::Ended(_))
    }

    pub(super) fn cancel(&self) -> Cancelled {
        let mut inner = self.lock();
        let attempts = inner.attempts;
        let unknown = match &inner.phase {
            Phase::Waiting => None,
            Phase::Sent { endpoint, at } => {
                endpoint.map(|endpoint| Box::new(failure::cancelled(endpoint, attempts, *at)))
            }
            Phase::Ended(Undelivered::Response(response)) => Some(Box::new(response.if_cancelled())),
            Phase::Ended(Undelivered::Error(unknown)) | Phase::Cancelled(unknown) => unknown.clone(),
        };
        let unknown = unknown.map(|error| match &self.rules.key {
            // One that has its key says it already.
            Some((key, fingerprint)) if error.idempotency_key().is_none() => {
                Box::new(error.with_suffix(failure::AGAIN).with_idempotency_key(key, Some(fingerprint.clone())))
            }
            _ => error,
        });
        inner.phase = Phase::Cancelled(unknown.clone());
        drop(inner);
        unknown.map_or(Cancelled::NotSent, |error| Cancelled::OutcomeUnknown(*error))
    }
}

/// A call of a create, from its first attempt to its result. Dropping it earlier cancels the call.
pub(crate) struct InFlight {
    state: Arc<CallState>,
    endpoint: &'static Endpoint,
    is_ended: bool,
}

impl InFlight {
    /// None for an idempotent operation: its cancellation needs no report.
    pub(crate) fn begin(endpoint: &'static Endpoint) -> Option<Self> {
        if endpoint.safety == RetrySafety::Idempotent {
            return None;
        }
        let state = CURRENT.try_with(Scope::begin).unwrap_or_else(|_| CallState::new(Rules::default()));
        Some(Self { state, endpoint, is_ended: false })
    }

    /// Returns the gate of the next attempt.
    pub(crate) fn gate(&self, latest: Instant) -> SendGate {
        self.state.lock().attempts += 1;
        SendGate::new(&self.state, Some(self.endpoint), Some(latest))
    }

    /// The last attempt had no effect: the call may be cancelled or retried.
    pub(crate) fn reopen(&self) {
        let mut inner = self.state.lock();
        if matches!(inner.phase, Phase::Sent { .. }) {
            inner.phase = Phase::Waiting;
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        matches!(self.state.lock().phase, Phase::Cancelled(_))
    }

    /// When the current request was sent.
    pub(crate) fn sent_at(&self) -> Option<Timestamp> {
        match &self.state.lock().phase {
            Phase::Sent { at, .. } => Some(*at),
            _ => None,
        }
    }

    /// The call has its result.
    pub(crate) fn end(mut self, outcome: &Result<Arc<ApiResponse>>) {
        self.is_ended = true;
        let undelivered = match outcome {
            Ok(response) => Undelivered::Response(Arc::clone(response)),
            Err(error) => {
                let is_unknown = error.kind() == ErrorKind::OutcomeUnknown;
                Undelivered::Error(is_unknown.then(|| Box::new(error.clone())))
            }
        };
        let mut inner = self.state.lock();
        if !matches!(inner.phase, Phase::Cancelled(_)) {
            inner.phase = Phase::Ended(undelivered);
        }
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.is_ended {
            return;
        }
        if let Cancelled::OutcomeUnknown(error) = self.state.cancel() {
            tracing::warn!(
                operation = self.endpoint.operation,
                sent_at = error.sent_at().map(|at| at.to_string()),
                "the call was dropped after its request was sent: outcome unknown"
            );
        }
    }
}

/// Decides whether a request may still be sent. A [`crate::transport::Transport`] passes it immediately before it sends
/// the first byte, and sends nothing if it is refused.
#[derive(Clone)]
pub struct SendGate {
    state: Arc<CallState>,
    generation: u32,
    endpoint: Option<&'static Endpoint>,
    latest: Option<Instant>,
}

impl SendGate {
    fn new(state: &Arc<CallState>, endpoint: Option<&'static Endpoint>, latest: Option<Instant>) -> Self {
        let generation = {
            let mut inner = state.lock();
            inner.generation += 1;
            inner.generation
        };
        Self { state: Arc::clone(state), generation, endpoint, latest }
    }

    /// Whether the request is a create.
    pub(crate) fn is_create(&self) -> bool {
        self.endpoint.is_some()
    }

    /// After this instant too little time is left for the response.
    pub(crate) fn latest(&self) -> Option<Instant> {
        self.latest
    }

    /// Requests permission to send the first byte now. Passing twice is the same as passing once.
    ///
    /// # Errors
    /// The request must not be sent: its call was cancelled or abandoned, or too little time is left for its response.
    pub fn pass(&self) -> Result<(), TransportError> {
        let refuse = |reason, detail: &str| Err(TransportError::new(Sent::No, reason, detail));
        let mut inner = self.state.lock();
        if inner.generation != self.generation {
            return refuse(Reason::Timeout, "the request timed out before it was sent");
        }
        match inner.phase {
            Phase::Sent { .. } => Ok(()),
            Phase::Waiting if self.latest.is_some_and(|latest| Instant::now() > latest) => {
                refuse(Reason::Timeout, TOO_LATE)
            }
            Phase::Waiting if self.state.rules.may_send.as_ref().is_some_and(|may_send| !may_send()) => {
                refuse(Reason::Timeout, TOO_LATE)
            }
            Phase::Waiting => {
                inner.phase = Phase::Sent { endpoint: self.endpoint, at: OffsetDateTime::now_utc().into() };
                Ok(())
            }
            Phase::Ended(_) | Phase::Cancelled(_) => refuse(Reason::Connection, "the call was cancelled"),
        }
    }

    /// Abandons the request. Returns [`Sent::No`] if the gate was not passed. Then it cannot be passed any more.
    pub fn close(&self) -> Sent {
        let mut inner = self.state.lock();
        if inner.generation != self.generation {
            return Sent::No;
        }
        match inner.phase {
            Phase::Sent { .. } | Phase::Cancelled(Some(_)) => Sent::Maybe,
            Phase::Waiting | Phase::Ended(_) | Phase::Cancelled(None) => {
                inner.generation += 1;
                Sent::No
            }
        }
    }
}

/// The error of a request that is not sent because its call's deadline is near.
pub(crate) const TOO_LATE: &str = "too little time was left to receive the response";

/// A gate that is never closed, for a request outside of a call.
impl Default for SendGate {
    fn default() -> Self {
        Self::new(&CallState::new(Rules::default()), None, None)
    }
}

impl fmt::Debug for SendGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendGate").finish_non_exhaustive()
    }
}
