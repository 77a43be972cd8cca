//! Texts that each language has a type of its own for. They are checked when they become the core's, so that an error
//! can name the field that they stand in.

use std::fmt;

use super::convert::{FromCore, IntoCore};
use crate::{api, error::Result, value::FieldPath};

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, |$shown:ident, $f:ident| $debug:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text itself, taken out.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, $f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let $shown = &self.0;
                $debug
            }
        }
    };
}

text! {
    /// An exact decimal: `100.5`.
    Amount, |text, f| f.write_str(text)
}
text! {
    /// An ISO 4217 code: `KES`.
    Currency, |text, f| f.write_str(text)
}
text! {
    /// A moment with its offset in ISO 8601: `2026-05-01T10:43:20+03:00`.
    Timestamp, |text, f| f.write_str(text)
}
text! {
    /// A JSON object. Debug does not show it: callers put anything here.
    Metadata, |_text, f| f.write_str("[redacted]")
}
text! {
    /// Personal data. Debug does not show it.
    Personal, |_text, f| f.write_str("[redacted]")
}

/// JSON text as it came. Debug shows its length.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Raw(api::Raw);

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Raw {
    /// The text itself.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The text itself, as one of its own.
    pub fn into_string(self) -> String {
        self.0.as_str().to_owned()
    }
}

impl From<String> for Raw {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<&str> for Raw {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

/// A credential or token. It is never shown, and overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret(pub(crate) api::Secret);

impl Secret {
    /// The text. Do not log it.
    pub fn as_str(&self) -> &str {
        self.0.expose()
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

macro_rules! parsed {
    ($($name:ident),*) => {$(
        impl FromCore for $name {
            type Core = api::$name;

            fn from_core(core: Self::Core) -> Self {
                Self(core.to_string())
            }
        }

        impl IntoCore for $name {
            type Core = api::$name;

            fn into_core(self, place: &FieldPath<'_>) -> Result<Self::Core> {
                self.0.parse().map_err(|error: api::KopoKopoError| place.refuse(error.detail()))
            }
        }
    )*};
}
parsed!(Amount, Currency, Timestamp);

/// What a language made of its own map is JSON: only its values can be wrong, and of those the core says so.
impl IntoCore for Metadata {
    type Core = api::Metadata;

    fn into_core(self, place: &FieldPath<'_>) -> Result<Self::Core> {
        serde_json::from_str(&self.0).map_err(|_| place.refuse("must be a JSON object without repeated names"))
    }
}

impl FromCore for Metadata {
    type Core = api::Metadata;

    fn from_core(core: Self::Core) -> Self {
        // Its parts were JSON when they came.
        Self(serde_json::to_string(&core).unwrap_or_else(|_| "{}".to_owned()))
    }
}

impl FromCore for Personal {
    type Core = api::Personal;

    fn from_core(core: Self::Core) -> Self {
        Self(core.into_string())
    }
}

impl IntoCore for Personal {
    type Core = api::Personal;

    fn into_core(self, _: &FieldPath<'_>) -> Result<Self::Core> {
        Ok(self.0.into())
    }
}

impl FromCore for Raw {
    type Core = api::Raw;

    fn from_core(core: Self::Core) -> Self {
        Self(core)
    }
}

impl FromCore for Secret {
    type Core = api::Secret;

    fn from_core(core: Self::Core) -> Self {
        Self(core)
    }
}

impl IntoCore for Secret {
    type Core = api::Secret;

    fn into_core(self, _: &FieldPath<'_>) -> Result<Self::Core> {
        Ok(self.0)
    }
}
