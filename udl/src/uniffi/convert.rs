//! How values of the contract become the core's, and back.

use std::time::Duration;

use crate::{
    error::Result,
    value::{FieldPath, duration},
};

/// Out of the core: always possible.
pub(crate) trait FromCore {
    /// What it is in the core.
    type Core;

    fn from_core(core: Self::Core) -> Self;
}

/// Into the core, where the value makes sense.
pub(crate) trait IntoCore {
    /// What it becomes in the core.
    type Core;

    /// `path` is where the value is, for errors.
    fn into_core(self, path: &FieldPath<'_>) -> Result<Self::Core>;
}

macro_rules! same_on_both_sides {
    ($($ty:ty),*) => {$(
        impl FromCore for $ty {
            type Core = Self;

            fn from_core(core: Self) -> Self {
                core
            }
        }

        impl IntoCore for $ty {
            type Core = Self;

            fn into_core(self, _: &FieldPath<'_>) -> Result<Self> {
                Ok(self)
            }
        }
    )*};
}
same_on_both_sides!(bool, u16, u64, String);

impl<T: FromCore> FromCore for Option<T> {
    type Core = Option<T::Core>;

    fn from_core(core: Self::Core) -> Self {
        core.map(T::from_core)
    }
}

impl<T: FromCore> FromCore for Vec<T> {
    type Core = Vec<T::Core>;

    fn from_core(core: Self::Core) -> Self {
        core.into_iter().map(T::from_core).collect()
    }
}

impl<T: IntoCore> IntoCore for Vec<T> {
    type Core = Vec<T::Core>;

    fn into_core(self, path: &FieldPath<'_>) -> Result<Self::Core> {
        self.into_iter().enumerate().map(|(at, item)| item.into_core(&FieldPath::Item(path, at))).collect()
    }
}

/// What is wrong with a length of time. It is in seconds here, but the types of the languages have their own units.
pub(crate) const DURATION_REMEDY: &str = "must be greater than zero";

/// A length of time in seconds.
impl IntoCore for f64 {
    type Core = Duration;

    fn into_core(self, path: &FieldPath<'_>) -> Result<Duration> {
        duration(self).map_err(|_| path.refuse(DURATION_REMEDY))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::foreign::text::{Amount, Metadata};

    #[test]
    fn what_makes_no_sense_is_refused_by_its_path() {
        let refused = |result: Result<()>, field: &str| {
            let error = result.unwrap_err();
            assert_eq!(error.field(), Some(field));
            assert!(error.detail().starts_with(field) && !error.detail().contains("seconds"), "{error}");
        };
        let path = FieldPath::Root;
        refused(Amount::from("ten").into_core(&path.field("amount")).map(drop), "amount");
        refused(Metadata::from("[]").into_core(&path.field("metadata")).map(drop), "metadata");
        for seconds in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
            refused(seconds.into_core(&path.field("timeout")).map(drop), "timeout");
        }
    }
}
