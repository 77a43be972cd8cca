//! The text of an error: sentences of this library, with redacted parts from outside.
//!
//! A sentence of our own is never redacted, because the redactor would eat what it says. Text from outside (a server's
//! message, a header, a cause from the operating system) is always redacted. The types keep the two apart: a sentence
//! is a literal or is made by [`detail!`], whose parts must be numbers, literals, ids or
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
    pub(crate) fn from_template(_: Checked, text: String) -> Self {
        Self(text)
    }

    /// A sentence of the layer between this crate and another language, which redacts its own parts.
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

    /// Ends what was said with exactly one full stop.
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

/// What can be the whole text of an error.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold text from outside",
    note = "write the sentence as a literal or with `detail!(\"...{{}}...\", part)`; pass text from outside through `redact()`"
)]
pub(crate) trait Sentence {
    fn into_detail(self) -> Detail;
}

impl Sentence for &'static str {
    fn into_detail(self) -> Detail {
        Detail(self.to_owned())
    }
}

impl Sentence for Detail {
    fn into_detail(self) -> Detail {
        self
    }
}

impl Sentence for Redacted {
    fn into_detail(self) -> Detail {
        Detail(self.into_string())
    }
}

/// What can be a part of a sentence.
#[diagnostic::on_unimplemented(
    message = "`{Self}` may hold text from outside",
    note = "pass text from outside through `redact()`"
)]
pub(crate) trait Part {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result;
}

macro_rules! part_as_displayed {
    ($($ty:ty),*) => {$(
        impl Part for $ty {
            fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )*};
}
part_as_displayed!(u16, u32, u64, usize, &'static str, Amount);

impl Part for Redacted {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Part for Detail {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An id has a closed set of characters, and a caller needs it as it is: it is no phone number, however numeric.
impl Part for ResourceId {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `120 s`, `0.25 s`.
impl Part for Duration {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.as_secs_f64())
    }
}

/// A single character, named so that an invisible one is found: `"x" (U+0078)`.
impl Part for char {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = u32::from(*self);
        if self.is_ascii_graphic() { write!(f, "\"{self}\" (U+{code:04X})") } else { write!(f, "U+{code:04X}") }
    }
}

impl<T: Part> Part for &T {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).write(f)
    }
}

/// Shows a part inside of `format!`.
pub(crate) struct Shown<'a, T>(pub(crate) &'a T);

impl<T: Part> fmt::Display for Shown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write(f)
    }
}

/// A template with nothing but plain `{}`.
pub(crate) struct Checked(());

impl Checked {
    /// Fails the build for another template: a captured variable would not be checked.
    pub(crate) const fn new(template: &str) -> Self {
        let bytes = template.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at] == b'{' {
                assert!(
                    at + 1 < bytes.len() && matches!(bytes[at + 1], b'}' | b'{'),
                    "a template holds only empty braces: name the parts after it"
                );
                at += 1;
            }
            at += 1;
        }
        Self(())
    }
}

/// A sentence of our own with parts that are safe to show: `detail!("not found ({})", status)`.
macro_rules! detail {
    ($template:literal $(, $part:expr)* $(,)?) => {
        $crate::detail::Detail::from_template(
            const { $crate::detail::Checked::new($template) },
            format!($template $(, $crate::detail::Shown(&$part))*),
        )
    };
}
pub(crate) use detail;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::redact;

    #[test]
    fn only_the_parts_from_outside_are_redacted() {
        let said = redact("token=canary for 0712345678");
        let detail = detail!("client_secret: missing; the server said: {} ({})", said, 400_u16);
        assert_eq!(detail.as_str(), "client_secret: missing; the server said: token=[redacted] for [redacted] (400)");
    }

    #[test]
    fn durations_and_characters_are_shown_for_people() {
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
