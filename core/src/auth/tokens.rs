//! The tokens of one client: the shared cell, and requests over this client's own transport.

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::time::{Instant, sleep_until, timeout, timeout_at};

use super::{
    AccessToken, TOKEN, Token, TokenSource,
    cache::{CachedToken, Caller, FAILURE_PAUSE, Route, Step, TokenCell},
    oauth,
};
use crate::{
    client::Credentials,
    detail::detail,
    error::{ErrorKind, KopoKopoError, Result},
    pipeline::{Call, Limits, Pipeline},
    redact::Redactor,
};

/// After this time without a reply, a token source is asked again. A slow source can outlive the call that asked it: its
/// token is for later calls.
const MAX_REPLY_TIME: Duration = Duration::from_secs(60);

/// The origin of a client's tokens.
pub(crate) enum Origin {
    /// The token endpoint.
    Credentials { pipeline: Arc<Pipeline>, credentials: Credentials },
    /// The application, whose errors have none of the client's secrets.
    Source(Arc<dyn TokenSource>, Redactor),
}

/// The tokens of one client.
pub(crate) struct Tokens {
    pub(crate) cell: Arc<TokenCell>,
    pub(crate) origin: Origin,
    pub(crate) route: Route,
    /// The client's total timeout. A call with a shorter timeout stops waiting; the token request continues for later
    /// calls.
    pub(crate) total: Duration,
}

impl Tokens {
    /// Returns a valid token. Waits at most until the deadline.
    pub(crate) async fn get(&self, limits: Limits, deadline: Instant) -> Result<Arc<CachedToken>> {
        let limits = Limits { total: limits.total.max(self.total), ..limits };
        let fetch = || self.origin.fetch(limits, &self.cell);
        let holds_refusals = matches!(self.origin, Origin::Credentials { .. });
        let caller = Caller { route: self.route, limits, deadline, holds_refusals, fetch: &fetch };
        loop {
            let (flight, until) = match self.cell.step(&caller) {
                Step::Use(token) => return Ok(token),
                Step::Refuse { error, left } => {
                    return Err(self.origin.call_error(&with_next_request_time(error, left)));
                }
                Step::Pause(until) => {
                    sleep_until(until).await;
                    continue;
                }
                Step::Wait { flight, until } => (flight, until.map_or(deadline, |until| until.min(deadline))),
            };
            let outcome = timeout_at(until, flight.outcome.clone()).await;
            if let Ok(Some(Ok(token))) = outcome {
                return Ok(token);
            }
            // While the old token is valid, a failed or slow renewal does not matter.
            if let Some(token) = self.cell.usable() {
                return Ok(token);
            }
            match outcome {
                // This call has a later deadline or larger limits than the call that began the flight.
                Ok(Some(Err(error)))
                    if (error.kind() == ErrorKind::Timeout && flight.deadline < deadline)
                        || (error.kind() != ErrorKind::Authentication && !flight.covers(&limits)) => {}
                Ok(Some(Err(error))) => return Err(self.origin.call_error(&error)),
                Err(_) if Instant::now() >= deadline => return Err(self.origin.timeout()),
                _ => {}
            }
        }
    }
}

/// A recorded failure, with the time until the next token request.
fn with_next_request_time(error: KopoKopoError, left: Duration) -> KopoKopoError {
    if left <= FAILURE_PAUSE {
        return error;
    }
    let rounded = Duration::from_millis(u64::try_from(left.as_millis()).unwrap_or(u64::MAX).next_multiple_of(100));
    let retry_after = error.retry_after().map(|_| left);
    error
        .with_suffix(detail!(". The next token request is sent in {} at the earliest", rounded))
        .with_retry_after(retry_after)
}

impl Origin {
    fn fetch(&self, limits: Limits, cell: &Arc<TokenCell>) -> BoxFuture<'static, Result<AccessToken>> {
        match self {
            Self::Source(source, redactor) => {
                // The application's code runs inside of the future, where the cell is not locked.
                let (source, redactor, cell) = (Arc::clone(source), redactor.clone(), Arc::clone(cell));
                async move {
                    let limit = limits.total.max(MAX_REPLY_TIME);
                    let Ok(reply) = timeout(limit, source.token()).await else { return Err(source_timeout()) };
                    match reply {
                        Ok(token) => token.checked("the token source"),
                        // A source that renews a token can quote the old one.
                        Err(error) => {
                            Err(error.redacted_by(&redactor.with(cell.latest().as_deref().map(|latest| &latest.token))))
                        }
                    }
                }
                .boxed()
            }
            Self::Credentials { pipeline, credentials } => {
                let (pipeline, credentials) = (Arc::clone(pipeline), credentials.clone());
                async move { request(&pipeline, &credentials, limits).await }.boxed()
            }
        }
    }

    /// The error of a call that got no token. An error of a token source gets no prefix.
    fn call_error(&self, error: &KopoKopoError) -> KopoKopoError {
        let error = error.clone();
        if matches!(self, Self::Source(..)) {
            return error;
        }
        error.with_prefix("the token request failed, so nothing else was sent: ")
    }

    fn timeout(&self) -> KopoKopoError {
        match self {
            Self::Source(..) => source_timeout(),
            Self::Credentials { .. } => KopoKopoError::new(
                ErrorKind::Timeout,
                "the token request did not finish in time, so nothing else was sent",
            ),
        }
    }
}

fn source_timeout() -> KopoKopoError {
    KopoKopoError::new(ErrorKind::Timeout, "the token source returned no token in time, so nothing was sent")
}

/// Requests a token. The kind of an error is `authentication`, `connection`, `timeout`, `rate_limit`, `api` or
/// `configuration`. It is not `decode` or `not_found`, which would describe the caller's resource.
async fn request(pipeline: &Pipeline, credentials: &Credentials, limits: Limits) -> Result<AccessToken> {
    let body = credentials.form(&[("grant_type", "client_credentials")]);
    let outcome = pipeline.run(Call { endpoint: &TOKEN, path: TOKEN.path.into(), body, limits, tokens: None }).await;
    let token = outcome.and_then(|response| {
        let token: Token = oauth::parse(&response)?;
        AccessToken { token: token.access_token, expires_in: token.expires_in.map(Duration::from_secs) }
            .checked("the token endpoint")
    });
    token.map_err(|error| match error.kind() {
        ErrorKind::Permission => error.with_kind(ErrorKind::Authentication),
        ErrorKind::Decode | ErrorKind::InvalidRequest | ErrorKind::NotFound => error.with_kind(ErrorKind::Api),
        _ => error,
    })
}
