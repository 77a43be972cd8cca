//! How names and texts of the contract are spelled in languages.

/// Seconds with the contract's digits, in milliseconds: `3.1` is `3100`.
pub(crate) fn milliseconds(seconds: &str) -> String {
    let (whole, fraction) = seconds.split_once('.').unwrap_or((seconds, ""));
    format!("{whole}{fraction:0<3}").trim_start_matches('0').to_owned()
}

/// `OutcomeUnknown` to `outcome_unknown`, `B2bTransactionReceived` to `b2b_transaction_received`.
pub(crate) fn snake_case(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    for (at, c) in name.char_indices() {
        if c.is_ascii_uppercase() && at > 0 {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
    }
    out
}

/// `outcome_unknown` to `outcomeUnknown`.
pub(crate) fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |out, word| out + &capitalized(word))
}

/// The name of an object's class where `KopoKopo` is the package's name.
pub(crate) fn class_name(object: &str) -> &str {
    if object == "KopoKopo" { "Client" } else { object }
}

/// With an upper-case letter first.
pub(crate) fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

/// With a lower-case letter first.
pub(crate) fn uncapitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

/// Documentation with names of the contract in camel case.
pub(crate) fn in_camel_case(docs: &str) -> String {
    let parts = docs.split('`').enumerate().map(|(at, part)| {
        let is_name = at % 2 == 1 && part.contains('_') && part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if is_name { camel_case(part) } else { part.to_owned() }
    });
    parts.collect::<Vec<_>>().join("`")
}
