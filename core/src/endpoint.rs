//! An endpoint is one row: its name, method, path and retry safety.

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
    /// Whether repeating the request can do harm.
    pub safety: Safety,
}

/// What a lost answer means for an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Safety {
    /// Reading, OAuth, polling and cancelling: repeating it changes nothing, so every passing failure is retried.
    Repeatable,
    /// It creates something. It is sent again only when no byte of it left this machine, or once after a 401.
    Once {
        /// How a caller finds out whether it took effect after its answer was lost.
        find_out: &'static str,
    },
}

impl Endpoint {
    pub(crate) const fn get(operation: &'static str, path: &'static str) -> Self {
        Self { operation, method: Method::GET, path, safety: Safety::Repeatable }
    }

    pub(crate) const fn post(operation: &'static str, path: &'static str, safety: Safety) -> Self {
        Self { operation, method: Method::POST, path, safety }
    }
}
