//! Records, enumerations and the error, for the templates.

use serde_json::{Value, json};

use super::rust_type;
use crate::r#gen::model::{Default, Enum, ErrorType, Field, Record, Shape, Text, Type, Variant};

/// Records that `udl/src` turns into the core's by hand: options, whose errors are of kind `configuration`, and the
/// token of a token source.
const CONVERTED_BY_HAND: [&str; 7] = [
    "ClientOptions",
    "TokenSourceOptions",
    "CallOptions",
    "AccessToken",
    "JournalOptions",
    "JournalQuery",
    "JournalRecord",
];

/// Fields that are methods in the core: the field, the record (any if empty), the call. So are all booleans that are
/// called `is_` or `has_` something.
const METHODS: [(&str, &str, &str); 6] = [
    ("payment_key", "", "core.payment_key()"),
    ("error_detail", "JournalRecord", "core.error_detail()"),
    ("dedupe_key", "Event", "core.dedupe_key()"),
    ("transaction", "Event", "core.transaction().map(|own| FromCore::from_core(own.into_owned()))"),
    ("failed_disbursements", "", "core.failed_disbursements().into_iter().cloned().map(FromCore::from_core).collect()"),
    ("failed_batches", "", "core.failed_batches().into_iter().cloned().map(FromCore::from_core).collect()"),
];

/// What asks the core's value for a field of an output record, where that is not a field there.
pub(super) fn method(record: &str, field: &Field) -> Option<String> {
    if field.ty == Type::Bool && (field.name.starts_with("is_") || field.name.starts_with("has_")) {
        return Some(format!("core.{}()", field.name));
    }
    if (record, field.name.as_str()) == ("JournalRecord", "payment_key") {
        return None;
    }
    let is_of = |name: &str, owner: &str| name == field.name && (owner.is_empty() || owner == record);
    METHODS.iter().find(|(name, owner, _)| is_of(name, owner)).map(|(_, _, call)| (*call).to_owned())
}

pub(super) fn record(record: &Record) -> Value {
    let conversion = match record {
        _ if CONVERTED_BY_HAND.contains(&record.name.as_str()) => "by hand",
        _ if record.usage.output => "from",
        _ => "into",
    };
    json!({
        "name": record.name,
        "docs": record.docs,
        "fields": record.fields.iter().map(|own| field(&record.name, own)).collect::<Vec<_>>(),
        "has_secret": record.fields.iter().any(|field| *field.ty.element() == Type::Text(Text::Secret)),
        "has_default": record.fields.iter().all(|field| field.default.is_some()),
        "conversion": conversion,
    })
}

fn field(record: &str, field: &Field) -> Value {
    json!({
        "name": field.name,
        "docs": field.docs,
        "type": rust_type(&field.ty),
        "is_optional": field.ty.is_optional(),
        "default": field.default.as_ref().map(|default| default_value(default, &field.ty)),
        "method": method(record, field),
    })
}

/// A default as an expression.
fn default_value(default: &Default, ty: &Type) -> String {
    match default {
        Default::Null => "None".into(),
        Default::Bool(value) => value.to_string(),
        Default::Int(value) => value.to_string(),
        Default::Float(digits) => digits.clone(),
        Default::String(text) => format!("{text:?}.into()"),
        Default::Variant(variant) => format!("{}::{variant}", rust_type(ty)),
        Default::EmptyList => "Vec::new()".into(),
    }
}

pub(super) fn enumeration(found: &Enum) -> Value {
    let shape = match found.shape {
        Shape::Closed => "closed",
        Shape::Open => "open",
        Shape::Union => "union",
    };
    json!({
        "name": found.name,
        "docs": found.docs,
        "shape": shape,
        "is_output": found.usage.output,
        "words": words(&found.variants),
        "variants": variants(&found.variants),
    })
}

pub(super) fn error(error: &ErrorType) -> Value {
    json!({
        "name": error.name,
        "docs": error.docs,
        "fields": error.fields.iter().map(typed).collect::<Vec<_>>(),
        "words": words(&error.kinds),
        "kinds": variants(&error.kinds),
    })
}

fn typed(field: &Field) -> Value {
    json!({"name": field.name, "type": rust_type(&field.ty)})
}

fn variants(variants: &[Variant]) -> Vec<Value> {
    let view = |variant: &Variant| {
        json!({
            "name": variant.name,
            "docs": variant.docs,
            "word": variant.word,
            "content": variant.content.as_ref().map(typed),
        })
    };
    variants.iter().map(view).collect()
}

/// As they are in a list.
fn words(variants: &[Variant]) -> String {
    variants.iter().map(|variant| format!("{:?}", variant.word)).collect::<Vec<_>>().join(", ")
}
