//! Personal data.

use std::{fmt, ops::Deref};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::de;

/// Personal data: a phone number, a name, an e-mail address, an account number, a hashed phone number. Debug prints
/// `[redacted]`, so that it does not get into logs. Otherwise it behaves like text.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Personal(String);

impl Personal {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the text as a `String`.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for Personal {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl AsRef<str> for Personal {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Personal {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Personal {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<Personal> for String {
    fn from(personal: Personal) -> Self {
        personal.0
    }
}

impl fmt::Debug for Personal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The API writes phone numbers as strings and as numbers.
impl<'de> Deserialize<'de> for Personal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        de::string(deserializer)?.map(Self).ok_or_else(|| D::Error::custom("expected a text or a number"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn debug_is_redacted_and_strings_and_numbers_are_read() {
        let personal: Vec<Personal> = serde_json::from_str(r#"["canary", 254712345678]"#).unwrap();
        assert_eq!(format!("{personal:?}"), "[[redacted], [redacted]]");
        assert_eq!(personal[1].as_str(), "254712345678");
        assert!(serde_json::from_str::<Personal>("null").is_err());
    }
}
