//! How the contract's types are written for YARD and in RBS.

use super::super::model::{Contract, Default, Field, Shape, Text, Type};
use super::super::names::{class_name, snake_case};

/// A way to write types.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `Array<String>, nil`
    Yard,
    /// `Array[String]?`
    Rbs,
}

impl Form {
    fn either(self, types: &[&str]) -> String {
        match self {
            Self::Yard => types.join(", "),
            Self::Rbs if types.len() > 1 => format!("({})", types.join(" | ")),
            Self::Rbs => types.concat(),
        }
    }

    fn list(self, item: &str) -> String {
        match self {
            Self::Yard => format!("Array<{item}>"),
            Self::Rbs => format!("Array[{item}]"),
        }
    }

    fn optional(self, inner: &str) -> String {
        match self {
            Self::Yard => format!("{inner}, nil"),
            Self::Rbs => format!("{inner}?"),
        }
    }

    /// What people hand in.
    pub(super) fn taken(self, contract: &Contract, ty: &Type) -> String {
        match ty {
            Type::F64 => "Numeric".into(),
            Type::Text(Text::Amount) => self.either(&["BigDecimal", "Integer", "String"]),
            Type::Text(Text::Timestamp) => self.either(&["Time", "String"]),
            Type::Text(Text::Metadata) => match self {
                Self::Yard => "Hash{String, Symbol => String, Numeric, Boolean, nil}".into(),
                Self::Rbs => "Hash[String | Symbol, untyped]".into(),
            },
            // The record that has the text will do, too.
            Type::Text(Text::Raw) => self.either(&["Event", "String"]),
            Type::Enum(name) if contract.enumeration(name).is_some_and(|found| found.shape != Shape::Union) => {
                self.either(&[name, "String", "Symbol"])
            }
            Type::Callback(_) => "_Call".into(),
            Type::Optional(inner) => self.optional(&self.taken(contract, inner)),
            Type::List(item) => self.list(&self.taken(contract, item)),
            same => self.given(contract, same),
        }
    }

    /// What people get.
    pub(super) fn given(self, contract: &Contract, ty: &Type) -> String {
        match ty {
            Type::Bool => if self == Self::Yard { "Boolean" } else { "bool" }.into(),
            Type::U16 | Type::U32 | Type::U64 => "Integer".into(),
            Type::F64 => "Float".into(),
            Type::Text(Text::Amount) => "BigDecimal".into(),
            Type::Text(Text::Timestamp) => "Time".into(),
            Type::Text(Text::Metadata) => {
                if self == Self::Yard { "Hash{String => Object}" } else { "Hash[String, untyped]" }.into()
            }
            Type::String | Type::Bytes | Type::Text(Text::Currency | Text::Personal | Text::Secret | Text::Raw) => {
                "String".into()
            }
            Type::Enum(name) => match (self, contract.enumeration(name)) {
                (Self::Rbs, Some(found)) if found.shape == Shape::Union => format!("{name}::any"),
                _ => name.clone(),
            },
            Type::Record(name) => name.clone(),
            Type::Object(name) => class_name(name).into(),
            Type::Callback(_) => "_Call".into(),
            Type::Optional(inner) => self.optional(&self.given(contract, inner)),
            Type::List(item) => self.list(&self.given(contract, item)),
        }
    }
}

/// A default, as it is behind a parameter.
pub(super) fn default(field: &Field) -> Option<String> {
    Some(match field.default.as_ref()? {
        Default::Null => "nil".into(),
        Default::Bool(value) => value.to_string(),
        Default::Int(value) => value.to_string(),
        Default::Float(digits) => digits.clone(),
        Default::String(text) => format!("{text:?}"),
        Default::Variant(variant) => format!(":{}", snake_case(variant)),
        Default::EmptyList => "[]".into(),
    })
}
