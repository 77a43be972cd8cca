//! Exact amounts of money.

use std::{borrow::Cow, fmt, iter::Sum, ops::Add, str::FromStr};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::error::{ErrorKind, KopoKopoError, Result};

/// An exact decimal amount, in units of its currency (shillings). It is read from text and whole numbers, and written
/// as text or as the same digits, never as a float.
///
/// Amounts are compared by value: `100` equals `100.00`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Amount(Decimal);

impl Amount {
    /// Whether it is greater than 0.
    pub fn is_positive(&self) -> bool {
        self.0 > Decimal::ZERO
    }

    /// Whether it has no cents.
    pub fn is_whole(&self) -> bool {
        self.0.is_integer()
    }

    /// Whether it has no fraction of a cent. The cent is the smallest unit of the Kenyan shilling.
    pub fn is_in_cents(&self) -> bool {
        self.0.normalize().scale() <= 2
    }

    /// The decimal value.
    pub const fn decimal(&self) -> Decimal {
        self.0
    }

    /// The amount as a JSON number, the format of request bodies.
    pub fn as_json_number(&self) -> JsonNumber {
        JsonNumber(*self)
    }
}

/// The most digits, before and after the decimal point together. They are kept exactly.
const MAX_DIGITS: usize = 28;

/// An [`Amount`] that serializes as a number instead of a string.
#[derive(Debug, Clone, Copy)]
pub struct JsonNumber(Amount);

impl Serialize for JsonNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(self.0.to_string()).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl FromStr for Amount {
    type Err = KopoKopoError;

    fn from_str(text: &str) -> Result<Self> {
        // Exponents are accepted only in JSON from the API. In user input, 1e5 is usually a typing error.
        Some(text.trim()).filter(|text| !text.contains(['e', 'E'])).and_then(parse).map(Self).ok_or_else(refused)
    }
}

fn refused() -> KopoKopoError {
    KopoKopoError::new(
        ErrorKind::InvalidRequest,
        "must be a plain decimal number such as 100 or 100.50, of at most 28 digits",
    )
}

fn parse(text: &str) -> Option<Decimal> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let unsigned = mantissa.strip_prefix('-').unwrap_or(mantissa);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let scale = i32::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
    // A negative scale is a positive power of ten: zeros are appended.
    let zeros = usize::try_from(scale.min(0).unsigned_abs()).ok().filter(|zeros| *zeros <= MAX_DIGITS)?;
    let scale = u32::try_from(scale.max(0)).ok()?;
    let written = whole.bytes().chain(fraction.bytes()).chain(std::iter::repeat_n(b'0', zeros));
    let mut length = 0;
    let mut magnitude = 0_i128;
    for digit in written.skip_while(|digit| *digit == b'0') {
        length += 1;
        if length > MAX_DIGITS {
            return None;
        }
        magnitude = magnitude * 10 + i128::from(digit - b'0');
    }
    let signed = if mantissa.starts_with('-') { -magnitude } else { magnitude };
    Decimal::try_from_i128_with_scale(signed, scale).ok().map(|decimal| decimal.normalize())
}

macro_rules! from_whole {
    ($($whole:ty),*) => {$(
        impl From<$whole> for Amount {
            fn from(whole: $whole) -> Self {
                Self(Decimal::from(whole))
            }
        }
    )*};
}
from_whole!(u8, u16, u32, u64, i32, i64);

impl From<Decimal> for Amount {
    fn from(decimal: Decimal) -> Self {
        Self(decimal.normalize())
    }
}

/// The shortest form: `100` for `100.00`, `100.5` for `100.50`.
impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.normalize().fmt(f)
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The API writes `"100.0"`, `"313"`, `20000`. The digits are read exactly.
impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        from_json(Box::<RawValue>::deserialize(deserializer)?.get())
    }
}

/// Reads an amount from the JSON text of a number or a string.
pub(super) fn from_json<E: serde::de::Error>(json: &str) -> Result<Amount, E> {
    let text = match json.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        Some(escaped) if escaped.contains('\\') => Cow::Owned(serde_json::from_str(json).map_err(E::custom)?),
        Some(text) => Cow::Borrowed(text),
        None => Cow::Borrowed(json),
    };
    parse(text.trim()).map(Amount).ok_or_else(|| E::custom(format!("an amount {}", refused().detail())))
}

impl Add for Amount {
    type Output = Self;

    /// The sum saturates at the limit of the type, which is far above real amounts of money.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Add::add)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn amount(text: &str) -> Amount {
        text.parse().unwrap()
    }

    #[test]
    fn amounts_are_read_exactly_from_strings_and_numbers() {
        let read: Vec<Amount> =
            serde_json::from_str(r#"["100.0", "313", 20000, 350, 0.1, 1e3, 9007199254740993, 12345678901234567.89]"#)
                .unwrap();
        let shown: Vec<String> = read.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["100", "313", "20000", "350", "0.1", "1000", "9007199254740993", "12345678901234567.89"]);
        for json in [serde_json::json!("100.50"), serde_json::json!(100.5)] {
            assert_eq!(serde_json::from_value::<Amount>(json.clone()).unwrap(), amount("100.5"));
            assert_eq!(serde_json::from_slice::<Amount>(json.to_string().as_bytes()).unwrap(), amount("100.5"));
        }
        assert_eq!(serde_json::from_str::<Amount>(r#""1\u00300""#).unwrap(), amount("100"));
    }

    #[test]
    fn invalid_amount_is_refused() {
        for text in [
            "",
            " ",
            "-",
            ".",
            "1.",
            ".5",
            "1,000",
            "1 000",
            "KES 5",
            "NaN",
            "inf",
            "Infinity",
            "0x10",
            "+5",
            "--5",
            "1e",
            "1e5",
            "1E+5",
            "1e99",
            "1e-40",
            "99999999999999999999999999999",
            "1.2.3",
            "١٠",
        ] {
            assert!(text.parse::<Amount>().is_err(), "{text:?}");
        }
        for json in ["null", "true", "{}", "[]", r#""ten""#] {
            assert!(serde_json::from_str::<Amount>(json).is_err(), "{json}");
        }
    }

    #[test]
    fn requests_have_numbers_and_results_have_texts() {
        let amounts = [amount("100.00"), amount("100.50"), amount("12345678901234567.89")];
        let numbers: Vec<_> = amounts.iter().map(Amount::as_json_number).collect();
        assert_eq!(serde_json::to_string(&numbers).unwrap(), "[100,100.5,12345678901234567.89]");
        assert_eq!(serde_json::to_string(&amounts).unwrap(), r#"["100","100.5","12345678901234567.89"]"#);
    }

    #[test]
    fn fractions_of_a_cent_are_detected() {
        for text in ["100", "100.50", "100.500", "0.01"] {
            assert!(amount(text).is_in_cents(), "{text}");
        }
        for text in ["0.001", "100.555", "0.0000000000000000000000000001"] {
            assert!(!amount(text).is_in_cents(), "{text}");
        }
    }

    #[test]
    fn whole_and_positive_amounts_are_detected() {
        assert!(amount("100.00").is_whole() && !amount("0.5").is_whole());
        assert!(amount("0.01").is_positive() && !amount("0").is_positive() && !amount("-1").is_positive());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "[-+0-9.eE ]{0,40}|\\PC{0,20}") {
            let _ = text.parse::<Amount>();
        }

        #[test]
        fn amount_with_cents_survives_serialization(shillings in 0_u64..1_000_000_000_000, cents in 0_u64..100) {
            let text = format!("{shillings}.{cents:02}");
            let read = amount(&text);
            let as_number = serde_json::to_string(&read.as_json_number()).unwrap();
            prop_assert_eq!(serde_json::from_str::<Amount>(&as_number).unwrap(), read);
            prop_assert_eq!(serde_json::from_str::<Amount>(&serde_json::to_string(&read).unwrap()).unwrap(), read);
            prop_assert_eq!(read.decimal(), Decimal::new(i64::try_from(shillings * 100 + cents).unwrap(), 2));
        }
    }
}
