//! The body of a request, read as the server reads it: null is absent, numbers and texts are the same, unknown keys
//! do not matter.

use rust_decimal::Decimal;
use serde_json::{Map, Value};
use time::OffsetDateTime;

/// An object of a request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Params<'a>(&'a Value);

impl<'a> Params<'a> {
    pub(crate) const fn new(body: &'a Value) -> Self {
        Self(body)
    }

    /// The value at a dotted path, where it is not null.
    pub(crate) fn get(self, path: &str) -> Option<&'a Value> {
        path.split('.').try_fold(self.0, |value, name| value.get(name)).filter(|value| !value.is_null())
    }

    /// The text at a path, also of a number. Blank counts as absent.
    pub(crate) fn text(self, path: &str) -> Option<String> {
        let text = match self.get(path)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            Value::Bool(value) => value.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
        };
        (!text.is_empty()).then_some(text)
    }

    pub(crate) fn amount(self, path: &str) -> Option<Decimal> {
        let text = self.text(path)?;
        let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-' | b'+'));
        Decimal::from_str_exact(&text).ok().filter(|_| plain)
    }

    /// A text as it is, white space included.
    pub(crate) fn exact(self, path: &str) -> Option<&'a str> {
        self.get(path).and_then(Value::as_str)
    }

    pub(crate) fn flag(self, path: &str) -> bool {
        self.text(path).is_some_and(|text| text == "true")
    }

    pub(crate) fn time(self, path: &str) -> Option<OffsetDateTime> {
        self.text(path)?.parse::<kopokopo::types::Timestamp>().ok().map(|time| time.instant())
    }

    /// The metadata, empty if it is absent. PHP writes an empty one as a list. None where there is too much of it or
    /// of the wrong kind.
    pub(crate) fn metadata(self) -> Option<Map<String, Value>> {
        let Some(metadata) = self.get("metadata") else { return Some(Map::new()) };
        if metadata.as_array().is_some_and(Vec::is_empty) {
            return Some(Map::new());
        }
        let pairs = metadata.as_object()?;
        let primitive = pairs.values().all(|value| !value.is_object() && !value.is_array());
        (pairs.len() <= 5 && primitive).then(|| pairs.clone())
    }
}
