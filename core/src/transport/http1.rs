//! The default transport: HTTP/1.1 over hyper's connections.
//!
//! HTTP/2 stays out on purpose: its GOAWAY and REFUSED_STREAM are where an HTTP client repeats requests on its own. The
//! connections are managed here, and not by a ready-made client, because three questions need an exact answer: whether
//! any byte of a request was written, whether the connection is older than the request, and which runtime polls it.

use std::{fmt, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, future::BoxFuture};
use http::{
    HeaderValue, Method, Request,
    header::{CONNECTION, CONTENT_LENGTH, HOST, LOCATION, PROXY_AUTHORIZATION},
};
use hyper::body::Incoming;
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout_at};
use url::{Position, Url};

use super::{
    HttpRequest, HttpResponse, Proxy, Reason, Sent, Transport, TransportError, check_proxy,
    connect::{Connector, Forward, innermost},
    connection::{Connection, RequestBody},
    pool::{IDLE, Pool},
    tls,
};
use crate::{
    detail::detail,
    error::{KopoKopoError, Result},
    redact::redact,
};

/// A response to a read that is larger than this is refused: no response of the API comes near it.
const MAX_RESPONSE: usize = 64 * 1024 * 1024;

/// This much is read of an error, and of the response to a create: what matters is shorter.
const MAX_SHORT_RESPONSE: usize = 64 * 1024;

/// How long the body of a create that was accepted is waited for. Its status and Location say all that matters.
const ACCEPTED_BODY: Duration = Duration::from_secs(1);

/// A create reuses no connection that has been idle for longer. Servers close idle connections after two seconds or more.
const IDLE_BEFORE_CREATE: Duration = Duration::from_secs(1);

/// How the default transport is set up.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpTransportOptions {
    pub(crate) proxy: Proxy,
    pub(crate) extra_roots: Vec<CertificateDer<'static>>,
    pub(crate) loopback_http: bool,
    /// Whether a request that creates something may use a connection that an earlier request made.
    pub(crate) reuse_for_creates: bool,
}

/// The default transport.
#[derive(Clone)]
pub struct HttpTransport(Arc<Inner>);

struct Inner {
    connector: Connector,
    pool: Pool,
    reuse_for_creates: bool,
}

impl HttpTransport {
    /// The transport that a client of this origin has by default.
    ///
    /// # Errors
    /// `configuration` if TLS cannot be set up, or a proxy variable of the environment is malformed.
    pub fn for_origin(origin: &Url) -> Result<Self> {
        let loopback_http = origin.scheme() == "http" && crate::origin::is_loopback(origin);
        let proxy = crate::environment_proxy::resolve(Proxy::Environment, origin)?;
        Self::new(&HttpTransportOptions { proxy, loopback_http, ..HttpTransportOptions::default() })
    }

    /// Sets up TLS and checks the proxy's URL. Connects to nothing yet.
    pub(crate) fn new(options: &HttpTransportOptions) -> Result<Self> {
        let tls = tls::client_config(&options.extra_roots, !options.loopback_http).map_err(|error| {
            let cause = redact(&error.to_string());
            KopoKopoError::configuration("extra_ca_certificates", detail!("TLS could not be set up: {}", cause))
        })?;
        let proxy = match &options.proxy {
            // Over plain http a proxy would read the token, so loopback is never sent through the environment's.
            Proxy::Environment if options.loopback_http => &Proxy::Off,
            proxy => proxy,
        };
        if let Proxy::Url(url) = proxy {
            check_proxy(url)?;
        }
        Ok(Self(Arc::new(Inner {
            connector: Connector::new(tls, proxy),
            pool: Pool::default(),
            reuse_for_creates: options.reuse_for_creates,
        })))
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let inner = Arc::clone(&self.0);
        async move { inner.send(&request).await }.boxed()
    }

    fn passes_gate(&self) -> bool {
        true
    }
}

impl Inner {
    async fn send(&self, request: &HttpRequest) -> Result<HttpResponse, TransportError> {
        let is_fresh = request.gate.is_create() && !self.reuse_for_creates;
        loop {
            let mut connection = self.connection(request, is_fresh).await?;
            connection.writes.arm(request.gate.clone(), request.deadline);
            let outgoing = outgoing(request, connection.forward.as_ref(), is_fresh);
            let limit = next_limit(request.stalled_timeout, request.deadline);
            let response = match timeout_at(limit, connection.send(outgoing)).await {
                Ok(Ok(response)) => response,
                // It was closed after it was taken from the pool. A new connection cannot have that fault.
                Ok(Err(_)) if connection.is_reused && !connection.writes.is_written() && !is_refused(&connection) => {
                    continue;
                }
                Ok(Err(error)) => return Err(broken(request, &connection, &error)),
                Err(_) => return Err(unanswered(request, &connection)),
            };
            let (head, mut body) = response.into_parts();
            let status = head.status.as_u16();
            let (body, is_complete) =
                Limits::of(request, status, head.headers.contains_key(LOCATION)).read(&mut connection, &mut body).await;
            connection.writes.disarm();
            if is_complete && !is_fresh {
                connection.detach();
                self.pool.put(request.url.origin(), connection);
            } else {
                connection.close().await;
            }
            return Ok(HttpResponse { status, headers: head.headers, body });
        }
    }

    async fn connection(&self, request: &HttpRequest, is_fresh: bool) -> Result<Connection, TransportError> {
        if !is_fresh {
            let max_idle = if request.gate.is_create() { IDLE_BEFORE_CREATE } else { IDLE };
            if let Some(mut connection) = self.pool.take(&request.url.origin(), max_idle).await {
                connection.is_reused = true;
                return Ok(connection);
            }
        }
        let limit = next_limit(request.connect_timeout, request.gate.latest().unwrap_or(request.deadline));
        let Ok(connected) = timeout_at(limit, self.connector.connect(&request.url)).await else {
            let host = &request.url[Position::BeforeHost..Position::AfterPort];
            let detail = format!("could not connect to {host} in time");
            return Err(TransportError::new(Sent::No, Reason::Timeout, detail));
        };
        Connection::new(connected?).await
    }
}

/// The request as it is written. A connection that serves one request says so, and the server need not wait for another.
fn outgoing(request: &HttpRequest, forward: Option<&Forward>, is_fresh: bool) -> Request<RequestBody> {
    let url = &request.url;
    let target =
        if forward.is_some() { &url[..Position::AfterQuery] } else { &url[Position::BeforePath..Position::AfterQuery] };
    let body = (!request.body.is_empty()).then(|| request.body.clone());
    let needs_length = body.is_none() && request.method != Method::GET && request.method != Method::HEAD;
    let mut outgoing = Request::new(RequestBody(body));
    *outgoing.method_mut() = request.method.clone();
    // A URL that was parsed is a URI.
    *outgoing.uri_mut() = target.parse().unwrap_or_default();
    let headers = outgoing.headers_mut();
    headers.clone_from(&request.headers);
    if let Ok(host) = HeaderValue::from_str(&url[Position::BeforeHost..Position::AfterPort]) {
        headers.insert(HOST, host);
    }
    if needs_length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    if is_fresh {
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    if let Some(authorization) = forward.and_then(|forward| forward.authorization.clone()) {
        headers.insert(PROXY_AUTHORIZATION, authorization);
    }
    outgoing
}

fn next_limit(stalled: Duration, deadline: Instant) -> Instant {
    Instant::now().checked_add(stalled).map_or(deadline, |limit| limit.min(deadline))
}

fn is_refused(connection: &Connection) -> bool {
    connection.writes.refused().is_some()
}

/// The connection ended without a response. What it has not written by now, it never will.
fn broken(request: &HttpRequest, connection: &Connection, error: &hyper::Error) -> TransportError {
    if let Some(refused) = connection.writes.refused() {
        return refused;
    }
    if Instant::now() >= request.deadline {
        return unanswered(request, connection);
    }
    if !connection.writes.is_written() {
        let detail = "the connection closed before the request was sent";
        return TransportError::new(Sent::No, Reason::Connection, detail);
    }
    let detail = format!("the connection closed before a response was received: {}", innermost(error));
    TransportError::new(Sent::Maybe, Reason::Connection, detail)
}

fn unanswered(request: &HttpRequest, connection: &Connection) -> TransportError {
    let mut sent = request.gate.close();
    if connection.is_driven_here() && !connection.writes.is_written() {
        sent = Sent::No;
    }
    TransportError::new(sent, Reason::Timeout, "no response was received in time")
}

/// How much of a body is read, and for how long.
struct Limits {
    bytes: usize,
    stalled: Duration,
    until: Instant,
    /// Whether the beginning is enough.
    may_be_cut: bool,
}

impl Limits {
    fn of(request: &HttpRequest, status: u16, has_location: bool) -> Self {
        let is_success = (200..300).contains(&status);
        let is_accepted = is_success && has_location && request.gate.is_create();
        Self {
            bytes: if is_success && !request.gate.is_create() { MAX_RESPONSE } else { MAX_SHORT_RESPONSE },
            stalled: request.stalled_timeout,
            until: if is_accepted { next_limit(ACCEPTED_BODY, request.deadline) } else { request.deadline },
            may_be_cut: !is_success,
        }
    }

    /// The body, or its beginning, and whether the connection is at its end.
    async fn read(
        &self,
        connection: &mut Connection,
        incoming: &mut Incoming,
    ) -> (Result<Bytes, TransportError>, bool) {
        let mut body = BytesMut::new();
        let (reason, detail) = loop {
            match timeout_at(next_limit(self.stalled, self.until), connection.chunk(incoming)).await {
                Ok(Some(Ok(chunk))) => {
                    let room = self.bytes - body.len();
                    body.extend_from_slice(&chunk[..room.min(chunk.len())]);
                    if chunk.len() > room {
                        break (Reason::TooLarge, format!("the response is larger than {} KiB", self.bytes / 1024));
                    }
                }
                Ok(None) => return (Ok(body.freeze()), true),
                Ok(Some(Err(_))) if Instant::now() < self.until => {
                    break (
                        Reason::Connection,
                        "the connection closed before the full response was received".to_owned(),
                    );
                }
                Ok(Some(Err(_))) | Err(_) => {
                    break (Reason::Timeout, "the full response was not received in time".to_owned());
                }
            }
        };
        let read =
            if self.may_be_cut { Ok(body.freeze()) } else { Err(TransportError::new(Sent::Maybe, reason, detail)) };
        (read, false)
    }
}
