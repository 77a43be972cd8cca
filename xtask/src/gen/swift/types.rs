//! What the contract's types are in Swift, the default of a field that is left out, and how a value crosses.

use minijinja::{Value, context};

use super::super::model::{Contract, Default, Field, Shape, Text, Type};
use super::super::names::{milliseconds, uncapitalized};

/// SwiftUI has types of these names: an app that imports both must be able to name each.
const NESTED: [&str; 2] = ["Environment", "Transaction"];

/// How a value crosses between the public layer and the raw one.
pub(super) struct Crossing {
    /// Whether it needs a `try`.
    pub(super) fails: bool,
    /// The expression, with `%` for the value.
    pub(super) expression: String,
}

impl Crossing {
    /// The same for a value that may be absent, or each of several.
    fn for_each(mut self) -> Self {
        if self.expression != "%" {
            let attempt = if self.fails { "try " } else { "" };
            self.expression = format!("%.map {{ {attempt}{} }}", self.expression.replace('%', "$0"));
        }
        self
    }
}

impl From<Crossing> for Value {
    fn from(Crossing { fails, expression }: Crossing) -> Self {
        context! { fails, expression }
    }
}

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

/// How people name a type: one that is inside of the client's type with that.
pub(super) fn public(name: &str) -> String {
    if NESTED.contains(&name) { format!("KopoKopo.{name}") } else { name.to_owned() }
}

/// `BuygoodsTransactionReceived` to `buygoodsTransactionReceived`.
pub(super) fn case(variant: &str) -> String {
    let name = uncapitalized(variant);
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
        Some(_) => format!(".milliseconds({})", milliseconds(seconds)),
    }
}

/// From the raw layer's value.
pub(super) fn lift(contract: &Contract, ty: &Type) -> Crossing {
    let (fails, expression) = match ty {
        Type::Bool | Type::String | Type::Bytes | Type::Text(Text::Currency) | Type::Callback(_) => (false, "%".into()),
        Type::U16 | Type::U32 => (false, "Int(%)".into()),
        Type::U64 => (false, "Int(clamping: %)".into()),
        Type::F64 => (false, "Duration.seconds(%)".into()),
        Type::Text(Text::Amount | Text::Timestamp | Text::Metadata) => (true, format!("{}(raw: %)", swift(ty))),
        Type::Text(text) => (false, format!("{}(%)", text.name())),
        Type::Record(name) | Type::Enum(name) | Type::Object(name) => {
            (has_parts(contract, ty), format!("{}(raw: %)", public(name)))
        }
        Type::Optional(inner) | Type::List(inner) => return lift(contract, inner).for_each(),
    };
    Crossing { fails, expression }
}

/// To the raw layer's value. `name` is the field's, for what is wrong with it.
pub(super) fn lower(contract: &Contract, ty: &Type, name: &str) -> Crossing {
    let (fails, expression) = match ty {
        Type::Bool | Type::String | Type::Bytes | Type::Text(Text::Currency) => (false, "%".into()),
        Type::U16 => (true, format!("UInt16(natural: %, {name:?})")),
        Type::U32 => (true, format!("UInt32(natural: %, {name:?})")),
        Type::U64 => (true, format!("UInt64(natural: %, {name:?})")),
        Type::F64 => (false, "%.inSeconds".into()),
        Type::Text(Text::Amount) => (false, "%.description".into()),
        Type::Text(Text::Metadata) => (true, format!("%.json({name:?})")),
        Type::Text(_) => (false, "%.text".into()),
        Type::Record(_) | Type::Enum(_) => (has_parts(contract, ty), "%.lower()".into()),
        Type::Object(_) => (false, "%.raw".into()),
        Type::Callback(name) => (false, format!("Foreign{name}(%)")),
        Type::Optional(inner) | Type::List(inner) => return lower(contract, inner, name).for_each(),
    };
    Crossing { fails, expression }
}

/// Whether it consists of others, any of which can be wrong.
fn has_parts(contract: &Contract, ty: &Type) -> bool {
    match ty {
        Type::Record(_) => true,
        Type::Enum(name) => contract.enumeration(name).is_some_and(|found| found.shape == Shape::Union),
        _ => false,
    }
}
