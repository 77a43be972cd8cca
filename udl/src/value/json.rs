//! The JSON inside of metadata, for languages that make values of it: numbers with all their digits, and names in their
//! order, which `serde_json::Value` does not keep.

use std::fmt;

use kopokopo::types::MetadataValue;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// One layer of a JSON text.
#[derive(Debug)]
pub enum Json<'a> {
    /// null
    Null,
    /// true or false
    Bool(bool),
    /// The digits of a whole number.
    Integer(&'a str),
    /// A number with a point or an exponent, as it is written.
    Decimal(&'a str),
    /// A text.
    Text(String),
    /// The items of a list.
    List(Vec<Box<RawValue>>),
    /// The names and values of an object, in their order.
    Object(Vec<(String, Box<RawValue>)>),
    /// What cannot be read stays as it is written.
    Unreadable(&'a str),
}

impl<'a> Json<'a> {
    /// Reads the outermost layer.
    pub fn read(json: &'a str) -> Self {
        let read = match json.as_bytes().first() {
            Some(b'n') => Some(Self::Null),
            Some(b't') => Some(Self::Bool(true)),
            Some(b'f') => Some(Self::Bool(false)),
            Some(b'-' | b'0'..=b'9') if json.contains(['.', 'e', 'E']) => Some(Self::Decimal(json)),
            Some(b'-' | b'0'..=b'9') => Some(Self::Integer(json)),
            Some(b'"') => serde_json::from_str(json).ok().map(Self::Text),
            Some(b'[') => serde_json::from_str(json).ok().map(Self::List),
            _ => serde_json::from_str(json).ok().map(|Pairs(pairs)| Self::Object(pairs)),
        };
        read.unwrap_or(Self::Unreadable(json))
    }

    /// A value of metadata.
    pub fn of(value: &'a MetadataValue) -> Self {
        match value {
            MetadataValue::Text(text) => Self::Text(text.clone()),
            MetadataValue::Bool(value) => Self::Bool(*value),
            MetadataValue::Number(json) | MetadataValue::Json(json) => Self::read(json),
        }
    }
}

struct Pairs(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    /// The text again.
    fn written(json: &str) -> String {
        match Json::read(json) {
            Json::Null => "null".into(),
            Json::Bool(value) => value.to_string(),
            Json::Integer(digits) | Json::Decimal(digits) => digits.to_owned(),
            Json::Text(text) => serde_json::to_string(&text).unwrap(),
            Json::List(items) => {
                format!("[{}]", items.iter().map(|item| written(item.get())).collect::<Vec<_>>().join(","))
            }
            Json::Object(pairs) => {
                let pairs = pairs
                    .iter()
                    .map(|(name, value)| format!("{}:{}", serde_json::to_string(name).unwrap(), written(value.get())));
                format!("{{{}}}", pairs.collect::<Vec<_>>().join(","))
            }
            Json::Unreadable(text) => text.to_owned(),
        }
    }

    #[test]
    fn order_and_digits_are_kept_at_every_depth() {
        let json = r#"{"z":1,"a":[12345678901234567890123,1.50,{"y":null,"b":true}],"m":"\"é"}"#;
        assert_eq!(written(json), json);
        assert!(matches!(Json::read("{"), Json::Unreadable("{")));
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,60}") {
            let _ = Json::read(&text);
        }
    }
}
