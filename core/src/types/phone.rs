//! Kenyan phone numbers.

use std::{fmt, str::FromStr};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::Personal;
use crate::{
    detail::detail,
    error::{KopoKopoError, Result},
};

const ACCEPTED: &str = "must be a Kenyan phone number: 07XXXXXXXX, 01XXXXXXXX, +254XXXXXXXXX or 254XXXXXXXXX";

/// The longest text that is read, in characters.
const MAX_LENGTH: usize = 64;

/// The most digits of a valid number: `00`, `254`, `0` and the subscriber's nine.
const MAX_DIGITS: usize = 15;

/// A Kenyan phone number in the format of the API: `254` and nine digits.
///
/// It accepts the formats that people type and paste: `0712345678`, `712345678`, `+254712345678`, `254 712 345 678`,
/// `0110-345678`, `00254712345678`, `+254 (0) 712 345 678`, `tel:+254-712-345-678`. Dots, spaces and hyphens of every
/// kind are ignored, and so are the invisible marks that a copied number can contain. Any nine digits that do not begin
/// with 0 are a valid subscriber, because new number series are opened from time to time, and M-PESA must decide
/// whether a number exists.
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct PhoneNumber(String);

impl PhoneNumber {
    /// The twelve digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The lower-case hexadecimal SHA-256 of the twelve digits, as in `hashed_sender_phone` of webhooks. It has no salt
    /// and is easily reversed, so it is personal data too.
    pub fn hash(&self) -> Personal {
        Personal::from(hex::encode(Sha256::digest(self.0.as_bytes())))
    }
}

/// The hash of a known customer's number, to compare with a webhook's `hashed_sender_phone`.
///
/// # Errors
/// `invalid_request` if it is not a Kenyan phone number.
pub fn hash_phone(phone_number: &str) -> Result<Personal> {
    phone_number.parse::<PhoneNumber>().map(|number| number.hash())
}

impl FromStr for PhoneNumber {
    type Err = KopoKopoError;

    fn from_str(text: &str) -> Result<Self> {
        normalise(text).map(Self).map_err(|fault| {
            let found = match fault {
                Fault::Blank => detail!("{}; it is blank", ACCEPTED),
                Fault::Character(c) => detail!("{}; it contains {}", ACCEPTED, c),
                Fault::Length(digits) => detail!("{}; it has {} digits", ACCEPTED, digits),
                Fault::TooLong => detail!("{}; it is too long", ACCEPTED),
                Fault::NotKenyan => detail!("{}; its first digits are not those of a Kenyan number", ACCEPTED),
            };
            KopoKopoError::new(crate::ErrorKind::InvalidRequest, found)
        })
    }
}

/// The reason why a text is not a phone number. It does not repeat the digits.
enum Fault {
    Blank,
    Character(char),
    Length(usize),
    TooLong,
    NotKenyan,
}

/// Separators between the groups of a phone number, as people type or paste them.
pub(crate) fn is_phone_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '(' | ')' | '\u{ad}' | '\u{2212}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2010}'..='\u{2015}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
        || (c.is_whitespace() && !matches!(c, '\n'..='\r' | '\u{85}' | '\u{2028}' | '\u{2029}'))
}

fn normalise(text: &str) -> Result<String, Fault> {
    let text = text.trim();
    let text = text.get(..4).filter(|scheme| scheme.eq_ignore_ascii_case("tel:")).map_or(text, |_| &text[4..]);
    let mut plus = false;
    let mut digits = String::with_capacity(MAX_DIGITS);
    for (at, c) in text.chars().enumerate() {
        match c {
            _ if at >= MAX_LENGTH => return Err(Fault::TooLong),
            '0'..='9' if digits.len() < MAX_DIGITS => digits.push(c),
            '0'..='9' => return Err(Fault::TooLong),
            '+' if !plus && digits.is_empty() => plus = true,
            _ if is_phone_separator(c) => {}
            _ => return Err(Fault::Character(c)),
        }
    }
    // The international format may contain the 0 of the local format: +254 (0) 712 345 678.
    let international = match digits.strip_prefix("00") {
        Some(rest) if !plus => Some(rest),
        _ => Some(digits.as_str()).filter(|digits| plus || digits.len() >= 12),
    };
    let subscriber = match international {
        Some(number) => number.strip_prefix("254").map(|rest| rest.strip_prefix('0').unwrap_or(rest)),
        None if digits.len() == 10 => digits.strip_prefix('0'),
        None => Some(digits.as_str()),
    };
    match subscriber {
        _ if digits.is_empty() => Err(Fault::Blank),
        Some(subscriber) if subscriber.len() != 9 || digits.len() == 9 && digits.starts_with('0') => {
            Err(Fault::Length(digits.len()))
        }
        Some(subscriber) if !subscriber.starts_with('0') => Ok(format!("254{subscriber}")),
        _ => Err(Fault::NotKenyan),
    }
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
    fn hash_is_of_twelve_digits() {
        let hash = hash_phone("0929488147").unwrap();
        assert!(hash.starts_with("d30d07ee") && hash.ends_with("e70") && hash.len() == 64);
    }

    #[test]
    fn number_that_is_not_kenyan_is_refused_without_repeating_it() {
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
            assert!(error.detail().starts_with(ACCEPTED), "{error}");
        }
        for (text, found) in [
            ("07l2345678", "it contains \"l\" (U+006C)"),
            ("0712345678\u{2028}1", "it contains U+2028"),
            ("07123456789", "it has 11 digits"),
            ("071234567", "it has 9 digits"),
            ("+255712345678", "not those of a Kenyan number"),
            ("0712345678 0713345678", "it is too long"),
            ("+", "it is blank"),
        ] {
            let error = text.parse::<PhoneNumber>().unwrap_err();
            assert!(error.detail().contains(found), "{text:?}: {error}");
        }
    }

    proptest! {
        #[test]
        fn every_usual_format_is_read_as_the_same_twelve_digits(subscriber in "[1-9][0-9]{8}", at in 0_usize..9, gap in "[ ().\\t\u{a0}\u{202f}\u{2011}\u{2013}\u{200b}\u{202a}\u{202c}-]{0,3}") {
            let expected = format!("254{subscriber}");
            let (head, tail) = subscriber.split_at(at);
            for text in [format!("254{subscriber}"), format!("+254{subscriber}"), format!("0{head}{gap}{tail}"), format!(" {head}{gap}{tail} "), format!("+254 0{subscriber}"), format!("2540{subscriber}"), format!("00254{head}{gap}{tail}"), format!("TEL:+254{gap}{subscriber}"), format!("\u{202a}+254{head}{gap}{tail}\u{202c}"), format!("(+254){gap}{subscriber}")] {
                let parsed: PhoneNumber = text.parse().unwrap();
                prop_assert_eq!(parsed.as_str(), &expected);
            }
        }

        #[test]
        fn parsing_never_panics_and_returns_twelve_digits_or_none(text in "\\PC{0,30}") {
            if let Ok(number) = text.parse::<PhoneNumber>() {
                prop_assert!(number.as_str().len() == 12 && number.as_str().bytes().all(|b| b.is_ascii_digit()));
            }
        }
    }
}
