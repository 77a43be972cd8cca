//! Takes secrets and personal data out of text from outside before it can end in an error or a log.
//!
//! The work is linear in the length of the text, and the text is cut before it is read.

use std::{borrow::Cow, ops::Range, sync::Arc};

use memchr::memmem;

use crate::types::Secret;

mod phones;
mod scan;

const MARK: &str = "[redacted]";

/// How much of a text from outside a sentence repeats, in bytes.
const LONGEST_QUOTED: usize = 1024;

/// How much of a body an error keeps, in bytes.
const LONGEST_BODY: usize = 16 * 1024;

/// How much is read beyond what is kept, in bytes: a secret that begins before the cut is recognised to its end.
const LOOK_AHEAD: usize = 4 * 1024;

/// A longer name of a field is not repeated, in bytes.
const LONGEST_NAME: usize = 40;

/// A longer id of a request is cut like any text.
const LONGEST_ID: usize = 128;

/// A shorter secret is not replaced by its value: it would be found in the middle of ordinary words.
const SHORTEST_SECRET: usize = 8;

/// Text from outside, without secrets and personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redacted(String);

impl Redacted {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

/// Redacts a text from outside by patterns alone: phone and account numbers, long hexadecimal runs (hashed phone
/// numbers, signatures), credentials after `Bearer` or `Basic`, e-mail addresses, the values of secret keys. What is
/// longer than a sentence can repeat is cut.
pub(crate) fn redact(text: &str) -> Redacted {
    Redactor::default().redact(text)
}

/// A name that a caller chose, as a part of a field's path. What does not look like a field's name, such as a key or a phone
/// number in the wrong place, is not repeated.
pub fn redact_name(name: &str) -> &str {
    let count = |is: fn(&u8) -> bool| name.bytes().filter(is).count();
    let digits = count(u8::is_ascii_digit);
    let looks_like_a_name = name.len() <= LONGEST_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        && digits <= 2
        && (digits == 0 || count(u8::is_ascii_uppercase) == 0);
    if looks_like_a_name { name } else { MARK }
}

/// What a JSON reader says, without the texts that it quotes: they may hold a name.
pub(crate) fn json_error(error: &serde_json::Error) -> Redacted {
    let why = error.to_string();
    match (why.find(": string \""), why.rfind("\", expected")) {
        (Some(from), Some(to)) if from < to => redact(&format!("{}: a text{}", &why[..from], &why[to + 1..])),
        _ => redact(&why),
    }
}

/// Redacts by patterns and by value: a server can echo this client's credentials anywhere.
#[derive(Clone, Default)]
pub(crate) struct Redactor {
    /// Each secret in every encoding in which it can come back.
    secrets: Arc<[Secret]>,
}

impl Redactor {
    pub(crate) fn new<'a>(secrets: impl IntoIterator<Item = &'a Secret>) -> Self {
        Self { secrets: secrets.into_iter().flat_map(encodings).collect() }
    }

    /// The same redactor with one more secret: the access token of a call.
    pub(crate) fn with(&self, secret: Option<&Secret>) -> Self {
        match secret {
            Some(secret) => Self { secrets: self.secrets.iter().cloned().chain(encodings(secret)).collect() },
            None => self.clone(),
        }
    }

    /// As [`redact`], and by value.
    pub(crate) fn redact(&self, text: &str) -> Redacted {
        Redacted(self.cut(text, LONGEST_QUOTED))
    }

    /// The id of a request: what is shaped like an id is no phone number, however numeric.
    pub(crate) fn request_id(&self, id: &str) -> Redacted {
        let is_id = id.len() <= LONGEST_ID
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b':' | b'-'));
        let is_secret = || self.secrets.iter().any(|secret| id.contains(secret.expose()));
        if is_id && !is_secret() { Redacted(id.to_owned()) } else { self.redact(id) }
    }

    /// The beginning of a body. `None` if it is empty.
    pub(crate) fn body(&self, body: &[u8]) -> Option<String> {
        let window = body.get(..LONGEST_BODY + LOOK_AHEAD).unwrap_or(body);
        let text = String::from_utf8_lossy(window);
        (!body.is_empty()).then(|| self.cut(&text, LONGEST_BODY))
    }

    /// The redacted beginning of a text, of at most `longest` bytes and a sign that it was cut.
    fn cut(&self, text: &str, longest: usize) -> String {
        let window = &text[..floor(text, longest + LOOK_AHEAD)];
        write(window, floor(text, longest), longest, &self.hidden(window))
    }

    /// The whole text, however long.
    fn all(&self, text: &str) -> String {
        write(text, text.len(), usize::MAX, &self.hidden(text))
    }

    /// What is not shown, in order and without overlaps.
    fn hidden(&self, text: &str) -> Vec<Range<usize>> {
        let mut spans = scan::spans(text);
        spans.extend(phones::spans(text));
        for secret in self.secrets.iter() {
            let secret = secret.expose().as_bytes();
            scan::count(text.len());
            spans.extend(memmem::find_iter(text.as_bytes(), secret).map(|at| at..at + secret.len()));
        }
        // A few lists that are in order already: the sort merges them.
        spans.sort_by_key(|span| span.start);
        spans.dedup_by(|next, span| {
            let overlaps = next.start < span.end;
            if overlaps {
                span.end = span.end.max(next.end);
            }
            overlaps
        });
        spans
    }
}

/// For tests and benchmarks of other crates: the whole text redacted, however long it is.
#[doc(hidden)]
pub fn redact_all(text: &str, secrets: &[Secret]) -> String {
    Redactor::new(secrets).all(text)
}

/// A secret in the encodings in which servers echo text: form, JSON (also as PHP and .NET write it) and HTML.
fn encodings(secret: &Secret) -> Vec<Secret> {
    let plain = secret.expose();
    if plain.len() < SHORTEST_SECRET {
        return Vec::new();
    }
    let mut found = vec![secret.clone()];
    let form: Cow<'_, str> = form_urlencoded::byte_serialize(plain.as_bytes()).collect();
    let json = serde_json::to_string(plain).unwrap_or_default();
    let json = json.trim_matches('"').to_owned();
    let html = replace(plain, |c| match c {
        '&' => Some("&amp;".into()),
        '<' => Some("&lt;".into()),
        '>' => Some("&gt;".into()),
        '"' => Some("&quot;".into()),
        '\'' => Some("&#39;".into()),
        _ => None,
    });
    let escaped = |hex: fn(u32) -> String| {
        replace(&json, move |c| matches!(c, '+' | '&' | '<' | '>' | '\'' | '=' | '/').then(|| hex(u32::from(c))))
    };
    let others = [
        form.into_owned(),
        json.replace('/', "\\/"),
        escaped(|c| format!("\\u{c:04X}")),
        escaped(|c| format!("\\u{c:04x}")),
        json.replace('+', "\\u002B"),
        html.replace('/', "&#x2F;").replace("&#39;", "&#x27;"),
        html.replace('=', "&#x3D;").replace('/', "&#x2F;"),
        html,
        json,
    ];
    for other in others {
        if other != plain && !found.iter().any(|known| known.expose() == other) {
            found.push(Secret::from(other));
        }
    }
    found
}

fn replace(text: &str, escape: impl Fn(char) -> Option<String>) -> String {
    text.chars().map(|c| escape(c).unwrap_or_else(|| c.to_string())).collect()
}

/// Copies the first `kept` bytes of a text, as far as `longest` bytes hold them, with a mark for each span.
fn write(text: &str, kept: usize, longest: usize, hidden: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(kept);
    let mut at = 0;
    for span in hidden.iter().take_while(|span| span.start < kept) {
        let shown = &text[at..span.start];
        if out.len() + shown.len() + MARK.len() > longest {
            break;
        }
        out.push_str(shown);
        out.push_str(MARK);
        at = span.end;
    }
    // Where the marks took the room, the text ends before the next one.
    let end = hidden.iter().map(|span| span.start).find(|start| *start >= at).map_or(kept, |start| start.min(kept));
    let rest = text.get(at..end).unwrap_or_default();
    let fits = floor(rest, longest - out.len());
    out.push_str(&rest[..fits]);
    if at + fits < text.len() {
        out.push('…');
    }
    out
}

/// The end of the longest beginning of at most `length` bytes.
fn floor(text: &str, length: usize) -> usize {
    (0..=length.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
