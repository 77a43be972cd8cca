//! Removes secrets and personal data from external text before it gets into an error or a log.
//!
//! The work is linear in the length of the text, and the text is cut before it is read.

use std::{borrow::Cow, ops::Range, sync::Arc};

use memchr::memmem;

use crate::types::Secret;

mod phones;
mod scan;

const MARK: &str = "[redacted]";

/// The most that an error message quotes of an external text, in bytes.
const MAX_QUOTED: usize = 1024;

/// The most that an error keeps of a body, in bytes.
const MAX_BODY: usize = 16 * 1024;

/// How much is read beyond what is kept, in bytes: a secret that begins before the cut is recognised to its end.
const LOOK_AHEAD: usize = 4 * 1024;

/// The longest field name that an error repeats, in bytes.
const MAX_NAME: usize = 40;

/// The longest request id that is kept whole, in bytes. A longer one is cut like any text.
const MAX_ID: usize = 128;

/// The shortest secret that is searched for by its value, in bytes. A shorter one could be a part of ordinary words.
const MIN_SECRET: usize = 8;

/// External text without secrets and personal data.
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

/// Redacts an external text by patterns only: phone and account numbers, long hexadecimal runs (hashed phone numbers,
/// signatures), credentials after `Bearer` or `Basic`, users and passwords in URLs, e-mail addresses, and the values of secret
/// keys. Cuts the text
/// at [`MAX_QUOTED`].
pub(crate) fn redact(text: &str) -> Redacted {
    Redactor::default().redact(text)
}

/// Returns a name from the caller for use in a field's path. Replaces it if it does not look like a field's name: it
/// may be a key or a phone number in the wrong place.
pub fn redact_name(name: &str) -> &str {
    let count = |is: fn(&u8) -> bool| name.bytes().filter(is).count();
    let digits = count(u8::is_ascii_digit);
    let looks_like_a_name = name.len() <= MAX_NAME
        && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
        && digits <= 2
        && (digits == 0 || count(u8::is_ascii_uppercase) == 0);
    if looks_like_a_name { name } else { MARK }
}

/// The message of a JSON error, without the text that it quotes: that text may contain a name.
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
    /// Each secret in every encoding in which a server can echo it.
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

    /// As [`redact()`], and by value.
    pub(crate) fn redact(&self, text: &str) -> Redacted {
        Redacted(self.cut(text, MAX_QUOTED))
    }

    /// Redacts the id of a request. A text with the format of an id is kept, even if it has many digits.
    pub(crate) fn request_id(&self, id: &str) -> Redacted {
        let is_id = id.len() <= MAX_ID
            && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'~' | b':' | b'-'));
        let is_secret = || self.secrets.iter().any(|secret| id.contains(secret.expose()));
        if is_id && !is_secret() { Redacted(id.to_owned()) } else { self.redact(id) }
    }

    /// The beginning of a body. `None` if it is empty.
    pub(crate) fn body(&self, body: &[u8]) -> Option<String> {
        let window = body.get(..MAX_BODY + LOOK_AHEAD).unwrap_or(body);
        let text = String::from_utf8_lossy(window);
        (!body.is_empty()).then(|| self.cut(&text, MAX_BODY))
    }

    /// The redacted beginning of a text: at most `longest` bytes, and an ellipsis if it was cut.
    fn cut(&self, text: &str, longest: usize) -> String {
        let window = &text[..char_boundary_before(text, longest + LOOK_AHEAD)];
        copy_redacted(window, char_boundary_before(text, longest), longest, &self.sensitive_spans(window))
    }

    /// The whole text, redacted.
    fn all(&self, text: &str) -> String {
        copy_redacted(text, text.len(), usize::MAX, &self.sensitive_spans(text))
    }

    /// The spans to redact, in order and without overlaps.
    fn sensitive_spans(&self, text: &str) -> Vec<Range<usize>> {
        let mut spans = scan::spans(text);
        spans.extend(phones::spans(text));
        for secret in self.secrets.iter() {
            let secret = secret.expose().as_bytes();
            scan::count(text.len());
            spans.extend(memmem::find_iter(text.as_bytes(), secret).map(|at| at..at + secret.len()));
        }
        // The input is a few sorted lists, which the sort merges in linear time.
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

/// Redacts a whole text of any length. For tests and benchmarks of other crates.
#[doc(hidden)]
pub fn redact_all(text: &str, secrets: &[Secret]) -> String {
    Redactor::new(secrets).all(text)
}

/// A secret in the encodings in which servers echo text: form, JSON (also as PHP and .NET write it) and HTML.
fn encodings(secret: &Secret) -> Vec<Secret> {
    let plain = secret.expose();
    if plain.len() < MIN_SECRET {
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

/// Copies the first `kept` bytes of a text with a mark in place of each span. Stops at `longest` bytes of output.
fn copy_redacted(text: &str, kept: usize, longest: usize, spans: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(kept);
    let mut at = 0;
    for span in spans.iter().take_while(|span| span.start < kept) {
        let shown = &text[at..span.start];
        if out.len() + shown.len() + MARK.len() > longest {
            break;
        }
        out.push_str(shown);
        out.push_str(MARK);
        at = span.end;
    }
    // If the marks used up the space, the text ends before the next span.
    let end = spans.iter().map(|span| span.start).find(|start| *start >= at).map_or(kept, |start| start.min(kept));
    let rest = text.get(at..end).unwrap_or_default();
    let fits = char_boundary_before(rest, longest - out.len());
    out.push_str(&rest[..fits]);
    if at + fits < text.len() {
        out.push('…');
    }
    out
}

/// The last character boundary within the first `length` bytes.
fn char_boundary_before(text: &str, length: usize) -> usize {
    (0..=length.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
