//! Currencies.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, de::Error as _};

use super::de;
use crate::error::{ErrorKind, KopoKopoError, Result};

/// A currency by its ISO 4217 code. Default `KES`, the Kenyan shilling.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct Currency(String);

impl Currency {
    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Currency {
    fn default() -> Self {
        Self("KES".to_owned())
    }
}

impl FromStr for Currency {
    type Err = KopoKopoError;

    fn from_str(text: &str) -> Result<Self> {
        let code = text.trim();
        if code.len() == 3 && code.bytes().all(|b| b.is_ascii_uppercase()) {
            return Ok(Self(code.to_owned()));
        }
        Err(KopoKopoError::new(ErrorKind::InvalidRequest, "a currency must be three capital letters such as KES"))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        de::word(deserializer)?.parse().map_err(|error: KopoKopoError| D::Error::custom(error.detail()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::Currency;

    #[test]
    fn currency_is_three_capital_letters() {
        assert_eq!("UGX".parse::<Currency>().unwrap().as_str(), "UGX");
        for text in ["", "kes", "KESH", "K3S", "KÉS"] {
            assert!(text.parse::<Currency>().is_err(), "{text}");
        }
    }
}
