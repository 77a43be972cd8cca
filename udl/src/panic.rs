//! No panic leaves this crate, and none of what it says: its text may hold anything.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::{
    api,
    error::{self, Result},
    generated::KopoKopoError,
};

const DEFECT: &str =
    "a defect in this library: please report what was called; a request that was sent may have taken effect";

/// What a caught panic becomes.
pub(crate) fn defect() -> KopoKopoError {
    error::with_detail(api::ErrorKind::Internal, DEFECT)
}

/// Runs something that answers at once.
pub(crate) fn guard<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    // What a panic leaves half-done is dropped with the closure.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(defect()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_panic_becomes_a_fixed_sentence() {
        let error = guard::<()>(|| panic!("canary")).unwrap_err();
        assert_eq!(error.kind(), "internal");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[test]
    fn what_does_not_panic_passes() {
        assert_eq!(guard(|| Ok(7)).unwrap(), 7);
    }
}
