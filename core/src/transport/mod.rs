//! The transport: the only module that sends HTTP requests.

mod clients;
mod gate;
mod http1;
mod provider;
mod proxy;
pub(crate) mod tls;

use std::{fmt, time::Duration};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, Method};
use tokio::time::Instant;
use url::Url;

pub use crate::cancel::SendGate;
pub use http1::HttpTransport;
pub(crate) use http1::HttpTransportOptions;
pub use proxy::Proxy;
pub(crate) use proxy::check_proxy;

/// Sends requests to the server and returns the responses. [`HttpTransport`] is the default. Tests and embedders can
/// set another one with [`crate::Builder::transport`].
///
/// A transport sends each request at most once, follows no redirect, and keeps to the request's timeouts. Its future
/// runs to its end on a separate task, even if the caller stops waiting.
pub trait Transport: Send + Sync + 'static {
    /// Sends one request and reads the whole response.
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, TransportError>>;

    /// Whether [`Self::send`] passes the request's [`SendGate`], immediately before the first byte. Default false: the
    /// gate is passed before `send` is called, so a call that is cancelled while it connects already counts as sent.
    fn passes_gate(&self) -> bool {
        false
    }
}

/// A complete request.
#[derive(Clone)]
pub struct HttpRequest {
    /// The method.
    pub method: Method,
    /// The absolute URL, always on the client's own origin.
    pub url: Url,
    /// All headers that the SDK sets. The authorization header is marked sensitive.
    pub headers: HeaderMap,
    /// The body, empty for none.
    pub body: Bytes,
    /// The time limit for connecting.
    pub connect_timeout: Duration,
    /// The time limit for a response that makes no progress.
    pub stalled_timeout: Duration,
    /// The deadline of the whole request.
    pub deadline: Instant,
    /// Passed immediately before the first byte is sent.
    pub gate: SendGate,
}

impl fmt::Debug for HttpRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRequest")
            .field("method", &self.method)
            .field("path", &self.url.path())
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// One response. If the body is incomplete, the status and headers are kept: for a create they are sufficient.
#[derive(Clone)]
pub struct HttpResponse {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, or the reason why it is incomplete.
    pub body: Result<Bytes, TransportError>,
}

impl HttpResponse {
    pub(crate) fn header(&self, name: http::HeaderName) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body. Empty if it is incomplete.
    pub(crate) fn body_or_empty(&self) -> &[u8] {
        self.body.as_deref().unwrap_or_default()
    }
}

impl fmt::Debug for HttpResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpResponse")
            .field("status", &self.status)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .finish_non_exhaustive()
    }
}

/// The reason why a request has no response.
#[derive(Debug, Clone)]
pub struct TransportError {
    /// Whether any byte of the request may have left this machine. If that is not certain: [`Sent::Maybe`].
    pub sent: Sent,
    /// What happened.
    pub reason: Reason,
    /// A description, without URL, headers or body.
    pub detail: String,
}

/// Whether a request left this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sent {
    /// No byte of it left this machine, so it is safe to send it again.
    No,
    /// Some bytes of it may have left this machine.
    Maybe,
}

/// What happened to a request without a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The transport could not be set up.
    Setup,
    /// Could not connect, or the connection broke.
    Connection,
    /// A time limit was exceeded.
    Timeout,
    /// The response is larger than the limit.
    TooLarge,
}

impl TransportError {
    pub(crate) fn new(sent: Sent, reason: Reason, detail: impl Into<String>) -> Self {
        Self { sent, reason, detail: detail.into() }
    }
}
