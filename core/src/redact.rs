//! Takes secrets and personal data out of text that may end in a log.

const MARK: &str = "[redacted]";

/// JSON and form keys whose values never appear in an error.
const SECRET_KEYS: [&str; 4] = ["client_secret", "api_key", "token", "password"];

/// What stands before a credential in an authorization header.
const SCHEMES: [&str; 2] = ["bearer ", "basic "];

/// Redacts runs of nine or more digits (phone and account numbers), long hexadecimal runs (hashed phone numbers,
/// signatures), bearer tokens, e-mail addresses, and the values of secret keys in JSON and form bodies.
pub(crate) fn redact(text: &str) -> String {
    let text = redact_secret_values(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let word_end = rest.find(|c: char| !is_word(c)).unwrap_or(rest.len());
        if word_end == 0 {
            let Some(c) = rest.chars().next() else { break };
            out.push(c);
            rest = &rest[c.len_utf8()..];
            continue;
        }
        let (word, tail) = rest.split_at(word_end);
        if is_sensitive(word) {
            if out.ends_with('+') {
                out.pop();
            }
            out.push_str(MARK);
        } else {
            out.push_str(word);
        }
        rest = tail;
    }
    out
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '@' | '.')
}

fn is_sensitive(word: &str) -> bool {
    let at_sign = word.find('@').is_some_and(|at| at > 0 && word[at..].contains('.'));
    let long_hex = word.len() >= 64 && word.bytes().all(|b| b.is_ascii_hexdigit());
    at_sign || long_hex || longest_digit_run(word) >= 9
}

/// A UUID's last group can be twelve digits, and then it names a resource and no person.
fn longest_digit_run(word: &str) -> usize {
    if is_uuid(word) {
        return 0;
    }
    word.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0)
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36
        && word.bytes().enumerate().all(|(at, b)| match at {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_hexdigit(),
        })
}

fn redact_secret_values(text: &str) -> String {
    let mut out = text.to_owned();
    for scheme in SCHEMES {
        let mut from = 0;
        while let Some(at) = find_ignoring_case(&out[from..], scheme).map(|at| from + at + scheme.len()) {
            let end = out[at..]
                .find(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ','))
                .map_or(out.len(), |n| at + n);
            out.replace_range(at..end, if end > at { MARK } else { "" });
            from = at;
        }
    }
    for key in SECRET_KEYS {
        let mut from = 0;
        while let Some(at) = find_ignoring_case(&out[from..], key).map(|at| from + at) {
            let after = at + key.len();
            from = after;
            let Some((start, end)) = value_after(&out, after) else { continue };
            out.replace_range(start..end, MARK);
            from = start + MARK.len();
        }
    }
    out
}

fn find_ignoring_case(text: &str, key: &str) -> Option<usize> {
    text.as_bytes().windows(key.len()).position(|window| window.eq_ignore_ascii_case(key.as_bytes()))
}

/// The span of the value that follows a key: `key=VALUE`, `"key":"VALUE"`, `"key" : VALUE`.
fn value_after(text: &str, after: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = after;
    while matches!(bytes.get(at), Some(b'"' | b'\'' | b'\\' | b' ')) {
        at += 1;
    }
    if !matches!(bytes.get(at), Some(b':' | b'=')) {
        return None;
    }
    at += 1;
    while matches!(bytes.get(at), Some(b' ' | b'\\')) {
        at += 1;
    }
    let quoted = matches!(bytes.get(at), Some(b'"' | b'\''));
    at += usize::from(quoted);
    let stop = |b: &u8| if quoted { matches!(b, b'"' | b'\'') } else { matches!(b, b'&' | b',' | b'}' | b' ' | b'\n') };
    let end = bytes[at..].iter().position(stop).map_or(bytes.len(), |n| at + n);
    (end > at).then_some((at, end))
}

#[cfg(test)]
mod tests {
    use super::redact;
    use proptest::prelude::*;

    #[test]
    fn phone_numbers_disappear_in_every_spelling() {
        for text in [
            "254712345678",
            "+254712345678",
            "0712345678",
            "phone 254712345678 has an invalid length",
            "{\"p\":254712345678}",
        ] {
            let out = redact(text);
            assert!(!out.contains("712345678"), "{out}");
            assert!(out.contains("[redacted]"));
            assert!(!out.contains("+["));
        }
    }

    #[test]
    fn tokens_and_secrets_disappear_in_json_and_forms() {
        for text in [
            r#"{"access_token":"canary-value","expires_in":3600}"#,
            r#"{"access_token" : "canary-value"}"#,
            "client_id=me&client_secret=canary-value&grant_type=client_credentials",
            "Authorization: Bearer canary-value",
            "Authorization: Bearer ca+/=canary-value==",
            r#"{"authorization":"Basic canary-value"}"#,
            r#"{\"token\":\"canary-value\"}"#,
            "API_KEY=canary-value",
        ] {
            let out = redact(text);
            assert!(!out.contains("canary"), "{out}");
        }
    }

    #[test]
    fn ordinary_words_ids_and_amounts_stay() {
        for text in [
            "Till number can't be blank",
            "247b1bd8-f5a0-4b71-a898-123456789012",
            "amount 20000 in OJM6Q1W84K",
            "https://sandbox.kopokopo.com/api/v2/reversals",
            "the token was refused",
        ] {
            assert_eq!(redact(text), text);
        }
    }

    #[test]
    fn e_mail_addresses_and_hashed_phones_disappear() {
        let hash = "d30d07ee".repeat(8);
        let out = redact(&format!("jbuyer@mail.net {hash}"));
        assert_eq!(out, "[redacted] [redacted]");
    }

    proptest! {
        #[test]
        fn redacting_never_panics_and_leaves_no_long_digit_run(text in ".{0,200}") {
            let out = redact(&text);
            for word in out.split(|c: char| !c.is_ascii_digit()) {
                prop_assert!(word.len() < 36);
            }
        }

        #[test]
        fn a_phone_number_inside_any_words_disappears(before in "[a-z ]{0,20}", phone in "2547[0-9]{8}", after in "[ a-z]{0,20}") {
            let text = format!("{before} {phone} {after}");
            prop_assert!(!redact(&text).contains(&phone));
        }
    }
}
