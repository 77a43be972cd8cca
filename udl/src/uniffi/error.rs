//! The core's error for UniFFI: a variant for each kind.

use std::fmt;

use super::{
    convert::FromCore,
    generated::{ErrorFields, KopoKopoError},
};
use crate::{api, panic};

/// Shorthand for results of what Kotlin and Swift call.
pub type Result<T, E = KopoKopoError> = std::result::Result<T, E>;

/// Runs something that returns at once. Its panic becomes an error.
pub(super) fn guard<T>(work: impl FnOnce() -> crate::error::Result<T>) -> Result<T> {
    guard_operation(None, work)
}

/// As [`guard`], for a method whose errors name the operation.
pub(super) fn guard_operation<T>(
    operation: Option<&'static str>,
    work: impl FnOnce() -> crate::error::Result<T>,
) -> Result<T> {
    panic::guard(work).map_err(|error| error.in_operation(operation).into())
}

impl From<api::KopoKopoError> for KopoKopoError {
    fn from(core: api::KopoKopoError) -> Self {
        let fields = ErrorFields {
            detail: core.detail().to_owned(),
            operation: core.operation().map(str::to_owned),
            field: core.field().map(str::to_owned),
            status: core.status(),
            server_code: core.server_code().map(str::to_owned),
            messages: core.messages().to_vec(),
            retry_after: core.retry_after().map(|wait| wait.as_secs_f64()),
            attempts: core.attempts(),
            body: core.body().map(str::to_owned),
            id: core.id().map(str::to_owned),
            location: core.location().map(str::to_owned),
            state: core.state().map(str::to_owned),
            request_id: core.request_id().map(str::to_owned),
            sent_at: core.sent_at().map(FromCore::from_core),
            idempotency_key: core.idempotency_key().map(str::to_owned),
            fingerprint: core.fingerprint().map(str::to_owned),
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
            assert_eq!(KopoKopoError::from(crate::error::error(*kind, "x")).kind(), kind.as_str());
        }
    }

    #[test]
    fn sentence_is_the_cores() {
        let core = api::KopoKopoError::token_source("none").in_operation(Some("reversals.create"));
        assert_eq!(KopoKopoError::from(core.clone()).to_string(), core.to_string());
    }
}
