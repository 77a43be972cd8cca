//! The kinds of failure.

use std::fmt;

/// What kind of failure this is. The names are the same in every language.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The client has a wrong or missing option, such as a missing credential, or a base URL that is not https. Nothing
    /// was sent.
    Configuration,
    /// The request is invalid: refused before anything was sent, or by the server with a 400, 409 or 422.
    InvalidRequest,
    /// Could not connect, or the connection broke. A create with this kind was not sent, so it is safe to retry.
    Connection,
    /// The time limit was exceeded. A create with this kind was not sent, so it is safe to retry.
    Timeout,
    /// The server refused the credentials or the token (401).
    Authentication,
    /// The credentials are valid but have no permission for this (403).
    Permission,
    /// The resource does not exist (404, 410).
    NotFound,
    /// Too many requests (429). `retry_after` is the server's `Retry-After`, if it sent one.
    RateLimit,
    /// The response has another error status, or is a redirect. Redirects are not followed.
    Api,
    /// A wait ended before the resource reached a final state. Nothing is cancelled: fetch the resource later by
    /// [`crate::KopoKopoError::id`]. This kind is not a timeout: the request was accepted, so a retry of the whole operation
    /// would create a second one.
    NotFinal,
    /// A create was sent, and its response was lost or is ambiguous. It may have taken effect: sending it again may
    /// move the money twice. The detail says what is known and how to find out.
    OutcomeUnknown,
    /// The webhook's signature is missing, malformed or invalid: do not trust the body.
    Signature,
    /// A response or an authentic webhook could not be read.
    Decode,
    /// An internal error in kopokopo. Please report it.
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
