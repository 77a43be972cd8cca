//! One text of values, one after the other in the contract's order, for `lib/row.js`: V8 slices a text faster than it
//! reads JSON, and far faster than anything can be built through its C interface.

use itoa::Buffer;
use kopokopo::types::Timestamp;
use kopokopo_ffi::dynamic::{Alternative, Text, View};
use memchr::memchr3;

/// Stands before every value.
const BEFORE: u8 = 1;
/// Stands before a letter that stands for one of these three characters: A, B, C.
const ESCAPE: u8 = 2;
/// A value that is absent.
const NOTHING: u8 = 3;

/// Writes a value. Raw text stands beside the row: in its place is its position, from 1. Equal ones are there once.
pub(crate) fn write<'a>(out: &mut Vec<u8>, raws: &mut Vec<&'a str>, view: View<'a>) {
    match view {
        View::Nothing | View::Object(_) => out.extend_from_slice(&[BEFORE, NOTHING]),
        View::Bool(value) => plain(out, if value { "true" } else { "false" }),
        View::Integer(value) => plain(out, Buffer::new().format(value)),
        View::Seconds(value) => plain(out, &value.to_string()),
        // Milliseconds, which JavaScript need not read again. Every time here was one of the core's.
        View::Text(Text::Timestamp, text) => match text.parse::<Timestamp>() {
            Ok(moment) => {
                let milliseconds = moment.unix_timestamp() * 1000 + i64::from(moment.instant().millisecond());
                plain(out, Buffer::new().format(milliseconds));
            }
            Err(_) => out.extend_from_slice(&[BEFORE, NOTHING]),
        },
        View::Text(Text::Raw, text) => {
            let at = raws.iter().position(|known| *known == text).unwrap_or(raws.len());
            if at == raws.len() {
                raws.push(text);
            }
            plain(out, Buffer::new().format(at + 1));
        }
        View::Text(_, text) | View::String(text) | View::Word(_, text) => value(out, text),
        View::List(items) => {
            plain(out, Buffer::new().format(items.count()));
            for at in 0..items.count() {
                write(out, raws, items.item(at));
            }
        }
        View::Record(record) => {
            for at in 0..record.shape().fields.len() {
                write(out, raws, record.field(at));
            }
        }
        View::Variant(Alternative { word, field, .. }) => {
            plain(out, word);
            if let Some((_, content)) = field {
                write(out, raws, content.view());
            }
        }
    }
}

fn plain(out: &mut Vec<u8>, text: &str) {
    out.push(BEFORE);
    out.extend_from_slice(text.as_bytes());
}

/// A text that may hold anything.
fn value(out: &mut Vec<u8>, text: &str) {
    if memchr3(BEFORE, ESCAPE, NOTHING, text.as_bytes()).is_none() {
        return plain(out, text);
    }
    out.push(BEFORE);
    for byte in text.bytes() {
        match byte {
            BEFORE | ESCAPE | NOTHING => out.extend_from_slice(&[ESCAPE, byte + 64]),
            _ => out.push(byte),
        }
    }
}
