//! Why a request was refused: the rule that did it, and how certain it is that the real API has it.

use serde_json::Value;

use crate::{
    reply::Reply,
    rules::{RULES, Rule},
};

/// The words of a refusal. None: it is no refusal, or it says nothing.
pub(crate) fn words(reply: &Reply) -> Option<String> {
    if reply.status < 400 {
        return None;
    }
    let text = |name: &str| match &reply.body[name] {
        Value::String(text) => Some(text.clone()),
        Value::Array(list) => Some(list.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ")),
        _ => None,
    };
    text("error_message")
        .or_else(|| text("error_description"))
        .or_else(|| text("error"))
        .or_else(|| (reply.status == 401).then(|| "the request has no access token".to_owned()))
}

/// The rule behind a refusal of an operation, or of a path that is none.
pub(crate) fn rule(operation: Option<&str>, status: u16, words: &str) -> Option<&'static Rule> {
    let in_area = |area: &str, part: &str| RULES.iter().find(|rule| rule.area == area && rule.rule.contains(part));
    let Some(section) = operation.and_then(|operation| operation.split('.').next()) else {
        return if words.contains("version 1") {
            in_area("version 1", "404 that names the version")
        } else {
            in_area("requests", "an unknown path")
        };
    };
    match (status, section) {
        (400..500, "oauth") => return in_area("oauth", if status == 401 { "invalid_client" } else { "grant" }),
        (401, _) => return in_area("tokens", "401"),
        _ => {}
    }
    in_area(section, words).or_else(|| in_area("requests", words)).or_else(|| {
        // The words of these have the names or the limits of the request.
        let (area, part) = if words.starts_with("Callback url is invalid") || words.starts_with("Url is invalid") {
            ("requests", "a callback URL that is neither")
        } else if words.ends_with("can't be blank") {
            return in_area(section, "other fields")
                .or_else(|| in_area("requests", "a field that is needed and absent"));
        } else if words.ends_with("not found") {
            ("requests", "not found")
        } else if words.to_lowercase().contains("amount ") {
            ("requests", "Amount is not a number")
        } else if words.starts_with("The body") || words.starts_with("The multipart body") {
            ("requests", "a body that")
        } else if words.ends_with("is invalid") {
            let is_of_destination = words.starts_with("Destination ");
            return in_area(section, if is_of_destination { "field of a destination" } else { "is invalid" });
        } else {
            return in_area(section, words.split_once(':').map_or(words, |(before, _)| before));
        };
        in_area(area, part)
    })
}
