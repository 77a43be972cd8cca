//! Timestamps.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use time::{Date, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset, macros::offset};

use super::de;
use crate::error::{ErrorKind, KopoKopoError, Result};

/// Daraja's times have no offset. They are read as Nairobi time, which has no summer time.
const NAIROBI: UtcOffset = offset!(+3);

/// A point in time with its offset: `2026-05-01T10:43:20+03:00`. It is formatted as it was read: with the same offset
/// and the same number of digits after the second.
///
/// Equality and order do not depend on the offset.
#[derive(Clone, Copy)]
pub struct Timestamp {
    at: OffsetDateTime,
    digits: u8,
}

impl Timestamp {
    /// The point in time.
    pub const fn instant(&self) -> OffsetDateTime {
        self.at
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn unix_timestamp(&self) -> i64 {
        self.at.unix_timestamp()
    }

    /// Milliseconds since 1970-01-01T00:00:00Z, without the digits beyond.
    pub fn unix_timestamp_milliseconds(&self) -> i64 {
        self.at.unix_timestamp() * 1000 + i64::from(self.at.millisecond())
    }

    /// A timestamp from seconds since 1970-01-01T00:00:00Z. None beyond the year 9999.
    pub fn from_unix_timestamp(seconds: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp(seconds).ok().map(|at| Self { at, digits: 0 })
    }

    /// This much later. None beyond the year 9999.
    pub fn checked_add(self, time: std::time::Duration) -> Option<Self> {
        let at = self.at.checked_add(time.try_into().ok()?)?;
        Some(Self { at, ..self })
    }

    /// This much earlier. None before the year -9999.
    pub fn checked_sub(self, time: std::time::Duration) -> Option<Self> {
        let at = self.at.checked_sub(time.try_into().ok()?)?;
        Some(Self { at, ..self })
    }

    /// Reads Daraja's `YYYYMMDDhhmmss`, in Nairobi time.
    pub fn from_daraja(text: &str) -> Option<Self> {
        let digits = text.trim().as_bytes();
        if digits.len() != 14 {
            return None;
        }
        let date = date(&digits[..4], &digits[4..6], &digits[6..8])?;
        let time = Time::from_hms(small(&digits[8..10])?, small(&digits[10..12])?, small(&digits[12..])?).ok()?;
        Some(Self { at: at_offset(date, time, NAIROBI)?, digits: 0 })
    }
}

impl From<OffsetDateTime> for Timestamp {
    fn from(at: OffsetDateTime) -> Self {
        let nanosecond = at.nanosecond();
        let digits = if nanosecond == 0 {
            0
        } else if nanosecond.is_multiple_of(1_000_000) {
            3
        } else {
            9
        };
        Self { at, digits }
    }
}

impl FromStr for Timestamp {
    type Err = KopoKopoError;

    fn from_str(text: &str) -> Result<Self> {
        parse(text.trim()).ok_or_else(|| {
            KopoKopoError::new(
                ErrorKind::InvalidRequest,
                "must be a time with its offset such as 2026-05-01T10:43:20+03:00",
            )
        })
    }
}

/// Reads ISO 8601 with an offset: `2020-10-19T09:24:48.622+03:00`. Also with a space for the `T`, and with `Z`, `+0300`
/// or `+03`. The years are 1 to 9999, there and in UTC, and the offset is at most 18 hours, which is Java's limit: no
/// language's own type has others in common with the rest, and a webhook must not fail on one.
fn parse(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    let (head, rest) = (bytes.get(..19)?, bytes.get(19..)?);
    let separators = head[4] == b'-'
        && head[7] == b'-'
        && matches!(head[10], b'T' | b't' | b' ')
        && head[13] == b':'
        && head[16] == b':';
    if !separators {
        return None;
    }
    let date = date(&head[..4], &head[5..7], &head[8..10])?;
    let fraction_end = match rest.first()? {
        b'.' | b',' => 1 + rest[1..].iter().take_while(|b| b.is_ascii_digit()).count(),
        _ => 0,
    };
    let (fraction, offset) = rest.split_at(fraction_end);
    let fraction = fraction.get(1..).unwrap_or_default();
    if fraction_end == 1 {
        return None;
    }
    let kept = &fraction[..fraction.len().min(9)];
    let nanosecond = number(kept)? * 10_u32.pow(9 - u32::try_from(kept.len()).ok()?);
    let time =
        Time::from_hms_nano(small(&head[11..13])?, small(&head[14..16])?, small(&head[17..19])?, nanosecond).ok()?;
    let at = at_offset(date, time, parse_offset(offset)?)?;
    Some(Timestamp { at, digits: u8::try_from(kept.len()).ok()? })
}

/// None if it is not in the years 1 to 9999, there or in UTC.
fn at_offset(date: Date, time: Time, offset: UtcOffset) -> Option<OffsetDateTime> {
    let at = PrimitiveDateTime::new(date, time).assume_offset(offset);
    let utc = at.checked_to_offset(UtcOffset::UTC)?;
    (at.year() > 0 && utc.year() > 0).then_some(at)
}

fn parse_offset(offset: &[u8]) -> Option<UtcOffset> {
    let (sign, hours, minutes) = match offset {
        b"Z" | b"z" => return Some(UtcOffset::UTC),
        [sign, h1, h2, b':', m1, m2] | [sign, h1, h2, m1, m2] => (sign, [*h1, *h2], [*m1, *m2]),
        [sign, h1, h2] => (sign, [*h1, *h2], *b"00"),
        _ => return None,
    };
    let sign = match sign {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = (i8::try_from(small(&hours)?).ok()?, i8::try_from(small(&minutes)?).ok()?);
    if minutes > 59 || (hours, minutes) > (18, 0) {
        return None;
    }
    UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()
}

fn date(year: &[u8], month: &[u8], day: &[u8]) -> Option<Date> {
    let (year, month) = (i32::try_from(number(year)?).ok()?, Month::try_from(small(month)?).ok()?);
    Date::from_calendar_date(year, month, small(day)?).ok()
}

fn small(digits: &[u8]) -> Option<u8> {
    u8::try_from(number(digits)?).ok()
}

/// Reads at most nine digits, so the number always fits.
fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |sum, digit| digit.is_ascii_digit().then(|| sum * 10 + u32::from(digit - b'0')))
}

/// A buffer for the longest text: `-2026-05-01T10:43:20.123456789+03:00`.
struct TextBuffer {
    text: [u8; 36],
    length: usize,
}

impl TextBuffer {
    fn push(&mut self, byte: u8) {
        self.text[self.length] = byte;
        self.length += 1;
    }

    fn digits(&mut self, number: u32, count: u32) {
        for place in (0..count).rev() {
            // One digit always fits.
            self.push(b'0' + u8::try_from(number / 10_u32.pow(place) % 10).unwrap_or_default());
        }
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (date, time, offset) = (self.at.date(), self.at.time(), self.at.offset());
        let mut shown = TextBuffer { text: [0; 36], length: 0 };
        if date.year() < 0 {
            shown.push(b'-');
        }
        shown.digits(date.year().unsigned_abs(), 4);
        for (before, number) in [(b'-', u8::from(date.month())), (b'-', date.day()), (b'T', time.hour())] {
            shown.push(before);
            shown.digits(number.into(), 2);
        }
        for number in [time.minute(), time.second()] {
            shown.push(b':');
            shown.digits(number.into(), 2);
        }
        if self.digits > 0 {
            let digits = u32::from(self.digits).min(9);
            shown.push(b'.');
            shown.digits(time.nanosecond() / 10_u32.pow(9 - digits), digits);
        }
        if offset.is_utc() {
            shown.push(b'Z');
        } else {
            shown.push(if offset.is_negative() { b'-' } else { b'+' });
            shown.digits(offset.whole_hours().unsigned_abs().into(), 2);
            shown.push(b':');
            shown.digits(offset.minutes_past_hour().unsigned_abs().into(), 2);
        }
        f.write_str(std::str::from_utf8(&shown.text[..shown.length]).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl std::hash::Hash for Timestamp {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.at.hash(state);
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        de::word(deserializer)?
            .parse()
            .map_err(|error: KopoKopoError| D::Error::custom(format!("a time {}", error.detail())))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn timestamp_is_formatted_as_it_was_read() {
        for text in [
            "2020-10-19T09:24:48.622+03:00",
            "2026-05-01T10:43:20+03:00",
            "2018-06-20T22:45:12.790Z",
            "2025-09-23T20:22:59.000+03:00",
            "2021-01-27T10:57:58.123456789-11:30",
            "0001-01-01T00:00:00Z",
        ] {
            assert_eq!(text.parse::<Timestamp>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_formats_are_read_as_the_same_time() {
        let moment: Timestamp = "2026-05-01T10:43:20+03:00".parse().unwrap();
        for text in
            ["2026-05-01 10:43:20+0300", "2026-05-01T07:43:20Z", "2026-05-01T10:43:20.000+03", " 2026-05-01t07:43:20z "]
        {
            assert_eq!(text.parse::<Timestamp>().unwrap(), moment, "{text}");
        }
        assert_eq!(Timestamp::from_daraja("20260501104320").unwrap(), moment);
        assert_eq!(Timestamp::from_unix_timestamp(moment.unix_timestamp()).unwrap(), moment);
    }

    #[test]
    fn invalid_time_is_refused() {
        for text in [
            "",
            "2026-05-01",
            "2026-05-01T10:43:20",
            "2026-13-01T10:43:20Z",
            "2026-02-30T10:43:20Z",
            "2026-05-01T24:00:00Z",
            "2026-05-01T10:43:20.Z",
            "2026-05-01T10:43:20+3",
            "2026-05-01T10:43:20+03:99",
            "tomorrow",
            "2026-05-01T10:43:20Zé",
        ] {
            assert!(text.parse::<Timestamp>().is_err(), "{text:?}");
        }
        for text in ["", "2026050110432", "20261301104320", "2026050110432x", "٢٠٢٦"] {
            assert!(Timestamp::from_daraja(text).is_none(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "[-+0-9T:.Z ]{0,40}|\\PC{0,40}") {
            let _ = text.parse::<Timestamp>();
            let _ = Timestamp::from_daraja(&text);
        }

        #[test]
        fn every_time_survives_formatting(seconds in 0_i64..4_000_000_000, offset in -12_i8..14) {
            let at = OffsetDateTime::from_unix_timestamp(seconds).unwrap().to_offset(UtcOffset::from_hms(offset, 0, 0).unwrap());
            let moment = Timestamp::from(at);
            let again: Timestamp = moment.to_string().parse().unwrap();
            prop_assert_eq!(again, moment);
            prop_assert_eq!(again.to_string(), moment.to_string());
        }
    }
}
