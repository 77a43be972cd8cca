//! What the contract's types are in Kotlin, the default of a field that is left out, and how a value crosses:
//! an expression in which `%` is the value.

use super::super::model::{Contract, Default, Field, Shape, Text, Type, camel_case, snake_case};

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
        Default::Variant(name) => format!("{}.{}", kotlin(field.ty.inner()), snake_case(name).to_uppercase()),
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

/// The name of UniFFI's object that reads and writes the raw layer's value, without its beginning.
pub(super) fn converter(ty: &Type) -> String {
    match ty {
        Type::Record(name) | Type::Enum(name) | Type::Object(name) | Type::Callback(name) => format!("Type{name}"),
        Type::Optional(inner) => format!("Optional{}", converter(inner)),
        // The texts of the contract are texts there, too.
        _ => "String".to_owned(),
    }
}

/// From the raw layer's value.
pub(super) fn lift(ty: &Type) -> String {
    match ty {
        Type::Bool
        | Type::String
        | Type::Bytes
        | Type::Text(Text::Currency | Text::Personal | Text::Secret | Text::Raw) => "%".into(),
        Type::U16 | Type::U32 => "%.toInt()".into(),
        Type::U64 => "%.toLong()".into(),
        Type::F64 => "seconds(%)".into(),
        Type::Text(Text::Amount) => "BigDecimal(%)".into(),
        Type::Text(Text::Timestamp) => "moment(%)".into(),
        Type::Text(Text::Metadata) => "Json.read(%)".into(),
        Type::Record(_) | Type::Enum(_) => "%.lift()".into(),
        Type::Object(name) | Type::Callback(name) => format!("{name}(%)"),
        Type::Optional(inner) => each("?.let", &lift(inner)),
        Type::List(inner) => each(".map", &lift(inner)),
    }
}

/// To the raw layer's value. `name` is the field's, for what is wrong with it.
pub(super) fn lower(ty: &Type, name: &str) -> String {
    match ty {
        Type::Bool
        | Type::String
        | Type::Bytes
        | Type::Text(Text::Currency | Text::Personal | Text::Secret | Text::Raw) => "%".into(),
        Type::U16 => format!("natural(%.toLong(), {name:?}).toUShort()"),
        Type::U32 => format!("natural(%.toLong(), {name:?}).toUInt()"),
        Type::U64 => format!("natural(%, {name:?}).toULong()"),
        Type::F64 => "%.inSeconds()".into(),
        Type::Text(Text::Amount) => "%.plain()".into(),
        Type::Text(Text::Timestamp) => "%.text()".into(),
        Type::Text(Text::Metadata) => format!("Json.write(%, {name:?})"),
        Type::Record(_) | Type::Enum(_) => "%.lower()".into(),
        Type::Object(_) => "%.raw".into(),
        Type::Callback(name) => format!("Foreign{name}(%)"),
        Type::Optional(inner) => each("?.let", &lower(inner, name)),
        Type::List(inner) => each(".map", &lower(inner, name)),
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
        Type::Bool => "false".into(),
        Type::U16 | Type::U32 => "0".into(),
        Type::U64 => "0L".into(),
        Type::Text(Text::Amount) => "BigDecimal.ZERO".into(),
        Type::Text(Text::Timestamp) => "OffsetDateTime.parse(\"2026-01-01T00:00:00+03:00\")".into(),
        Type::Text(Text::Metadata) => "emptyMap()".into(),
        _ => "\"\"".into(),
    }
}

/// What must not be seen in a log, and how it is shown instead.
pub(super) fn hidden(field: &Field) -> Option<&'static str> {
    match field.ty.element() {
        Type::Text(Text::Personal | Text::Secret | Text::Metadata) => Some("hidden"),
        Type::Text(Text::Raw) => Some("length"),
        _ => field.is_free_text().then_some("hidden"),
    }
}
