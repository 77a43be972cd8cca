//! The text of an error: sentences of this library, with redacted external text.
//!
//! Sentences of this library are not redacted, because the redactor could remove a part of them. External text (a
//! server's message, a header, a cause from the operating system) is always redacted. The types distinguish the two: a
//! sentence is a literal or is made by [`detail!`], whose parts must be numbers, literals, ids or
//! [`Redacted`](crate::redact::Redacted) text. A `String` does not compile.

use std::{fmt, time::Duration};

use crate::{
    redact::Redacted,
    types::{Amount, ResourceId},
};

/// The text of an error.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Detail(String);

impl Detail {
    /// For [`detail!`] only, which checks the template and the parts.
    pub(crate) fn from_template(_: Template, text: String) -> Self {
        Self(text)
    }

    /// A sentence of the middle layer, which redacts its own parts.
    pub(crate) fn from_binding(text: String) -> Self {
        Self(text)
    }

    /// Puts a field or an option in front: `amount: must be greater than zero`.
    pub(crate) fn of_field(field: &str, remedy: &Self) -> Self {
        Self(format!("{field}: {}", remedy.0))
    }

    /// The field gains a prefix.
    pub(crate) fn move_field(&mut self, field: &str, path: &str) {
        if let Some(rest) = self.0.strip_prefix(field) {
            self.0 = format!("{path}{rest}");
        }
    }

    /// Ends the text with exactly one full stop.
    pub(crate) fn end_sentence(&mut self) {
        self.0.truncate(self.0.trim_end_matches('.').len());
        self.0.push('.');
    }

    pub(crate) fn push(&mut self, more: &Self) {
        self.0.push_str(&more.0);
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Detail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A type that can be the whole text of an error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may contain external text",
    note = "write the sentence as a literal or with `detail!(\"...{{}}...\", part)`; pass external text through `redact()`"
)]
pub(crate) trait IntoDetail {
    fn into_detail(self) -> Detail;
}

impl IntoDetail for &'static str {
    fn into_detail(self) -> Detail {
        Detail(self.to_owned())
    }
}

impl IntoDetail for Detail {
    fn into_detail(self) -> Detail {
        self
    }
}

impl IntoDetail for Redacted {
    fn into_detail(self) -> Detail {
        Detail(self.into_string())
    }
}

/// A type that can be a part of a sentence.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may contain external text",
    note = "pass external text through `redact()`"
)]
pub(crate) trait DetailPart {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

macro_rules! part_as_displayed {
    ($($ty:ty),*) => {$(
        impl DetailPart for $ty {
            fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}
part_as_displayed!(u16, u32, u64, usize, &'static str, Amount);

impl DetailPart for Redacted {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl DetailPart for Detail {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An id is not redacted: it has a closed set of characters, and the caller needs it. It is not a phone number, even if
/// it has many digits.
impl DetailPart for ResourceId {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `120 s`, `0.25 s`.
impl DetailPart for Duration {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.as_secs_f64())
    }
}

/// A single character with its code point, so that an invisible one can be identified: `"x" (U+0078)`.
impl DetailPart for char {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = u32::from(*self);
        if self.is_ascii_graphic() { write!(f, "\"{self}\" (U+{code:04X})") } else { write!(f, "U+{code:04X}") }
    }
}

impl<T: DetailPart> DetailPart for &T {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).write(f)
    }
}

/// Formats a part inside of `format!`.
pub(crate) struct DisplayPart<'a, T>(pub(crate) &'a T);

impl<T: DetailPart> fmt::Display for DisplayPart<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f)
    }
}

/// Proof that a template has only plain `{}` placeholders.
pub(crate) struct Template(());

impl Template {
    /// Fails the build for any other template, because a captured variable would not be checked.
    pub(crate) const fn new(template: &str) -> Self {
        let bytes = template.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b'{' {
                assert!(
                    at + 1 < bytes.len() && matches!(bytes[at + 1], b'}' | b'{'),
                    "a template must have only empty braces: pass the parts after it"
                );
                at += 1;
            }
            at += 1;
        }
        Self(())
    }
}

/// Makes a sentence of this library with parts that are safe to show: `detail!("not found ({})", status)`.
macro_rules! detail {
    ($template:literal $(, $part:expr)* $(,)?) => {
        $crate::detail::Detail::from_template(
            const { $crate::detail::Template::new($template) },
            format!($template $(, $crate::detail::DisplayPart(&$part))*),
        )
    };
}
pub(crate) use detail;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::redact;

    #[test]
    fn only_external_parts_are_redacted() {
        let message = redact("token=canary for 0712345678");
        let detail = detail!("client_secret: missing; the server's message: {} ({})", message, 400_u16);
        let expected = "client_secret: missing; the server's message: token=[redacted] for [redacted] (400)";
        assert_eq!(detail.as_str(), expected);
    }

    #[test]
    fn durations_and_characters_are_readable() {
        let shown = detail!(
            "{}, {}, {}, {}, {}",
            Duration::from_secs(120),
            Duration::from_millis(1500),
            Duration::from_millis(250),
            'x',
            '\u{202a}'
        );
        assert_eq!(shown.as_str(), "120 s, 1.5 s, 0.25 s, \"x\" (U+0078), U+202A");
    }
}
