//! The error of every language is the core's: these make the ones that a language package has of its own.

use std::fmt;

use crate::api;

/// The one error.
pub type Error = api::KopoKopoError;

/// Shorthand for results of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of a language package. `detail` is a sentence of its own, without text from outside.
pub fn error(kind: api::ErrorKind, detail: impl Into<String>) -> Error {
    Error::from_binding(kind, None, detail.into())
}

/// What a caught panic becomes. The panic's own text may hold anything, so none of it is passed on.
pub fn internal() -> Error {
    let detail = "internal error in kopokopo, please report it; a request that was sent may have taken effect";
    error(api::ErrorKind::Internal, detail)
}

/// An argument or option at fault.
pub fn at(kind: api::ErrorKind, field: impl fmt::Display, remedy: impl fmt::Display) -> Error {
    let field = field.to_string();
    Error::from_binding(kind, (!field.is_empty()).then_some(field), remedy.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operation_is_added_where_none_was() {
        let refused = at(api::ErrorKind::InvalidRequest, "amount", "must be whole");
        let refused = refused.in_operation(Some("reversals.create"));
        assert_eq!(refused.to_string(), "invalid_request: reversals.create: amount: must be whole");
        assert_eq!(refused.clone().in_operation(Some("another")).to_string(), refused.to_string());
    }
}
