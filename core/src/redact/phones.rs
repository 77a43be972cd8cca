//! Phone numbers as people write them, in groups: `0712 345 678`, `+254-712-345-678`, `(0712) 345678`.

use std::ops::Range;

use super::scan::count;
use crate::types::is_phone_separator;

/// The longest international number (15 digits) with the prefix `00`.
const MAX_DIGITS: usize = 17;

/// The most separators between two groups: `) -`.
const MAX_SEPARATORS: usize = 3;

/// Every number with separators, in order. A number without separators is a long run of digits, which the scan for
/// words finds.
pub(super) fn spans(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let is_begin = bytes[at].is_ascii_digit() && (at == 0 || !bytes[at - 1].is_ascii_alphanumeric());
        let plus = at > 0 && bytes[at - 1] == b'+';
        let found = if is_begin && (plus || matches!(bytes[at], b'0' | b'1' | b'2' | b'7')) {
            end_of_number(text, at, plus)
        } else {
            None
        };
        match found {
            Some(end) => {
                spans.push(at - usize::from(plus)..end);
                at = end;
            }
            None => at += 1,
        }
    }
    count(bytes.len());
    spans
}

/// The end of the longest number that begins at `begin`. Reads a bounded number of characters.
fn end_of_number(text: &str, begin: usize, plus: bool) -> Option<usize> {
    let mut digits = [0; MAX_DIGITS];
    let (mut length, mut groups, mut separators) = (0, 0, 0);
    let mut end = None;
    let mut even = true;
    let mut group = 0;
    let mut close = |digits: &[u8], groups: usize, even: bool, at: usize| {
        if is_number(digits, groups, even, plus) {
            end = Some(at);
        }
    };
    for (offset, c) in text[begin..].char_indices() {
        count(1);
        if c.is_ascii_digit() {
            if length == MAX_DIGITS {
                return end;
            }
            if group == 0 {
                groups += 1;
                // 110.112.233.4 is an IP address.
                if length == 9 && text[..begin + offset].ends_with('.') {
                    return None;
                }
            }
            digits[length] = u8::try_from(c).unwrap_or_default();
            length += 1;
            group += 1;
            separators = 0;
        } else {
            if group > 0 {
                even &= group == 3;
                close(&digits[..length], groups, even, begin + offset);
            }
            group = 0;
            separators += 1;
            if separators > MAX_SEPARATORS || !is_phone_separator(c) {
                return end;
            }
        }
    }
    if group > 0 {
        even &= group == 3;
        close(&digits[..length], groups, even, text.len());
    }
    end
}

/// Whether digits in groups are a phone number. The search for long runs finds numbers of one group.
fn is_number(digits: &[u8], groups: usize, even: bool, plus: bool) -> bool {
    if groups < 2 {
        return false;
    }
    match digits {
        _ if plus => (9..=15).contains(&digits.len()),
        [b'0', b'1' | b'7', ..] => digits.len() == 10,
        [b'2', b'5', b'4', b'0', ..] => digits.len() == 13,
        [b'2', b'5', b'4', ..] => digits.len() == 12,
        [b'0', b'0', b'2', b'5', b'4', ..] => matches!(digits.len(), 14 | 15),
        // 712 345 678. Other groups of nine digits are dates, amounts and addresses.
        [b'1' | b'7', ..] => digits.len() == 9 && even,
        _ => false,
    }
}
