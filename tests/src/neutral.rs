//! Values of the contract in one JSON form that every language's tests can produce from their own types.

use kopokopo_ffi::value::{List, View};
use serde_json::{Map, Value, json};

/// The value in its neutral form. `document` is the text that it was read from.
///
/// Names are the contract's. A value whose type other languages have a class for is an object with one key that begins
/// with `$`: `$amount`, `$timestamp`, `$metadata`, `$raw` (`document` for the whole text, else the text itself), and
/// `$word` with the enumeration in `of`. A record names its type in `$record`, a union in `$union`.
pub(crate) fn neutral(view: View<'_>, document: &str) -> Value {
    match view {
        View::Null | View::Object(_) => Value::Null,
        View::Bool(value) => json!(value),
        View::Integer(value) => json!(value),
        View::Seconds(value) => json!(value),
        View::Amount(amount) => json!({ "$amount": amount.to_string() }),
        View::Timestamp(moment) => json!({ "$timestamp": moment.to_string() }),
        View::Metadata(metadata) => json!({ "$metadata": metadata }),
        View::Raw(raw) => json!({ "$raw": if raw.as_str() == document { "document" } else { raw.as_str() } }),
        View::Text(text) | View::Currency(text) | View::Personal(text) | View::Secret(text) => json!(text),
        View::OpenEnum(name, word) => json!({ "$word": word, "of": name }),
        View::List(items) => list(items, document),
        View::Record(record) => {
            let shape = record.shape();
            let mut names = shape.fields.iter();
            let mut fields = named("$record", shape.name);
            record.each(&mut |field| {
                if let Some(name) = names.next() {
                    fields.insert((*name).to_owned(), neutral(field, document));
                }
            });
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

fn list(items: &dyn List, document: &str) -> Value {
    let mut list = Vec::with_capacity(items.count());
    items.each(&mut |item| list.push(neutral(item, document)));
    list.into()
}

fn named(key: &str, name: &str) -> Map<String, Value> {
    Map::from_iter([(key.to_owned(), json!(name))])
}
