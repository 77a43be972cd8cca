//! Credentials and tokens.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A credential or token. It prints as `[redacted]` everywhere and is overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text. Do not log it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Compares with a text in a time that does not depend on where the two differ.
    pub fn matches(&self, other: &[u8]) -> bool {
        // The digests of both are compared in constant time, so that the time does not reveal the length either.
        let digest = |text: &[u8]| Hmac::<Sha256>::new_from_slice(b"kopokopo").map(|mac| mac.chain_update(text));
        match (digest(self.0.as_bytes()), digest(other)) {
            (Ok(own), Ok(other)) => own.verify_slice(&other.finalize().into_bytes()).is_ok(),
            _ => false,
        }
    }
}

/// Invisible characters at the ends of a key: white space, the line break of a file or of a Kubernetes secret, a byte
/// order mark, or a zero-width space.
fn is_padding(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// A key without the padding around it.
pub(crate) fn without_padding(key: &str) -> &str {
    key.trim_matches(is_padding)
}

/// The error of an option whose key has padding around it.
pub(crate) const PADDED: &str =
    "starts or ends with white space, often the line break of a file or a Kubernetes secret; remove it";

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(Zeroizing::new(text))
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::from(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_redacted_when_printed() {
        let secret = Secret::from("canary");
        assert_eq!(format!("{secret} {secret:?}"), "[redacted] [redacted]");
        assert_eq!(secret.expose(), "canary");
    }

    #[test]
    fn invisible_characters_at_ends_of_key_are_padding() {
        for padded in ["key\n", " key", "key\r\n", "\u{feff}key", "key\u{200b}", "\tkey\u{a0}", "key\0"] {
            assert_eq!(without_padding(padded), "key", "{padded:?}");
        }
        assert_eq!(without_padding("k e\ny"), "k e\ny");
        assert_eq!(without_padding(" \n"), "");
    }

    #[test]
    fn secret_matches_only_the_same_text() {
        let secret = Secret::from("canary");
        assert!(secret.matches(b"canary"));
        for other in ["", "canar", "canaryy", "Canary"] {
            assert!(!secret.matches(other.as_bytes()));
        }
    }
}
