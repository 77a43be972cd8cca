//! The shared state of one set of credentials: its token, the token requests in progress, and recent failures.
//!
//! Clients with the same credentials share only the token: each fetches it over its own transport. Failures are
//! recorded per [`Route`], so a wrong proxy of one client does not fail other clients.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::{runtime, time::Instant};

use super::AccessToken;
use crate::{
    error::{ErrorKind, KopoKopoError, Result},
    pipeline::Limits,
    process::PerProcess,
    retry::{MAX_RETRY_AFTER, RetryBudget},
    types::Secret,
};

/// If a token has at most this lifetime left, it is renewed in the background while calls still use it.
const RENEW_IN_BACKGROUND: Duration = Duration::from_secs(5 * 60);
/// If a token has at most this lifetime left, calls wait a short time for a new one.
const RENEW_FIRST: Duration = Duration::from_secs(60);
/// The longest time that a renewal delays calls, counted from its start, while the old token is valid. A call waits at
/// most half of the token's remaining lifetime.
const MAX_RENEWAL_WAIT: Duration = Duration::from_secs(2);
/// The shortest time between two renewals while the old token is valid.
const RENEWAL_PAUSE: Duration = Duration::from_secs(5);
/// The longest time that a call waits for a token request on another runtime, counted from its start. That runtime may
/// be idle: a current-thread runtime makes progress only inside of `block_on`.
const MAX_WAIT_ON_OTHER_RUNTIME: Duration = Duration::from_secs(1);
/// After the server refused the credentials, no token request is sent for this time. It doubles with each refusal.
const FIRST_REFUSAL_HOLD: Duration = Duration::from_secs(1);
/// The upper limit of this time.
const MAX_REFUSAL_HOLD: Duration = Duration::from_secs(30);
/// After any other failure the next token request waits for this time, or longer if the server asks for it.
pub(super) const FAILURE_PAUSE: Duration = Duration::from_millis(250);
/// If the server refused a new token too, no token is replaced because of a 401 for this time.
const REAUTHENTICATION_PAUSE: Duration = Duration::from_secs(1);
/// Above this number of credentials in one process, those that no client uses are removed.
const MAX_CELLS: usize = 1024;
/// The number of routes whose failures are kept.
const MAX_ROUTES: usize = 32;

/// A digest of the settings that determine the network route of a request. Equal routes fail in the same way.
pub(crate) type Route = [u8; 32];

/// `None`: the task was dropped together with its runtime.
type Outcome = Option<Result<Arc<CachedToken>>>;

/// A token in use.
pub(crate) struct CachedToken {
    pub(crate) token: Secret,
    fetched: Instant,
    lifetime: Option<Duration>,
}

impl CachedToken {
    fn remaining(&self, now: Instant) -> Duration {
        self.lifetime
            .map_or(Duration::MAX, |lifetime| lifetime.saturating_sub(now.saturating_duration_since(self.fetched)))
    }

    /// The renewal window. It shrinks with the lifetime, so that a token of a few minutes is not renewed at every call.
    fn window(&self, longest: Duration, share: u32) -> Duration {
        self.lifetime.map_or(Duration::ZERO, |lifetime| longest.min(lifetime / share))
    }
}

/// A token request in progress. All calls that need its result share it.
#[derive(Clone)]
pub(super) struct Flight {
    pub(super) outcome: Shared<BoxFuture<'static, Outcome>>,
    pub(super) limits: Limits,
    pub(super) deadline: Instant,
    route: Route,
    runtime: runtime::Id,
    started: Instant,
    is_finished: Arc<AtomicBool>,
}

impl Flight {
    /// Whether the flight uses the same limits as this call.
    fn has_same_limits(&self, limits: &Limits) -> bool {
        self.covers(limits) && limits.connect >= self.limits.connect && limits.stalled >= self.limits.stalled
    }

    /// Whether the flight has limits at least as large as these. Then a call with them would not succeed either.
    pub(super) fn covers(&self, limits: &Limits) -> bool {
        self.limits.connect >= limits.connect
            && self.limits.stalled >= limits.stalled
            && self.limits.retries.max_retries >= limits.retries.max_retries
    }

    /// The time until which a call waits for the flight. `None`: until the call's deadline.
    fn wait_until(&self, limits: &Limits) -> Option<Instant> {
        let other_runtime = (self.runtime != runtime::Handle::current().id()).then_some(MAX_WAIT_ON_OTHER_RUNTIME);
        let other_limits = (!self.has_same_limits(limits)).then(|| limits.connect.saturating_add(limits.stalled));
        let max_wait = other_runtime.into_iter().chain(other_limits).min()?;
        self.started.checked_add(max_wait)
    }
}

/// The next step of a call that needs a token.
pub(super) enum Step {
    Use(Arc<CachedToken>),
    Wait {
        flight: Flight,
        until: Option<Instant>,
    },
    Pause(Instant),
    /// The latest failure, and the time until the next token request.
    Refuse {
        error: KopoKopoError,
        left: Duration,
    },
}

/// A call that needs a token, and how it would fetch one.
pub(super) struct Caller<'a> {
    pub(super) route: Route,
    pub(super) limits: Limits,
    pub(super) deadline: Instant,
    pub(super) holds_refusals: bool,
    pub(super) fetch: &'a (dyn Fn() -> BoxFuture<'static, Result<AccessToken>> + Send + Sync),
}

/// The token of one set of credentials.
pub(crate) struct TokenCell {
    state: Mutex<State>,
    /// The retry budget of these credentials.
    pub(crate) budget: Arc<RetryBudget>,
}

#[derive(Default)]
struct State {
    cached: Option<Arc<CachedToken>>,
    flights: Vec<Flight>,
    failures: Vec<(Route, Failure)>,
    latest: Option<Arc<CachedToken>>,
    renew_after: Option<Instant>,
    reauthenticate_after: Option<Instant>,
}

/// The latest failure of a route.
#[derive(Clone)]
struct Failure {
    error: KopoKopoError,
    until: Instant,
    refusals: u32,
}

impl State {
    fn failure(&self, route: &Route) -> Option<&Failure> {
        self.failures.iter().find(|(other, _)| other == route).map(|(_, failure)| failure)
    }

    fn usable(&self, now: Instant) -> Option<Arc<CachedToken>> {
        self.cached.clone().filter(|cached| !cached.remaining(now).is_zero())
    }

    /// A flight that this call may wait for, and the time until which it waits.
    fn joinable(&self, caller: &Caller<'_>, now: Instant) -> Option<(Flight, Option<Instant>)> {
        let flights = self.flights.iter().rev().filter(|flight| flight.route == caller.route);
        flights
            .map(|flight| (flight, flight.wait_until(&caller.limits)))
            .find(|(_, until)| until.is_none_or(|until| now < until))
            .map(|(flight, until)| (flight.clone(), until))
    }

    fn may_renew(&self, now: Instant) -> bool {
        self.renew_after.is_none_or(|after| now >= after)
    }
}

impl TokenCell {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { state: Mutex::default(), budget: Arc::new(RetryBudget::new()) })
    }

    /// The cell that all clients of this process with the same credentials share. So a program that makes a client for
    /// every request still fetches one token. The key is a digest: it reveals no credential.
    pub(crate) fn shared(key: [u8; 32]) -> Result<Arc<Self>> {
        static CELLS: PerProcess<Mutex<HashMap<[u8; 32], Arc<TokenCell>>>> = PerProcess::new();
        let cells = CELLS.get(|| Ok(Mutex::default()))?;
        let mut cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(&key) {
            return Ok(Arc::clone(cell));
        }
        if cells.len() >= MAX_CELLS {
            cells.retain(|_, cell| Arc::strong_count(cell) > 1);
        }
        let cell = Self::new();
        cells.insert(key, Arc::clone(&cell));
        Ok(cell)
    }

    /// Returns the next step of a call: use the token, wait for a flight, pause, or fail.
    pub(super) fn step(self: &Arc<Self>, caller: &Caller<'_>) -> Step {
        let now = Instant::now();
        let mut state = self.lock();
        state.flights.retain(|flight| !flight.is_finished.load(Ordering::Acquire));
        if let Some(cached) = state.usable(now) {
            return self.step_with_token(&mut state, cached, caller, now);
        }
        if let Some((flight, until)) = state.joinable(caller, now) {
            return Step::Wait { flight, until };
        }
        if let Some(Failure { error, until, .. }) = state.failure(&caller.route)
            && now < *until
        {
            let is_refusal = caller.holds_refusals && error.kind() == ErrorKind::Authentication;
            let left = until.saturating_duration_since(now);
            let is_long = left > FAILURE_PAUSE;
            return if is_refusal || *until >= caller.deadline || (is_long && caller.limits.retries.max_retries == 0) {
                Step::Refuse { error: error.clone(), left }
            } else {
                Step::Pause(*until)
            };
        }
        Step::Wait { flight: self.begin(&mut state, caller, now), until: None }
    }

    fn step_with_token(
        self: &Arc<Self>,
        state: &mut State,
        cached: Arc<CachedToken>,
        caller: &Caller<'_>,
        now: Instant,
    ) -> Step {
        let left = cached.remaining(now);
        if left > cached.window(RENEW_IN_BACKGROUND, 4) {
            return Step::Use(cached);
        }
        let flight = state.joinable(caller, now).map(|(flight, _)| flight).or_else(|| {
            let begins = state.may_renew(now);
            begins.then(|| self.begin(state, caller, now))
        });
        // After a failed renewal, calls use the old token while the next renewal runs.
        let waits = left <= cached.window(RENEW_FIRST, 10) && state.failure(&caller.route).is_none();
        match flight {
            Some(flight) if waits && now < flight.started + MAX_RENEWAL_WAIT => {
                // The old token must still be valid after the wait.
                let until = (flight.started + MAX_RENEWAL_WAIT).min(now + left / 2);
                Step::Wait { flight, until: Some(until) }
            }
            _ => Step::Use(cached),
        }
    }

    /// The token, if it has not expired.
    pub(super) fn usable(&self) -> Option<Arc<CachedToken>> {
        self.lock().usable(Instant::now())
    }

    /// The latest token, also if it has expired or was refused.
    pub(super) fn latest(&self) -> Option<Arc<CachedToken>> {
        self.lock().latest.clone()
    }

    /// Removes a token, unless it has been replaced already.
    pub(crate) fn forget(&self, token: &Secret) {
        let mut state = self.lock();
        if state.cached.as_ref().is_some_and(|cached| cached.token.matches(token.expose().as_bytes())) {
            state.cached = None;
        }
    }

    /// Whether a call may be sent again after the server refused its token with 401. Removes the token, unless it has
    /// been replaced already. Replacing a token costs one retry of the budget. It is free for a call whose token has
    /// been replaced, so that a revoked token fails none of the calls that use it at the same time.
    pub(crate) fn reauthenticate(&self, refused: &Secret) -> bool {
        let mut state = self.lock();
        if state.reauthenticate_after.is_some_and(|after| Instant::now() < after) {
            return false;
        }
        if state.cached.as_ref().is_some_and(|cached| cached.token.matches(refused.expose().as_bytes())) {
            if !self.budget.withdraw() {
                return false;
            }
            state.cached = None;
        }
        true
    }

    /// The server refused a new token too: for a short time a 401 does not replace the token.
    pub(crate) fn reauthentication_failed(&self) {
        self.lock().reauthenticate_after = Instant::now().checked_add(REAUTHENTICATION_PAUSE);
    }

    /// Begins a flight. It runs on a separate task, so a cancelled call does not cancel it for the others.
    fn begin(self: &Arc<Self>, state: &mut State, caller: &Caller<'_>, now: Instant) -> Flight {
        let (cell, route, holds_refusals) = (Arc::clone(self), caller.route, caller.holds_refusals);
        let is_finished = Arc::new(AtomicBool::new(false));
        let end = FinishGuard(Arc::clone(&is_finished));
        let fetch = (caller.fetch)();
        let task = tokio::spawn(async move {
            let _end = end;
            let outcome = fetch.await;
            cell.record(route, holds_refusals, outcome)
        });
        let outcome = task
            .map(|joined| match joined {
                Ok(outcome) => Some(outcome),
                Err(error) if error.is_cancelled() => None,
                Err(_) => Some(Err(KopoKopoError::new(ErrorKind::Internal, "the token request panicked"))),
            })
            .boxed()
            .shared();
        state.renew_after = now.checked_add(RENEWAL_PAUSE);
        let flight = Flight {
            outcome,
            limits: caller.limits,
            deadline: now.checked_add(caller.limits.total).unwrap_or(caller.deadline),
            route,
            runtime: runtime::Handle::current().id(),
            started: now,
            is_finished,
        };
        state.flights.push(flight.clone());
        flight
    }

    fn record(&self, route: Route, holds_refusals: bool, outcome: Result<AccessToken>) -> Result<Arc<CachedToken>> {
        let now = Instant::now();
        let mut state = self.lock();
        let refusals = state.failure(&route).map_or(0, |failure| failure.refusals);
        state.failures.retain(|(other, _)| *other != route);
        let error = match outcome {
            Ok(AccessToken { token, expires_in }) => {
                let cached = Arc::new(CachedToken { token, fetched: now, lifetime: expires_in });
                state.cached = Some(Arc::clone(&cached));
                state.latest = Some(Arc::clone(&cached));
                state.renew_after = None;
                return Ok(cached);
            }
            Err(error) => error,
        };
        let is_refusal = holds_refusals && error.kind() == ErrorKind::Authentication;
        let hold = if is_refusal {
            FIRST_REFUSAL_HOLD.saturating_mul(1 << refusals.min(10)).min(MAX_REFUSAL_HOLD)
        } else {
            error.retry_after().unwrap_or_default().clamp(FAILURE_PAUSE, MAX_RETRY_AFTER)
        };
        // If the token is still valid, the credentials worked a short time ago: the hold does not grow.
        let refusals = if is_refusal && state.usable(now).is_none() { refusals.saturating_add(1) } else { 0 };
        if state.failures.len() >= MAX_ROUTES {
            state.failures.remove(0);
        }
        state.failures.push((route, Failure { error: error.clone(), until: now + hold, refusals }));
        state.renew_after = state.renew_after.max(now.checked_add(hold.max(RENEWAL_PAUSE)));
        Err(error)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Marks a flight as finished when its task ends for any reason, such as a panic or the end of its runtime. It takes no
/// lock, because a runtime that shuts down drops its tasks while the cell may be locked.
struct FinishGuard(Arc<AtomicBool>);

impl Drop for FinishGuard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
