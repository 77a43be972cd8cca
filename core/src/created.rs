//! What a create answers: a handle to the thing that now exists.

use std::{fmt, marker::PhantomData, time::Duration};

use serde::Serialize;
use tokio::time::{Instant, sleep_until};

use crate::{
    client::{Answer, Body, KopoKopo},
    endpoint::{Endpoint, Safety},
    error::{ErrorKind, KopoKopoError, Result},
    options::CallOptions,
    resources::Resource,
    types::ResourceId,
};

/// How [`Created::wait`] waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WaitOptions {
    /// Give up after this long. Default 120 s, twice what a customer has to enter the PIN.
    pub timeout: Duration,
    /// The pause before the first look. Each further one is half as long again. Default 3 s.
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
    /// The defaults with another timeout.
    pub fn timeout(timeout: Duration) -> Self {
        Self { timeout, ..Self::default() }
    }
}

/// A request that the server accepted: its id, and how it goes on. That it was accepted does not mean it was paid.
pub struct Created<R> {
    client: KopoKopo,
    id: ResourceId,
    resource: PhantomData<fn() -> R>,
}

impl<R: Resource> Created<R> {
    pub(crate) fn new(client: KopoKopo, id: ResourceId) -> Self {
        Self { client, id, resource: PhantomData }
    }

    /// The id to store: with it the thing can be read at any time.
    pub fn id(&self) -> &str {
        self.id.as_str()
    }

    /// Where it can be read, on the client's own origin whatever host the server named.
    pub fn location(&self) -> String {
        self.client.location(R::GET, &self.id)
    }

    /// Reads it as it stands now.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn get(&self) -> Result<R> {
        self.client.fetch(self.id.as_str()).await
    }

    /// Looks again and again until its state is final. Final is not the same as successful: ask the answer.
    ///
    /// Passing failures (no connection, a timeout, 429, 5xx) do not end the wait; everything else does.
    ///
    /// # Errors
    /// `timeout` when the state was not final in time: nothing is lost, read it later by its id. `invalid_request` for
    /// an interval of zero. Else those of every call.
    pub async fn wait(&self, options: WaitOptions) -> Result<R> {
        for (field, duration) in
            [("timeout", options.timeout), ("interval", options.interval), ("max_interval", options.max_interval)]
        {
            if duration.is_zero() {
                return Err(KopoKopoError::invalid(field, "must be longer than nothing"));
            }
        }
        let began = Instant::now();
        let deadline = began.checked_add(options.timeout);
        let (mut pause, mut last) = (options.interval, None);
        loop {
            let next = Instant::now() + pause.min(options.max_interval);
            if deadline.is_some_and(|deadline| next >= deadline) {
                return self.last_look(deadline.unwrap_or(next), last, options.timeout).await;
            }
            sleep_until(next).await;
            match self.look(deadline).await {
                Ok(resource) if resource.is_final() => return Ok(resource),
                outcome => last = Some(passing(outcome)?),
            }
            pause = pause.saturating_mul(3) / 2;
        }
    }

    /// The rest of the time is less than a pause: one look at its very end.
    async fn last_look(&self, deadline: Instant, last: Option<String>, timeout: Duration) -> Result<R> {
        sleep_until(deadline).await;
        let state = match self.look(Instant::now().checked_add(Duration::from_secs(5))).await {
            Ok(resource) if resource.is_final() => return Ok(resource),
            outcome => passing(outcome).map(Some)?.or(last).unwrap_or_default(),
        };
        let detail = format!(
            "not final after {timeout:?}, last seen: {state}. Nothing is lost: read it later by its id {}",
            self.id()
        );
        Err(KopoKopoError::new(ErrorKind::Timeout, detail).with_operation(R::GET.operation))
    }

    async fn look(&self, deadline: Option<Instant>) -> Result<R> {
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
        let timeout = left.min(self.client.total_timeout()).max(Duration::from_millis(1));
        self.client
            .with_options(CallOptions { timeout: Some(timeout), ..CallOptions::default() })?
            .fetch(self.id.as_str())
            .await
    }
}

impl KopoKopo {
    /// Performs an operation that creates something.
    pub(crate) async fn create<R: Resource>(
        &self,
        endpoint: &'static Endpoint,
        request: &impl Serialize,
    ) -> Result<Created<R>> {
        let answer = self.execute(endpoint, None, Body::json(request)?).await?;
        match answer.location().map(ResourceId::from_location) {
            Some(Ok(id)) => Ok(Created::new(self.clone(), id)),
            found => Err(no_location(endpoint, &answer, found.is_some())),
        }
    }
}

fn no_location(endpoint: &'static Endpoint, answer: &Answer, malformed: bool) -> KopoKopoError {
    let fault = if malformed { "a Location that names no resource" } else { "no Location" };
    let error = match endpoint.safety {
        Safety::Repeatable => {
            KopoKopoError::decode(format!("the server accepted the request with {fault}, so its id is unknown"))
        }
        Safety::Once { find_out } => KopoKopoError::new(
            ErrorKind::OutcomeUnknown,
            format!(
                "the server accepted the request with {fault}: it very likely took effect, under an id that is unknown. Do not send it again. {find_out}"
            ),
        ),
    };
    answer.explain(error)
}

/// What was last seen, where the wait may go on.
fn passing<R: Resource>(outcome: Result<R>) -> Result<String> {
    match outcome {
        Ok(resource) => Ok(resource.state().to_owned()),
        Err(error) if error.is_passing() => Ok(error.to_string()),
        Err(error) => Err(error),
    }
}

impl<R> Clone for Created<R> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), id: self.id.clone(), resource: PhantomData }
    }
}

impl<R> fmt::Debug for Created<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Created").field("id", &self.id.as_str()).finish_non_exhaustive()
    }
}
