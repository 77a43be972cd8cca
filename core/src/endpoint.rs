//! An endpoint: its name, method, path and retry safety.

use http::Method;

/// One operation of the API.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The operation's name in every language: `"incoming_payments.create"`.
    pub operation: &'static str,
    /// The HTTP method.
    pub method: Method,
    /// The path below the origin, with `{id}` where an id goes.
    pub path: &'static str,
    /// Whether the request may be sent again.
    pub safety: RetrySafety,
}

/// What a lost response means for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetrySafety {
    /// Reads, OAuth, polling and cancelling. A second request has no further effect, so every transient failure is
    /// retried.
    Idempotent,
    /// Creates. It is sent again only if no byte of it left this machine, or once after a 401.
    NonIdempotent {
        /// How a caller finds out if it took effect, after its response was lost.
        recovery_hint: &'static str,
    },
}

impl Endpoint {
    pub(crate) const fn get(operation: &'static str, path: &'static str) -> Self {
        Self { operation, method: Method::GET, path, safety: RetrySafety::Idempotent }
    }

    pub(crate) const fn post(operation: &'static str, path: &'static str, safety: RetrySafety) -> Self {
        Self { operation, method: Method::POST, path, safety }
    }
}
