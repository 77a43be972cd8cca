//! Metadata that a caller adds to a request and receives in its result.

use std::{
    collections::{HashMap, HashSet},
    fmt,
};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error as _, MapAccess, Visitor},
    ser::SerializeMap,
};
use serde_json::value::RawValue;

use crate::{
    error::{KopoKopoError, Result},
    redact::redact_name,
};

/// At most 5 pairs of a name and a primitive value, in their order (API reference, Request Parameters of each create).
/// Responses may have more pairs and nested values, which are kept. Debug prints names only.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Metadata(Vec<(String, MetadataValue)>);

/// A value of metadata.
#[derive(Clone, PartialEq, Eq)]
pub enum MetadataValue {
    /// A text.
    Text(String),
    /// A number with its exact digits. A request is refused if this is not a finite JSON number.
    Number(String),
    /// True or false.
    Bool(bool),
    /// A list or an object as its JSON text, or `null`. Only responses have these.
    Json(String),
}

impl Metadata {
    /// Creates empty metadata.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a pair. Replaces the value if the name exists.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<MetadataValue>) -> Self {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, old)) => *old = value,
            None => self.0.push((name, value)),
        }
        self
    }

    /// The value of a name.
    pub fn get(&self, name: &str) -> Option<&MetadataValue> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// All pairs in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &MetadataValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// The number of pairs.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no pairs.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks the metadata of a request.
    pub(crate) fn checked(&self) -> Result<&Self> {
        if self.len() > 5 {
            return Err(KopoKopoError::invalid("metadata", "must have at most 5 pairs"));
        }
        for (name, value) in &self.0 {
            if name.trim().is_empty() {
                return Err(KopoKopoError::invalid("metadata", "must not have a blank name"));
            }
            let is_primitive = match value {
                MetadataValue::Text(_) | MetadataValue::Bool(_) => true,
                MetadataValue::Number(number) => is_number(number),
                MetadataValue::Json(_) => false,
            };
            if !is_primitive {
                return Err(KopoKopoError::invalid(
                    format!("metadata.{}", redact_name(name)),
                    "must be text, a number, true or false",
                ));
            }
        }
        Ok(self)
    }
}

/// Whether a text is one finite JSON number. `1e999` is refused, because many readers convert it to infinity.
fn is_number(text: &str) -> bool {
    let ends_plainly = text.bytes().next_back().is_some_and(|b| b.is_ascii_digit());
    ends_plainly && !text.starts_with(char::is_whitespace) && serde_json::from_str::<serde_json::Number>(text).is_ok()
}

impl MetadataValue {
    /// The value as text: a text without quotes, other values as JSON.
    pub fn to_text(&self) -> String {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Json(text) => text.clone(),
            Self::Bool(value) => value.to_string(),
        }
    }

    fn from_json(json: &str) -> serde_json::Result<Self> {
        Ok(match json.as_bytes().first() {
            Some(b'"') => Self::Text(serde_json::from_str(json)?),
            Some(b't') => Self::Bool(true),
            Some(b'f') => Self::Bool(false),
            Some(b'-' | b'0'..=b'9') => Self::Number(json.to_owned()),
            _ => Self::Json(json.to_owned()),
        })
    }
}

impl From<&str> for MetadataValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for MetadataValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for MetadataValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for MetadataValue {
    fn from(value: i64) -> Self {
        Self::Number(value.to_string())
    }
}

impl<N: Into<String>, V: Into<MetadataValue>> FromIterator<(N, V)> for Metadata {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut pairs: Vec<(String, MetadataValue)> =
            pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let mut first = HashMap::with_capacity(pairs.len());
        let mut repeated = Vec::new();
        for (at, (name, _)) in pairs.iter().enumerate() {
            if let Some(known) = first.get(name.as_str()) {
                repeated.push((*known, at));
            } else {
                first.insert(name.as_str(), at);
            }
        }
        drop(first);
        // In order, so that the last value is kept.
        for (known, at) in &repeated {
            pairs[*known].1 = pairs[*at].1.clone();
        }
        let mut repeated = repeated.into_iter().map(|(_, at)| at).peekable();
        let mut at = 0..;
        pairs.retain(|_| at.next().is_none_or(|at| repeated.next_if_eq(&at).is_none()));
        Self(pairs)
    }
}

impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Callers can put personal data here, such as names and phone numbers.
impl fmt::Debug for MetadataValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl Serialize for MetadataValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(json) | Self::Json(json) => {
                RawValue::from_string(json.clone()).map_err(serde::ser::Error::custom)?.serialize(serializer)
            }
        }
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.len()))?;
        for (name, value) in self.iter() {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Metadata {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Metadata;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of names and values")
            }

            fn visit_unit<E>(self) -> Result<Metadata, E> {
                Ok(Metadata::new())
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Metadata, A::Error> {
                let mut pairs = Vec::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    pairs.push((name, MetadataValue::from_json(value.get()).map_err(A::Error::custom)?));
                }
                // A response may have any number of pairs, so duplicates are found with a set, in linear time.
                let mut names = HashSet::with_capacity(pairs.len());
                if !pairs.iter().all(|(name, _)| names.insert(name.as_str())) {
                    return Err(A::Error::custom("the metadata has a name twice"));
                }
                Ok(Metadata(pairs))
            }
        }
        deserializer.deserialize_any(Pairs)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn order_digits_and_nesting_are_kept() {
        let json = r#"{"z":"text","a":1.50,"b":true,"c":[1,{"d":null}],"e":null}"#;
        let metadata: Metadata = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_string(&metadata).unwrap(), json);
        assert_eq!(metadata.get("a").unwrap().to_text(), "1.50");
        assert!(serde_json::from_str::<Metadata>("null").unwrap().is_empty());
    }

    #[test]
    fn repeated_name_is_refused_in_metadata_of_any_size() {
        let pairs: Vec<String> = (0..50_000).map(|n| format!(r#""k{n}":{n}"#)).collect();
        assert_eq!(serde_json::from_str::<Metadata>(&format!("{{{}}}", pairs.join(","))).unwrap().len(), 50_000);
        let twice = format!(r#"{{{},"k7":8}}"#, pairs.join(","));
        assert!(serde_json::from_str::<Metadata>(&twice).unwrap_err().to_string().contains("twice"));
    }

    #[test]
    fn debug_has_names_only() {
        let shown = format!("{:?}", Metadata::new().with("customer", "canary"));
        assert!(shown.contains("customer") && !shown.contains("canary"));
    }

    #[test]
    fn request_has_at_most_five_primitive_pairs() {
        let five: Metadata = (0..5_i64).map(|n| (n.to_string(), n)).collect();
        assert!(five.checked().is_ok());
        let blank: Metadata = Metadata::new().with(" ", "x");
        let nested: Metadata = serde_json::from_str(r#"{"a":{"b":1}}"#).unwrap();
        let smuggled =
            ["{\"b\":1}", "[1]", "1e999", "-1e999", "NaN", "1 ", " 1", "\"1\"", "null", "", "1,\"b\":2", "01", "1."];
        let smuggled = smuggled.map(|number| Metadata::new().with("n", MetadataValue::Number(number.to_owned())));
        for number in ["0", "-1", "1.50", "12345678901234567890123", "1e3"] {
            let metadata = Metadata::new().with("n", MetadataValue::Number(number.to_owned()));
            assert!(metadata.checked().is_ok(), "{number}");
        }
        for bad in [five.with("six", 6), blank] {
            assert_eq!(bad.checked().unwrap_err().field(), Some("metadata"));
        }
        for bad in smuggled {
            assert_eq!(bad.checked().unwrap_err().field(), Some("metadata.n"));
        }
        assert_eq!(nested.checked().unwrap_err().field(), Some("metadata.a"));
        let phone = Metadata::new().with("254712345678", MetadataValue::Json("null".to_owned()));
        assert_eq!(phone.checked().unwrap_err().field(), Some("metadata.[redacted]"));
    }

    #[test]
    fn metadata_from_pairs_keeps_order_and_last_value() {
        let metadata: Metadata = [("z", "1"), ("a", "2"), ("z", "3")].into_iter().collect();
        assert_eq!(serde_json::to_string(&metadata).unwrap(), r#"{"z":"3","a":"2"}"#);
    }

    proptest! {
        #[test]
        fn texts_survive_serialization(pairs in prop::collection::btree_map("\\PC{1,10}", "\\PC{0,10}", 0..6)) {
            let metadata: Metadata = pairs.clone().into_iter().collect();
            let again: Metadata = serde_json::from_str(&serde_json::to_string(&metadata).unwrap()).unwrap();
            prop_assert_eq!(again, metadata);
        }
    }
}
