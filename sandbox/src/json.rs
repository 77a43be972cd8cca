//! JSON as Rails writes it.

use serde_json::Value;

/// Compact, with the characters that HTML cares about escaped. Verifiers that parse a body and write it again before
/// hashing arrive at the same bytes only if they are these.
pub(crate) fn write(value: &Value) -> String {
    let compact = value.to_string();
    let mut out = String::with_capacity(compact.len());
    for c in compact.chars() {
        match c {
            '&' => out.push_str("\\u0026"),
            '<' => out.push_str("\\u003c"),
            '>' => out.push_str("\\u003e"),
            '\u{2028}' => out.push_str("\\u2028"),
            '\u{2029}' => out.push_str("\\u2029"),
            c => out.push(c),
        }
    }
    out
}

/// How deep JSON may be nested. What is kept is written with a few levels more, and read with a limit of 128.
const DEEPEST: usize = 64;

/// Whether a JSON text is nested deeper than is accepted.
pub(crate) fn is_too_deep(text: &[u8]) -> bool {
    kopokopo::is_deeper(text, DEEPEST)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::write;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    #[test]
    fn what_html_cares_about_is_escaped() {
        assert_eq!(write(&json!({"a": "<b>&\u{2028}\u{2029}"})), r#"{"a":"\u003cb\u003e\u0026\u2028\u2029"}"#);
    }

    proptest! {
        #[test]
        fn every_text_reads_back(text in "\\PC*") {
            let value = json!({ "text": text });
            prop_assert_eq!(serde_json::from_str::<Value>(&write(&value)).unwrap(), value);
        }
    }
}
