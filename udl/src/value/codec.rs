//! A value as one text, for languages into which a text is cheaper to hand over than the values one after the other.
//!
//! The text has the fields in the contract's order, without their names: both sides know the contract, and compare its
//! digest before anything else.
//!
//! - [`BEFORE`] is before every value and after the last one: a text that was cut off is recognised.
//! - An absent value is [`MARK`] alone. A record is [`MARK`] and [`OPEN`], then its fields. So a record that is absent
//!   differs from one whose first field is absent.
//! - A union is a record of the variant's word, and of its content, if any.
//! - A list is the number of its items, then the items.
//! - Raw text is not in the encoded text. In its place is its position among the raw texts, from 1.
//! - In text, these three characters are [`ESCAPE`] and the character 64 places further: A, B, C.
//!
//! A reader must refuse a text that has another mark where a record begins, or that is not used up to its end.

use itoa::Buffer;
use memchr::memchr3;

use super::{Variant, View};
use crate::{api, error::Error};

/// Is before every value, and at the end.
pub const BEFORE: u8 = 1;
/// The escape character: the next letter means one of these three characters.
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

/// Encodes a value, and collects the raw texts, which are not in the encoded text. Equal ones are collected once.
pub fn encode(view: View<'_>, moments: Moments, raws: &mut Vec<api::Raw>) -> Vec<u8> {
    let mut encoder = Encoder { out: Vec::with_capacity(1024), raws, moments };
    encoder.value(view);
    encoder.out.push(BEFORE);
    encoder.out
}

/// Begins an encoded error. No encoded value begins with it.
pub const ERROR: u8 = b'!';

/// Encodes an error: [`ERROR`], and its fields as JSON.
pub fn encode_error(error: &Error) -> Vec<u8> {
    let retry_after = error.retry_after().map(|wait| wait.as_secs_f64());
    let sent_at = error.sent_at().map(|moment| moment.to_string());
    let known = (
        error.kind().as_str(),
        error.detail(),
        error.operation(),
        error.field(),
        error.status(),
        error.server_code(),
        error.messages(),
        retry_after,
        error.attempts(),
        error.body(),
    );
    let resource = (
        error.id(),
        error.location(),
        error.state(),
        error.request_id(),
        sent_at,
        error.idempotency_key(),
        error.fingerprint(),
    );
    let mut out = vec![ERROR];
    // Writing into memory fails only where memory ends.
    let _ = serde_json::to_writer(&mut out, &(known, resource));
    out
}

struct Encoder<'r> {
    out: Vec<u8>,
    raws: &'r mut Vec<api::Raw>,
    moments: Moments,
}

impl Encoder<'_> {
    fn value(&mut self, view: View<'_>) {
        match view {
            View::Null => self.absent(),
            #[cfg(feature = "client")]
            View::Object(_) => self.absent(),
            View::Bool(value) => self.plain(if value { "true" } else { "false" }),
            View::Integer(value) => self.plain(Buffer::new().format(value)),
            View::Seconds(value) => self.plain(&value.to_string()),
            View::Amount(amount) => self.plain(&amount.to_string()),
            View::Timestamp(moment) => self.moment(moment),
            // The parts of metadata were JSON when they came.
            View::Metadata(metadata) => self.text(&serde_json::to_string(metadata).unwrap_or_default()),
            View::Raw(raw) => self.raw(raw),
            View::Text(text)
            | View::Currency(text)
            | View::Personal(text)
            | View::Secret(text)
            | View::OpenEnum(_, text) => self.text(text),
            View::List(items) => {
                self.plain(Buffer::new().format(items.count()));
                items.each(&mut |item| self.value(item));
            }
            View::Record(record) => {
                self.open();
                record.each(&mut |field| self.value(field));
            }
            View::Variant(Variant { word, field, .. }) => {
                self.open();
                self.plain(word);
                if let Some((_, content)) = field {
                    self.value(content.view());
                }
            }
        }
    }

    fn absent(&mut self) {
        self.out.extend_from_slice(&[BEFORE, MARK]);
    }

    fn open(&mut self) {
        self.out.extend_from_slice(&[BEFORE, MARK, OPEN]);
    }

    /// A text without the codec's own characters.
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

    fn moment(&mut self, moment: &api::Timestamp) {
        match self.moments {
            Moments::Text => self.plain(&moment.to_string()),
            Moments::Milliseconds => {
                self.plain(Buffer::new().format(moment.unix_timestamp_milliseconds()));
            }
        }
    }

    fn raw(&mut self, raw: &api::Raw) {
        let at = self.raws.iter().position(|known| known == raw).unwrap_or(self.raws.len());
        if at == self.raws.len() {
            self.raws.push(raw.clone());
        }
        self.plain(Buffer::new().format(at + 1));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::value::Reflect;

    fn encoded(value: &dyn Reflect) -> String {
        String::from_utf8_lossy(&encode(value.view(), Moments::Milliseconds, &mut Vec::new())).into_owned()
    }

    #[test]
    fn absent_record_differs_from_one_with_absent_fields() {
        let empty: api::PaymentAmount = serde_json::from_str("{}").unwrap();
        assert_eq!(encoded(&None::<api::PaymentAmount>), "\u{1}\u{3}\u{1}");
        assert_eq!(encoded(&Some(empty)), "\u{1}\u{3}{\u{1}\u{3}\u{1}\u{3}\u{1}");
    }

    #[test]
    fn text_never_looks_like_a_mark() {
        for text in ["\u{1}", "\u{2}", "\u{3}", "\u{3}{", "\u{2}A", "", "{", "!"] {
            let encoded = encoded(&text.to_owned());
            let inner = encoded.strip_prefix('\u{1}').and_then(|rest| rest.strip_suffix('\u{1}')).unwrap_or("\u{1}");
            assert!(!inner.contains(['\u{1}', '\u{3}']), "{encoded:?}");
            let mut decoded = String::new();
            let mut characters = inner.chars();
            while let Some(character) = characters.next() {
                let escaped = if character == '\u{2}' { characters.next() } else { None };
                decoded
                    .push(escaped.map_or(character, |letter| char::from_u32(u32::from(letter) - 64).unwrap_or(letter)));
            }
            assert_eq!(decoded, text);
        }
    }

    #[test]
    fn moment_keeps_its_offset_unless_the_language_has_none() {
        let moment: api::Timestamp = "2026-05-01T10:43:20.622333+03:00".parse().unwrap();
        let written = |moments| String::from_utf8_lossy(&encode(moment.view(), moments, &mut Vec::new())).into_owned();
        assert_eq!(written(Moments::Text), "\u{1}2026-05-01T10:43:20.622333+03:00\u{1}");
        assert_eq!(written(Moments::Milliseconds), "\u{1}1777621400622\u{1}");
    }

    #[test]
    fn raw_texts_are_collected_once_each() {
        let raws = vec![api::Raw::from("{}"), api::Raw::from("[]"), api::Raw::from("{}")];
        let mut found = Vec::new();
        assert_eq!(encode(raws.view(), Moments::Text, &mut found), b"\x013\x011\x012\x011\x01");
        assert_eq!(found, [api::Raw::from("{}"), api::Raw::from("[]")]);
    }

    #[test]
    fn record_encodes_each_field_of_its_shape() {
        let links: api::Links = serde_json::from_str("{}").unwrap();
        let View::Record(record) = links.view() else { panic!("a record") };
        assert_eq!(encoded(&links).matches('\u{1}').count() - 1, record.shape().fields.len() + 1);
    }
}
