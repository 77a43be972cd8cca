//! Ids of resources, and the Locations that contain them.

use std::fmt;

use crate::error::{KopoKopoError, Result};

/// The longest id. Known ids are shorter.
const MAX_LENGTH: usize = 128;

/// The id of a resource of the API: at most 128 letters, digits and `.`, `_`, `~`, `:`, `-`. Otherwise opaque: some ids
/// are not UUIDs.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResourceId(String);

impl ResourceId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the id from the `Location` in the response to a create. The id must follow the path of the collection of
    /// the request, such as `/api/v2/incoming_payments`. The version may differ, and hyphens may replace underscores.
    /// Scheme and host are ignored: they vary even in the documentation, and no request is sent to them.
    ///
    /// # Errors
    /// `decode` if the Location is not a resource of the collection.
    pub fn from_location(location: &str, collection: &str) -> Result<Self> {
        member_of(location, collection)
            .ok_or_else(|| KopoKopoError::decode("Location: is not a resource of the collection of the request"))
    }

    /// Reads an id from a caller: the id, or a whole Location.
    ///
    /// # Errors
    /// `invalid_request` if it is neither.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let found = if text.contains("://") { path_segments(text).next().and_then(checked) } else { checked(text) };
        found.ok_or_else(|| {
            KopoKopoError::invalid(
                "id",
                "must be the id of a resource, such as 247b1bd8-f5a0-4b71-a898-f62f67b8ae1c, or its whole Location",
            )
        })
    }
}

/// The id after a collection: `https://HOST/api/v1/incoming-payments/ID`, also without the version.
fn member_of(location: &str, collection: &str) -> Option<ResourceId> {
    let mut segments = path_segments(location);
    let id = checked(segments.next()?)?;
    let (found, expected) = (segments.next()?, path_segments(collection).next()?);
    let is_collection =
        found.len() == expected.len() && found.bytes().map(normalize).eq(expected.bytes().map(normalize));
    (is_collection && segments.next().is_none_or(is_version)).then_some(id)
}

/// The segments of a URL's path in reverse order, without empty ones.
fn path_segments(url: &str) -> impl Iterator<Item = &str> {
    let path = url.trim().split(['?', '#']).next().unwrap_or_default();
    let authority = path.split_once("://").map(|(_, rest)| rest).or_else(|| path.strip_prefix("//"));
    let path = authority.map_or(path, |rest| rest.split_once('/').map_or("", |(_, path)| path));
    path.rsplit('/').filter(|segment| !segment.is_empty())
}

/// `v1`, `v2`.
fn is_version(segment: &str) -> bool {
    segment.strip_prefix('v').is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn normalize(b: u8) -> u8 {
    if b == b'-' { b'_' } else { b.to_ascii_lowercase() }
}

fn checked(id: &str) -> Option<ResourceId> {
    let is_plain = (1..=MAX_LENGTH).contains(&id.len())
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b':' | b'-'));
    // A program converted a missing id to text.
    let is_null_word = ["null", "undefined", "none", "nil", "nan"].iter().any(|word| id.eq_ignore_ascii_case(word));
    (is_plain && !is_null_word && id.bytes().any(|b| b.is_ascii_alphanumeric())).then(|| ResourceId(id.to_owned()))
}

impl fmt::Debug for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::ResourceId;
    use proptest::prelude::*;

    const COLLECTION: &str = "/api/v2/incoming_payments";

    #[test]
    fn id_follows_its_collection_on_any_host_and_in_any_version() {
        for location in [
            "https://sandbox.kopokopo.com/api/v2/incoming_payments/247b1bd8",
            "http://localhost:3000/api/v1/incoming-payments/247b1bd8/",
            "/incoming_payments/247b1bd8?x=/y#/z",
            "https://evil.example/callback/api/v2/incoming_payments/247b1bd8",
            "//evil.example//api/v2//Incoming_Payments//247b1bd8",
            "incoming_payments/247b1bd8",
        ] {
            assert_eq!(ResourceId::from_location(location, COLLECTION).unwrap().as_str(), "247b1bd8", "{location}");
        }
    }

    #[test]
    fn location_without_resource_of_collection_is_refused() {
        for location in [
            "",
            "/",
            "247b1bd8",
            "https://sandbox.kopokopo.com",
            "https://sandbox.kopokopo.com/login",
            "https://sandbox.kopokopo.com/247b1bd8",
            "/api/v2/incoming_payments",
            "/api/v2/incoming_payments/",
            "/api/v2/incoming_payments/null",
            "/api/v2/incoming_payments/Undefined",
            "/api/v2/send_money/247b1bd8",
            "/api/v2/incoming_payments/247b1bd8/cancel",
            "/login/incoming_payments/247b1bd8",
            "/api/v2/incoming_payments_/247b1bd8",
            "javascript:alert(1)",
            "javascript:/api/v2/incoming_payments/<script>",
            "/api/v2/incoming_payments/a'b",
            "/api/v2/incoming_payments/a\"b",
            "/api/v2/incoming_payments/..",
            "/api/v2/incoming_payments/a b",
            "/api/v2/incoming_payments/a%2fb",
            "/api/v2/incoming_payments/a\\b",
            "/api/v2/incoming_payments/a\r\nb",
            "/api/v2/incoming_payments/é",
            &format!("/api/v2/incoming_payments/{}", "x".repeat(129)),
        ] {
            assert!(ResourceId::from_location(location, COLLECTION).is_err(), "{location:?}");
        }
    }

    #[test]
    fn parse_accepts_id_or_any_location() {
        for id in ["247b1bd8", " 247b1bd8\n", "a.b_c~d:e-f", "1", "https://h/247b1bd8", "https://h/x/247b1bd8/"] {
            assert!(ResourceId::parse(id).is_ok(), "{id:?}");
        }
        for id in ["", "a/b", "..", "a'b", "<b>", "undefined", "null", "https://h/", "https://h/undefined"] {
            assert_eq!(ResourceId::parse(id).unwrap_err().field(), Some("id"), "{id:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_returns_one_plain_segment(text in "\\PC{0,60}|https?://[a-z.]{0,9}(/[a-z0-9%.]{0,5}){0,4}[?#]?.{0,5}") {
            let location = format!("/api/v2/incoming_payments/{text}");
            for id in [ResourceId::from_location(&location, COLLECTION), ResourceId::parse(&text)].into_iter().flatten() {
                prop_assert!(!id.as_str().is_empty() && !id.as_str().contains(['/', '\\', '%', '?', '#', ' ', '"', '<']));
            }
        }
    }
}
