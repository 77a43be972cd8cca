//! How the contract's types are written in Python.

use super::super::model::{Contract, Default, Field, Object, Shape, Text, Type};
use super::super::names::snake_case;

/// The names of types in one module.
#[derive(Clone, Copy)]
pub(super) struct Types<'a> {
    pub(super) contract: &'a Contract,
    /// What the names of the clients' classes begin with: `Async`, or nothing.
    pub(super) prefix: &'static str,
    /// The modules of enumerations, records and unions, with the dot, where their names are not imported.
    pub(super) modules: [&'static str; 3],
}

impl Types<'_> {
    /// The class of an object. One that needs no connection is the same for the blocking and the asyncio client.
    pub(super) fn class(&self, object: &Object) -> String {
        format!("{}{}", if super::is_local(object) { "" } else { self.prefix }, object.name)
    }

    /// What people hand in.
    pub(super) fn taken(&self, ty: &Type) -> String {
        let [enums, records, unions] = self.modules;
        match ty {
            Type::Bool => "bool".into(),
            Type::U16 | Type::U32 | Type::U64 => "int".into(),
            Type::F64 => "float".into(),
            Type::String | Type::Text(Text::Currency | Text::Personal | Text::Secret | Text::Raw) => "str".into(),
            Type::Bytes => "bytes | bytearray | memoryview".into(),
            Type::Text(Text::Amount) => "Decimal | str | int".into(),
            Type::Text(Text::Timestamp) => "datetime | str".into(),
            Type::Text(Text::Metadata) => "Mapping[str, str | int | float | bool | None]".into(),
            Type::Enum(name) => match self.contract.enumeration(name).map(|found| (found.shape, &found.variants)) {
                Some((Shape::Union, _)) => format!("{unions}Any{name}"),
                Some((Shape::Closed, variants)) => {
                    let words: Vec<_> = variants.iter().map(|variant| format!("\"{}\"", variant.word)).collect();
                    format!("{enums}{name} | Literal[{}]", words.join(", "))
                }
                _ => format!("{enums}{name} | str"),
            },
            Type::Record(name) => format!("{records}{name}"),
            Type::Object(name) => self.contract.object(name).map_or_else(|| name.clone(), |object| self.class(object)),
            Type::Callback(name) if name == "JournalStore" => "JournalStore".into(),
            Type::Callback(_) if self.prefix.is_empty() => "Callable[[], AccessToken | str]".into(),
            // It may be asynchronous, too.
            Type::Callback(_) => "Callable[[], Awaitable[AccessToken | str] | AccessToken | str]".into(),
            Type::Optional(inner) => format!("{} | None", self.taken(inner)),
            Type::List(item) => format!("Sequence[{}]", self.taken(item)),
        }
    }

    /// What people get.
    pub(super) fn given(&self, ty: &Type) -> String {
        let is_union = |name| self.contract.enumeration(name).is_some_and(|found| found.shape == Shape::Union);
        match ty {
            Type::Text(Text::Amount) => "Decimal".into(),
            Type::Text(Text::Timestamp) => "datetime".into(),
            Type::Text(Text::Metadata) => "dict[str, Any]".into(),
            Type::Bytes => "bytes".into(),
            Type::Enum(name) if !is_union(name) => format!("{}{name}", self.modules[0]),
            Type::Optional(inner) => format!("{} | None", self.given(inner)),
            Type::List(item) => format!("tuple[{}, ...]", self.given(item)),
            same => self.taken(same),
        }
    }
}

/// A default, as it is behind a parameter.
pub(super) fn default(field: &Field) -> String {
    match &field.default {
        None => String::new(),
        Some(Default::Null) => " = None".into(),
        Some(Default::Bool(true)) => " = True".into(),
        Some(Default::Bool(false)) => " = False".into(),
        Some(Default::Int(value)) => format!(" = {value}"),
        Some(Default::Float(digits)) => format!(" = {digits}"),
        Some(Default::String(text)) => format!(" = {text:?}"),
        Some(Default::Variant(variant)) => format!(" = \"{}\"", snake_case(variant)),
        Some(Default::EmptyList) => " = ()".into(),
    }
}
