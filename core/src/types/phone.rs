//! Kenyan phone numbers.

use std::{fmt, str::FromStr};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Personal;
use crate::error::{KopoKopoError, Result};

/// The digits are written as X: an error redacts whatever looks like a phone number, this sentence included.
const ACCEPTED: &str = "must be a Kenyan phone number: 07XXXXXXXX, 01XXXXXXXX, +254XXXXXXXXX or 254XXXXXXXXX";

/// A Kenyan phone number as the API wants it: `254` and nine digits.
///
/// It is made from what people type: `0712345678`, `712345678`, `+254712345678`, `254 712 345 678`, `0110-345678`. Any
/// nine digits that do not begin with 0 count as a subscriber: new series are opened from time to time, and a payment
/// refused here for a number that M-PESA knows would be a sale lost.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Lower-case hexadecimal SHA-256 of the twelve digits: what webhooks carry as `hashed_sender_phone`. It is
    /// unsalted and easily reversed, so it is personal data too.
    pub fn hash(&self) -> Personal {
        Personal::from(hex::encode(Sha256::digest(self.0.as_bytes())))
    }
}

/// The hash of a known customer's number, to compare with a webhook's `hashed_sender_phone`.
///
/// # Errors
/// `invalid_request` where it is no Kenyan phone number.
pub fn hash_phone(phone_number: &str) -> Result<Personal> {
    phone_number.parse::<PhoneNumber>().map(|number| number.hash())
}

impl FromStr for PhoneNumber {
    type Err = KopoKopoError;

    fn from_str(text: &str) -> Result<Self> {
        normalise(text).map(Self).ok_or_else(|| KopoKopoError::new(crate::ErrorKind::InvalidRequest, ACCEPTED))
    }
}

/// What stands between the groups of a phone number, in what people type and paste.
pub(crate) fn is_phone_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '(' | ')' | '\u{ad}' | '\u{2212}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2010}'..='\u{2015}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
        || (c.is_whitespace() && !matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}'))
}

fn normalise(text: &str) -> Option<String> {
    let text = text.trim();
    let (plus, text) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
    let mut digits = String::with_capacity(12);
    for c in text.chars() {
        match c {
            '0'..='9' if digits.len() < 13 => digits.push(c),
            ' ' | '-' | '(' | ')' | '\u{a0}' => {}
            _ => return None,
        }
    }
    let subscriber = match (digits.len(), plus) {
        (12, _) => digits.strip_prefix("254")?,
        (13, true) => digits.strip_prefix("2540")?,
        (10, false) => digits.strip_prefix('0')?,
        (9, false) => digits.as_str(),
        _ => return None,
    };
    (!subscriber.starts_with('0')).then(|| format!("254{subscriber}"))
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_hash_is_that_of_the_twelve_digits() {
        let hash = hash_phone("0929488147").unwrap();
        assert!(hash.starts_with("d30d07ee") && hash.ends_with("e70") && hash.len() == 64);
    }

    #[test]
    fn what_is_no_kenyan_number_is_refused_without_repeating_it() {
        for text in [
            "",
            "+",
            "0",
            "07123456789",
            "071234567",
            "+255712345678",
            "+0712345678",
            "254012345678",
            "07l2345678",
            "0712345678x",
            "٠٧١٢٣٤٥٦٧٨",
        ] {
            let error = text.parse::<PhoneNumber>().unwrap_err();
            assert_eq!(error.kind(), crate::ErrorKind::InvalidRequest);
            assert_eq!(error.detail(), ACCEPTED);
        }
    }

    proptest! {
        #[test]
        fn every_usual_form_of_a_number_becomes_the_same_twelve_digits(subscriber in "[1-9][0-9]{8}", at in 0_usize..9, gap in "[ ()-]{0,2}") {
            let expected = format!("254{subscriber}");
            let (head, tail) = subscriber.split_at(at);
            for text in [format!("254{subscriber}"), format!("+254{subscriber}"), format!("0{head}{gap}{tail}"), format!(" {head}{gap}{tail} "), format!("+254 0{subscriber}")] {
                let parsed: PhoneNumber = text.parse().unwrap();
                prop_assert_eq!(parsed.as_str(), &expected);
            }
        }

        #[test]
        fn parsing_never_panics_and_answers_twelve_digits_or_nothing(text in "\\PC{0,30}") {
            if let Ok(number) = text.parse::<PhoneNumber>() {
                prop_assert!(number.as_str().len() == 12 && number.as_str().bytes().all(|b| b.is_ascii_digit()));
            }
        }
    }
}
