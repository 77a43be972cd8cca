//! Enumerations, records, unions and errors.

use serde::Serialize;
use serde_json::{Value, json};

use super::{
    super::model::{self, Contract, Enum, Record, Shape, Text, Type},
    docs::Docs,
    error_class,
    types::Types,
};

/// Records with the method `is_paid_at_least`, which is written by hand: it passes their `raw` to the function.
const PAYMENTS: [&str; 3] = ["Event", "IncomingPayment", "PaymentLink"];

/// A field of a record or of an alternative.
#[derive(Serialize)]
struct Field<'a> {
    name: &'a str,
    docs: Docs,
    /// Its property's type.
    shown: String,
    /// The constructor's parameter.
    parameter: String,
    /// What is kept of that.
    value: String,
    /// Why it must not be in a log.
    redacted: Option<&'static str>,
}

pub(super) fn enumeration(contract: &Contract, found: &Enum) -> Value {
    let variants = found.variants.iter().map(
        |variant| json!({"name": variant.name, "word": variant.word, "docs": Docs::new(contract, &variant.docs, &[])}),
    );
    json!({
        "name": found.name,
        "docs": Docs::new(contract, &found.docs, &[]),
        "is_open": found.shape == Shape::Open,
        "variants": variants.collect::<Vec<_>>(),
    })
}

pub(super) fn record(contract: &Contract, record: &Record) -> Value {
    // The module of unions imports that of records.
    let types = Types { modules: ["", "", "_unions."], ..Types::new(contract, "") };
    // Those that only go in are keyword arguments, but for what a program's own function returns.
    let returned = Some(Type::Record(record.name.clone()));
    let mut callbacks = contract.callbacks.iter().flat_map(|callback| &callback.methods);
    json!({
        "name": record.name,
        "is_class": record.usage.output || callbacks.any(|method| method.returns == returned),
        "docs": Docs::new(contract, &record.docs, &[]),
        "is_payment": PAYMENTS.contains(&record.name.as_str()),
        "fields": record.fields.iter().map(|field| given(types, field)).collect::<Vec<_>>(),
    })
}

pub(super) fn union(contract: &Contract, union: &Enum) -> Value {
    // An alternative can have the name of a record or an enumeration.
    let types = Types { modules: ["_enums.", "_records.", ""], ..Types::new(contract, "") };
    let variants = union.variants.iter().map(|variant| {
        let held = match &variant.content {
            // In what goes in, the record's fields are the alternative's own.
            Some(model::Field { ty: Type::Record(name), .. }) if contract.is_flattened(name) => {
                contract.record(name).map_or(&[][..], |record| &record.fields)
            }
            content => content.as_slice(),
        };
        let fields = held.iter().map(|field| {
            let (shown, parameter) = if union.usage.output {
                (types.given(&field.ty), format!("{}: {}", field.name, types.given(&field.ty)))
            } else {
                (types.taken(&field.ty), types.parameter(field))
            };
            self::field(contract, field, shown, parameter, field.name.clone())
        });
        json!({
            "name": variant.name,
            "word": variant.word,
            "docs": Docs::new(contract, &variant.docs, &[]),
            "fields": fields.collect::<Vec<_>>(),
        })
    });
    json!({
        "name": union.name,
        "is_given": union.usage.output,
        "docs": Docs::new(contract, &format!("{}\n\nFor annotations, any of them is `Any{}`.", union.docs, union.name), &[]),
        "variants": variants.collect::<Vec<_>>(),
    })
}

/// A field of what the library makes: whatever has an empty value may be left out.
fn given<'a>(types: Types<'_>, field: &'a model::Field) -> Field<'a> {
    let name = field.name.as_str();
    let can_be_empty = |record: &Record| record.fields.iter().all(|field| field.ty.is_optional());
    let shown = types.given(&field.ty);
    let (parameter, value) = match &field.ty {
        Type::Optional(_) => (format!("{shown} = None"), name.to_owned()),
        Type::Text(Text::Metadata) => (format!("{shown} | None = None"), format!("{{}} if {name} is None else {name}")),
        Type::Text(Text::Raw) => (format!("{shown} = \"\""), name.to_owned()),
        Type::List(item) => (format!("Iterable[{}] = ()", types.given(item)), format!("tuple({name})")),
        Type::Record(inner) if types.contract.record(inner).is_some_and(can_be_empty) => {
            (format!("{shown} | None = None"), format!("{inner}() if {name} is None else {name}"))
        }
        _ => (shown.clone(), name.to_owned()),
    };
    self::field(types.contract, field, shown, format!("{name}: {parameter}"), value)
}

fn field<'a>(
    contract: &Contract,
    field: &'a model::Field,
    shown: String,
    parameter: String,
    value: String,
) -> Field<'a> {
    let redacted = match field.ty.element() {
        Type::Text(Text::Personal) => Some("personal"),
        Type::Text(Text::Secret) => Some("secret"),
        Type::Text(Text::Metadata) => Some("metadata"),
        Type::Text(Text::Raw) => Some("raw"),
        _ => field.is_free_text().then_some("personal"),
    };
    Field { name: &field.name, docs: Docs::new(contract, &field.docs, &[]), shown, parameter, value, redacted }
}

pub(super) fn error(contract: &Contract) -> Value {
    let types = Types::new(contract, "");
    let error = &contract.error;
    let fields = error.fields.iter().enumerate().map(|(at, field)| {
        let shown = types.given(&field.ty);
        let parameter = match &field.ty {
            _ if at == 0 => shown.clone(),
            Type::List(item) => format!("Iterable[{}] = ()", types.given(item)),
            Type::Optional(_) => format!("{shown} = None"),
            _ => format!("{shown} = 0"),
        };
        json!({
            "name": field.name,
            "shown": shown,
            "parameter": format!("{}: {parameter}", field.name),
            "is_list": matches!(field.ty, Type::List(_)),
        })
    });
    let kinds = error.kinds.iter().map(|kind| {
        // Code that retries after a builtin exception is right to do so here. Python's `PermissionError` is about files.
        let builtin = ["Connection", "Timeout"].contains(&kind.name.as_str()).then(|| format!("{}Error", kind.name));
        json!({
            "name": error_class(&kind.name),
            "builtin": builtin,
            "word": kind.word,
            "docs": Docs::new(contract, &kind.docs, &[]),
        })
    });
    json!({
        "name": error.name,
        "docs": Docs::new(contract, &error.docs, &[]),
        "fields": fields.collect::<Vec<_>>(),
        "kinds": kinds.collect::<Vec<_>>(),
    })
}
