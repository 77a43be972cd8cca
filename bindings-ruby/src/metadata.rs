//! Metadata: a JSON object as a hash.

use std::fmt;

use kopokopo::types::{Metadata, MetadataValue};
use magnus::{Error, IntoValue, Ruby, Value, prelude::*};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::views::text;

/// Names and values in their order.
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

/// Metadata as a frozen hash, in its order.
pub(crate) fn hash(ruby: &Ruby, metadata: &Metadata) -> Result<Value, Error> {
    let hash = ruby.hash_new();
    for (name, value) in metadata.iter() {
        let value = match value {
            MetadataValue::Text(value) => text(ruby, value),
            MetadataValue::Bool(value) => (*value).into_value_with(ruby),
            MetadataValue::Number(json) | MetadataValue::Json(json) => read(ruby, json)?,
        };
        hash.aset(text(ruby, name), value)?;
    }
    hash.freeze();
    Ok(hash.as_value())
}

/// What the JSON says. Whole numbers keep all their digits. What cannot be read stays as it is written.
fn read(ruby: &Ruby, json: &str) -> Result<Value, Error> {
    let as_written = || Ok(text(ruby, json));
    match json.as_bytes().first() {
        Some(b'n') => Ok(ruby.qnil().as_value()),
        Some(b't') => Ok(true.into_value_with(ruby)),
        Some(b'f') => Ok(false.into_value_with(ruby)),
        Some(b'-' | b'0'..=b'9') if json.contains(['.', 'e', 'E']) => {
            json.parse::<f64>().map_or_else(|_| as_written(), |number| Ok(number.into_value_with(ruby)))
        }
        Some(b'-' | b'0'..=b'9') => ruby.module_kernel().funcall("Integer", (json,)).or_else(|_| as_written()),
        Some(b'"') => {
            serde_json::from_str::<String>(json).map_or_else(|_| as_written(), |value| Ok(text(ruby, &value)))
        }
        Some(b'[') => match serde_json::from_str::<Vec<Box<RawValue>>>(json) {
            Ok(items) => {
                let array = ruby.ary_new_capa(items.len());
                items.iter().try_for_each(|item| array.push(read(ruby, item.get())?))?;
                array.freeze();
                Ok(array.as_value())
            }
            Err(_) => as_written(),
        },
        _ => match serde_json::from_str(json) {
            Ok(Pairs(pairs)) => {
                let hash = ruby.hash_new();
                pairs.iter().try_for_each(|(name, value)| hash.aset(text(ruby, name), read(ruby, value.get())?))?;
                hash.freeze();
                Ok(hash.as_value())
            }
            Err(_) => as_written(),
        },
    }
}
