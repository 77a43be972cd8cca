//! HMAC-SHA256 of the raw body, keyed with the API key, in lower-case hexadecimal.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::{
    detail::detail,
    error::{KopoKopoError, Result},
    types::{Secret, without_padding},
};

/// An API key as a prepared HMAC state, which each verification copies.
#[derive(Clone)]
pub(super) struct Key(Hmac<Sha256>);

impl Key {
    /// `None` if the key is blank.
    pub(super) fn new(key: &Secret) -> Option<Self> {
        let key = key.expose();
        (!without_padding(key).is_empty()).then(|| Self(keyed(key)))
    }

    /// Whether both are the same key.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.matches(b"", &other.0.clone().finalize().into_bytes().into())
    }

    /// Compares in a time that does not depend on where the signature differs.
    pub(super) fn matches(&self, body: &[u8], signature: &[u8; 32]) -> bool {
        self.0.clone().chain_update(body).verify_slice(signature).is_ok()
    }
}

fn keyed(key: &str) -> Hmac<Sha256> {
    // HMAC takes keys of any length, so this never fails. If it did, the key would verify nothing.
    Hmac::new_from_slice(key.as_bytes()).unwrap_or_else(|_| Hmac::new(&hmac::digest::Key::<Hmac<Sha256>>::default()))
}

/// Signs a body like Kopo Kopo. Returns the value of the `X-KopoKopo-Signature` header. For tests and simulators.
pub fn sign(api_key: &str, body: &[u8]) -> String {
    hex::encode(keyed(api_key).chain_update(body).finalize().into_bytes())
}

/// Reads the header: 64 lower-case hexadecimal characters and no others. Proxies and frameworks join repeated headers
/// with commas. Equal values count as one. Different values are refused, because one of them may be from an attacker.
pub(super) fn parse(header: Option<&str>) -> Result<[u8; 32]> {
    let refuse = |what: &'static str| Err(KopoKopoError::signature(what));
    let Some(header) = header else {
        return refuse(
            "the X-KopoKopo-Signature header is missing: the sender is not Kopo Kopo, or a proxy removed the header",
        );
    };
    let mut values = header.split(',').map(str::trim);
    let text = values.next().unwrap_or_default();
    if values.any(|value| value != text) {
        return refuse("several X-KopoKopo-Signature headers with different values received; expected exactly one");
    }
    if text.is_empty() {
        return refuse("the X-KopoKopo-Signature header is empty");
    }
    if !text.is_ascii() {
        return refuse("the signature is not ASCII: it must be 64 lower-case hexadecimal characters");
    }
    if text.len() != 64 {
        return Err(KopoKopoError::signature(detail!("the signature has {} characters: it must have 64", text.len())));
    }
    if text.bytes().any(|b| b.is_ascii_uppercase()) {
        return refuse("the signature has capital letters: it must be 64 lower-case hexadecimal characters");
    }
    let mut bytes = [0; 32];
    match hex::decode_to_slice(text, &mut bytes) {
        Ok(()) => Ok(bytes),
        Err(_) => refuse("the signature is not hexadecimal: it must be 64 lower-case hexadecimal characters"),
    }
}
