//! Enumerations, records, unions and errors, and what is documented of them.

use serde_json::{Value, json};

use super::{
    super::model::{Contract, Enum, Field, Record, Shape, Text, Type},
    error_class,
    types::Form,
};

/// An enumeration or a union.
pub(super) fn enumeration(contract: &Contract, found: &Enum) -> Value {
    let variants = found.variants.iter().map(|variant| {
        let (_, held) = contract.contents(variant);
        json!({
            "name": variant.name,
            "word": variant.word,
            "docs": docs(contract, &variant.docs),
            "fields": held
                .iter()
                .map(|held| qualified(found, held, field(contract, held, found.usage.output)))
                .collect::<Vec<_>>(),
        })
    });
    json!({
        "name": found.name,
        "docs": docs(contract, &found.docs),
        "is_open": found.shape == Shape::Open,
        "variants": variants.collect::<Vec<_>>(),
    })
}

/// A field of a variant. The classes of variants hide records with the same names.
fn qualified(union: &Enum, held: &Field, mut shown: Value) -> Value {
    if let Type::Record(name) = held.ty.inner()
        && union.variants.iter().any(|variant| variant.name == *name)
    {
        for form in ["yard", "rbs"] {
            shown[form] = shown[form].as_str().unwrap_or_default().replace(name, &format!("::KopoKopo::{name}")).into();
        }
    }
    shown
}

/// A record that the library returns, or that a program's own function returns. The fields of others are keyword arguments.
pub(super) fn record(contract: &Contract, record: &Record) -> Option<Value> {
    let returned = Some(Type::Record(record.name.clone()));
    let mut callbacks = contract.callbacks.iter().flat_map(|callback| &callback.methods);
    let is_class = record.usage.output || callbacks.any(|method| method.returns == returned);
    is_class.then(|| {
        json!({
            "name": record.name,
            "docs": docs(contract, &record.docs),
            "fields": record.fields.iter().map(|held| field(contract, held, true)).collect::<Vec<_>>(),
        })
    })
}

/// A field of a class that people read. `is_given`: the library returns it, so that a program makes it for tests only, and
/// may leave out whatever can be empty.
fn field(contract: &Contract, field: &Field, is_given: bool) -> Value {
    let Field { name, ty, .. } = field;
    let can_be_empty = |record: &Record| record.fields.iter().all(|field| field.ty.is_optional());
    let default = match ty {
        _ if !is_given => super::types::default(field),
        Type::Optional(_) => Some("nil".into()),
        Type::Text(Text::Metadata) => Some("{}".into()),
        Type::Text(Text::Raw) => Some("\"\"".into()),
        Type::List(_) => Some("[]".into()),
        Type::Record(inner) if contract.record(inner).is_some_and(can_be_empty) => Some(format!("{inner}.new")),
        _ => None,
    };
    let types = |form: Form| if is_given { form.given(contract, ty) } else { form.taken(contract, ty) };
    let redacted = field.hidden().map(|why| if why == "free text" { "personal" } else { why });
    json!({
        "name": name,
        // `is_paid` is asked as `paid?`.
        "reader": name.strip_prefix("is_").map_or_else(|| name.clone(), |asked| format!("{asked}?")),
        "docs": docs(contract, &field.docs),
        "yard": types(Form::Yard),
        "rbs": types(Form::Rbs),
        "default": default,
        "redacted": redacted,
    })
}

pub(super) fn error(contract: &Contract) -> Value {
    let kinds = contract.error.kinds.iter();
    let kinds = kinds
        .map(|kind| json!({"name": error_class(&kind.name), "word": kind.word, "docs": docs(contract, &kind.docs)}));
    let mut fields: Vec<_> = contract.error.fields.iter().map(|held| field(contract, held, true)).collect();
    for number in fields.iter_mut().filter(|field| field["yard"] == "Integer") {
        number["default"] = "0".into();
    }
    json!({
        "docs": docs(contract, &contract.error.docs),
        "fields": fields,
        "kinds": kinds.collect::<Vec<_>>(),
    })
}

/// Paragraphs, each a line but for the items of a list. Errors have the names of Ruby's classes.
pub(super) fn docs(contract: &Contract, docs: &str) -> Vec<String> {
    let paragraphs = docs.split("\n\n").map(|paragraph| {
        let lines = paragraph.lines().map(|line| match line.trim() {
            item if item.starts_with("- ") => format!("\n{item}"),
            text => format!(" {text}"),
        });
        let paragraph = lines.collect::<String>().trim().to_owned();
        let Some(errors) = paragraph.strip_prefix("Errors: ") else { return paragraph };
        contract.error.kinds.iter().fold(format!("Raises: {errors}"), |text, kind| {
            text.replace(&format!("`{}`", kind.word), &format!("{{{}}}", error_class(&kind.name)))
        })
    });
    paragraphs.filter(|paragraph| !paragraph.is_empty()).collect()
}
