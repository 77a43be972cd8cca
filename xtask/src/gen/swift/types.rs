//! What the contract's types are in Swift, the default of a field that is left out, and how a value crosses.

use super::{
    super::model::{Contract, Default, Field, Shape, Text, Type, camel_case},
    RAW,
};

/// SwiftUI has types of these names: an app that imports both must be able to name each.
const NESTED: [&str; 2] = ["Environment", "Transaction"];

/// The public type.
pub(super) fn swift(ty: &Type) -> String {
    match ty {
        Type::Bool => "Bool".into(),
        Type::U16 | Type::U32 | Type::U64 => "Int".into(),
        Type::F64 => "Duration".into(),
        Type::Bytes => "Data".into(),
        Type::Text(Text::Amount) => "Decimal".into(),
        Type::String | Type::Text(Text::Currency) => "String".into(),
        Type::Text(text) => text.name().into(),
        Type::Object(name) if name.ends_with("Watch") => format!("States<{}>", public(name.trim_end_matches("Watch"))),
        Type::Record(name) | Type::Enum(name) | Type::Object(name) => public(name),
        Type::Callback(name) => format!("any {name}"),
        Type::Optional(inner) => swift(inner) + "?",
        Type::List(inner) => format!("[{}]", swift(inner)),
    }
}

/// How people name a type.
pub(super) fn public(name: &str) -> String {
    if NESTED.contains(&name) { format!("KopoKopo.{name}") } else { name.to_owned() }
}

/// Whether it is inside of the client's type.
pub(super) fn is_nested(name: &str) -> bool {
    NESTED.contains(&name)
}

/// What UniFFI calls it.
pub(super) fn raw(name: &str) -> String {
    format!("{RAW}.{name}")
}

/// `BuygoodsTransactionReceived` to `buygoodsTransactionReceived`.
pub(super) fn case(variant: &str) -> String {
    let mut chars = variant.chars();
    let head = chars.next().map(|c| c.to_ascii_lowercase());
    let name: String = head.into_iter().chain(chars).collect();
    if name == "internal" { "`internal`".into() } else { name }
}

/// What a field has that is left out, as an expression.
pub(super) fn default(field: &Field) -> Option<String> {
    Some(match field.default.as_ref()? {
        Default::Null => "nil".into(),
        Default::Bool(value) => value.to_string(),
        Default::Int(value) => value.to_string(),
        Default::Float(digits) => duration(digits),
        Default::String(text) => format!("{text:?}"),
        Default::Variant(name) => format!(".{}", case(name)),
        Default::EmptyList => "[]".into(),
    })
}

/// The contract writes seconds with at most one digit after the point.
fn duration(seconds: &str) -> String {
    match seconds.split_once('.') {
        None | Some((_, "0")) => format!(".seconds({})", seconds.trim_end_matches(".0")),
        Some((whole, part)) => {
            let millis = format!("{whole}{part:0<3}");
            format!(".milliseconds({})", millis.trim_start_matches('0'))
        }
    }
}

/// A parameter with its type and default.
pub(super) fn declared(field: &Field) -> String {
    let default = default(field).map_or_else(String::new, |default| format!(" = {default}"));
    format!("{}: {}{default}", camel_case(&field.name), swift(&field.ty))
}

/// Whether something can go wrong on the way from the raw layer.
fn lifting_fails(contract: &Contract, ty: &Type) -> bool {
    match ty.element() {
        Type::Text(Text::Amount | Text::Timestamp | Text::Metadata) | Type::Record(_) => true,
        Type::Enum(name) => contract.enumeration(name).is_some_and(|found| found.shape == Shape::Union),
        _ => false,
    }
}

/// The same on the way to it.
fn lowering_fails(contract: &Contract, ty: &Type) -> bool {
    match ty.element() {
        Type::U16 | Type::U32 | Type::U64 | Type::Text(Text::Metadata) | Type::Record(_) => true,
        Type::Enum(name) => contract.enumeration(name).is_some_and(|found| found.shape == Shape::Union),
        _ => false,
    }
}

/// From the raw layer's value.
pub(super) fn lift(contract: &Contract, value: &str, ty: &Type) -> String {
    let lifted = lift_one(contract, value, ty);
    if lifting_fails(contract, ty) { format!("try {lifted}") } else { lifted }
}

fn lift_one(contract: &Contract, value: &str, ty: &Type) -> String {
    match ty {
        Type::Bool | Type::String | Type::Bytes | Type::Text(Text::Currency) | Type::Callback(_) => value.to_owned(),
        Type::U16 | Type::U32 => format!("Int({value})"),
        Type::U64 => format!("Int(clamping: {value})"),
        Type::F64 => format!("Duration.seconds({value})"),
        Type::Text(Text::Amount) => format!("Decimal(raw: {value})"),
        Type::Text(Text::Timestamp | Text::Metadata) => format!("{}(raw: {value})", swift(ty)),
        Type::Text(_) => format!("{}({value})", swift(ty)),
        Type::Record(name) | Type::Enum(name) | Type::Object(name) => format!("{}(raw: {value})", public(name)),
        Type::Optional(inner) | Type::List(inner) => each(value, &lift(contract, "$0", inner)),
    }
}

/// To the raw layer's value. `name` is the field's, for what is wrong with it.
pub(super) fn lower(contract: &Contract, value: &str, ty: &Type, name: &str) -> String {
    let lowered = lower_one(contract, value, ty, name);
    if lowering_fails(contract, ty) { format!("try {lowered}") } else { lowered }
}

fn lower_one(contract: &Contract, value: &str, ty: &Type, name: &str) -> String {
    match ty {
        Type::Bool | Type::String | Type::Bytes | Type::Text(Text::Currency) => value.to_owned(),
        Type::U16 => format!("UInt16(natural: {value}, {name:?})"),
        Type::U32 => format!("UInt32(natural: {value}, {name:?})"),
        Type::U64 => format!("UInt64(natural: {value}, {name:?})"),
        Type::F64 => format!("{value}.inSeconds"),
        Type::Text(Text::Amount) => format!("{value}.description"),
        Type::Text(Text::Metadata) => format!("{value}.json({name:?})"),
        Type::Text(_) => format!("{value}.text"),
        Type::Record(_) | Type::Enum(_) => format!("{value}.lower()"),
        Type::Object(_) => format!("{value}.raw"),
        Type::Callback(name) => format!("Foreign{name}({value})"),
        Type::Optional(inner) | Type::List(inner) => each(value, &lower(contract, "$0", inner, name)),
    }
}

fn each(value: &str, crossing: &str) -> String {
    if crossing == "$0" { value.to_owned() } else { format!("{value}.map {{ {crossing} }}") }
}

/// What the alternatives of a union hold: their fields in the alternative itself where programs make it, else one
/// record.
pub(super) fn contents<'a>(contract: &'a Contract, content: &'a Field) -> &'a [Field] {
    match &content.ty {
        Type::Record(name) if contract.is_flattened(name) => {
            contract.record(name).map_or(std::slice::from_ref(content), |record| &record.fields)
        }
        _ => std::slice::from_ref(content),
    }
}
