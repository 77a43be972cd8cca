//! The JSON document around every resource.

use memchr::{memchr_iter, memchr2_iter};
use serde::{Deserialize, Serialize};

use crate::{
    detail::detail,
    error::{KopoKopoError, Result},
    redact::{Redacted, json_error, redact},
    types::{Raw, ResourceId, de},
};

#[derive(Deserialize)]
struct Document<A> {
    data: Data<A>,
}

#[derive(Deserialize)]
struct Data<A> {
    #[serde(default, deserialize_with = "de::string")]
    id: Option<String>,
    attributes: A,
}

#[derive(Deserialize)]
struct Identified {
    data: Identity,
}

#[derive(Deserialize)]
struct Identity {
    #[serde(default, deserialize_with = "de::string")]
    id: Option<String>,
    #[serde(default, rename = "type", deserialize_with = "de::string")]
    kind: Option<String>,
}

/// Every documented `data.type`.
const TYPES: [&str; 8] = [
    "incoming_payment",
    "send_money",
    "polling",
    "reversals",
    "payment_link",
    "transaction_sms_notification",
    "payment",
    "settlement_transfer",
];

/// The `_links` of a request.
#[derive(Serialize)]
pub(crate) struct WireLinks<'a> {
    pub(crate) callback_url: &'a str,
}

/// The depth limit of the JSON reader for values that it keeps. Skipped values have the same limit here, so that the
/// whole text can be read again.
const MAX_DEPTH: usize = 127;

/// The most objects in a body. An empty object has two bytes on the wire and hundreds in memory. The largest authentic
/// bodies, results of polling, have more than 200 bytes for each object.
const MAX_OBJECTS: usize = 250_000;

/// Returns a body as text. Checks that it begins like a JSON object, is not nested too deeply, and does not have too
/// many objects.
pub(crate) fn text(body: &[u8]) -> Result<&str> {
    let text = std::str::from_utf8(body).map_err(|_| KopoKopoError::decode("the body is not UTF-8"))?;
    if !text.trim_ascii_start().starts_with('{') {
        return Err(KopoKopoError::decode("the body is not a JSON object"));
    }
    if is_deeper(body, MAX_DEPTH) {
        return Err(KopoKopoError::decode(detail!("the body is nested more than {} levels deep", MAX_DEPTH)));
    }
    if memchr_iter(b'{', body).take(MAX_OBJECTS + 1).count() > MAX_OBJECTS {
        return Err(KopoKopoError::decode(detail!("the body has more than {} objects", MAX_OBJECTS)));
    }
    Ok(text)
}

/// Reads a text into its type.
pub(crate) fn parse<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T> {
    serde_json::from_str(text).map_err(|error| unreadable(&error))
}

/// Returns the place and the reason, without the text at that place, which may be a name.
pub(crate) fn unreadable(error: &serde_json::Error) -> KopoKopoError {
    KopoKopoError::decode(detail!("the body could not be understood: {}", json_error(error)))
}

/// Whether JSON is nested more than `limit` levels deep.
pub fn is_deeper(json: &[u8], limit: usize) -> bool {
    // Nearly every body has fewer brackets than the limit, also counting those in strings.
    if memchr2_iter(b'{', b'[', json).take(limit + 1).count() <= limit {
        return false;
    }
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for b in json {
        match b {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limit {
            return true;
        }
    }
    false
}

/// Checks that a document describes the requested resource. `types` are the names of its type. If the list is empty,
/// every type is accepted that does not belong to another section. A document without a type is accepted. A document
/// without an id is refused, because every documented response has one.
pub(super) fn check_identity(body: &[u8], requested: &ResourceId, types: &[&'static str]) -> Result<()> {
    let Identified { data: Identity { id, kind } } = parse(text(body)?)?;
    let Some(id) = id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty()) else {
        return Err(KopoKopoError::decode(detail!("data.id is missing in the response; expected {}", requested)));
    };
    if !id.eq_ignore_ascii_case(requested.as_str()) {
        return Err(KopoKopoError::decode(detail!(
            "the response describes another resource: data.id is {}, expected {}",
            short(&id),
            requested
        )));
    }
    let Some(kind) = kind.filter(|kind| !kind.trim().is_empty()) else { return Ok(()) };
    let is_listed = |words: &[&str]| words.iter().any(|word| same_type(word, &kind));
    if if types.is_empty() { is_listed(&TYPES) } else { !is_listed(types) } {
        let (comma, expected) = types.first().map_or(("", ""), |word| (", expected ", *word));
        return Err(KopoKopoError::decode(detail!(
            "the response describes another resource: data.type is {}{}{}; data.id is {}, expected {}",
            short(&kind),
            comma,
            expected,
            short(&id),
            requested
        )));
    }
    Ok(())
}

#[derive(Deserialize)]
struct Linked {
    #[serde(default, rename = "_links", deserialize_with = "de::object_or_default")]
    links: SelfLink,
    #[serde(default, deserialize_with = "de::object_or_default")]
    data: LinkedData,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LinkedData {
    #[serde(rename = "_links", deserialize_with = "de::object_or_default")]
    links: SelfLink,
    #[serde(deserialize_with = "de::object_or_default")]
    attributes: LinkedAttributes,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct LinkedAttributes {
    #[serde(rename = "_links", deserialize_with = "de::object_or_default")]
    links: SelfLink,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct SelfLink {
    #[serde(rename = "self", deserialize_with = "de::string")]
    url: Option<String>,
}

/// The id from the `_links.self` in the response to a create without a usable Location. The link must belong to the
/// collection of the request, because an error page can have links too.
pub(crate) fn linked_id(body: &[u8], collection: &str) -> Option<ResourceId> {
    let Linked { links, data } = parse(text(body).ok()?).ok()?;
    let url = links.url.or(data.links.url).or(data.attributes.links.url)?;
    ResourceId::from_location(&url, collection).ok()
}

/// `reversals` is the same as `reversal`, and `payment-link` the same as `payment_link`.
fn same_type(a: &str, b: &str) -> bool {
    let normal = |word: &str| word.trim().to_ascii_lowercase().replace('-', "_").trim_end_matches('s').to_owned();
    normal(a) == normal(b)
}

/// The part of a server's value that an error repeats.
fn short(word: &str) -> Redacted {
    redact(&word.chars().filter(|c| !c.is_control()).take(128).collect::<String>())
}

/// Reads a document: the id, the whole text, and the attributes.
pub(crate) fn read<A: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<(String, Raw, A)> {
    let text = text(body)?;
    let document: Document<A> = parse(text)?;
    Ok((document.data.id.unwrap_or_default(), Raw::from(text), document.data.attributes))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;
    use serde_json::Value;

    use super::{MAX_DEPTH, MAX_OBJECTS, is_deeper, parse, text};
    use crate::ErrorKind;

    #[test]
    fn depth_limit_is_that_of_serde_json() {
        for depth in [1, 2, MAX_DEPTH, MAX_DEPTH + 1, MAX_DEPTH + 2, 100_000] {
            let json = format!("{}{}{}", r#"{"a":"#.repeat(depth), "1", "}".repeat(depth));
            assert_eq!(text(json.as_bytes()).is_ok(), serde_json::from_str::<Value>(&json).is_ok(), "{depth}");
        }
        let wide = format!(r#"{{"a":[{}{{}}],"b":"{}"}}"#, "[],".repeat(10_000), r#"[\"{\\"#.repeat(500));
        assert!(!is_deeper(wide.as_bytes(), MAX_DEPTH) && serde_json::from_str::<Value>(&wide).is_ok());
    }

    #[test]
    fn body_with_too_many_objects_is_refused() {
        let body = |count: usize| format!(r#"{{"a":[{}]}}"#, vec!["{}"; count - 1].join(","));
        assert!(text(body(MAX_OBJECTS).as_bytes()).is_ok());
        let error = text(body(MAX_OBJECTS + 1).as_bytes()).unwrap_err();
        assert!(error.kind() == ErrorKind::Decode && error.detail().contains("more than 250000 objects"), "{error}");
    }

    #[test]
    fn parse_error_has_position_and_reason_without_text_of_body() {
        let error = parse::<Vec<u8>>(r#"[1,"Jane Canary, \"expected"]"#).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(error.detail().contains("a text, expected u8 at line 1"), "{error}");
        assert!(!error.detail().contains("Canary"), "{error}");
    }

    proptest! {
        #[test]
        fn text_with_few_brackets_is_not_too_deep(json in "[\\[\\]{}\"\\\\a]{0,400}") {
            let brackets = json.bytes().filter(|b| matches!(b, b'{' | b'[')).count();
            prop_assert!(brackets > MAX_DEPTH || !is_deeper(json.as_bytes(), MAX_DEPTH));
        }

        #[test]
        fn depth_is_computed_for_any_bytes(json in prop::collection::vec(any::<u8>(), 0..400)) {
            let _ = (is_deeper(&json, MAX_DEPTH), text(&json));
        }
    }
}
