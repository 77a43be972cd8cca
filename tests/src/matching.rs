//! What fits an expectation, and values that refer to earlier ones.

use std::collections::HashMap;

use kopokopo::types::Amount;
use serde_json::{Map, Value};

use crate::{path, scenario::Expectations};

/// Values that steps gave names to.
pub(crate) type Names = HashMap<String, Value>;

/// Everything that does not fit, or nothing.
pub(crate) fn differences(found: &Value, expected: &Expectations, names: &Names) -> Result<Vec<String>, String> {
    let mut out = Vec::new();
    for (path, wanted) in expected {
        let path = fill_text(path, names)?;
        let (wanted, own) = (fill(wanted, names)?, path::find(found, &path));
        if !fits(own.as_ref(), &wanted)? {
            let own = own.map_or_else(|| "nothing".to_owned(), |own| own.to_string());
            out.push(format!("{path}: expected {wanted}, found {own}"));
        }
    }
    Ok(out)
}

/// Whether a value matches the expected one. Null means absent.
pub(crate) fn fits(found: Option<&Value>, wanted: &Value) -> Result<bool, String> {
    let found = found.filter(|found| !found.is_null());
    let Some((name, wanted)) = matcher(wanted) else { return Ok(same(found, wanted)) };
    Ok(match name {
        "$any" => found.is_some() == (wanted == &Value::Bool(true)),
        "$not" => !fits(found, wanted)?,
        "$contains" => match found {
            Some(Value::String(text)) => wanted.as_str().is_some_and(|part| text.contains(part)),
            Some(Value::Array(items)) => items.iter().any(|item| same(Some(item), wanted)),
            _ => false,
        },
        "$min" => {
            matches!((found.and_then(Value::as_f64), wanted.as_f64()), (Some(found), Some(least)) if found >= least)
        }
        "$amount" => found.and_then(amount).is_some_and(|found| Some(found) == amount(wanted)),
        _ => return Err(format!("there is no matcher {name}")),
    })
}

/// `{"$name": value}`.
fn matcher(wanted: &Value) -> Option<(&str, &Value)> {
    let object = wanted.as_object().filter(|object| object.len() == 1)?;
    object.iter().next().filter(|(name, _)| name.starts_with('$')).map(|(name, value)| (name.as_str(), value))
}

fn same(found: Option<&Value>, wanted: &Value) -> bool {
    match (found, wanted) {
        (None, wanted) => wanted.is_null(),
        (Some(Value::Number(found)), Value::Number(wanted)) => found.as_f64() == wanted.as_f64(),
        (Some(found), wanted) => found == wanted,
    }
}

fn amount(value: &Value) -> Option<Amount> {
    path::text(value).parse().ok()
}

/// The value with every reference in it resolved.
pub(crate) fn fill(value: &Value, names: &Names) -> Result<Value, String> {
    Ok(match value {
        Value::String(text) => match reference(text) {
            Some(("", name, "")) => lookup(name, names)?,
            _ => Value::String(fill_text(text, names)?),
        },
        Value::Array(items) => Value::Array(items.iter().map(|item| fill(item, names)).collect::<Result<_, _>>()?),
        Value::Object(object) => Value::Object(fill_object(object, names)?),
        value => value.clone(),
    })
}

/// As [`fill`], for an object.
pub(crate) fn fill_object(object: &Map<String, Value>, names: &Names) -> Result<Map<String, Value>, String> {
    object.iter().map(|(name, value)| Ok((name.clone(), fill(value, names)?))).collect()
}

/// The text with every reference in it replaced by what it refers to.
pub(crate) fn fill_text(text: &str, names: &Names) -> Result<String, String> {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, name, after)) = reference(rest) {
        out.push_str(before);
        out.push_str(&path::text(&lookup(name, names)?));
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// The first `$name.path` of a text, with the text before and after it.
fn reference(text: &str) -> Option<(&str, &str, &str)> {
    let at = text.find('$').filter(|at| text[at + 1..].starts_with(|c: char| c.is_ascii_lowercase()))?;
    let (before, rest) = (&text[..at], &text[at + 1..]);
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
    Some((before, &rest[..end], &rest[end..]))
}

fn lookup(reference: &str, names: &Names) -> Result<Value, String> {
    let (name, path) = reference.split_once('.').unwrap_or((reference, ""));
    let value = names.get(name).ok_or_else(|| format!("no step was named {name}"))?;
    path::find(value, path).ok_or_else(|| format!("{name} has no {path}"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn matchers_accept_what_fits_and_nothing_else() {
        for (found, wanted, expected) in [
            (json!(1), json!(1.0), true),
            (json!("1"), json!(1), false),
            (json!({ "a": 1 }), json!({ "a": 1 }), true),
            (json!("some words"), json!({ "$contains": "word" }), true),
            (json!("some words"), json!({ "$contains": "Word" }), false),
            (json!(["a", "b"]), json!({ "$contains": "b" }), true),
            (json!(["ab"]), json!({ "$contains": "b" }), false),
            (json!(false), json!({ "$any": true }), true),
            (json!(false), json!({ "$any": false }), false),
            (json!(2), json!({ "$min": 2 }), true),
            (json!(1), json!({ "$min": 2 }), false),
            (json!("100.0"), json!({ "$amount": "100" }), true),
            (json!(100), json!({ "$amount": "100.00" }), true),
            (json!("100.01"), json!({ "$amount": "100" }), false),
            (json!("x"), json!({ "$not": "x" }), false),
            (json!("x"), json!({ "$not": { "$contains": "y" } }), true),
        ] {
            assert_eq!(fits(Some(&found), &wanted).unwrap(), expected, "{found} {wanted}");
        }
        assert!(fits(None, &Value::Null).unwrap() && fits(Some(&Value::Null), &Value::Null).unwrap());
        assert!(!fits(None, &json!({ "$any": true })).unwrap() && !fits(None, &json!(0)).unwrap());
        assert!(fits(Some(&json!(1)), &json!({ "$unheard_of": 1 })).is_err());
    }

    #[test]
    fn references_keep_their_type_alone_and_become_text_within_text() {
        let names = Names::from([("push".to_owned(), json!({ "id": "p1", "n": 7 }))]);
        let filled = fill(&json!({ "a": "$push.n", "b": ["/x/$push.id/y"], "c": "costs $5" }), &names).unwrap();
        assert_eq!(filled, json!({ "a": 7, "b": ["/x/p1/y"], "c": "costs $5" }));
        assert!(fill(&json!("$nobody.id"), &names).is_err() && fill(&json!("$push.nothing"), &names).is_err());
    }
}
