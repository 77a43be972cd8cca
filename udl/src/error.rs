//! The one error, made from the core's.

use std::fmt;

use crate::{
    api,
    convert::FromCore,
    generated::{ErrorFields, KopoKopoError},
};

/// Shorthand for results of this crate.
pub type Result<T, E = KopoKopoError> = std::result::Result<T, E>;

/// An error of a language's glue: its kind and its detail.
pub fn with_detail(kind: api::ErrorKind, detail: impl Into<String>) -> KopoKopoError {
    KopoKopoError::of(kind, ErrorFields { detail: detail.into(), ..ErrorFields::default() })
}

/// An option or a field at fault.
pub(crate) fn at(kind: api::ErrorKind, field: impl fmt::Display, remedy: impl fmt::Display) -> KopoKopoError {
    let field = field.to_string();
    let detail = format!("{field}: {remedy}");
    KopoKopoError::of(kind, ErrorFields { detail, field: Some(field), ..ErrorFields::default() })
}

impl KopoKopoError {
    /// The same error with another kind.
    #[must_use]
    pub fn with_kind(self, kind: api::ErrorKind) -> Self {
        Self::of(kind, self.into_fields())
    }

    /// The operation that it came from, where there is one and the error does not say already.
    #[must_use]
    pub fn during(self, operation: Option<&str>) -> Self {
        let kind = self.kind();
        let fields = self.into_fields();
        let operation = fields.operation.or_else(|| operation.map(str::to_owned));
        let kind = api::ErrorKind::ALL.into_iter().find(|known| known.as_str() == kind);
        Self::of(kind.unwrap_or(api::ErrorKind::Internal), ErrorFields { operation, ..fields })
    }
}

impl From<api::KopoKopoError> for KopoKopoError {
    fn from(core: api::KopoKopoError) -> Self {
        let fields = ErrorFields {
            detail: core.detail().to_owned(),
            operation: core.operation().map(str::to_owned),
            field: core.field().map(str::to_owned),
            status: core.status(),
            code: core.code().map(str::to_owned),
            messages: core.messages().to_vec(),
            retry_after: core.retry_after().map(|wait| wait.as_secs_f64()),
            attempts: core.attempts(),
            body: core.body().map(str::to_owned),
            id: core.id().map(str::to_owned),
            location: core.location().map(str::to_owned),
            state: core.state().map(str::to_owned),
            request_id: core.request_id().map(str::to_owned),
            sent_at: core.sent_at().map(FromCore::from_core),
        };
        Self::of(core.kind(), fields)
    }
}

/// The same sentence as the core's.
impl fmt::Display for KopoKopoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ErrorFields { detail, operation, .. } = self.clone().into_fields();
        write!(f, "{}: ", self.kind())?;
        if let Some(operation) = operation {
            write!(f, "{operation}: ")?;
        }
        f.write_str(&detail)
    }
}

impl std::error::Error for KopoKopoError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_the_core_has_its_own() {
        let known: Vec<_> = api::ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(KopoKopoError::KINDS, known);
        for kind in api::ErrorKind::ALL {
            assert_eq!(with_detail(kind, "x").kind(), kind.as_str());
        }
    }

    #[test]
    fn an_operation_is_said_where_none_was() {
        let refused =
            with_detail(api::ErrorKind::InvalidRequest, "amount: must be whole").during(Some("reversals.create"));
        assert_eq!(refused.to_string(), "invalid_request: reversals.create: amount: must be whole");
        assert_eq!(refused.clone().during(Some("another")).to_string(), refused.to_string());
    }

    #[test]
    fn the_sentence_is_the_cores() {
        let core = api::KopoKopoError::token_source("none");
        assert_eq!(KopoKopoError::from(core.clone()).to_string(), core.to_string());
    }
}
