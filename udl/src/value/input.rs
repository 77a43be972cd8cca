//! What a caller hands in, before any type is known.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, SeqAccess, Visitor},
};

use crate::{
    api,
    error::{self, Result},
};

/// Arguments by name, in the caller's order. What is absent or null has its default.
pub type Arguments = Vec<(String, Value)>;

/// Deeper than anything in the contract, and than the metadata that the API accepts. Hosts whose values can contain
/// themselves stop here.
pub const MAX_DEPTH: u8 = 16;

/// A value that a caller handed in: amounts, times, secrets and personal data are text.
#[derive(Clone, PartialEq)]
pub enum Value {
    /// Absent, null, None.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Integer(i128),
    /// A number that need not be exact.
    Float(f64),
    /// Text.
    Text(String),
    /// A word of a command line, which may be text, a number, or true or false: whatever its place needs.
    Word(String),
    /// Several values.
    List(Vec<Value>),
    /// Named values, in the caller's order.
    Record(Arguments),
}

impl Value {
    /// Arguments from the text of a JSON object.
    ///
    /// # Errors
    /// `invalid_request` if it is no JSON object.
    pub fn arguments(json: &str) -> Result<Arguments> {
        match serde_json::from_str(json) {
            Ok(Self::Record(arguments)) => Ok(arguments),
            _ => Err(error::error(api::ErrorKind::InvalidRequest, "the arguments must be a JSON object")),
        }
    }
}

/// Callers' values are private: only the type is shown.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bool(_) => "Bool",
            Self::Integer(_) => "Integer",
            Self::Float(_) => "Float",
            Self::Text(_) | Self::Word(_) => "Text",
            Self::List(_) => "List",
            Self::Record(_) => "Record",
        })
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Integer(value.into()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = map.next_entry()? {
            fields.push(field);
        }
        Ok(Value::Record(fields))
    }
}
