//! How the contract's types are written in Python.

use super::{
    super::model::{Callable, Contract, Default, Field, Shape, Text, Type},
    Mode, any_of,
};

/// What people hand in.
pub(super) fn taken(contract: &Contract, ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".into(),
        Type::U16 | Type::U32 | Type::U64 => "int".into(),
        Type::F64 => "float".into(),
        Type::String | Type::Text(Text::Currency | Text::Personal | Text::Secret | Text::Raw) => "str".into(),
        Type::Bytes => "bytes | bytearray | memoryview".into(),
        Type::Text(Text::Amount) => "Decimal | str | int".into(),
        Type::Text(Text::Timestamp) => "datetime | str".into(),
        Type::Text(Text::Metadata) => "Mapping[str, str | int | float | bool | None]".into(),
        Type::Enum(name) => match contract.enumeration(name).map(|found| (found.shape, &found.variants)) {
            Some((Shape::Union, _)) => any_of(name),
            Some((Shape::Closed, variants)) => {
                let words: Vec<_> = variants.iter().map(|variant| format!("\"{}\"", variant.word)).collect();
                format!("{name} | Literal[{}]", words.join(", "))
            }
            _ => format!("{name} | str"),
        },
        Type::Record(name) | Type::Object(name) => name.clone(),
        Type::Callback(_) => "Callable[[], AccessToken | str]".into(),
        Type::Optional(inner) => format!("{} | None", taken(contract, inner)),
        Type::List(item) => format!("Sequence[{}]", taken(contract, item)),
    }
}

/// What people get.
pub(super) fn given(contract: &Contract, ty: &Type, mode: Mode) -> String {
    match ty {
        Type::Text(Text::Amount) => "Decimal".into(),
        Type::Text(Text::Timestamp) => "datetime".into(),
        Type::Text(Text::Metadata) => "dict[str, Any]".into(),
        Type::Bytes => "bytes".into(),
        Type::Enum(name) if contract.enumeration(name).is_none_or(|found| found.shape != Shape::Union) => name.clone(),
        Type::Object(name) => contract.object(name).map_or_else(|| name.clone(), |object| mode.class(object)),
        Type::Optional(inner) => format!("{} | None", given(contract, inner, mode)),
        Type::List(item) => format!("tuple[{}, ...]", given(contract, item, mode)),
        same => taken(contract, same),
    }
}

/// A parameter that people hand in, with its default.
pub(super) fn parameter(contract: &Contract, field: &Field) -> String {
    let ty = taken(contract, &field.ty);
    let default = match &field.default {
        None => return format!("{}: {ty}", field.name),
        Some(Default::Null) => "None".to_owned(),
        Some(Default::Bool(true)) => "True".to_owned(),
        Some(Default::Bool(false)) => "False".to_owned(),
        Some(Default::Int(value)) => value.to_string(),
        Some(Default::Float(digits)) => digits.clone(),
        Some(Default::String(text)) => format!("{text:?}"),
        Some(Default::Variant(variant)) => format!("\"{}\"", super::super::model::snake_case(variant)),
        Some(Default::EmptyList) => "()".to_owned(),
    };
    format!("{}: {ty} = {default}", field.name)
}

/// What a callable takes: the arguments before the star, and those after it, which need their names.
pub(super) fn parameters<'a>(contract: &'a Contract, callable: &'a Callable) -> (Vec<&'a Field>, Vec<&'a Field>) {
    let (mut plain, mut named) = (Vec::new(), Vec::new());
    for argument in &callable.arguments {
        match argument.ty.inner() {
            // One that was handed out goes in as it is.
            Type::Record(name) => match contract.record(name) {
                Some(record) if !record.usage.output => named.extend(&record.fields),
                _ => plain.push(argument),
            },
            _ => plain.push(argument),
        }
    }
    (plain, named)
}
