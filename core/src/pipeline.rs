//! One call: token, request, response and retries.

use std::{borrow::Cow, sync::Arc, time::Duration};

use bytes::Bytes;
use http::{
    HeaderMap, HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION, USER_AGENT},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use tokio::{
    task::AbortHandle,
    time::{Instant, sleep, timeout_at},
};
use tracing::{Instrument, Span, field::Empty};

use crate::{
    auth::Tokens,
    cancel::{InFlight, TOO_LATE},
    detail::detail,
    endpoint::{Endpoint, RetrySafety},
    error::{ErrorKind, KopoKopoError, Result},
    failure,
    origin::Origin,
    redact::{Redactor, json_error},
    response::ApiResponse,
    retry::{MAX_RETRY_AFTER, RetryBudget, RetryOptions, retry_after},
    transport::{HttpRequest, HttpResponse, Reason, SendGate, Sent, Transport, TransportError},
    types::{ResourceId, Secret},
};

/// A transport ends a request at its deadline. If it does not, the call ends without it after this time.
const GRACE: Duration = Duration::from_millis(250);

/// The body of a request.
#[derive(Clone)]
pub(crate) enum Body {
    Empty,
    Json(Bytes),
    Form(Bytes),
}

impl Body {
    pub(crate) fn json(value: &impl Serialize) -> Result<Self> {
        let bytes = serde_json::to_vec(value).map_err(|error| {
            let why = json_error(&error);
            KopoKopoError::new(ErrorKind::Internal, detail!("the request could not be written as JSON: {}", why))
        })?;
        Ok(Self::Json(bytes.into()))
    }

    fn content_type(&self) -> Option<HeaderValue> {
        match self {
            Self::Empty => None,
            Self::Json(_) => Some(HeaderValue::from_static("application/json")),
            Self::Form(_) => Some(HeaderValue::from_static("application/x-www-form-urlencoded")),
        }
    }

    fn bytes(&self) -> Bytes {
        match self {
            Self::Empty => Bytes::new(),
            Self::Json(bytes) | Self::Form(bytes) => bytes.clone(),
        }
    }
}

/// The limits of one call.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) connect: Duration,
    pub(crate) stalled: Duration,
    pub(crate) total: Duration,
    pub(crate) retries: RetryOptions,
}

/// One call.
pub(crate) struct Call<'a> {
    pub(crate) endpoint: &'static Endpoint,
    /// The path below the origin, with its query.
    pub(crate) path: Cow<'static, str>,
    pub(crate) body: Body,
    pub(crate) limits: Limits,
    /// None: the request has no token.
    pub(crate) tokens: Option<&'a Tokens>,
}

/// The layer between operations and the transport.
pub(crate) struct Pipeline {
    origin: Arc<Origin>,
    user_agent: HeaderValue,
    transport: Arc<dyn Transport>,
    budget: Arc<RetryBudget>,
    /// Redacts this client's own secrets.
    redactor: Redactor,
}

impl Pipeline {
    pub(crate) fn new(
        origin: Origin,
        user_agent: HeaderValue,
        transport: Arc<dyn Transport>,
        budget: Arc<RetryBudget>,
        redactor: Redactor,
    ) -> Self {
        Self { origin: Arc::new(origin), user_agent, transport, budget, redactor }
    }

    /// Runs a call, and returns the response if its status is 2xx.
    pub(crate) async fn run(&self, call: Call<'_>) -> Result<Arc<ApiResponse>> {
        let endpoint = call.endpoint;
        let span = tracing::info_span!(
            "kopokopo",
            operation = endpoint.operation,
            http.request.method = endpoint.method.as_str(),
            url.template = endpoint.path,
            http.response.status_code = Empty,
            attempts = Empty,
            error = Empty,
        );
        async {
            let in_flight = InFlight::begin(endpoint);
            let outcome = self.attempt(call, in_flight.as_ref()).await.map(Arc::new);
            if let Some(in_flight) = in_flight {
                in_flight.end(&outcome);
            }
            let span = Span::current();
            match &outcome {
                Ok(response) => {
                    span.record("http.response.status_code", response.http.status)
                        .record("attempts", response.attempts);
                }
                Err(error) => {
                    span.record("error", error.kind().as_str()).record("attempts", error.attempts());
                    error.status().map(|status| span.record("http.response.status_code", status));
                    failure::warn_if_unknown(error);
                }
            }
            outcome
        }
        .instrument(span)
        .await
    }

    async fn attempt(&self, call: Call<'_>, in_flight: Option<&InFlight>) -> Result<ApiResponse> {
        let Call { endpoint, limits, .. } = call;
        let deadline = Instant::now()
            .checked_add(limits.total)
            .ok_or_else(|| KopoKopoError::configuration("timeouts.total", "is too long"))?;
        // The last moment at which a request may be sent.
        let latest = in_flight.map_or(deadline, |_| deadline - least_time_for_response(limits.total));
        let (mut attempts, mut retries, mut reauthenticated) = (0, 0, false);
        self.budget.deposit();
        loop {
            let token = match call.tokens {
                Some(tokens) => {
                    let token = tokens.get(limits, deadline).await;
                    Some(token.map_err(|error| error.with_operation(endpoint.operation).with_attempts(attempts))?)
                }
                None => None,
            };
            attempts += 1;
            let gate = in_flight.map_or_else(SendGate::default, |in_flight| in_flight.gate(latest));
            let outcome = self.send(&call, token.as_ref().map(|token| &token.token), deadline, gate).await;
            let redactor = || self.redactor.with(token.as_ref().map(|token| &token.token));
            let (error, transient, retry_after) = match outcome {
                Ok(response) if is_usable(&response, endpoint) => {
                    let sent_at = in_flight.and_then(InFlight::sent_at);
                    let redactor = self.redactor.clone();
                    let (origin, path) = (Arc::clone(&self.origin), call.path);
                    return Ok(ApiResponse {
                        http: response,
                        endpoint,
                        origin,
                        path,
                        attempts,
                        redactor,
                        token,
                        sent_at,
                    });
                }
                Ok(response) => {
                    if let (401, Some(tokens), Some(token)) = (response.status, call.tokens, &token) {
                        if reauthenticated {
                            tokens.cell.reauthentication_failed();
                        } else if tokens.cell.reauthenticate(&token.token) {
                            reauthenticated = true;
                            in_flight.inspect(|in_flight| in_flight.reopen());
                            continue;
                        }
                    }
                    match &response.body {
                        Err(broken) if (200..300).contains(&response.status) => {
                            (failure::lost(endpoint, broken, &redactor()), broken.reason != Reason::TooLarge, None)
                        }
                        _ => {
                            let retry_after = retry_after(&response);
                            let error =
                                failure::refused(endpoint, &response, retry_after, reauthenticated, &redactor());
                            (error, is_transient(response.status), retry_after)
                        }
                    }
                }
                Err(lost) => {
                    let may_retry = lost.reason != Reason::Setup
                        && (lost.sent == Sent::No || endpoint.safety == RetrySafety::Idempotent);
                    (failure::lost(endpoint, &lost, &redactor()), may_retry, None)
                }
            };
            let mut error = error.with_operation(endpoint.operation).with_attempts(attempts);
            if let Some(in_flight) = in_flight {
                if error.kind() == ErrorKind::OutcomeUnknown {
                    error = error.with_sent_at(in_flight.sent_at());
                } else {
                    in_flight.reopen();
                }
                if in_flight.is_cancelled() {
                    return Err(error);
                }
            }
            if !transient || !is_retryable(endpoint, &error) || retries >= limits.retries.max_retries {
                return Err(error);
            }
            let left = latest.saturating_duration_since(Instant::now());
            let pause = retry_after
                .map_or_else(|| limits.retries.wait(retries), |after| limits.retries.wait_after(after, left));
            if let Some(reason) = self.retry_stop_reason(retry_after, pause, left) {
                return Err(error.with_suffix(reason));
            }
            retries += 1;
            tracing::debug!(
                kind = error.kind().as_str(),
                attempt = attempts,
                pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX),
                "retrying"
            );
            sleep(pause).await;
        }
    }

    /// The reason not to retry, if any.
    fn retry_stop_reason(
        &self,
        retry_after: Option<Duration>,
        pause: Duration,
        left: Duration,
    ) -> Option<&'static str> {
        if retry_after.is_some_and(|after| after > MAX_RETRY_AFTER) {
            return Some("; not retried: the server asks for a longer pause than 60 s");
        }
        if left <= pause {
            return Some("; not retried: no time is left");
        }
        (!self.budget.withdraw()).then_some("; not retried: retry budget exhausted")
    }

    /// Sends one request on a separate task. The task runs to its end even if the caller stops waiting.
    async fn send(
        &self,
        call: &Call<'_>,
        token: Option<&Secret>,
        deadline: Instant,
        gate: SendGate,
    ) -> Result<HttpResponse, TransportError> {
        if gate.latest().is_some_and(|latest| Instant::now() > latest) {
            return Err(TransportError::new(Sent::No, Reason::Timeout, TOO_LATE));
        }
        let endpoint = call.endpoint;
        let headers = self.headers(&call.body, token)?;
        let request = HttpRequest {
            method: endpoint.method.clone(),
            url: self.origin.url(&call.path),
            headers,
            body: call.body.bytes(),
            connect_timeout: call.limits.connect,
            stalled_timeout: call.limits.stalled,
            deadline,
            gate: gate.clone(),
        };
        if !self.transport.passes_gate() {
            gate.pass()?;
        }
        let task = tokio::spawn(self.transport.send(request).in_current_span());
        let unsent = AbortUnsent { task: task.abort_handle(), gate };
        match timeout_at(deadline + GRACE, task).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => {
                Err(TransportError::new(unsent.gate.close(), Reason::Connection, "the transport was aborted"))
            }
            Err(_) => {
                Err(TransportError::new(unsent.gate.close(), Reason::Timeout, "the transport exceeded its deadline"))
            }
        }
    }

    fn headers(&self, body: &Body, token: Option<&Secret>) -> Result<HeaderMap, TransportError> {
        let mut headers = HeaderMap::with_capacity(4);
        headers.insert(USER_AGENT, self.user_agent.clone());
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(content_type) = body.content_type() {
            headers.insert(CONTENT_TYPE, content_type);
        }
        if let Some(token) = token {
            let mut value = HeaderValue::from_str(&format!("Bearer {}", token.expose())).map_err(|_| {
                TransportError::new(
                    Sent::No,
                    Reason::Setup,
                    "the access token has characters that are invalid in a header",
                )
            })?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        Ok(headers)
    }
}

/// Aborts a request when its caller stops waiting, unless the request has been sent.
struct AbortUnsent {
    task: AbortHandle,
    gate: SendGate,
}

impl Drop for AbortUnsent {
    fn drop(&mut self) {
        if self.gate.close() == Sent::No {
            self.task.abort();
        }
    }
}

/// A create is not sent if less time than this is left for its response.
pub(crate) fn least_time_for_response(total: Duration) -> Duration {
    (total / 4).min(Duration::from_secs(2))
}

/// All characters except those that are unreserved in RFC 3986.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The endpoint's path with the id in its place.
pub(crate) fn path(endpoint: &Endpoint, id: Option<&ResourceId>) -> Cow<'static, str> {
    id.map_or(Cow::Borrowed(endpoint.path), |id| {
        endpoint.path.replace("{id}", &utf8_percent_encode(id.as_str(), SEGMENT).to_string()).into()
    })
}

/// The status and the Location of a create are sufficient. Its body does not matter.
fn is_usable(response: &HttpResponse, endpoint: &Endpoint) -> bool {
    (200..300).contains(&response.status)
        && (response.body.is_ok()
            || endpoint.safety != RetrySafety::Idempotent
            || response.headers.contains_key(LOCATION))
}

const fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 429 | 500 | 502 | 503 | 504)
}

/// A create is sent again only if no byte of it was sent. `failure` decides that, and the kind of its error says so.
fn is_retryable(endpoint: &Endpoint, error: &KopoKopoError) -> bool {
    endpoint.safety == RetrySafety::Idempotent
        || (error.status().is_none() && error.kind() != ErrorKind::OutcomeUnknown)
}
