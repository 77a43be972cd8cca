//! The types that values have in JavaScript, and how they are read.

use minijinja::{Value, context};

use super::{
    super::model::{Default, Field, Shape, Text, Type},
    super::names::{camel_case, milliseconds, snake_case},
    Package,
};

impl Package<'_> {
    /// A field of a record, or an argument.
    pub(super) fn field(&self, field: &Field) -> Value {
        let docs = self.docs.text(&field.docs);
        let record = |ty: &Type| if let Type::Record(name) = ty { self.contract.record(name) } else { None };
        context! {
            name => camel_case(&field.name),
            docs => if is_duration(field) { docs.replace("seconds", "milliseconds") } else { docs },
            input => input(field.ty.inner()),
            output => output(&field.ty),
            reader => self.reader(&field.ty, "decoder"),
            is_optional => field.ty.is_optional() || (field.ty == Type::F64 && field.default.is_some()),
            has_default => field.default.is_some(),
            default => default(field),
            hidden => hidden(field),
            is_bytes => field.ty == Type::Bytes,
            // Raw text is available to programs, and is never in JSON or in a log.
            is_raw => field.ty == Type::Text(Text::Raw),
            // A record that the library made is passed in as the raw text that it was read from.
            is_again => record(field.ty.inner()).is_some_and(|record| record.usage.output),
        }
    }

    /// How a value of a type is read from a decoder.
    pub(super) fn reader(&self, ty: &Type, decoder: &str) -> String {
        let is_union = |name: &str| self.contract.enumeration(name).is_some_and(|found| found.shape == Shape::Union);
        match ty {
            Type::Optional(inner) => format!("{decoder}.isAbsent() ? null : {}", self.reader(inner, decoder)),
            Type::Bool => format!("{decoder}.flag()"),
            Type::U16 | Type::U32 | Type::U64 | Type::F64 => format!("{decoder}.number()"),
            Type::Text(Text::Timestamp) => format!("{decoder}.date()"),
            Type::Text(Text::Raw) => format!("{decoder}.raw()"),
            Type::Text(Text::Metadata) => format!("{decoder}.metadata()"),
            Type::List(inner) => format!("{decoder}.list((item) => {})", self.reader(inner, "item")),
            Type::Record(name) => format!("new {name}({decoder})"),
            Type::Enum(name) if is_union(name) => format!("{}({decoder})", camel_case(&snake_case(name))),
            _ => format!("{decoder}.text()"),
        }
    }
}

/// The type of what a program passes in.
fn input(ty: &Type) -> String {
    match ty {
        Type::Text(text @ (Text::Amount | Text::Timestamp | Text::Metadata)) => format!("{}Like", text.name()),
        Type::List(inner) => format!("readonly {}[]", input(inner)),
        other => output(other),
    }
}

/// The type of what a program gets.
pub(super) fn output(ty: &Type) -> String {
    let name = match ty {
        Type::Bool => "boolean",
        Type::U16 | Type::U32 | Type::U64 | Type::F64 => "number",
        Type::Bytes => "RawBody",
        Type::Text(Text::Timestamp) => "Date",
        Type::Text(Text::Metadata) => "Metadata",
        Type::Text(_) | Type::String => "string",
        Type::Record(name) | Type::Enum(name) | Type::Object(name) | Type::Callback(name) => name,
        Type::Optional(inner) => return format!("{} | null", output(inner)),
        Type::List(inner) => return format!("readonly {}[]", output(inner)),
    };
    name.to_owned()
}

/// The default that the documentation names.
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

/// Why a field must not be seen in a log.
fn hidden(field: &Field) -> Option<&'static str> {
    match field.hidden()? {
        "raw" => None,
        "free text" => Some("personal"),
        why => Some(why),
    }
}

/// Whether a field is a duration: milliseconds in JavaScript. OAuth's `expires_in` is in seconds in every language.
pub(super) fn is_duration(field: &Field) -> bool {
    *field.ty.element() == Type::F64 && field.name != "expires_in"
}

pub(super) fn error_class(kind: &str) -> String {
    format!("{kind}Error")
}
