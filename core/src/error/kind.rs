//! The kinds of errors.

use std::fmt;

/// The table of all kinds: the variant and its stable name, in the order of the documentation.
macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// The kind of an error. The names are the same in every language.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $($(#[$doc])* $kind,)*
        }

        impl ErrorKind {
            /// Every kind, in the order of the documentation.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// The stable name: `"outcome_unknown"`.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }
        }
    };
}

kinds! {
    /// The client has a wrong or missing option, such as a missing credential, or a base URL that is not https. Nothing
    /// was sent.
    Configuration = "configuration",
    /// The request is invalid: refused before anything was sent, or by the server with a 400, 409 or 422.
    InvalidRequest = "invalid_request",
    /// Could not connect, or the connection broke. A create with this kind was not sent, so it is safe to retry.
    Connection = "connection",
    /// The time limit was exceeded. A create with this kind was not sent, so it is safe to retry.
    Timeout = "timeout",
    /// The server refused the credentials or the token (401).
    Authentication = "authentication",
    /// The credentials are valid but have no permission for this (403).
    Permission = "permission",
    /// The resource does not exist (404, 410).
    NotFound = "not_found",
    /// Too many requests (429). `retry_after` is the server's `Retry-After`, if it sent one.
    RateLimit = "rate_limit",
    /// The response has another error status, or is a redirect. Redirects are not followed.
    Api = "api",
    /// A wait ended before the resource reached a final state. Nothing is cancelled: fetch the resource later by
    /// [`crate::KopoKopoError::id`]. This kind is not a timeout: the request was accepted, so a retry of the whole
    /// operation would create a second one.
    NotFinal = "not_final",
    /// A create was sent, and its response was lost or is ambiguous. It may have taken effect: sending it again may
    /// move the money twice. The detail says what is known and how to find out.
    OutcomeUnknown = "outcome_unknown",
    /// Another worker is sending the request with the same idempotency key. Nothing was sent: call again later.
    InProgress = "in_progress",
    /// The journal's store failed, or does not respond. Nothing was sent.
    Journal = "journal",
    /// The webhook's signature is missing, malformed or invalid: do not trust the body.
    Signature = "signature",
    /// A response or an authentic webhook could not be read.
    Decode = "decode",
    /// An internal error in kopokopo. Please report it.
    Internal = "internal",
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
