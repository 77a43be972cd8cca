//! What the contract's types are in Kotlin, the default of a field that is left out, and how a value crosses:
//! an expression in which `%` is the value.

use super::super::model::{Contract, Default, Field, Shape, Text, Type};
use super::super::names::{camel_case, milliseconds, snake_case};

/// What a plain value is in Kotlin: its type, how it crosses from the raw layer and to it, and what a test has where it
/// leaves it out. `#` is the field's name, for what is wrong with it.
fn plain(ty: &Type) -> (&'static str, &'static str, &'static str, &'static str) {
    match ty {
        Type::Bool => ("Boolean", "%", "%", "false"),
        Type::U16 => ("Int", "%.toInt()", "natural(%.toLong(), #).toUShort()", "0"),
        Type::U32 => ("Int", "%.toInt()", "natural(%.toLong(), #).toUInt()", "0"),
        Type::U64 => ("Long", "%.toLong()", "natural(%, #).toULong()", "0L"),
        Type::F64 => ("Duration", "seconds(%)", "%.inSeconds()", "Duration.ZERO"),
        Type::Bytes => ("ByteArray", "%", "%", "ByteArray(0)"),
        Type::Text(Text::Amount) => ("BigDecimal", "BigDecimal(%)", "%.plain()", "BigDecimal.ZERO"),
        Type::Text(Text::Timestamp) => {
            ("OffsetDateTime", "moment(%)", "%.text()", "OffsetDateTime.parse(\"2026-01-01T00:00:00+03:00\")")
        }
        Type::Text(Text::Metadata) => ("Map<String, Any?>", "Json.read(%)", "Json.write(%, #)", "emptyMap()"),
        _ => ("String", "%", "%", "\"\""),
    }
}

/// The public type.
pub(super) fn kotlin(ty: &Type) -> String {
    match ty {
        Type::Record(name) | Type::Enum(name) | Type::Object(name) | Type::Callback(name) => name.clone(),
        Type::Optional(inner) => kotlin(inner) + "?",
        Type::List(inner) => format!("List<{}>", kotlin(inner)),
        _ => plain(ty).0.into(),
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
        Default::Variant(name) => format!("{}.{}", kotlin(field.ty.inner()), snake_case(name).to_uppercase()),
        Default::EmptyList => "emptyList()".into(),
    })
}

/// The contract writes seconds with at most one digit after the point.
fn duration(seconds: &str) -> String {
    match seconds.split_once('.') {
        None | Some((_, "0")) => format!("Duration.ofSeconds({})", seconds.trim_end_matches(".0")),
        Some(_) => format!("Duration.ofMillis({})", milliseconds(seconds)),
    }
}

/// The name of UniFFI's object that reads and writes the raw layer's value, without its beginning.
pub(super) fn converter(ty: &Type) -> String {
    match ty {
        Type::Record(name) | Type::Enum(name) | Type::Object(name) | Type::Callback(name) => format!("Type{name}"),
        Type::Optional(inner) => format!("Optional{}", converter(inner)),
        Type::List(inner) => format!("Sequence{}", converter(inner)),
        Type::Bool => "Boolean".to_owned(),
        Type::U16 => "UShort".to_owned(),
        Type::U32 => "UInt".to_owned(),
        Type::U64 => "ULong".to_owned(),
        Type::F64 => "Double".to_owned(),
        Type::Bytes => "ByteArray".to_owned(),
        // The texts of the contract are texts there, too.
        Type::String | Type::Text(_) => "String".to_owned(),
    }
}

/// From the raw layer's value.
pub(super) fn lift(ty: &Type) -> String {
    match ty {
        Type::Record(_) | Type::Enum(_) => "%.lift()".into(),
        Type::Object(name) | Type::Callback(name) => format!("{name}(%)"),
        Type::Optional(inner) => each("?.let", &lift(inner)),
        Type::List(inner) => each(".map", &lift(inner)),
        _ => plain(ty).1.into(),
    }
}

/// From the bytes of a result. `%` is the buffer.
pub(super) fn read(ty: &Type) -> String {
    let inside = |inner: &Type| read(inner).replace('%', "it");
    match ty {
        Type::Record(name) | Type::Enum(name) => format!("read{name}(%)"),
        Type::Object(name) | Type::Callback(name) => format!("{name}(dev.kopokopo.ffi.FfiConverterType{name}.read(%))"),
        Type::Optional(inner) => format!("%.optional {{ {} }}", inside(inner)),
        Type::List(inner) => format!("%.list {{ {} }}", inside(inner)),
        Type::Bool => "%.flag()".into(),
        Type::U16 => "%.unsignedShort()".into(),
        Type::U32 => "%.getInt()".into(),
        Type::U64 => "%.getLong()".into(),
        Type::Bytes => "%.bytes()".into(),
        Type::F64 => plain(ty).1.replace('%', "%.getDouble()"),
        Type::String | Type::Text(_) => plain(ty).1.replace('%', "%.text()"),
    }
}

/// To the raw layer's value.
pub(super) fn lower(ty: &Type, name: &str) -> String {
    match ty {
        Type::Record(_) | Type::Enum(_) => "%.lower()".into(),
        Type::Object(_) => "%.raw".into(),
        Type::Callback(name) => format!("Foreign{name}(%)"),
        Type::Optional(inner) => each("?.let", &lower(inner, name)),
        Type::List(inner) => each(".map", &lower(inner, name)),
        _ => plain(ty).2.replace('#', &format!("{name:?}")),
    }
}

fn each(how: &str, inner: &str) -> String {
    if inner == "%" { inner.to_owned() } else { format!("%{how} {{ {} }}", inner.replace('%', "it")) }
}

/// Inside of a union, the name of an alternative means that, and not the type of the same name.
pub(super) fn within_union(contract: &Contract, ty: &Type) -> String {
    let own = kotlin(ty);
    let unions = contract.enums.iter().filter(|found| found.shape == Shape::Union);
    let taken = unions.flat_map(|union| &union.variants).any(|variant| variant.name == own);
    if taken { format!("dev.kopokopo.{own}") } else { own }
}

/// What a test has in a field that it leaves out, as an expression.
pub(super) fn empty(contract: &Contract, ty: &Type) -> String {
    match ty {
        Type::Optional(_) => "null".into(),
        Type::List(_) => "emptyList()".into(),
        Type::Record(name) => format!("{}()", camel_case(&snake_case(name))),
        Type::Enum(name) => match contract.enumeration(name) {
            Some(found) if found.shape == Shape::Union => format!("{name}.Unknown"),
            _ => format!("{name}.of(\"\")"),
        },
        _ => plain(ty).3.into(),
    }
}

/// What must not be seen in a log, and how it is shown instead.
pub(super) fn hidden(field: &Field) -> Option<&'static str> {
    field.hidden().map(|why| if why == "raw" { "length" } else { "hidden" })
}
