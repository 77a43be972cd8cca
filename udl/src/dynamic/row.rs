//! A value as one text, for languages into which a text is cheaper to hand over than the values one after the other.
//!
//! The text holds the fields in the contract's order, without their names: both sides know the contract, and compare its
//! digest before anything else.
//!
//! - [`BEFORE`] stands before every value and after the last one: a text that was cut off is recognised.
//! - An absent value is [`MARK`] alone. A record is [`MARK`] and [`OPEN`], then its fields. So a record that is absent
//!   differs from one whose first field is absent.
//! - A union is a record of the alternative's word, and of what it holds, if anything.
//! - A list is the number of its items, then the items.
//! - Raw text is not in the row. In its place is its position among the raw texts, from 1.
//! - In text, these three characters are [`ESCAPE`] and the character 64 places further: A, B, C.
//!
//! A reader must refuse a row that has another mark where a record begins, or that is not used up to its end.

use itoa::Buffer;
use memchr::memchr3;

use super::{Alternative, Text, View};
use crate::api;

/// Stands before every value, and at the end of the row.
pub const BEFORE: u8 = 1;
/// Stands before a letter that stands for one of these three characters.
pub const ESCAPE: u8 = 2;
/// A value that is not text: alone it is absent.
pub const MARK: u8 = 3;
/// Follows [`MARK`] where a record or a union begins.
pub const OPEN: u8 = b'{';

/// How moments are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moments {
    /// As the contract has them: ISO 8601 with the offset and every digit of the second.
    Text,
    /// Milliseconds since 1970, for languages whose moments hold no more. The offset is lost.
    Milliseconds,
}

/// Writes a value, and collects the raw texts that stand outside of the row. Equal ones are there once.
pub fn write<'a>(view: View<'a>, moments: Moments, raws: &mut Vec<&'a str>) -> Vec<u8> {
    let mut row = Row { out: Vec::with_capacity(1024), raws, moments };
    row.value(view);
    row.out.push(BEFORE);
    row.out
}

struct Row<'a, 'r> {
    out: Vec<u8>,
    raws: &'r mut Vec<&'a str>,
    moments: Moments,
}

impl<'a> Row<'a, '_> {
    fn value(&mut self, view: View<'a>) {
        match view {
            View::Nothing | View::Object(_) => self.out.extend_from_slice(&[BEFORE, MARK]),
            View::Bool(value) => self.plain(if value { "true" } else { "false" }),
            View::Integer(value) => self.plain(Buffer::new().format(value)),
            View::Seconds(value) => self.plain(&value.to_string()),
            View::Text(Text::Timestamp, text) => self.moment(text),
            View::Text(Text::Raw, text) => self.raw(text),
            View::Text(_, text) | View::String(text) | View::Word(_, text) => self.text(text),
            View::List(items) => {
                self.plain(Buffer::new().format(items.count()));
                for at in 0..items.count() {
                    self.value(items.item(at));
                }
            }
            View::Record(record) => {
                self.open();
                for at in 0..record.shape().fields.len() {
                    self.value(record.field(at));
                }
            }
            View::Variant(Alternative { word, field, .. }) => {
                self.open();
                self.plain(word);
                if let Some((_, content)) = field {
                    self.value(content.view());
                }
            }
        }
    }

    fn open(&mut self) {
        self.out.extend_from_slice(&[BEFORE, MARK, OPEN]);
    }

    /// A text that holds none of the format's own characters.
    fn plain(&mut self, text: &str) {
        self.out.push(BEFORE);
        self.out.extend_from_slice(text.as_bytes());
    }

    /// A text that may hold anything.
    fn text(&mut self, text: &str) {
        if memchr3(BEFORE, ESCAPE, MARK, text.as_bytes()).is_none() {
            return self.plain(text);
        }
        self.out.push(BEFORE);
        for byte in text.bytes() {
            match byte {
                BEFORE | ESCAPE | MARK => self.out.extend_from_slice(&[ESCAPE, byte + 64]),
                _ => self.out.push(byte),
            }
        }
    }

    /// Every moment here was one of the core's. Any other text stays text, which a reader of numbers refuses.
    fn moment(&mut self, text: &str) {
        match (self.moments, text.parse::<api::Timestamp>()) {
            (Moments::Milliseconds, Ok(moment)) => {
                let milliseconds = moment.unix_timestamp() * 1000 + i64::from(moment.instant().millisecond());
                self.plain(Buffer::new().format(milliseconds));
            }
            _ => self.text(text),
        }
    }

    fn raw(&mut self, text: &'a str) {
        let at = self.raws.iter().position(|known| *known == text).unwrap_or(self.raws.len());
        if at == self.raws.len() {
            self.raws.push(text);
        }
        self.plain(Buffer::new().format(at + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Links, PaymentAmount,
        dynamic::{RECORDS, Reflect},
    };

    fn row(value: &dyn Reflect) -> String {
        String::from_utf8_lossy(&write(value.view(), Moments::Milliseconds, &mut Vec::new())).into_owned()
    }

    #[test]
    fn an_absent_record_differs_from_one_with_absent_fields() {
        let empty = PaymentAmount { currency: None, value: None };
        assert_eq!(row(&None::<PaymentAmount>), "\u{1}\u{3}\u{1}");
        assert_eq!(row(&Some(empty)), "\u{1}\u{3}{\u{1}\u{3}\u{1}\u{3}\u{1}");
    }

    #[test]
    fn text_never_looks_like_a_mark() {
        for text in ["\u{1}", "\u{2}", "\u{3}", "\u{3}{", "\u{2}A", "", "{", "!"] {
            let row = row(&text.to_owned());
            let inner = row.strip_prefix('\u{1}').and_then(|rest| rest.strip_suffix('\u{1}')).unwrap_or("\u{1}");
            assert!(!inner.contains(['\u{1}', '\u{3}']), "{row:?}");
            let mut read = String::new();
            let mut characters = inner.chars();
            while let Some(character) = characters.next() {
                let escaped = if character == '\u{2}' { characters.next() } else { None };
                read.push(escaped.map_or(character, |letter| char::from_u32(u32::from(letter) - 64).unwrap_or(letter)));
            }
            assert_eq!(read, text);
        }
    }

    #[test]
    fn moments_keep_their_offset_unless_the_language_has_none() {
        let moment = crate::Timestamp::from("2026-05-01T10:43:20.622333+03:00");
        let written = |moments| String::from_utf8_lossy(&write(moment.view(), moments, &mut Vec::new())).into_owned();
        assert_eq!(written(Moments::Text), "\u{1}2026-05-01T10:43:20.622333+03:00\u{1}");
        assert_eq!(written(Moments::Milliseconds), "\u{1}1777621400622\u{1}");
    }

    #[test]
    fn raw_texts_stand_outside_of_the_row_once_each() {
        let raws = vec![crate::Raw::from("{}"), crate::Raw::from("[]"), crate::Raw::from("{}")];
        let mut found = Vec::new();
        assert_eq!(write(raws.view(), Moments::Text, &mut found), b"\x013\x011\x012\x011\x01");
        assert_eq!(found, ["{}", "[]"]);
    }

    #[test]
    fn a_record_writes_each_field_of_its_shape() {
        let links = Links { self_url: Some("a".to_owned()), resource_url: None, callback_url: None };
        let shape = RECORDS.iter().find(|shape| shape.name == "Links");
        let values = shape.map(|shape| shape.fields.len() + 1);
        assert_eq!(Some(row(&links).matches('\u{1}').count() - 1), values);
    }
}
