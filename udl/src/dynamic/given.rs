//! What a program hands in, checked by the types of the contract.

use serde_json::Value;

use super::Arguments;
use crate::{
    api,
    convert::Place,
    error::{self, Result},
    generated::KopoKopoError,
    text,
};

/// Can be made from what a program hands in.
pub trait Read: Sized {
    /// From the value at a place.
    ///
    /// # Errors
    /// `invalid_request`, naming the place and the remedy.
    fn read(given: Value, place: &Place<'_>) -> Result<Self>;

    /// What it is where nothing was given.
    ///
    /// # Errors
    /// `invalid_request` where it must be given.
    fn absent(place: &Place<'_>) -> Result<Self> {
        Err(place.refuse("must be given"))
    }
}

/// A whole value from arguments. `kind` is the kind of the error.
///
/// # Errors
/// Those of [`Read::read`].
pub fn read<T: Read>(arguments: Arguments, kind: api::ErrorKind) -> Result<T> {
    T::read(Value::Object(arguments), &Place::Root).map_err(|error| KopoKopoError::of(kind, error.into_fields()))
}

/// A record's fields, taken out one after the other.
pub(super) struct Given<'a> {
    map: Arguments,
    place: &'a Place<'a>,
}

impl<'a> Given<'a> {
    /// A name that nobody knows is refused first: it is often a required one misspelt.
    pub(super) fn of(given: Value, place: &'a Place<'a>, known: &[&str]) -> Result<Self> {
        let Value::Object(map) = given else { return Err(place.refuse("must be an object with named fields")) };
        if let Some(name) = map.keys().find(|name| !known.contains(&name.as_str())) {
            let name = match place {
                Place::Root => name.clone(),
                _ => format!("{place}.{name}"),
            };
            return Err(error::at(
                api::ErrorKind::InvalidRequest,
                name,
                format!("is not known here; known are {}", known.join(", ")),
            ));
        }
        Ok(Self { map, place })
    }

    pub(super) fn take<T: Read>(&mut self, name: &'static str) -> Result<T> {
        let place = self.place.field(name);
        match self.map.remove(name) {
            None | Some(Value::Null) => T::absent(&place),
            Some(value) => T::read(value, &place),
        }
    }

    pub(super) fn take_or<T: Read>(&mut self, name: &'static str, default: T) -> Result<T> {
        Ok(self.take::<Option<T>>(name)?.unwrap_or(default))
    }
}

/// The word `type`, as the API calls it, and the fields beside it.
pub(super) fn alternative(given: Value, place: &Place<'_>, known: &[&str]) -> Result<(String, Value)> {
    let Value::Object(mut map) = given else { return Err(place.refuse("must be an object with a `type`")) };
    match map.remove("type") {
        Some(Value::String(word)) if known.contains(&word.as_str()) => Ok((word, Value::Object(map))),
        _ => Err(word(&place.field("type"), known)),
    }
}

/// The refusal of a word.
pub(super) fn word(place: &Place<'_>, known: &[&str]) -> KopoKopoError {
    place.refuse(&format!("must be one of {}", known.join(", ")))
}

/// The text of a word.
pub(super) fn text(given: Value, place: &Place<'_>) -> Result<String> {
    match given {
        Value::String(text) => Ok(text),
        _ => Err(place.refuse("must be text")),
    }
}

impl Read for bool {
    fn read(given: Value, place: &Place<'_>) -> Result<Self> {
        given.as_bool().ok_or_else(|| place.refuse("must be true or false"))
    }
}

impl Read for u64 {
    fn read(given: Value, place: &Place<'_>) -> Result<Self> {
        given.as_u64().ok_or_else(|| place.refuse("must be a whole number, 0 or more"))
    }
}

impl Read for u32 {
    fn read(given: Value, place: &Place<'_>) -> Result<Self> {
        let number = u64::read(given, place)?;
        Self::try_from(number).map_err(|_| place.refuse("must be a smaller number"))
    }
}

impl Read for f64 {
    fn read(given: Value, place: &Place<'_>) -> Result<Self> {
        given.as_f64().ok_or_else(|| place.refuse("must be a number of seconds"))
    }
}

impl Read for String {
    fn read(given: Value, place: &Place<'_>) -> Result<Self> {
        text(given, place)
    }
}

impl<T: Read> Read for Option<T> {
    fn read(given: Value, place: &Place<'_>) -> Result<Self> {
        T::read(given, place).map(Some)
    }

    fn absent(_: &Place<'_>) -> Result<Self> {
        Ok(None)
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(given: Value, place: &Place<'_>) -> Result<Self> {
        let Value::Array(items) = given else { return Err(place.refuse("must be a list")) };
        items.into_iter().enumerate().map(|(at, item)| T::read(item, &Place::Item(place, at))).collect()
    }
}

/// A whole number is as exact as text. A fraction is not: 0.1 + 0.2 is no amount.
impl Read for text::Amount {
    fn read(given: Value, place: &Place<'_>) -> Result<Self> {
        match given {
            Value::String(text) => Ok(Self::from(text)),
            Value::Number(number) if number.is_u64() || number.is_i64() => Ok(Self::from(number.to_string())),
            Value::Number(_) => {
                Err(place
                    .refuse("must be exact: a decimal or text such as \"10.50\"; only a whole number may be a number"))
            }
            _ => Err(place.refuse("must be a decimal, as text such as \"10.50\"")),
        }
    }
}

impl Read for text::Metadata {
    fn read(given: Value, place: &Place<'_>) -> Result<Self> {
        match given {
            Value::Object(_) => Ok(Self::from(given.to_string())),
            _ => Err(place.refuse("must be an object of names and values")),
        }
    }
}

macro_rules! texts {
    ($($name:ident),*) => {$(
        impl Read for text::$name {
            fn read(given: Value, place: &Place<'_>) -> Result<Self> {
                text(given, place).map(Self::from)
            }
        }
    )*};
}
texts!(Currency, Timestamp, Personal, Secret, Raw);
