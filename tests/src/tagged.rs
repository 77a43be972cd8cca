//! Tagged values: the contract's values in one JSON form that every language can produce from its own types.
//! `conformance.md` lists the tags.

use std::collections::BTreeMap;

use kopokopo::types::Timestamp;
use kopokopo_ffi::value::{List, View};
use serde_json::{Map, Value, json};

use crate::testee::Language;

/// The results that payloads compute, which scenarios call helpers.
const HELPERS: [&str; 7] = [
    "is_received",
    "is_paid",
    "failed_disbursements",
    "is_reversed",
    "is_failed",
    "is_cancelled",
    "has_failed_attempt",
];

/// The tagged form of a value of the core.
pub(crate) fn tagged(view: View<'_>) -> Value {
    match view {
        View::Null | View::Object(_) => Value::Null,
        View::Bool(value) => json!(value),
        View::Integer(value) => json!(value),
        View::Seconds(value) => json!(value),
        View::Amount(amount) => json!({ "$amount": amount.to_string() }),
        View::Timestamp(timestamp) => json!({ "$timestamp": timestamp.to_string() }),
        View::Metadata(metadata) => json!({ "$metadata": metadata }),
        View::Raw(raw) => json!({ "$raw": raw.as_str() }),
        View::Text(text) | View::Currency(text) | View::Personal(text) | View::Secret(text) => json!(text),
        View::OpenEnum(name, word) => json!({ "$word": word, "of": name }),
        View::List(items) => list(items),
        View::Record(record) => {
            let shape = record.shape();
            let mut names = shape.fields.iter();
            let mut fields = named("$record", shape.name);
            record.each(&mut |field| {
                if let Some(name) = names.next() {
                    fields.insert((*name).to_owned(), tagged(field));
                }
            });
            Value::Object(fields)
        }
        View::Variant(variant) => {
            let mut fields = named("$union", variant.union);
            fields.insert("kind".to_owned(), json!(variant.word));
            if let Some((name, content)) = variant.field {
                fields.insert(name.to_owned(), tagged(content.view()));
            }
            Value::Object(fields)
        }
    }
}

fn list(items: &dyn List) -> Value {
    let mut list = Vec::with_capacity(items.count());
    items.each(&mut |item| list.push(tagged(item)));
    list.into()
}

fn named(key: &str, name: &str) -> Map<String, Value> {
    Map::from_iter([(key.to_owned(), json!(name))])
}

/// The arguments of a scenario as tagged values. Their types follow from their names.
pub(crate) fn tag_arguments(arguments: Map<String, Value>) -> Value {
    let tag = |(name, value): (String, Value)| {
        let value = match (name.as_str(), value) {
            ("from_time" | "to_time", value @ Value::String(_)) => json!({ "$timestamp": value }),
            ("metadata", value @ Value::Object(_)) => json!({ "$metadata": value }),
            ("destinations", Value::Array(items)) => items.into_iter().map(destination).collect(),
            (_, value) => value,
        };
        (name, value)
    };
    Value::Object(arguments.into_iter().map(tag).collect())
}

/// A destination, whose `type` says which variant it is.
fn destination(fields: Value) -> Value {
    let Value::Object(mut fields) = fields else { return fields };
    let mut variant = named("$union", "Destination");
    variant.insert("kind".to_owned(), fields.remove("type").unwrap_or_default());
    variant.extend(fields);
    Value::Object(variant)
}

/// Tagged arguments as the layer of the dynamic languages takes them.
pub(crate) fn untagged(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(untagged).collect(),
        Value::Object(fields) => {
            if let Some(value) = fields.get("$metadata").or_else(|| fields.get("$timestamp")) {
                return value.clone();
            }
            let is_variant = fields.contains_key("$union");
            let kept = fields.iter().filter(|(name, _)| !name.starts_with('$'));
            let rename = |name: &str| if is_variant && name == "kind" { "type" } else { name }.to_owned();
            Value::Object(kept.map(|(name, value)| (rename(name), untagged(value))).collect())
        }
        value => value.clone(),
    }
}

/// A result as scenarios compare it: without tags, amounts and times as texts, and nothing as `{}`.
pub(crate) fn plain_result(value: &Value) -> Value {
    match plain(value) {
        Value::Null => json!({}),
        value => value,
    }
}

fn plain(value: &Value) -> Value {
    match value {
        Value::Array(items) => items.iter().map(plain).collect(),
        Value::Object(fields) => {
            for tag in ["$amount", "$timestamp", "$word", "$metadata"] {
                if let Some(value) = fields.get(tag) {
                    return value.clone();
                }
            }
            let is_raw = |value: &Value| value.get("$raw").is_some();
            let kept = fields.iter().filter(|(name, value)| !name.starts_with('$') && *name != "raw" && !is_raw(value));
            Value::Object(kept.map(|(name, value)| (name.clone(), plain(value))).collect())
        }
        value => value.clone(),
    }
}

/// An event as scenarios compare it: with the payload in `data`, and its computed results in `helpers`.
pub(crate) fn plain_event(event: &Value) -> Value {
    let mut event = plain(event);
    let Some(fields) = event.as_object_mut() else { return event };
    let mut payload = fields.remove("payload").unwrap_or_default();
    let kind = payload.as_object_mut().and_then(|payload| payload.remove("kind"));
    let data = payload.as_object().and_then(|payload| payload.values().next()).cloned().unwrap_or_default();
    let helpers = HELPERS.into_iter().filter_map(|name| Some((name.to_owned(), data.get(name)?.clone())));
    let helpers: Map<String, Value> = helpers.collect();
    fields.extend([
        ("kind".to_owned(), kind.unwrap_or_default()),
        ("data".to_owned(), data),
        ("helpers".to_owned(), Value::Object(helpers)),
    ]);
    event
}

/// A tagged value with what a language can tell apart, so that the text of it can be compared. `document` is the body that
/// it was read from.
pub(crate) fn comparable(value: &Value, language: &Language, document: &str) -> Value {
    let compare = |value: &Value| comparable(value, language, document);
    let Value::Object(fields) = value else {
        return match value {
            Value::Array(items) => items.iter().map(compare).collect(),
            value => value.clone(),
        };
    };
    if let Some(metadata) = fields.get("$metadata") {
        return json!({ "$metadata": if language.sorts_metadata { sorted(metadata) } else { metadata.clone() } });
    }
    if let Some(text) = fields.get("$timestamp").and_then(Value::as_str) {
        return json!({ "$timestamp": timestamp(text, language) });
    }
    if let Some(text) = fields.get("$raw").and_then(Value::as_str) {
        return json!({ "$raw": if text == document { "the document" } else { text } });
    }
    for tag in ["$amount", "$word"] {
        if let (Some(text), true) = (fields.get(tag), language.untyped.iter().any(|untyped| untyped == tag)) {
            return text.clone();
        }
    }
    let is_kept = |name: &&String| !language.untyped.contains(name);
    let kept = fields.iter().filter(|(name, _)| is_kept(name));
    Value::Object(kept.map(|(name, value)| (name.clone(), compare(value))).collect())
}

/// An object with its members in the order of their names.
fn sorted(object: &Value) -> Value {
    let members: BTreeMap<&String, &Value> = object.as_object().into_iter().flatten().collect();
    Value::Object(members.into_iter().map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Seconds since 1970, the digits that the language keeps, and the offset if it keeps that.
fn timestamp(text: &str, language: &Language) -> Value {
    let Ok(parsed) = text.parse::<Timestamp>() else { return json!(text) };
    let nanoseconds = format!("{:09}", parsed.instant().nanosecond());
    let offset = language.keeps_offsets.then(|| parsed.instant().offset().whole_seconds());
    json!([parsed.unix_timestamp(), nanoseconds.get(..language.timestamp_digits), offset])
}

/// Words in camel case become snake case: `callbackUrl` is `callback_url`. Other words, such as `KopoKopo`, stay.
pub(crate) fn snake_case_words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut starts_lower = false;
    let mut previous = ' ';
    for c in text.chars() {
        let continues = previous.is_ascii_alphanumeric() || previous == '_';
        if !continues {
            starts_lower = c.is_ascii_lowercase();
        }
        if c.is_ascii_uppercase() && starts_lower && continues {
            out.push('_');
            out.push(c.to_ascii_lowercase());
        } else {
            out.push(c);
        }
        previous = c;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn camel_case_words_become_snake_case() {
        let text = "callbackUrl: must be https. KopoKopo, M-PESA and metadata[`orderId`].";
        assert_eq!(snake_case_words(text), "callback_url: must be https. KopoKopo, M-PESA and metadata[`order_id`].");
    }

    #[test]
    fn arguments_are_the_same_after_tags_are_removed() {
        let arguments = json!({
            "from_time": "2026-05-01T10:43:20+03:00",
            "metadata": { "order": "1", "type": "x" },
            "destinations": [{ "type": "till", "amount": "1" }, "no destination"],
            "amount": "100",
        });
        let tagged = tag_arguments(arguments.as_object().cloned().unwrap_or_default());
        assert_eq!(tagged["destinations"][0], json!({ "$union": "Destination", "kind": "till", "amount": "1" }));
        assert_eq!(untagged(&tagged), arguments);
    }

    #[test]
    fn plain_event_has_its_payload_and_helpers() {
        let event = json!({ "$record": "Event", "id": "1", "raw": { "$raw": "{}" }, "created_at": null, "payload": {
            "$union": "EventPayload", "kind": "incoming_payment",
            "incoming_payment": { "$record": "IncomingPayment", "status": { "$word": "Success", "of": "X" }, "is_paid": true } } });
        let data = json!({ "status": "Success", "is_paid": true });
        let expected = json!({ "id": "1", "created_at": null, "kind": "incoming_payment", "data": data, "helpers": { "is_paid": true } });
        assert_eq!(plain_event(&event), expected);
    }
}
