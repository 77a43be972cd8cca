//! Ids, and where the server says they are.

use std::fmt;

use crate::error::{KopoKopoError, Result};

/// Longer than any id seen, and short enough to print.
const LONGEST: usize = 128;

/// The id of a thing of the API. Opaque: some are not UUIDs.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ResourceId(String);

impl ResourceId {
    /// The id.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the id from a `Location`: its last path segment. Host, scheme and the rest of the path are the server's
    /// word and vary even in the documentation, so nothing is sent there.
    ///
    /// # Errors
    /// `decode` where it names no id.
    pub fn from_location(location: &str) -> Result<Self> {
        last_segment(location).ok_or_else(|| KopoKopoError::decode("the Location names no resource"))
    }

    /// Takes an id as a caller has it: the id itself, or the whole Location that another SDK stored.
    ///
    /// # Errors
    /// `invalid_request` where it is neither.
    pub fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        let found = if text.contains("://") { last_segment(text) } else { checked(text) };
        found.ok_or_else(|| {
            KopoKopoError::invalid(
                "id",
                "must be the id of a resource, such as 247b1bd8-f5a0-4b71-a898-f62f67b8ae1c, or its whole Location",
            )
        })
    }
}

fn last_segment(location: &str) -> Option<ResourceId> {
    let path = location.trim().split(['?', '#']).next().unwrap_or_default();
    let authority = path.split_once("://").map(|(_, rest)| rest).or_else(|| path.strip_prefix("//"));
    let path = authority.map_or(path, |rest| rest.split_once('/').map_or("", |(_, path)| path));
    checked(path.trim_end_matches('/').rsplit('/').next().unwrap_or_default())
}

fn checked(id: &str) -> Option<ResourceId> {
    let plain = !id.is_empty()
        && id.len() <= LONGEST
        && id.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'/' | b'\\' | b'%' | b'?' | b'#'));
    let dots = id.bytes().all(|b| b == b'.');
    (plain && !dots).then(|| ResourceId(id.to_owned()))
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

    #[test]
    fn an_id_is_the_last_segment_of_a_location_wherever_it_points() {
        for location in [
            "https://sandbox.kopokopo.com/api/v2/incoming_payments/247b1bd8",
            "http://localhost:3000/api/v1/x/247b1bd8/",
            "/webhook-subscriptions/247b1bd8?x=/y#/z",
            "https://evil.example/247b1bd8",
            "//evil.example/247b1bd8",
            "247b1bd8",
        ] {
            assert_eq!(ResourceId::from_location(location).unwrap().as_str(), "247b1bd8", "{location}");
        }
    }

    #[test]
    fn what_names_no_resource_is_refused() {
        for location in [
            "",
            "/",
            "https://sandbox.kopokopo.com",
            "https://sandbox.kopokopo.com/",
            "//sandbox.kopokopo.com",
            "/a/..",
            "/a/.",
            "/a/b c",
            "/a/b%2fc",
            "/a/b\\c",
            "/a/b\r\nc",
            "/é",
            &"x".repeat(129),
        ] {
            assert!(ResourceId::from_location(location).is_err(), "{location:?}");
            assert!(ResourceId::parse(location).is_err(), "{location:?}");
        }
        assert_eq!(ResourceId::parse("a/b").unwrap_err().field(), Some("id"));
    }

    proptest! {
        #[test]
        fn parsing_never_panics_and_answers_one_plain_segment(text in "\\PC{0,60}|https?://[a-z.]{0,9}(/[a-z0-9%.]{0,5}){0,4}[?#]?.{0,5}") {
            for id in [ResourceId::from_location(&text), ResourceId::parse(&text)].into_iter().flatten() {
                prop_assert!(!id.as_str().is_empty() && !id.as_str().contains(['/', '\\', '%', '?', '#', ' ']));
            }
        }
    }
}
