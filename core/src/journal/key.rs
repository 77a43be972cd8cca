//! Idempotency keys, and the fingerprint of the request that a key belongs to.

use std::borrow::Cow;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    client::KopoKopo,
    error::{KopoKopoError, Result},
    types::{Metadata, MetadataValue},
};

/// The name in metadata under which the key travels.
pub(super) const METADATA_NAME: &str = "idempotency_key";

/// The longest key, in characters.
const MAX_KEY: usize = 200;

/// Checks a key that a caller chose.
pub(crate) fn check_key(key: &str) -> Result<()> {
    let is_printable = key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if key.is_empty() || key.len() > MAX_KEY || !is_printable || key.trim() != key {
        return Err(KopoKopoError::invalid(
            "idempotency_key",
            "must have 1 to 200 printable ASCII characters, without spaces around them",
        ));
    }
    Ok(())
}

/// The metadata of a request, with the key if the client has one: results bring it back.
pub(crate) fn metadata_with_key<'a>(client: &KopoKopo, metadata: &'a Metadata) -> Result<Cow<'a, Metadata>> {
    metadata.checked()?;
    let Some((key, journal)) = client.idempotency_key().zip(client.journal_settings()) else {
        return Ok(Cow::Borrowed(metadata));
    };
    if !journal.key_in_metadata {
        return Ok(Cow::Borrowed(metadata));
    }
    match metadata.get(METADATA_NAME) {
        Some(MetadataValue::Text(own)) if own == key => return Ok(Cow::Borrowed(metadata)),
        Some(_) => {
            return Err(KopoKopoError::invalid(
                "metadata.idempotency_key",
                "differs from the call's idempotency key, which travels under this name: rename it",
            ));
        }
        None => {}
    }
    if metadata.len() >= 5 {
        return Err(KopoKopoError::invalid(
            "metadata",
            "must have at most 4 pairs if the call has an idempotency key, which is the fifth. Remove a pair, or set the \
             journal's option key_in_metadata to false: then a lost response can only be found out in fewer ways",
        ));
    }
    Ok(Cow::Owned(metadata.clone().with(METADATA_NAME, key)))
}

/// Whether the key travels in the metadata of a request.
pub(super) fn has_key(request: &Value, key: &str) -> bool {
    request.pointer("/metadata/idempotency_key").and_then(Value::as_str) == Some(key)
}

/// SHA-256 over the server, the operation and the request, whatever the order of its fields. The key itself is left out
/// of it. With the server: what a sandbox accepted was not paid in production.
pub(super) fn fingerprint(base_url: &str, operation: &str, mut request: Value, key: &str) -> String {
    let has_key = has_key(&request, key);
    if let Some(metadata) = request.get_mut("metadata").and_then(Value::as_object_mut) {
        if has_key {
            metadata.remove(METADATA_NAME);
        }
        if metadata.is_empty() {
            request.as_object_mut().map(|fields| fields.remove("metadata"));
        }
    }
    sort(&mut request);
    let mut digest = Sha256::new();
    digest.update(b"kopokopo request 1\n");
    digest.update(base_url);
    digest.update(b"\n");
    digest.update(operation);
    digest.update(b"\n");
    digest.update(request.to_string());
    hex::encode(digest.finalize())
}

/// Sorts the fields, which serde_json keeps in their order if another crate asks for that.
fn sort(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = std::mem::take(fields).into_iter().collect();
            sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
            for (_, value) in &mut sorted {
                sort(value);
            }
            fields.extend(sorted);
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn fingerprint_ignores_order_and_the_key_itself() {
        let one = json!({"a": 1, "metadata": {"idempotency_key": "k", "x": "y"}, "b": [{"c": 1, "d": 2}]});
        let other = json!({"b": [{"d": 2, "c": 1}], "metadata": {"x": "y"}, "a": 1});
        let of = |request: &Value| fingerprint("https://a.example", "send_money.create", request.clone(), "k");
        assert_eq!(of(&one), of(&other));
        assert_eq!(of(&json!({"a": 1, "metadata": {"idempotency_key": "k"}})), of(&json!({"a": 1})));
        for different in [
            json!({"a": 2, "metadata": {"x": "y"}, "b": [{"c": 1, "d": 2}]}),
            json!({"a": 1, "metadata": {"x": "z"}, "b": [{"c": 1, "d": 2}]}),
            json!({"a": 1, "metadata": {"x": "y", "idempotency_key": "other"}, "b": [{"c": 1, "d": 2}]}),
            json!({"a": 1, "metadata": {"x": "y"}, "b": [{"c": 1, "d": 2}, {"c": 1, "d": 2}]}),
        ] {
            assert_ne!(of(&one), of(&different), "{different}");
        }
        assert_ne!(of(&one), fingerprint("https://a.example", "reversals.create", one.clone(), "k"));
        assert_ne!(of(&one), fingerprint("https://b.example", "send_money.create", one.clone(), "k"));
    }

    #[test]
    fn keys_are_short_printable_ascii() {
        for key in ["a", "wages 2026-11/7", &"k".repeat(200)] {
            assert!(check_key(key).is_ok(), "{key}");
        }
        for key in ["", " a", "a ", "a\n", "é", &"k".repeat(201)] {
            assert_eq!(check_key(key).unwrap_err().field(), Some("idempotency_key"), "{key:?}");
        }
    }
}
