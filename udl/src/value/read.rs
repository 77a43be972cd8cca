//! Reads the core's requests from what a caller handed in.
//!
//! It is stricter than the core's own reading of the server's responses: an unknown field, a value of another type and an
//! inexact amount are refused, because a caller can still correct them.

use std::{str::FromStr, time::Duration};

use super::{Arguments, FieldPath, Value};
use crate::{
    api,
    error::{Error, Result},
};

/// Can be read from what a caller handed in.
pub trait FromValue: Sized {
    /// Reads the value at a path.
    ///
    /// # Errors
    /// `invalid_request`, naming the path and the remedy.
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self>;
}

/// The fields of one record, taken out one after the other.
pub struct ArgumentReader<'a> {
    fields: Arguments,
    path: &'a FieldPath<'a>,
}

impl<'a> ArgumentReader<'a> {
    /// The fields of a record. An unknown name is refused first: it is often a required one misspelt.
    ///
    /// # Errors
    /// `invalid_request` for a value that is no record, an unknown name, or a name that is given twice.
    pub fn of(value: Value, path: &'a FieldPath<'a>, known: &[&str]) -> Result<Self> {
        let Value::Record(fields) = value else { return Err(path.refuse("must be an object with named fields")) };
        for (at, (name, _)) in fields.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                let remedy = format!("unknown field; expected one of: {}", known.join(", "));
                return Err(path.field(name).refuse(&remedy));
            }
            if fields[..at].iter().any(|(earlier, _)| earlier == name) {
                return Err(path.field(name).refuse("must not be given twice"));
            }
        }
        Ok(Self { fields, path })
    }

    /// The arguments of a call.
    ///
    /// # Errors
    /// Those of [`Self::of`].
    pub fn arguments(arguments: Arguments, known: &[&str]) -> Result<ArgumentReader<'static>> {
        ArgumentReader::of(Value::Record(arguments), &FieldPath::Root, known)
    }

    fn take(&mut self, name: &str) -> Option<Value> {
        let at = self.fields.iter().position(|(field, _)| field == name)?;
        match self.fields.swap_remove(at).1 {
            Value::Null => None,
            value => Some(value),
        }
    }

    /// A field that must be given.
    ///
    /// # Errors
    /// `invalid_request` if it is absent or does not fit.
    pub fn required<T: FromValue>(&mut self, name: &'static str) -> Result<T> {
        let path = self.path.field(name);
        match self.take(name) {
            Some(value) => T::from_value(value, &path),
            None => Err(path.refuse("must be given")),
        }
    }

    /// A field that may be absent.
    ///
    /// # Errors
    /// `invalid_request` if it does not fit.
    pub fn optional<T: FromValue>(&mut self, name: &'static str) -> Result<Option<T>> {
        self.take(name).map(|value| T::from_value(value, &self.path.field(name))).transpose()
    }

    /// Sets a field of the core's that must be given.
    pub(crate) fn set<T: FromValue>(&mut self, name: &'static str, target: &mut T) -> Result<()> {
        *target = self.required(name)?;
        Ok(())
    }

    /// Sets a field of the core's if it is given. Otherwise the core's default stays.
    pub(crate) fn set_if_given<T: FromValue>(&mut self, name: &'static str, target: &mut T) -> Result<()> {
        if let Some(value) = self.optional(name)? {
            *target = value;
        }
        Ok(())
    }
}

/// The word `type` of a union's variant, and its fields.
pub(crate) fn tagged(value: Value, path: &FieldPath<'_>, known: &[&str]) -> Result<(String, Value)> {
    let Value::Record(mut fields) = value else { return Err(path.refuse("must be an object with a `type`")) };
    let at = fields.iter().position(|(name, _)| name == "type");
    match at.map(|at| fields.remove(at).1) {
        Some(Value::Text(word) | Value::Word(word)) if known.contains(&word.as_str()) => {
            Ok((word, Value::Record(fields)))
        }
        _ => Err(path.field("type").refuse(&format!("must be one of {}", known.join(", ")))),
    }
}

pub(crate) fn text(value: Value, path: &FieldPath<'_>) -> Result<String> {
    match value {
        Value::Text(text) | Value::Word(text) => Ok(text),
        _ => Err(path.refuse("must be text")),
    }
}

impl FromValue for bool {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        match value {
            Value::Bool(value) => Some(value),
            Value::Word(word) => word.parse().ok(),
            _ => None,
        }
        .ok_or_else(|| path.refuse("must be true or false"))
    }
}

impl FromValue for u64 {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        match value {
            Value::Integer(number) => Self::try_from(number).ok(),
            Value::Word(word) => word.parse().ok(),
            _ => None,
        }
        .ok_or_else(|| path.refuse("must be a whole number, 0 or more"))
    }
}

impl FromValue for u32 {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        let number = u64::from_value(value, path)?;
        Self::try_from(number).map_err(|_| path.refuse("must be a smaller number"))
    }
}

/// A length of time, in seconds.
impl FromValue for Duration {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        #[allow(clippy::cast_precision_loss, reason = "so long a time is beyond what a clock can hold")]
        let seconds = match value {
            Value::Integer(seconds) => Some(seconds as f64),
            Value::Float(seconds) => Some(seconds),
            Value::Word(word) => word.parse().ok(),
            _ => None,
        };
        let seconds = seconds.ok_or_else(|| path.refuse("must be a number of seconds"))?;
        duration(seconds).map_err(|remedy| path.refuse(remedy))
    }
}

/// A length of time from seconds, or what is wrong with them.
///
/// # Errors
/// The remedy.
pub fn duration(seconds: f64) -> Result<Duration, &'static str> {
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("must be a number of seconds, more than 0"),
    }
}

impl FromValue for String {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        text(value, path)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        T::from_value(value, path).map(Some)
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        let Value::List(items) = value else { return Err(path.refuse("must be a list, such as [...]")) };
        let items = items.into_iter().enumerate();
        items.map(|(at, item)| T::from_value(item, &FieldPath::Item(path, at))).collect()
    }
}

fn parse<T: FromStr<Err = Error>>(text: &str, path: &FieldPath<'_>) -> Result<T> {
    text.parse().map_err(|error: Error| path.refuse(error.detail()))
}

/// A whole number is as exact as text. A fraction is not: 0.1 + 0.2 is not 0.3.
impl FromValue for api::Amount {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        match value {
            Value::Text(text) | Value::Word(text) => parse(&text, path),
            Value::Integer(whole) => parse(&whole.to_string(), path),
            Value::Float(number) if number.fract() == 0.0 => Err(path
                .refuse("must be exact, and a float is not: write it as text, such as \"100\", or as a whole number")),
            Value::Float(_) => Err(path
                .refuse("must be exact: write a fraction as text, such as \"10.50\", if the operation accepts cents")),
            _ => Err(path.refuse("must be a decimal, as text such as \"100\"")),
        }
    }
}

impl FromValue for api::Metadata {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        let Value::Record(pairs) = value else { return Err(path.refuse("must be an object of names and values")) };
        let count = pairs.len();
        let metadata: Self = pairs.into_iter().map(|(name, value)| (name, metadata_value(value))).collect();
        if metadata.len() < count {
            return Err(path.refuse("must be a JSON object without repeated names"));
        }
        Ok(metadata)
    }
}

/// What is nested is refused by the core, which says what metadata may hold.
fn metadata_value(value: Value) -> api::MetadataValue {
    match value {
        Value::Text(text) | Value::Word(text) => api::MetadataValue::Text(text),
        Value::Bool(value) => api::MetadataValue::Bool(value),
        Value::Integer(number) => api::MetadataValue::Number(number.to_string()),
        Value::Float(number) => match serde_json::Number::from_f64(number) {
            Some(number) => api::MetadataValue::Number(number.to_string()),
            None => api::MetadataValue::Json("null".to_owned()),
        },
        Value::Null | Value::List(_) | Value::Record(_) => api::MetadataValue::Json("null".to_owned()),
    }
}

/// What any text makes: private text, and the words of open enumerations.
macro_rules! from_text {
    ($($name:ident),* $(,)?) => {$(
        impl $crate::value::FromValue for $crate::api::$name {
            fn from_value(
                value: $crate::value::Value,
                path: &$crate::value::FieldPath<'_>,
            ) -> $crate::error::Result<Self> {
                $crate::value::read::text(value, path).map(Self::from)
            }
        }
    )*};
}
pub(crate) use from_text;

macro_rules! parsed {
    ($($name:ident),*) => {$(
        impl FromValue for api::$name {
            fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
                parse(&text(value, path)?, path)
            }
        }
    )*};
}
parsed!(Currency, Timestamp);

from_text!(Personal, Secret);

/// A resource that was handed out goes in again as the text that it was read from: `{"raw": "..."}`.
pub(crate) struct FromRaw<R>(pub(crate) R);

impl<R: api::Resource> FromValue for FromRaw<R> {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        let raw: String = ArgumentReader::of(value, path, &["raw"])?.required("raw")?;
        match R::from_body(raw.as_bytes()) {
            Ok(resource) => Ok(Self(resource)),
            Err(error) => Err(path.field("raw").refuse(error.detail())),
        }
    }
}

/// A closed enumeration of this library.
#[cfg(feature = "client")]
impl FromValue for api::Environment {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        match text(value, path)?.as_str() {
            "sandbox" => Ok(Self::Sandbox),
            "production" => Ok(Self::Production),
            _ => Err(path.refuse("must be one of sandbox, production")),
        }
    }
}

/// A state of the journal.
impl FromValue for api::JournalState {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        let name = text(value, path)?;
        name.parse().map_err(|_| path.refuse("must be started, accepted, refused, not_sent or unknown"))
    }
}

/// Reads a whole record from the arguments.
pub(crate) fn read<T: FromValue>(arguments: Arguments) -> Result<T> {
    T::from_value(Value::Record(arguments), &FieldPath::Root)
}

/// Refuses every argument.
pub(crate) fn none(arguments: Arguments) -> Result<()> {
    ArgumentReader::arguments(arguments, &[]).map(drop)
}

/// The only argument.
pub(crate) fn one<T: FromValue>(arguments: Arguments, name: &'static str) -> Result<T> {
    ArgumentReader::arguments(arguments, &[name])?.required(name)
}

/// Takes a text out of the arguments, if it is given.
pub(crate) fn take_text(arguments: &mut Arguments, name: &str) -> Result<Option<String>> {
    let Some(at) = arguments.iter().position(|(known, _)| known == name) else { return Ok(None) };
    match arguments.remove(at).1 {
        Value::Null => Ok(None),
        value => text(value, &FieldPath::Root.field(name)).map(Some),
    }
}

/// A request of the core: its required fields, then its optional ones, which keep the core's defaults.
macro_rules! request {
    ($name:ident: $($required:ident),* $(,)?; $($optional:ident),* $(,)?) => {
        impl $crate::value::FromValue for $crate::api::$name {
            fn from_value(
                value: $crate::value::Value,
                path: &$crate::value::FieldPath<'_>,
            ) -> $crate::error::Result<Self> {
                let known = &[$(stringify!($required),)* $(stringify!($optional)),*];
                let mut reader = $crate::value::ArgumentReader::of(value, path, known)?;
                let mut request = Self::default();
                $(reader.set(stringify!($required), &mut request.$required)?;)*
                $(reader.set_if_given(stringify!($optional), &mut request.$optional)?;)*
                Ok(request)
            }
        }
    };
}
pub(crate) use request;

/// A union that callers make: `type` has the variant's word, next to its fields.
macro_rules! union_in {
    ($name:ident: $($word:literal $variant:ident),* $(,)?) => {
        impl $crate::value::FromValue for $crate::api::$name {
            fn from_value(
                value: $crate::value::Value,
                path: &$crate::value::FieldPath<'_>,
            ) -> $crate::error::Result<Self> {
                let (word, fields) = $crate::value::read::tagged(value, path, &[$($word),*])?;
                match word.as_str() {
                    $($word => $crate::value::FromValue::from_value(fields, path).map(Self::$variant),)*
                    _ => Err($crate::error::error($crate::api::ErrorKind::Internal, "a variant has no reader")),
                }
            }
        }
    };
}
pub(crate) use union_in;
