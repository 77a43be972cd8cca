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

/// How long the look at the very end of a wait may take.
const LAST_LOOK: Duration = Duration::from_secs(5);

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
        let answer = self.client.settled(R::GET, &self.id, options, Seen::of::<R>).await?;
        R::from_body(answer.body()?).map_err(|error| answer.explain(error))
    }
}

/// What was seen of a thing, whatever it is: the wait is there once, and reads its last answer again into its type.
struct Seen {
    is_final: bool,
    state: String,
}

impl Seen {
    fn of<R: Resource>(body: &[u8]) -> Result<Self> {
        R::from_body(body).map(|resource| Self { is_final: resource.is_final(), state: resource.state().to_owned() })
    }
}

impl KopoKopo {
    /// Waits until a thing is final, and answers how it then stands.
    async fn settled(
        &self,
        endpoint: &'static Endpoint,
        id: &ResourceId,
        options: WaitOptions,
        seen: fn(&[u8]) -> Result<Seen>,
    ) -> Result<Answer> {
        for (field, duration) in
            [("timeout", options.timeout), ("interval", options.interval), ("max_interval", options.max_interval)]
        {
            if duration.is_zero() {
                return Err(KopoKopoError::invalid(field, "must be longer than nothing"));
            }
        }
        let began = Instant::now();
        let deadline = began.checked_add(options.timeout);
        let mut pause = options.interval;
        loop {
            let next = Instant::now() + pause.min(options.max_interval);
            // Where the rest of the time is less than a pause, there is one look at its very end.
            let end = deadline.filter(|deadline| next >= *deadline);
            sleep_until(end.unwrap_or(next)).await;
            let until = end.map_or(deadline, |_| Instant::now().checked_add(LAST_LOOK));
            let state = match self.look(endpoint, id, until, seen).await {
                Ok((answer, Seen { is_final: true, .. })) => return Ok(answer),
                Ok((_, seen)) => seen.state,
                Err(error) if error.is_passing() => error.to_string(),
                Err(error) => return Err(error),
            };
            if end.is_some() {
                let detail = format!(
                    "not final after {:?}, last seen: {state}. Nothing is lost: read it later by its id {}",
                    options.timeout,
                    id.as_str()
                );
                return Err(KopoKopoError::new(ErrorKind::Timeout, detail).with_operation(endpoint.operation));
            }
            pause = pause.saturating_mul(3) / 2;
        }
    }

    async fn look(
        &self,
        endpoint: &'static Endpoint,
        id: &ResourceId,
        until: Option<Instant>,
        seen: fn(&[u8]) -> Result<Seen>,
    ) -> Result<(Answer, Seen)> {
        let left = until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
        let timeout = left.min(self.total_timeout()).max(Duration::from_millis(1));
        let client = self.with_options(CallOptions { timeout: Some(timeout), ..CallOptions::default() })?;
        let answer = client.execute(endpoint, Some(id), Body::Empty).await?;
        let seen = seen(answer.body()?).map_err(|error| answer.explain(error))?;
        Ok((answer, seen))
    }

    /// Performs an operation that creates something.
    pub(crate) async fn create<R: Resource>(
        &self,
        endpoint: &'static Endpoint,
        request: &impl Serialize,
    ) -> Result<Created<R>> {
        let id = self.accepted(endpoint, Body::json(request)?).await?;
        Ok(Created::new(self.clone(), id))
    }

    async fn accepted(&self, endpoint: &'static Endpoint, body: Body) -> Result<ResourceId> {
        let answer = self.execute(endpoint, None, body).await?;
        match answer.location().map(ResourceId::from_location) {
            Some(Ok(id)) => Ok(id),
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
