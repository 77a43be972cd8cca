//! Readers that accept the API's scalars in any format: an unexpected value does not refuse an authentic payload.
//! Amounts are the exception: an invalid amount is refused.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::{Amount, Secret, Timestamp, amount::from_json};

/// A scalar of any type as text. `None` for null, lists and objects.
struct Scalar;

impl<'de> Visitor<'de> for Scalar {
    type Value = Option<Cow<'de, str>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, true, false or null")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(text)))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Some(Cow::Borrowed(if value { "true" } else { "false" })))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Some(Cow::Owned(number.to_string())))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_none<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

/// A text from any scalar, borrowed if possible. `None` for null, lists and objects.
pub(crate) fn scalar<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    deserializer.deserialize_any(Scalar)
}

/// A required text, borrowed if possible.
pub(crate) fn word<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Cow<'de, str>, D::Error> {
    scalar(deserializer)?.ok_or_else(|| D::Error::custom("expected a text"))
}

/// A text, from any scalar.
pub(crate) fn string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(scalar(deserializer)?.map(Cow::into_owned))
}

/// A required text.
pub(crate) fn required_string<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    word(deserializer).map(Cow::into_owned)
}

/// A value that is made from a text, from any scalar.
pub(crate) fn text<'de, D: Deserializer<'de>, T: From<String>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(string(deserializer)?.map(T::from))
}

/// A token.
pub(crate) fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    match string(deserializer)? {
        Some(text) if !text.is_empty() => Ok(Secret::from(text)),
        _ => Err(D::Error::custom("expected a token")),
    }
}

/// A time in ISO 8601 or in seconds since 1970. Any other value counts as absent; the raw text still has it.
pub(crate) fn timestamp<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(scalar(deserializer)?.and_then(|text| match text.parse::<i64>() {
        Ok(seconds) => Timestamp::from_unix_timestamp(seconds),
        Err(_) => text.parse().ok(),
    }))
}

/// A whole number of seconds, from a number or a text.
pub(crate) fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(scalar(deserializer)?.and_then(|text| text.split('.').next().and_then(|whole| whole.trim().parse().ok())))
}

/// A boolean, also as text.
pub(crate) fn boolean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(scalar(deserializer)?.and_then(|text| match &*text {
        "true" | "True" | "1" => Some(true),
        "false" | "False" | "0" => Some(false),
        _ => None,
    }))
}

/// An amount, or null. A malformed one is an error.
pub(crate) fn amount<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Amount>, D::Error> {
    let raw = Box::<serde_json::value::RawValue>::deserialize(deserializer)?;
    match raw.get() {
        "null" | "\"\"" => Ok(None),
        json => from_json(json).map(Some),
    }
}

/// A list that may be null. Null items are skipped.
pub(crate) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Vec<T>, D::Error> {
    list_with(deserializer, || None)
}

/// A list that may be null. `null` makes the item for a null, or skips it. A skipped item needs no memory: otherwise
/// five bytes of a response would need some hundred.
pub(crate) fn list_with<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
    null: fn() -> Option<T>,
) -> Result<Vec<T>, D::Error> {
    struct Parts<T>(fn() -> Option<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Parts<T> {
        type Value = Vec<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a sequence")
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_seq(self)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Self::Value, A::Error> {
            let mut list = Vec::new();
            while let Some(part) = parts.next_element::<Option<T>>()? {
                list.extend(part.or_else(self.0));
            }
            Ok(list)
        }
    }
    deserializer.deserialize_option(Parts(null))
}

/// An object. Any other value counts as absent; the raw text still has it.
pub(crate) fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object or null")
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
            T::deserialize(MapAccessDeserializer::new(map)).map(Some)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(None)
        }

        fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(Object(PhantomData))
}

/// An object, or its default if it is absent.
pub(crate) fn object_or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(object(deserializer)?.unwrap_or_default())
}

/// Messages: null, a text, or a list. Items of the list that are not texts are converted to JSON text.
pub(crate) fn strings<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    struct Messages<'a>(PhantomData<&'a ()>);

    impl<'de> Visitor<'de> for Messages<'de> {
        type Value = Vec<String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("messages")
        }

        fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
            Ok(if text.is_empty() { Vec::new() } else { vec![text.to_owned()] })
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(Vec::new())
        }

        fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
            Ok(vec![value.to_string()])
        }

        fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
            Ok(vec![number.to_string()])
        }

        fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
            Ok(vec![number.to_string()])
        }

        fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
            Ok(vec![number.to_string()])
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let mut messages = Vec::new();
            while let Some(part) = list.next_element::<serde_json::Value>()? {
                messages.push(match part {
                    serde_json::Value::String(text) => text,
                    other => other.to_string(),
                });
            }
            Ok(messages)
        }

        /// Rails can return `{"amount": ["is invalid"]}`.
        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut messages = Vec::new();
            while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
                messages.push(format!("{name} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)));
            }
            Ok(messages)
        }
    }
    deserializer.deserialize_any(Messages(PhantomData))
}
