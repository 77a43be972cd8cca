//! Text that must not be seen.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A credential or token. It prints as `[redacted]` everywhere and is overwritten when it is dropped.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// The text itself. Do not log what it answers.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the text is this one, in a time that tells nothing of where the two differ.
    pub fn matches(&self, other: &[u8]) -> bool {
        // Two digests under the same key are compared in constant time, so that not even the lengths show.
        let digest = |text: &[u8]| Hmac::<Sha256>::new_from_slice(b"kopokopo").map(|mac| mac.chain_update(text));
        match (digest(self.0.as_bytes()), digest(other)) {
            (Ok(own), Ok(other)) => own.verify_slice(&other.finalize().into_bytes()).is_ok(),
            _ => false,
        }
    }
}

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
    fn a_secret_never_prints_itself() {
        let secret = Secret::from("canary");
        assert_eq!(format!("{secret} {secret:?}"), "[redacted] [redacted]");
        assert_eq!(secret.expose(), "canary");
    }

    #[test]
    fn a_secret_matches_itself_alone() {
        let secret = Secret::from("canary");
        assert!(secret.matches(b"canary"));
        for other in ["", "canar", "canaryy", "Canary"] {
            assert!(!secret.matches(other.as_bytes()));
        }
    }
}
