//! No panic leaves this crate, and none of what it says: its text may hold anything.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::{self, Result};

/// Runs a function that does not wait.
pub(crate) fn guard<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    // What a panic leaves half-done is dropped with the closure.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(error::internal()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::api;

    #[test]
    fn a_panic_becomes_a_fixed_sentence() {
        let error = guard::<()>(|| panic!("canary")).unwrap_err();
        assert_eq!(error.kind(), api::ErrorKind::Internal);
        assert!(!format!("{error} {error:?}").contains("canary"));
    }

    #[test]
    fn what_does_not_panic_passes() {
        assert_eq!(guard(|| Ok(7)).unwrap(), 7);
    }
}
