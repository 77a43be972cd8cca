//! What the contract's types are in Swift, the default of a field that is left out, and how a value crosses.

use minijinja::{Value, context};

use super::super::model::{Contract, Default, Field, Shape, Text, Type};

/// SwiftUI has types of these names: an app that imports both must be able to name each.
const NESTED: [&str; 2] = ["Environment", "Transaction"];

/// How a value crosses between the public layer and the raw one.
pub(super) struct Crossing {
    /// Whether it needs a `try`.
    fails: bool,
    /// The expression, with `%` for the value.
    expression: String,
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

/// How people name a type.
pub(super) fn public(name: &str) -> String {
    if is_nested(name) { format!("KopoKopo.{name}") } else { name.to_owned() }
}

/// Whether it is inside of the client's type.
pub(super) fn is_nested(name: &str) -> bool {
    NESTED.contains(&name)
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

/// From the raw layer's value.
pub(super) fn lift(contract: &Contract, ty: &Type) -> Crossing {
    let expression = match ty {
        Type::Bool | Type::String | Type::Bytes | Type::Text(Text::Currency) | Type::Callback(_) => "%".into(),
        Type::U16 | Type::U32 => "Int(%)".into(),
        Type::U64 => "Int(clamping: %)".into(),
        Type::F64 => "Duration.seconds(%)".into(),
        Type::Text(Text::Amount | Text::Timestamp | Text::Metadata) => format!("{}(raw: %)", swift(ty)),
        Type::Text(text) => format!("{}(%)", text.name()),
        Type::Record(name) | Type::Enum(name) | Type::Object(name) => format!("{}(raw: %)", public(name)),
        Type::Optional(inner) | Type::List(inner) => each(&lift(contract, inner)),
    };
    let fails = match ty.element() {
        Type::Text(Text::Amount | Text::Timestamp | Text::Metadata) => true,
        element => has_parts(contract, element),
    };
    Crossing { fails, expression }
}

/// To the raw layer's value. `name` is the field's, for what is wrong with it.
pub(super) fn lower(contract: &Contract, ty: &Type, name: &str) -> Crossing {
    let expression = match ty {
        Type::Bool | Type::String | Type::Bytes | Type::Text(Text::Currency) => "%".into(),
        Type::U16 => format!("UInt16(natural: %, {name:?})"),
        Type::U32 => format!("UInt32(natural: %, {name:?})"),
        Type::U64 => format!("UInt64(natural: %, {name:?})"),
        Type::F64 => "%.inSeconds".into(),
        Type::Text(Text::Amount) => "%.description".into(),
        Type::Text(Text::Metadata) => format!("%.json({name:?})"),
        Type::Text(_) => "%.text".into(),
        Type::Record(_) | Type::Enum(_) => "%.lower()".into(),
        Type::Object(_) => "%.raw".into(),
        Type::Callback(name) => format!("Foreign{name}(%)"),
        Type::Optional(inner) | Type::List(inner) => each(&lower(contract, inner, name)),
    };
    let fails = match ty.element() {
        Type::U16 | Type::U32 | Type::U64 | Type::Text(Text::Metadata) => true,
        element => has_parts(contract, element),
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

fn each(Crossing { fails, expression }: &Crossing) -> String {
    let attempt = if *fails { "try " } else { "" };
    if expression == "%" { "%".into() } else { format!("%.map {{ {attempt}{} }}", expression.replace('%', "$0")) }
}
