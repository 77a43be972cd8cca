//! What the contract's types are in Kotlin, the default of a field that is left out, and how a value crosses.

use super::{
    super::model::{Contract, Default, Field, Shape, Text, Type, camel_case, snake_case},
    RAW,
};

/// The public type.
pub(super) fn kotlin(ty: &Type) -> String {
    match ty {
        Type::Bool => "Boolean".into(),
        Type::U16 | Type::U32 => "Int".into(),
        Type::U64 => "Long".into(),
        Type::F64 => "Duration".into(),
        Type::Bytes => "ByteArray".into(),
        Type::Text(Text::Amount) => "BigDecimal".into(),
        Type::Text(Text::Timestamp) => "OffsetDateTime".into(),
        Type::Text(Text::Metadata) => "Map<String, Any?>".into(),
        Type::String | Type::Text(Text::Currency | Text::Personal | Text::Secret | Text::Raw) => "String".into(),
        Type::Record(name) | Type::Enum(name) | Type::Object(name) | Type::Callback(name) => name.clone(),
        Type::Optional(inner) => kotlin(inner) + "?",
        Type::List(inner) => format!("List<{}>", kotlin(inner)),
    }
}

/// What a field has that is left out, as an expression.
pub(super) fn default(contract: &Contract, field: &Field) -> Option<String> {
    let Some(default) = &field.default else {
        let Type::Record(name) = &field.ty else { return None };
        let record = contract.record(name)?;
        return record.fields.iter().all(|field| field.default.is_some()).then(|| format!("{name}()"));
    };
    Some(match default {
        Default::Null => "null".into(),
        Default::Bool(value) => value.to_string(),
        Default::Int(value) if *field.ty.inner() == Type::U64 => format!("{value}L"),
        Default::Int(value) => value.to_string(),
        Default::Float(digits) => duration(digits),
        Default::String(text) => format!("{text:?}"),
        Default::Variant(name) => format!("{}.{}", kotlin(field.ty.inner()), constant(name)),
        Default::EmptyList => "emptyList()".into(),
    })
}

/// The contract writes seconds with at most one digit after the point.
fn duration(seconds: &str) -> String {
    match seconds.split_once('.') {
        None | Some((_, "0")) => format!("Duration.ofSeconds({})", seconds.trim_end_matches(".0")),
        Some((whole, part)) => {
            let millis = format!("{whole}{part:0<3}");
            format!("Duration.ofMillis({})", millis.trim_start_matches('0'))
        }
    }
}

/// How Kotlin writes the name of a closed enumeration's word.
pub(super) fn constant(variant: &str) -> String {
    snake_case(variant).to_uppercase()
}

/// A parameter or property with its type and default.
pub(super) fn declared(contract: &Contract, field: &Field) -> String {
    let default = default(contract, field).map_or_else(String::new, |default| format!(" = {default}"));
    format!("{}: {}{default}", camel_case(&field.name), kotlin(&field.ty))
}

/// What UniFFI calls it.
pub(super) fn raw(name: &str) -> String {
    format!("{RAW}.{name}")
}

/// UniFFI's object that reads and writes the raw layer's value.
pub(super) fn converter(ty: &Type) -> String {
    fn name(ty: &Type) -> String {
        match ty {
            Type::Record(name) | Type::Enum(name) | Type::Object(name) | Type::Callback(name) => format!("Type{name}"),
            Type::Optional(inner) => format!("Optional{}", name(inner)),
            // The texts of the contract are texts there, too.
            _ => "String".to_owned(),
        }
    }
    raw(&format!("FfiConverter{}", name(ty)))
}

/// From the raw layer's value.
pub(super) fn lift(value: &str, ty: &Type) -> String {
    match ty {
        Type::Bool
        | Type::String
        | Type::Bytes
        | Type::Text(Text::Currency | Text::Personal | Text::Secret | Text::Raw) => value.to_owned(),
        Type::U16 | Type::U32 => format!("{value}.toInt()"),
        Type::U64 => format!("{value}.toLong()"),
        Type::F64 => format!("seconds({value})"),
        Type::Text(Text::Amount) => format!("BigDecimal({value})"),
        Type::Text(Text::Timestamp) => format!("moment({value})"),
        Type::Text(Text::Metadata) => format!("Json.read({value})"),
        Type::Record(_) | Type::Enum(_) => format!("{value}.lift()"),
        Type::Object(name) | Type::Callback(name) => format!("{name}({value})"),
        Type::Optional(inner) => each(value, "?.let", &lift("it", inner)),
        Type::List(inner) => each(value, ".map", &lift("it", inner)),
    }
}

/// To the raw layer's value. `name` is the field's, for what is wrong with it.
pub(super) fn lower(value: &str, ty: &Type, name: &str) -> String {
    match ty {
        Type::Bool
        | Type::String
        | Type::Bytes
        | Type::Text(Text::Currency | Text::Personal | Text::Secret | Text::Raw) => value.to_owned(),
        Type::U16 => format!("natural({value}.toLong(), {name:?}).toUShort()"),
        Type::U32 => format!("natural({value}.toLong(), {name:?}).toUInt()"),
        Type::U64 => format!("natural({value}, {name:?}).toULong()"),
        Type::F64 => format!("{value}.inSeconds()"),
        Type::Text(Text::Amount) => format!("{value}.plain()"),
        Type::Text(Text::Timestamp) => format!("{value}.text()"),
        Type::Text(Text::Metadata) => format!("Json.write({value}, {name:?})"),
        Type::Record(_) | Type::Enum(_) => format!("{value}.lower()"),
        Type::Object(_) => format!("{value}.raw"),
        Type::Callback(name) => format!("Foreign{name}({value})"),
        Type::Optional(inner) => each(value, "?.let", &lower("it", inner, name)),
        Type::List(inner) => each(value, ".map", &lower("it", inner, name)),
    }
}

fn each(value: &str, how: &str, inner: &str) -> String {
    if inner == "it" { value.to_owned() } else { format!("{value}{how} {{ {inner} }}") }
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

/// Whether a type's name is also an alternative of a union, inside of which it would mean that.
pub(super) fn within_union(contract: &Contract, ty: &Type) -> String {
    let own = kotlin(ty);
    let unions = contract.enums.iter().filter(|found| found.shape == Shape::Union);
    let taken = unions.flat_map(|union| &union.variants).any(|variant| variant.name == own);
    if taken { format!("dev.kopokopo.{own}") } else { own }
}
