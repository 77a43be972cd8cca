//! Waiting until a resource reaches a final state. This is the only implementation of the polling policy, for every
//! language.

use std::{marker::PhantomData, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::stream::{self, Stream};
use tokio::time::{Instant, sleep_until};

use crate::{
    client::{ApiResponse, Body, KopoKopo},
    detail::detail,
    endpoint::Endpoint,
    error::{ErrorKind, KopoKopoError, Result},
    options::CallOptions,
    redact::{Redacted, redact},
    resources::Resource,
    types::ResourceId,
};

/// Options of a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitOptions {
    /// The time limit of the wait. Default 120 s, twice the time that a customer has to enter the PIN.
    pub timeout: Duration,
    /// The pause between the first poll, which is immediate, and the second. Each further pause is 1.5 times as long.
    /// Default 3 s.
    pub interval: Duration,
    /// The longest pause. Default 15 s.
    pub max_interval: Duration,
}

impl Default for WaitOptions {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(120),
            interval: Duration::from_secs(3),
            max_interval: Duration::from_secs(15),
        }
    }
}

impl WaitOptions {
    /// The default options with this timeout.
    pub fn timeout(timeout: Duration) -> Self {
        Self { timeout, ..Self::default() }
    }

    fn check(self) -> Result<Self> {
        for (field, duration) in
            [("timeout", self.timeout), ("interval", self.interval), ("max_interval", self.max_interval)]
        {
            if duration.is_zero() {
                return Err(KopoKopoError::invalid(field, "must be greater than zero"));
            }
        }
        Ok(self)
    }
}

/// A database replica of the server may not have a new resource yet. Within this time after a create, "not found" is
/// transient.
const NOT_FOUND_GRACE: Duration = Duration::from_secs(10);

/// The final poll begins at least this time before the deadline, and at least twice the time of the slowest poll so
/// far.
const FINAL_POLL_TIMEOUT: Duration = Duration::from_millis(100);

/// A pause that is longer than any program runs.
const FOREVER: Duration = Duration::from_secs(365 * 24 * 3600);

/// The longest state that an error repeats, in characters. The API's states are much shorter.
const MAX_STATE_LENGTH: usize = 60;

/// The states of a resource as they change, up to the final one. Returned by the `watch` method of a section or of
/// [`crate::Created`].
///
/// The first poll is immediate. Transient failures (no connection, a timeout, 429, 5xx) do not end the watch.
pub struct Watch<R> {
    poller: Poller,
    resource: PhantomData<fn() -> R>,
}

impl<R: Resource> Watch<R> {
    pub(crate) fn new(
        client: KopoKopo,
        id: ResourceId,
        created: Option<Instant>,
        options: WaitOptions,
    ) -> Result<Self> {
        let poller = Poller {
            client,
            endpoint: R::GET,
            id,
            options: options.check()?,
            grace: created.and_then(|created| created.checked_add(NOT_FOUND_GRACE)),
            snapshot: Snapshot::of::<R>,
            deadline: None,
            next_poll: None,
            pause: options.interval,
            slowest_poll: Duration::ZERO,
            state: None,
            failure: None,
            body: Bytes::new(),
            is_over: false,
        };
        Ok(Self { poller, resource: PhantomData })
    }

    /// Waits for the next state: first the current one, then each one that differs from the one before. `None` after
    /// the final state and after an error.
    ///
    /// # Errors
    /// `not_final` if the timeout ends before the state is final; the request itself is not cancelled. Any error that
    /// is not transient, such as `authentication`. Every error has the resource's id.
    pub async fn next(&mut self) -> Option<Result<R>> {
        let response = self.poller.next().await?;
        Some(response.and_then(|response| self.poller.read(&response)))
    }

    /// Waits for the final state. Final does not mean successful: check the resource.
    ///
    /// # Errors
    /// Those of [`Self::next`].
    pub async fn last(mut self) -> Result<R> {
        let response = self.poller.last().await?;
        self.poller.read(&response)
    }

    /// Polls once, without a pause before it. `None` if the state did not change, or if the poll failed and the watch
    /// continues.
    ///
    /// # Errors
    /// Those of [`Self::next`].
    pub async fn poll(&mut self) -> Result<Option<R>> {
        let response = self.poller.poll().await?;
        response.map(|response| self.poller.read(&response)).transpose()
    }

    /// The pause before the next [`Self::poll`]. `None` if the watch has ended: the last state was final.
    pub fn pause(&self) -> Option<Duration> {
        (!self.poller.is_over)
            .then(|| self.poller.next_poll.map_or(Duration::ZERO, |at| at.saturating_duration_since(Instant::now())))
    }

    /// The same states as a [`Stream`].
    pub fn into_stream(self) -> impl Stream<Item = Result<R>> + Send {
        stream::unfold(self, |mut watch| async move { watch.next().await.map(|state| (state, watch)) })
    }
}

/// The state in a response, independent of the type of the resource, so that the polling loop is not generic.
struct Snapshot {
    is_final: bool,
    state: Redacted,
}

impl Snapshot {
    fn of<R: Resource>(body: &[u8], id: &ResourceId) -> Result<Self> {
        let resource = R::from_response(body, id)?;
        Ok(Self { is_final: resource.is_final(), state: short(resource.state()) })
    }
}

fn short(state: &str) -> Redacted {
    redact(&state.chars().take(MAX_STATE_LENGTH).collect::<String>())
}

struct Poller {
    client: KopoKopo,
    endpoint: &'static Endpoint,
    id: ResourceId,
    options: WaitOptions,
    snapshot: fn(&[u8], &ResourceId) -> Result<Snapshot>,
    /// Until this time "not found" is transient.
    grace: Option<Instant>,
    /// Set by the first poll. `None` if the timeout is beyond the range of the clock.
    deadline: Option<Instant>,
    /// `None` before the first poll.
    next_poll: Option<Instant>,
    pause: Duration,
    slowest_poll: Duration,
    state: Option<Redacted>,
    /// Why the latest poll failed.
    failure: Option<ErrorKind>,
    body: Bytes,
    is_over: bool,
}

impl Poller {
    async fn last(&mut self) -> Result<Arc<ApiResponse>> {
        loop {
            match self.next().await {
                Some(Ok(response)) if self.is_over => return Ok(response),
                Some(Err(error)) => return Err(error),
                Some(Ok(_)) => {}
                None => return Err(KopoKopoError::new(ErrorKind::Internal, "a watch ended without a final state")),
            }
        }
    }

    async fn next(&mut self) -> Option<Result<Arc<ApiResponse>>> {
        while !self.is_over {
            if let Some(at) = self.next_poll {
                sleep_until(at).await;
            }
            if let Some(response) = self.poll().await.transpose() {
                return Some(response);
            }
        }
        None
    }

    async fn poll(&mut self) -> Result<Option<Arc<ApiResponse>>> {
        let started = Instant::now();
        if self.next_poll.is_none() {
            self.deadline = started.checked_add(self.options.timeout);
        } else if self.deadline.is_some_and(|deadline| started >= deadline) {
            self.is_over = true;
            return Err(self.not_final());
        }
        let outcome = self.fetch(started).await;
        self.slowest_poll = self.slowest_poll.max(started.elapsed());
        let mut retry_after = None;
        let changed = match outcome {
            Ok((response, snapshot)) => {
                self.is_over = snapshot.is_final;
                self.state = Some(snapshot.state);
                self.failure = None;
                let is_new = self.body != response.bytes();
                self.body = response.bytes();
                (is_new || self.is_over).then_some(response)
            }
            Err(error) if self.is_transient(&error) => {
                retry_after = error.retry_after();
                self.failure = Some(error.kind());
                None
            }
            Err(error) => {
                self.is_over = true;
                return Err(self.with_resource(error));
            }
        };
        self.schedule(retry_after);
        Ok(changed)
    }

    async fn fetch(&self, started: Instant) -> Result<(Arc<ApiResponse>, Snapshot)> {
        let left = self.deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(started));
        let timeout = left.min(self.client.total_timeout()).max(Duration::from_millis(1));
        let client = self.client.with_options(CallOptions { timeout: Some(timeout), ..CallOptions::default() })?;
        let response = client.execute(self.endpoint, Some(&self.id), Body::Empty).await?;
        let snapshot =
            (self.snapshot)(response.body()?, &self.id).map_err(|error| response.with_response_context(error))?;
        Ok((response, snapshot))
    }

    fn is_transient(&self, error: &KopoKopoError) -> bool {
        let is_early = || self.grace.is_some_and(|grace| Instant::now() < grace);
        error.is_transient() || (error.kind() == ErrorKind::NotFound && is_early())
    }

    /// Schedules the next poll after a pause. If too little time would be left for its response, the final poll begins
    /// earlier.
    fn schedule(&mut self, retry_after: Option<Duration>) {
        let now = Instant::now();
        let pause = self.pause.min(self.options.max_interval).max(retry_after.unwrap_or_default()).min(FOREVER);
        self.pause = self.pause.saturating_mul(3) / 2;
        let mut next = now + pause;
        if let Some(deadline) = self.deadline {
            let time = FINAL_POLL_TIMEOUT.max(self.slowest_poll * 2).min(self.options.timeout / 4);
            let last = deadline.checked_sub(time).unwrap_or(now);
            if next > last {
                next = if last > now { last } else { deadline };
            }
        }
        self.next_poll = Some(next);
    }

    fn not_final(&self) -> KopoKopoError {
        let timeout = self.options.timeout;
        let mut detail = match &self.state {
            Some(state) => detail!("still {} after {}", state, timeout),
            None => detail!("no state was received within {}", timeout),
        };
        if let Some(failure) = self.failure {
            detail.push(&detail!(" (the latest poll failed: {})", failure.as_str()));
        }
        detail.push(&detail!(". The request is not cancelled; fetch it later by id {}", self.id));
        self.with_resource(KopoKopoError::new(ErrorKind::NotFinal, detail).with_operation(self.endpoint.operation))
    }

    fn read<R: Resource>(&self, response: &ApiResponse) -> Result<R> {
        R::from_response(response.body()?, &self.id)
            .map_err(|error| self.with_resource(response.with_response_context(error)))
    }

    fn with_resource(&self, error: KopoKopoError) -> KopoKopoError {
        let location = self.client.location(self.endpoint, &self.id);
        error.with_resource(self.id.as_str(), location).with_state(self.state.clone())
    }
}

impl<R> std::fmt::Debug for Watch<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Watch").field("id", &self.poller.id.as_str()).finish_non_exhaustive()
    }
}
