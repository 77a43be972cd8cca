//! Values of the contract in one JSON form that every language's tests can produce from their own types.

use kopokopo_ffi::dynamic::{Items, Text, View};
use serde_json::{Map, Value, json};

/// The value in its neutral form. `document` is the text that it was read from.
///
/// Names are the contract's. A value whose type other languages have a class for is an object with one key that begins
/// with `$`: `$amount`, `$timestamp`, `$metadata`, `$raw` (`document` for the whole text, else the text itself), and
/// `$word` with the enumeration in `of`. A record names its type in `$record`, a union in `$union`.
pub(crate) fn neutral(view: View<'_>, document: &str) -> Value {
    match view {
        View::Nothing | View::Object(_) => Value::Null,
        View::Bool(value) => json!(value),
        View::Integer(value) => json!(value),
        View::Seconds(value) => json!(value),
        View::Text(Text::Amount, text) => json!({ "$amount": text }),
        View::Text(Text::Timestamp, text) => json!({ "$timestamp": text }),
        View::Text(Text::Metadata, text) => json!({ "$metadata": serde_json::from_str::<Value>(text).ok() }),
        View::Text(Text::Raw, text) => json!({ "$raw": if text == document { "document" } else { text } }),
        View::Text(Text::Currency | Text::Personal | Text::Secret, text) | View::String(text) => json!(text),
        View::Word(name, word) => json!({ "$word": word, "of": name }),
        View::List(items) => list(items, document),
        View::Record(record) => {
            let shape = record.shape();
            let mut fields = named("$record", shape.name);
            for (at, name) in shape.fields.iter().enumerate() {
                fields.insert((*name).to_owned(), neutral(record.field(at), document));
            }
            Value::Object(fields)
        }
        View::Variant(variant) => {
            let mut fields = named("$union", variant.union);
            fields.insert("kind".to_owned(), json!(variant.word));
            if let Some((name, content)) = variant.field {
                fields.insert(name.to_owned(), neutral(content.view(), document));
            }
            Value::Object(fields)
        }
    }
}

fn list(items: &dyn Items, document: &str) -> Value {
    (0..items.count()).map(|at| neutral(items.item(at), document)).collect()
}

fn named(key: &str, name: &str) -> Map<String, Value> {
    Map::from_iter([(key.to_owned(), json!(name))])
}
