//! How values of the contract become the core's, and back.

use std::{fmt, time::Duration};

use crate::{
    api,
    error::{self, Result},
    generated::KopoKopoError,
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

    /// `place` is where the value stands, for errors.
    fn into_core(self, place: &Place<'_>) -> Result<Self::Core>;
}

/// Where a value stands in what the caller handed in: `destinations[0].amount`.
#[derive(Clone, Copy)]
pub enum Place<'a> {
    /// The arguments themselves.
    Root,
    /// A named field.
    Field(&'a Place<'a>, &'a str),
    /// An item of a list, counted from 0.
    Item(&'a Place<'a>, usize),
}

impl Place<'_> {
    /// A field of what stands here.
    pub fn field<'b>(&'b self, name: &'b str) -> Place<'b> {
        Place::Field(self, name)
    }

    /// The error for what stands here, of kind `invalid_request`.
    pub fn refuse(&self, remedy: &str) -> KopoKopoError {
        error::at(api::ErrorKind::InvalidRequest, self, remedy)
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => Ok(()),
            Self::Field(Self::Root, name) => f.write_str(name),
            Self::Field(parent, name) => write!(f, "{parent}.{name}"),
            Self::Item(parent, at) => write!(f, "{parent}[{at}]"),
        }
    }
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

            fn into_core(self, _: &Place<'_>) -> Result<Self> {
                Ok(self)
            }
        }
    )*};
}
same_on_both_sides!(bool, u64, String);

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

    fn into_core(self, place: &Place<'_>) -> Result<Self::Core> {
        self.into_iter().enumerate().map(|(at, item)| item.into_core(&Place::Item(place, at))).collect()
    }
}

/// A length of time in seconds.
impl IntoCore for f64 {
    type Core = Duration;

    fn into_core(self, place: &Place<'_>) -> Result<Duration> {
        duration(self).map_err(|remedy| place.refuse(remedy))
    }
}

/// A length of time from seconds, or what is wrong with them.
pub(crate) fn duration(seconds: f64) -> Result<Duration, &'static str> {
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("must be a number of seconds, more than 0"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Amount, Metadata};

    #[test]
    fn a_place_is_written_in_the_callers_words() {
        let (list, name) = (Place::Root.field("destinations"), "amount");
        assert_eq!(Place::Item(&list, 1).field(name).to_string(), "destinations[1].amount");
    }

    #[test]
    fn what_makes_no_sense_is_refused_by_its_place() {
        let refused = |result: Result<()>, field: &str| {
            let fields = result.unwrap_err().into_fields();
            assert_eq!(fields.field.as_deref(), Some(field));
            assert!(fields.detail.starts_with(field), "{}", fields.detail);
        };
        let place = Place::Root;
        refused(Amount::from("ten").into_core(&place.field("amount")).map(drop), "amount");
        refused(Metadata::from("[]").into_core(&place.field("metadata")).map(drop), "metadata");
        for seconds in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
            refused(seconds.into_core(&place.field("timeout")).map(drop), "timeout");
        }
    }
}
