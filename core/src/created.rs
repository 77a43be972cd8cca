//! The result of a create: a handle of the created resource.

use std::{fmt, marker::PhantomData};

use serde::Serialize;
use tokio::time::Instant;

use crate::{
    client::{Body, KopoKopo},
    endpoint::Endpoint,
    error::Result,
    failure, journal,
    resources::Resource,
    types::ResourceId,
    watch::{WaitOptions, Watch},
};

/// A request that the server accepted: its id, and methods to wait for the result. That it was accepted does not mean
/// it was paid.
pub struct Created<R> {
    client: KopoKopo,
    id: ResourceId,
    accepted: Instant,
    resource: PhantomData<fn() -> R>,
}

impl<R: Resource> Created<R> {
    pub(crate) fn new(client: KopoKopo, id: ResourceId) -> Self {
        Self { client, id, accepted: Instant::now(), resource: PhantomData }
    }

    /// The id. Store it: the resource can be read by it at any time.
    pub fn id(&self) -> &str {
        self.id.as_str()
    }

    /// The URL at which the resource can be read. It always has the client's own origin, even if the server named
    /// another host.
    pub fn location(&self) -> String {
        self.client.location(R::GET, &self.id)
    }

    /// Reads the current state.
    ///
    /// # Errors
    /// Those of every call.
    pub async fn get(&self) -> Result<R> {
        self.client.fetch(self.id.as_str()).await
    }

    /// Waits until the resource reaches a final state. Final does not mean successful: check the resource. The first
    /// poll is immediate.
    ///
    /// Transient failures (no connection, a timeout, 429, 5xx) do not end the wait.
    ///
    /// # Errors
    /// `not_final` if the timeout ends first; the request itself is not cancelled, fetch it later by its id.
    /// `invalid_request` for a timeout or interval of zero. Every error has the resource's id.
    pub async fn wait(&self, options: WaitOptions) -> Result<R> {
        self.watch(options)?.last().await
    }

    /// Returns the states as they change, up to the final one.
    ///
    /// # Errors
    /// `invalid_request` for a timeout or interval of zero.
    pub fn watch(&self, options: WaitOptions) -> Result<Watch<R>> {
        Watch::new(self.client.clone(), self.id.clone(), Some(self.accepted), options)
    }
}

impl KopoKopo {
    /// Performs a create.
    pub(crate) async fn create<R: Resource>(
        &self,
        endpoint: &'static Endpoint,
        request: &impl Serialize,
    ) -> Result<Created<R>> {
        let body = Body::json(request)?;
        let id = match (self.idempotency_key(), &body) {
            (Some(key), Body::Json(bytes)) => journal::create(self, endpoint, bytes, key).await?,
            _ => self.accepted(endpoint, body).await?,
        };
        Ok(Created::new(self.without_key(), id))
    }

    pub(crate) async fn accepted(&self, endpoint: &'static Endpoint, body: Body) -> Result<ResourceId> {
        let response = self.execute(endpoint, None, body).await?;
        response.created_id().inspect_err(failure::warn_if_unknown)
    }
}

impl<R> Clone for Created<R> {
    fn clone(&self) -> Self {
        Self { client: self.client.clone(), id: self.id.clone(), accepted: self.accepted, resource: PhantomData }
    }
}

impl<R> fmt::Debug for Created<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Created").field("id", &self.id.as_str()).finish_non_exhaustive()
    }
}
