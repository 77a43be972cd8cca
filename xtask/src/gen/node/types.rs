//! The types that values have in JavaScript.

use serde::Serialize;

use super::{
    super::model::{Callable, Contract, Default, Enum, Field, Record, Shape, Text, Type, camel_case, snake_case},
    docs::Docs,
};

/// The function that is a method of every payment in JavaScript.
pub(super) const PAYMENT_METHOD: &str = "is_paid_at_least";

/// A field of a record, or an argument.
#[derive(Serialize)]
pub(super) struct FieldView {
    pub(super) name: String,
    docs: String,
    /// What a program may pass in, if it passes something.
    type_in: String,
    /// What a program gets.
    type_out: String,
    /// How it is read from the native part's result.
    reader: String,
    is_optional: bool,
    has_default: bool,
    /// The default that the documentation names.
    default: Option<String>,
    /// Why it must not be seen in a log.
    hidden: Option<&'static str>,
    /// The whole text is there for programs that ask for it, and in no JSON and no log.
    is_raw: bool,
    /// Whether it is a record that is handed in as it was handed out: by the text that it was read from.
    is_again: bool,
}

pub(super) fn field(contract: &Contract, docs: &Docs<'_>, field: &Field) -> FieldView {
    let said = docs.text(&field.docs);
    FieldView {
        name: camel_case(&field.name),
        docs: if is_duration(field) { said.replace("seconds", "milliseconds") } else { said },
        type_in: type_in(field.ty.inner()),
        type_out: type_out(&field.ty),
        reader: reader(contract, &field.ty, "row"),
        is_optional: field.ty.is_optional(),
        has_default: field.default.is_some(),
        default: default(field),
        hidden: match field.ty.element() {
            Type::Text(Text::Personal) => Some("personal"),
            Type::Text(Text::Secret) => Some("secret"),
            Type::Text(Text::Metadata) => Some("metadata"),
            _ => field.is_free_text().then_some("personal"),
        },
        is_raw: field.ty == Type::Text(Text::Raw),
        is_again: matches!(field.ty.inner(), Type::Record(name) if contract.record(name).is_some_and(goes_in_again)),
    }
}

fn goes_in_again(record: &Record) -> bool {
    record.usage.output && record.fields.iter().any(|field| field.ty == Type::Text(Text::Raw))
}

fn type_in(ty: &Type) -> String {
    match ty {
        Type::Text(Text::Amount) => "AmountLike".to_owned(),
        Type::Text(Text::Timestamp) => "TimestampLike".to_owned(),
        Type::Text(Text::Metadata) => "MetadataLike".to_owned(),
        Type::List(inner) => format!("readonly {}[]", type_in(inner)),
        other => type_out(other),
    }
}

pub(super) fn type_out(ty: &Type) -> String {
    let name = match ty {
        Type::Bool => "boolean",
        Type::U16 | Type::U32 | Type::U64 | Type::F64 => "number",
        Type::Bytes => "RawBody",
        Type::Text(Text::Timestamp) => "Date",
        Type::Text(Text::Metadata) => "Metadata",
        Type::Text(_) | Type::String => "string",
        Type::Record(name) | Type::Enum(name) | Type::Object(name) | Type::Callback(name) => name,
        Type::Optional(inner) => return format!("{} | null", type_out(inner)),
        Type::List(inner) => return format!("readonly {}[]", type_out(inner)),
    };
    name.to_owned()
}

/// How a value of a type is taken off a row.
pub(super) fn reader(contract: &Contract, ty: &Type, row: &str) -> String {
    let is_union = |name: &str| contract.enumeration(name).is_some_and(|found| found.shape == Shape::Union);
    match ty {
        Type::Optional(inner) => format!("{row}.isAbsent() ? null : {}", reader(contract, inner, row)),
        Type::Bool => format!("{row}.flag()"),
        Type::U16 | Type::U32 | Type::U64 | Type::F64 => format!("{row}.number()"),
        Type::Text(Text::Timestamp) => format!("{row}.date()"),
        Type::Text(Text::Raw) => format!("{row}.raw()"),
        Type::Text(Text::Metadata) => format!("{row}.metadata()"),
        Type::List(inner) => format!("{row}.list((item) => {})", reader(contract, inner, "item")),
        Type::Record(name) => format!("new {name}({row})"),
        Type::Enum(name) if is_union(name) => format!("{}({row})", camel_case(&snake_case(name))),
        _ => format!("{row}.text()"),
    }
}

fn default(field: &Field) -> Option<String> {
    match field.default.as_ref()? {
        Default::Bool(value) => Some(value.to_string()),
        Default::Int(value) => Some(value.to_string()),
        Default::Float(digits) if is_duration(field) => Some(milliseconds(digits)),
        Default::Float(digits) => Some(digits.clone()),
        Default::String(text) => Some(format!("'{text}'")),
        Default::Variant(name) => Some(format!("'{}'", snake_case(name))),
        Default::Null | Default::EmptyList => None,
    }
}

/// `3.1` seconds.
fn milliseconds(digits: &str) -> String {
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    format!("{whole}{fraction:0<3}").trim_start_matches('0').to_owned()
}

/// Whether a field is a length of time: milliseconds in JavaScript. What OAuth calls `expires_in` stays as OAuth has it.
pub(super) fn is_duration(field: &Field) -> bool {
    *field.ty.element() == Type::F64 && field.name != "expires_in"
}

pub(super) fn error_class(kind: &str) -> String {
    format!("{kind}Error")
}

pub(super) fn unions_out(contract: &Contract) -> impl Iterator<Item = &Enum> {
    contract.enums.iter().filter(|found| found.shape == Shape::Union && found.usage.output)
}

pub(super) fn callables(contract: &Contract) -> impl Iterator<Item = &Callable> {
    let of_objects = contract.objects.iter().flat_map(|object| object.constructors.iter().chain(&object.methods));
    of_objects.chain(&contract.functions)
}
