//! Finds sensitive words and credentials in a text, in one pass.

use std::ops::Range;

/// The ends of JSON and form keys that have secret values, without `_` and `-`.
const SECRET_KEYS: [&str; 7] = ["secret", "apikey", "token", "tokens", "password", "passwd", "pwd"];

/// The scheme before a credential in an authorization header.
const SCHEMES: [&str; 2] = ["bearer", "basic"];

/// A run of this many digits counts as a phone or an account number.
const LONG_RUN: usize = 9;

/// Sensitive words and the values of secret keys, in order.
pub(super) fn spans(text: &str) -> Vec<Range<usize>> {
    let mut spans = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let word = &rest[..word_length(rest)];
        if word.is_empty() {
            let skipped = rest.find(is_word).unwrap_or(rest.len());
            count(skipped);
            at += skipped;
            continue;
        }
        let end = at + word.len();
        if is_sensitive(word) {
            spans.push(at..end);
        }
        at = end;
        if let Some(value) = credential(text, word, end) {
            at = value.end;
            spans.push(value);
        }
    }
    spans
}

/// The span of the secret after a word that names it.
fn credential(text: &str, word: &str, end: usize) -> Option<Range<usize>> {
    if let Some(rest) = text[end..].strip_prefix("://") {
        return user_in(rest).map(|length| end + 3..end + 3 + length);
    }
    let tail = Tail::of(word);
    if SCHEMES.iter().any(|scheme| tail.ends_with(scheme)) {
        return after_scheme(text, end);
    }
    SECRET_KEYS.iter().any(|key| tail.ends_with(key)).then(|| value_after(text, end)).flatten()
}

/// The last letters of a word in lower case, without `_` and `-`.
struct Tail([u8; 8]);

impl Tail {
    fn of(word: &str) -> Self {
        let mut tail = [0; 8];
        let letters = word.bytes().rev().filter(|b| !matches!(b, b'_' | b'-'));
        for (slot, letter) in tail.iter_mut().rev().zip(letters) {
            *slot = letter.to_ascii_lowercase();
        }
        count(word.len());
        Self(tail)
    }

    fn ends_with(&self, letters: &str) -> bool {
        self.0.ends_with(letters.as_bytes())
    }
}

fn word_length(text: &str) -> usize {
    let length = text.find(|c: char| !is_word(c)).unwrap_or(text.len());
    count(length);
    length
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '.' | '+')
}

fn is_sensitive(word: &str) -> bool {
    count(word.len());
    // Also `user:password@localhost`, as drivers of databases quote it.
    let is_address = word.find('@').is_some_and(|at| at > 0);
    let bare = word.trim_matches(['.', '-', '_', '+']);
    let long_hex = bare.len() >= 64 && bare.bytes().all(|b| b.is_ascii_hexdigit());
    is_address || long_hex || (!is_uuid(bare) && has_long_run(bare))
}

/// Digits of any script.
fn has_long_run(word: &str) -> bool {
    let mut run = 0;
    word.chars().any(|c| {
        run = if c.is_numeric() { run + 1 } else { 0 };
        run >= LONG_RUN
    })
}

/// The last group of a UUID can be twelve digits. It is not a phone number.
fn is_uuid(word: &str) -> bool {
    word.len() == 36
        && word.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

/// The length of the user and password of a URL, after its `://`.
fn user_in(rest: &str) -> Option<usize> {
    let authority = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<'));
    let authority = &rest[..authority.unwrap_or(rest.len())];
    count(authority.len());
    authority.rfind('@').filter(|length| *length > 0)
}

/// `Bearer VALUE`.
fn after_scheme(text: &str, end: usize) -> Option<Range<usize>> {
    let rest = &text[end..];
    let gap = rest.find(|c: char| !c.is_whitespace()).filter(|gap| *gap > 0)?;
    let value = rest[gap..].find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '<' | '\\'));
    let length = value.unwrap_or(rest.len() - gap);
    count(gap + length);
    (length > 0).then(|| end + gap..end + gap + length)
}

/// The value that follows a key: `key=VALUE`, `"key":"VALUE"`, `"key" : {VALUE}`, `\"key\":\"VALUE\"`.
fn value_after(text: &str, end: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = end;
    while matches!(bytes.get(at), Some(b'"' | b'\'' | b'\\' | b' ')) {
        at += 1;
    }
    count(at - end);
    if !matches!(bytes.get(at), Some(b':' | b'=')) {
        return None;
    }
    at += 1;
    let mut escaped = false;
    while let Some(b' ' | b'\\') = bytes.get(at) {
        escaped |= bytes[at] == b'\\';
        at += 1;
    }
    let (begin, length) = match bytes.get(at)? {
        quote @ (b'"' | b'\'') => (at + 1, quoted(&bytes[at + 1..], *quote, escaped)),
        b'{' | b'[' => (at, nested(&bytes[at..])),
        _ => (at, bytes[at..].iter().position(|b| ends_bare(*b)).unwrap_or(bytes.len() - at)),
    };
    count(begin + length - end);
    (length > 0).then(|| begin..begin + length)
}

fn ends_bare(b: u8) -> bool {
    b.is_ascii_whitespace() || matches!(b, b'&' | b',' | b'}' | b']' | b';' | b'"' | b'\'' | b'<')
}

/// The length of a quoted value. In JSON inside of a JSON string every quote is escaped, so the next quote ends the
/// value.
fn quoted(bytes: &[u8], quote: u8, escaped: bool) -> usize {
    let mut skip = false;
    let end = bytes.iter().position(|b| {
        let ends = *b == quote && !skip;
        skip = *b == b'\\' && !skip && !escaped;
        ends
    });
    end.unwrap_or(bytes.len())
}

/// The length of an object or a list.
fn nested(bytes: &[u8]) -> usize {
    let (mut depth, mut in_text, mut skip) = (0_usize, false, false);
    for (at, b) in bytes.iter().enumerate() {
        match b {
            _ if skip => skip = false,
            b'\\' => skip = in_text,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    bytes.len()
}

/// Counts the bytes that were read, so that a test can measure how the work grows.
#[cfg(test)]
pub(super) fn count(bytes: usize) {
    WORK.with(|work| work.set(work.get() + bytes));
}

#[cfg(not(test))]
pub(super) const fn count(_: usize) {}

#[cfg(test)]
thread_local! {
    pub(super) static WORK: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}
