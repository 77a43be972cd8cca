//! The default transport: reqwest over HTTP/1.1.
//!
//! HTTP/2 stays out on purpose: its GOAWAY and REFUSED_STREAM are where an HTTP client repeats requests on its own.
//! What reqwest's own retries could still do is switched off. The pool below it may move a request to a new connection
//! when the old one closed before the request was begun, and only then: the server can see it only once.

use std::{
    error::Error as StdError,
    fmt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt, future::BoxFuture};
use reqwest::{redirect, retry};
use rustls::pki_types::CertificateDer;
use tokio::time::{Instant, timeout_at};

use super::{HttpRequest, HttpResponse, Reason, SendGate, Sent, Transport, TransportError, tls};
use crate::error::{KopoKopoError, Result};

/// An answer larger than this is refused: no answer of the API comes near it.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// An idle connection is dropped after this long. Servers close idle connections too, and a create that meets such a
/// closing connection ends in `outcome_unknown`; leaving first makes that rare.
const IDLE: Duration = Duration::from_secs(15);

/// Which proxy carries the requests.
#[derive(Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Proxy {
    /// What HTTPS_PROXY, HTTP_PROXY, ALL_PROXY and NO_PROXY say. A loopback origin is always reached directly.
    #[default]
    Environment,
    /// None, whatever the environment says.
    Off,
    /// This one: `http://user:password@host:port`.
    Url(String),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "Environment",
            Self::Off => "Off",
            Self::Url(_) => "Url([redacted])",
        })
    }
}

/// How the default transport is set up.
#[derive(Debug, Clone, Default)]
pub(crate) struct HttpTransportOptions {
    pub(crate) proxy: Proxy,
    pub(crate) extra_roots: Vec<CertificateDer<'static>>,
    pub(crate) loopback_http: bool,
}

/// The default transport.
#[derive(Clone)]
pub struct HttpTransport(Arc<Inner>);

struct Inner {
    options: HttpTransportOptions,
    tls: rustls::ClientConfig,
    /// One client for each connect timeout in use: reqwest sets that timeout per client.
    clients: Mutex<Vec<(Duration, reqwest::Client)>>,
}

impl HttpTransport {
    /// The transport that a client of this origin has by default.
    ///
    /// # Errors
    /// `configuration` where TLS cannot be set up.
    pub fn for_origin(origin: &url::Url) -> Result<Self> {
        let loopback_http = origin.scheme() == "http" && crate::origin::is_loopback(origin);
        Self::new(HttpTransportOptions { loopback_http, ..HttpTransportOptions::default() })
    }

    /// Sets up TLS and checks the proxy's URL. Connects to nothing yet.
    pub(crate) fn new(options: HttpTransportOptions) -> Result<Self> {
        let tls = tls::client_config(&options.extra_roots, !options.loopback_http).map_err(|error| {
            KopoKopoError::configuration("extra_ca_certificates", format!("TLS could not be set up: {error}"))
        })?;
        if let Proxy::Url(url) = &options.proxy {
            check_proxy(url)?;
        }
        Ok(Self(Arc::new(Inner { options, tls, clients: Mutex::new(Vec::new()) })))
    }
}

/// Refuses a proxy URL that no client could use, without repeating it: it may hold a password.
pub(crate) fn check_proxy(url: &str) -> Result<()> {
    let scheme = url.split_once("://").map(|(scheme, _)| scheme.to_ascii_lowercase());
    let is_known = scheme.is_none_or(|scheme| matches!(scheme.as_str(), "http" | "https"));
    if is_known && reqwest::Proxy::all(url).is_ok() {
        return Ok(());
    }
    Err(KopoKopoError::configuration("proxy", "expected a URL such as http://proxy.example:3128"))
}

impl Inner {
    fn client(&self, connect_timeout: Duration) -> Result<reqwest::Client, TransportError> {
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, client)) = clients.iter().find(|(timeout, _)| *timeout == connect_timeout) {
            return Ok(client.clone());
        }
        let client = self.build(connect_timeout).map_err(|error| {
            TransportError::new(
                Sent::No,
                Reason::Setup,
                format!("the HTTP client could not be set up: {}", causes(&error)),
            )
        })?;
        clients.push((connect_timeout, client.clone()));
        Ok(client)
    }

    fn build(&self, connect_timeout: Duration) -> reqwest::Result<reqwest::Client> {
        let builder = reqwest::Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(connect_timeout)
            .pool_idle_timeout(IDLE);
        match &self.options.proxy {
            // Over plain http a proxy would read the token, so loopback is never sent through the environment's.
            Proxy::Environment if self.options.loopback_http => builder.no_proxy(),
            Proxy::Environment => builder,
            Proxy::Off => builder.no_proxy(),
            Proxy::Url(url) => builder.proxy(reqwest::Proxy::all(url)?),
        }
        .build()
    }
}

impl Transport for HttpTransport {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let inner = Arc::clone(&self.0);
        async move {
            let client = inner.client(request.connect_timeout)?;
            let (stalled, deadline) = (request.stalled_timeout, request.deadline);
            let mut outgoing = reqwest::Request::new(request.method, request.url);
            *outgoing.headers_mut() = request.headers;
            let gate = request.gate;
            if request.body.is_empty() {
                gate.pass()?;
            } else {
                *outgoing.body_mut() =
                    Some(reqwest::Body::wrap(GatedBody { gate: gate.clone(), bytes: Some(request.body) }));
            }
            let answer = match timeout_at(next_limit(stalled, deadline), client.execute(outgoing)).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(error)) => return Err(failure(&error, gate.close())),
                Err(_) => {
                    return Err(TransportError::new(gate.close(), Reason::Timeout, "no response was received in time"));
                }
            };
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            let body = read_body(answer, stalled, deadline).await;
            Ok(HttpResponse { status, headers, body })
        }
        .boxed()
    }

    fn passes_gate(&self) -> bool {
        true
    }
}

/// A body whose first poll is the moment before the request is written: the connection is there, and the head waits in
/// the same buffer. An error at that moment closes the connection with nothing written.
struct GatedBody {
    gate: SendGate,
    bytes: Option<Bytes>,
}

impl http_body::Body for GatedBody {
    type Data = Bytes;
    type Error = Refused;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<http_body::Frame<Bytes>, Refused>>> {
        let Some(bytes) = self.bytes.take() else { return Poll::Ready(None) };
        Poll::Ready(Some(self.gate.pass().map(|()| http_body::Frame::data(bytes)).map_err(Refused)))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> http_body::SizeHint {
        http_body::SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}

/// The gate refused the request.
#[derive(Debug)]
struct Refused(TransportError);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.detail)
    }
}

impl StdError for Refused {}

fn next_limit(stalled: Duration, deadline: Instant) -> Instant {
    Instant::now().checked_add(stalled).map_or(deadline, |limit| limit.min(deadline))
}

async fn read_body(
    mut answer: reqwest::Response,
    stalled: Duration,
    deadline: Instant,
) -> Result<Bytes, TransportError> {
    let mut body = BytesMut::new();
    loop {
        match timeout_at(next_limit(stalled, deadline), answer.chunk()).await {
            Ok(Ok(Some(chunk))) if body.len() + chunk.len() > MAX_ANSWER => {
                return Err(TransportError::new(Sent::Maybe, Reason::TooLarge, "the answer is larger than 64 MiB"));
            }
            Ok(Ok(Some(chunk))) => body.extend_from_slice(&chunk),
            Ok(Ok(None)) => return Ok(body.freeze()),
            Ok(Err(_)) => {
                return Err(TransportError::new(
                    Sent::Maybe,
                    Reason::Connection,
                    "the answer broke off before its end",
                ));
            }
            Err(_) => {
                return Err(TransportError::new(Sent::Maybe, Reason::Timeout, "the answer stopped before its end"));
            }
        }
    }
}

/// Tells what surely never left this machine (no connection was made, or the request was never begun on it) from all else.
fn failure(error: &reqwest::Error, sent: Sent) -> TransportError {
    if let Some(Refused(refused)) = chain(error).find_map(|cause| cause.downcast_ref::<Refused>()) {
        return refused.clone();
    }
    let reason = if error.is_timeout() { Reason::Timeout } else { Reason::Connection };
    if error.is_connect() {
        return TransportError::new(Sent::No, reason, format!("no connection could be made: {}", causes(error)));
    }
    let never_begun =
        chain(error).any(|cause| cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled));
    if never_begun {
        return TransportError::new(Sent::No, reason, "the connection closed before the request was begun");
    }
    TransportError::new(sent, reason, format!("the connection broke: {}", causes(error)))
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The innermost cause in words. The outer ones repeat the URL.
fn causes(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}
