//! The kinds of failure.

use std::fmt;

/// What kind of failure this is. The names are the same in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client itself is set up wrongly: a missing credential, a base URL that is not https. Nothing was sent.
    Configuration,
    /// The request is not valid: refused here before anything was sent, or by the server with a 400, 409 or 422.
    InvalidRequest,
    /// No connection could be made, or it broke. For an operation that creates something this kind means that the
    /// request never left this machine.
    Connection,
    /// The time allowed ran out. For an operation that creates something this kind means that the request never left
    /// this machine.
    Timeout,
    /// The credentials or the token were refused (401).
    Authentication,
    /// The credentials are good but may not do this (403).
    Permission,
    /// There is no such thing (404, 410).
    NotFound,
    /// Too many requests (429). `retry_after` says how long to wait, where the server said so.
    RateLimit,
    /// The server answered with another error status, or with a redirect, which is never followed.
    Api,
    /// A wait ended before the resource reached a final state. Nothing is cancelled: fetch the resource later by
    /// [`crate::KopoKopoError::id`]. This kind is not a timeout: the request was accepted, so a retry of the whole operation
    /// would create a second one.
    NotFinal,
    /// A request that creates something was sent and its answer was lost or is ambiguous. It may have taken effect,
    /// and repeating it may move the money twice. The detail says what is known and how to find out.
    OutcomeUnknown,
    /// The webhook's signature is missing, malformed or wrong: do not trust the body.
    Signature,
    /// An answer or an authentic webhook could not be understood.
    Decode,
    /// A defect in this library.
    Internal,
}

impl ErrorKind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Self; 14] = [
        Self::Configuration,
        Self::InvalidRequest,
        Self::Connection,
        Self::Timeout,
        Self::Authentication,
        Self::Permission,
        Self::NotFound,
        Self::RateLimit,
        Self::Api,
        Self::NotFinal,
        Self::OutcomeUnknown,
        Self::Signature,
        Self::Decode,
        Self::Internal,
    ];

    /// The stable name: `"outcome_unknown"`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Configuration => "configuration",
            Self::InvalidRequest => "invalid_request",
            Self::Connection => "connection",
            Self::Timeout => "timeout",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::NotFound => "not_found",
            Self::RateLimit => "rate_limit",
            Self::Api => "api",
            Self::NotFinal => "not_final",
            Self::OutcomeUnknown => "outcome_unknown",
            Self::Signature => "signature",
            Self::Decode => "decode",
            Self::Internal => "internal",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
