//! The default transport: reqwest over HTTP/1.1.
//!
//! HTTP/2 is not used, because HTTP clients repeat requests automatically after GOAWAY and REFUSED_STREAM. reqwest's
//! own retries are switched off. Its connection pool may move a request to a new connection only if the old one closed
//! before the request began, so the server receives it only once.

use std::{error::Error as StdError, fmt, mem, sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, future::BoxFuture};
use http::{
    HeaderValue, Method,
    header::{CONNECTION, CONTENT_LENGTH, LOCATION},
};
use rustls::pki_types::CertificateDer;
use tokio::{
    task::yield_now,
    time::{Instant, timeout_at},
};
use url::{Position, Url};

use super::{
    HttpRequest, HttpResponse, Proxy, Reason, Sent, Transport, TransportError, check_proxy,
    clients::{Clients, Runtimes, with_connect_limit},
    gate::{GatedBody, Refused},
    tls,
};
use crate::{
    detail::detail,
    error::{KopoKopoError, Result},
    redact::redact,
};

/// The largest response to a read, in bytes. Responses of the API are much smaller.
const MAX_RESPONSE: usize = 32 * 1024 * 1024;

/// The most that is read of an error, or of the response to a create, in bytes.
const MAX_SHORT_RESPONSE: usize = 64 * 1024;

/// The time limit for the body of the response to an accepted create. Its status and Location are sufficient.
const ACCEPTED_BODY: Duration = Duration::from_secs(1);

/// Options of the default transport.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpTransportOptions {
    pub(crate) proxy: Proxy,
    pub(crate) extra_roots: Vec<CertificateDer<'static>>,
    pub(crate) loopback_http: bool,
    /// Whether a create may use a connection of an earlier request.
    pub(crate) reuse_for_creates: bool,
}

/// The default transport.
#[derive(Clone)]
pub struct HttpTransport(Arc<Inner>);

struct Inner {
    options: HttpTransportOptions,
    tls: rustls::ClientConfig,
    runtimes: Runtimes,
}

impl HttpTransport {
    /// Returns the default transport of a client of this origin.
    ///
    /// # Errors
    /// `configuration` if TLS cannot be set up, or a proxy variable of the environment is malformed.
    pub fn for_origin(origin: &Url) -> Result<Self> {
        let loopback_http = origin.scheme() == "http" && crate::origin::is_loopback(origin);
        let proxy = crate::environment_proxy::resolve(Proxy::Environment, origin)?;
        Self::new(HttpTransportOptions { proxy, loopback_http, ..HttpTransportOptions::default() })
    }

    /// Sets up TLS and checks the proxy's URL. Does not connect.
    pub(crate) fn new(options: HttpTransportOptions) -> Result<Self> {
        let tls = tls::client_config(&options.extra_roots, !options.loopback_http).map_err(|error| {
            let cause = redact(&error.to_string());
            KopoKopoError::configuration("extra_ca_certificates", detail!("TLS could not be set up: {}", cause))
        })?;
        if let Proxy::Url(url) = &options.proxy {
            check_proxy(url)?;
        }
        Ok(Self(Arc::new(Inner { options, tls, runtimes: Runtimes::default() })))
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").finish_non_exhaustive()
    }
}

impl Transport for HttpTransport {
    fn send(&self, mut request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let inner = Arc::clone(&self.0);
        async move { inner.send(&mut request).await }.boxed()
    }

    fn passes_gate(&self) -> bool {
        true
    }
}

impl Inner {
    async fn send(&self, request: &mut HttpRequest) -> Result<HttpResponse, TransportError> {
        let clients = self.runtimes.current(|| Clients::new(&self.tls, &self.options)).map_err(|error| {
            let detail = format!("the HTTP client could not be set up: {}", innermost(&error));
            TransportError::new(Sent::No, Reason::Setup, detail)
        })?;
        let is_create = request.gate.is_create();
        let is_fresh = is_create && !self.options.reuse_for_creates;
        let client = if is_create { clients.creates } else { clients.reads };
        if !is_fresh {
            // The runtime checks for events only between tasks. After two yields, the task of an idle connection has
            // handled earlier events (the server closed it, or sent an unsolicited response), and has closed it.
            yield_now().await;
            yield_now().await;
        }
        let connect_limit = next_limit(request.connect_timeout, request.gate.latest().unwrap_or(request.deadline));
        let limit = next_limit(request.stalled_timeout, request.deadline);
        let outgoing = outgoing(request, is_fresh)?;
        let mut response = match timeout_at(limit, with_connect_limit(connect_limit, client.execute(outgoing))).await {
            Ok(Ok(response)) => response,
            Ok(Err(error)) => return Err(failure(request, &error, &self.options.proxy)),
            Err(_) => {
                return Err(TransportError::new(
                    request.gate.close(),
                    Reason::Timeout,
                    "no response was received in time",
                ));
            }
        };
        let (status, headers) = (response.status().as_u16(), mem::take(response.headers_mut()));
        let body = Limits::of(request, status, headers.contains_key(LOCATION)).read(response).await;
        Ok(HttpResponse { status, headers, body })
    }
}

/// The request as it is written. On a fresh connection it has `Connection: close`, so that the server does not wait for
/// another request. The headers are moved, because nothing else needs them.
fn outgoing(request: &mut HttpRequest, is_fresh: bool) -> Result<reqwest::Request, TransportError> {
    let mut outgoing = reqwest::Request::new(request.method.clone(), request.url.clone());
    *outgoing.headers_mut() = mem::take(&mut request.headers);
    if request.body.is_empty() {
        // Without a body, the moment of writing is unknown. The request is a read or another idempotent operation.
        request.gate.pass()?;
        if request.method != Method::GET && request.method != Method::HEAD {
            outgoing.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
    } else {
        let body = GatedBody { gate: request.gate.clone(), bytes: Some(request.body.clone()) };
        *outgoing.body_mut() = Some(reqwest::Body::wrap(body));
    }
    if is_fresh {
        outgoing.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    Ok(outgoing)
}

fn next_limit(stalled: Duration, deadline: Instant) -> Instant {
    Instant::now().checked_add(stalled).map_or(deadline, |limit| limit.min(deadline))
}

/// Converts a reqwest error. [`Sent::No`] means that the request certainly did not leave this machine: the gate was not
/// passed.
fn failure(request: &HttpRequest, error: &reqwest::Error, proxy: &Proxy) -> TransportError {
    if let Some(Refused(refused)) = chain(error).find_map(|cause| cause.downcast_ref::<Refused>()) {
        return refused.clone();
    }
    let reason = if error.is_timeout() { Reason::Timeout } else { Reason::Connection };
    let cause = innermost(error);
    if error.is_connect() {
        let host = &request.url[Position::BeforeHost..Position::AfterHost];
        let port = request.url.port_or_known_default().unwrap_or_default();
        let way = if matches!(proxy, Proxy::Url(_)) { " through the proxy" } else { "" };
        let detail = match reason {
            Reason::Timeout => format!("could not connect to {host}:{port}{way} in time"),
            _ => format!("could not connect to {host}:{port}{way}: {cause}"),
        };
        return TransportError::new(Sent::No, reason, detail);
    }
    let is_unstarted =
        chain(error).any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled));
    if is_unstarted || request.gate.close() == Sent::No {
        return TransportError::new(Sent::No, reason, "the connection closed before the request was sent");
    }
    TransportError::new(Sent::Maybe, reason, format!("the connection closed before a response was received: {cause}"))
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The text of the innermost cause. The outer causes repeat the URL.
fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// Limits for reading a body.
struct Limits {
    bytes: usize,
    stalled: Duration,
    until: Instant,
    /// Whether the beginning of the body is sufficient.
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

    async fn read(&self, mut response: reqwest::Response) -> Result<Bytes, TransportError> {
        let mut body = BytesMut::new();
        let (reason, detail) = loop {
            match timeout_at(next_limit(self.stalled, self.until), response.chunk()).await {
                Ok(Ok(Some(chunk))) => {
                    let room = self.bytes - body.len();
                    body.extend_from_slice(&chunk[..room.min(chunk.len())]);
                    if chunk.len() > room {
                        break (Reason::TooLarge, format!("the response is larger than {} KiB", self.bytes / 1024));
                    }
                }
                Ok(Ok(None)) => return Ok(body.freeze()),
                Ok(Err(_)) => {
                    let detail = "the connection closed before the full response was received";
                    break (Reason::Connection, detail.to_owned());
                }
                Err(_) => break (Reason::Timeout, "the full response was not received in time".to_owned()),
            }
        };
        if self.may_be_cut { Ok(body.freeze()) } else { Err(TransportError::new(Sent::Maybe, reason, detail)) }
    }
}
