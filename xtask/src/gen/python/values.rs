//! Enumerations, records, unions and errors, and what is documented of them.

use serde_json::{Value, json};

use super::{
    super::model::{Contract, Enum, Field, Record, Shape, Text, Type},
    error_class,
    types::{Types, default},
};

/// An enumeration or a union.
pub(super) fn enumeration(contract: &Contract, found: &Enum) -> Value {
    // An alternative can have the name of a record or an enumeration.
    let types = Types { contract, prefix: "", modules: ["_enums.", "_records.", ""] };
    let variants = found.variants.iter().map(|variant| {
        let (_, held) = contract.contents(variant);
        json!({
            "name": variant.name,
            "word": variant.word,
            "docs": docs(contract, &variant.docs),
            "fields": held.iter().map(|held| field(types, held, found.usage.output)).collect::<Vec<_>>(),
        })
    });
    json!({
        "name": found.name,
        "docs": docs(contract, &found.docs),
        "is_open": found.shape == Shape::Open,
        "is_given": found.usage.output,
        "variants": variants.collect::<Vec<_>>(),
    })
}

pub(super) fn record(contract: &Contract, record: &Record) -> Value {
    // The module of unions imports that of records.
    let types = Types { contract, prefix: "", modules: ["", "", "_unions."] };
    // Those that only go in are keyword arguments, but for what a program's own function returns.
    let returned = Some(Type::Record(record.name.clone()));
    let mut callbacks = contract.callbacks.iter().flat_map(|callback| &callback.methods);
    json!({
        "name": record.name,
        "docs": docs(contract, &record.docs),
        "is_class": record.usage.output || callbacks.any(|method| method.returns == returned),
        "fields": record.fields.iter().map(|held| field(types, held, true)).collect::<Vec<_>>(),
    })
}

/// A field of what is given or taken, with a parameter for it: in what is given, whatever has an empty value may be left
/// out.
pub(super) fn field(types: Types<'_>, field: &Field, is_given: bool) -> Value {
    let Field { name, ty, .. } = field;
    let given = types.given(ty);
    let can_be_empty = |record: &Record| record.fields.iter().all(|field| field.ty.is_optional());
    let (parameter, value) = match ty {
        _ if !is_given => (types.taken(ty) + &default(field), name.clone()),
        Type::Optional(_) => (format!("{given} = None"), name.clone()),
        Type::Text(Text::Metadata) => (format!("{given} | None = None"), format!("{{}} if {name} is None else {name}")),
        Type::Text(Text::Raw) => (format!("{given} = \"\""), name.clone()),
        Type::List(item) => (format!("Iterable[{}] = ()", types.given(item)), format!("tuple({name})")),
        // What an alternative holds, whose record is in another module, is never left out.
        Type::Record(inner)
            if types.modules[1].is_empty() && types.contract.record(inner).is_some_and(can_be_empty) =>
        {
            (format!("{given} | None = None"), format!("{inner}() if {name} is None else {name}"))
        }
        _ => (given.clone(), name.clone()),
    };
    let redacted = field.hidden().map(|why| if why == "free text" { "personal" } else { why });
    // What a traceback with variables must not show. A URL can have a password in it.
    let is_hidden = match ty.element() {
        Type::Text(Text::Secret | Text::Personal | Text::Metadata) | Type::Bytes => true,
        Type::String => name.ends_with("url"),
        _ => false,
    };
    let callback = types.contract.callbacks.iter().find(|callback| *ty == Type::Callback(callback.name.clone()));
    let documented = callback.map_or_else(
        || field.docs.clone(),
        // What a program supplies is documented where it is defined.
        |callback| {
            if callback.name == "JournalStore" {
                return "The store: see `kopokopo.journal`.".to_owned();
            }
            callback.methods.iter().map(|method| method.docs.clone() + "\n\n").collect::<String>() + &callback.docs
        },
    );
    json!({
        "name": name,
        "docs": docs(types.contract, &documented),
        "shown": if is_given { given } else { types.taken(ty) },
        "parameter": format!("{name}: {parameter}"),
        "value": value,
        "redacted": redacted,
        "is_hidden": is_hidden,
        "is_function": callback.is_some(),
    })
}

pub(super) fn error(contract: &Contract) -> Value {
    let types = Types { contract, prefix: "", modules: [""; 3] };
    let kinds = contract.error.kinds.iter();
    let kinds = kinds
        .map(|kind| json!({"name": error_class(&kind.name), "word": kind.word, "docs": docs(contract, &kind.docs)}));
    json!({
        "name": contract.error.name,
        "docs": docs(contract, &contract.error.docs),
        "fields": contract.error.fields.iter().map(|held| field(types, held, true)).collect::<Vec<_>>(),
        "kinds": kinds.collect::<Vec<_>>(),
    })
}

/// Paragraphs, each a line but for the items of a list. Errors have the names of Python's exceptions.
pub(super) fn docs(contract: &Contract, docs: &str) -> Vec<String> {
    let docs = docs.replace('\\', "\\\\").replace("\"\"\"", "\\\"\\\"\\\"");
    let paragraphs = docs.split("\n\n").map(|paragraph| {
        let lines = paragraph.lines().map(|line| match line.trim() {
            item if item.starts_with("- ") => format!("\n{item}"),
            text => format!(" {text}"),
        });
        let paragraph = lines.collect::<String>().trim().to_owned();
        let Some(errors) = paragraph.strip_prefix("Errors: ") else { return paragraph };
        contract.error.kinds.iter().fold(format!("Raises: {errors}"), |text, kind| {
            text.replace(&format!("`{}`", kind.word), &format!("`{}`", error_class(&kind.name)))
        })
    });
    paragraphs.filter(|paragraph| !paragraph.is_empty()).collect()
}
