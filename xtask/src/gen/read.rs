//! Reads the contract and refuses whatever the generators have no case for.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use uniffi_meta as meta;

use super::{
    model::{Callable, Contract, Default, Enum, ErrorType, Field, Object, Record, Shape, Text, Type, Usage, Variant},
    names::snake_case,
    order::Order,
};

/// What can be wrong with a contract, in a sentence that names the place.
pub(crate) type Result<T> = std::result::Result<T, String>;

/// The record that every kind of error carries. Languages have its fields in their error itself.
const ERROR_FIELDS: &str = "ErrorFields";

/// Reads a contract from its text.
pub(crate) fn read(udl: &str) -> Result<Contract> {
    let group = uniffi_udl::parse_udl(udl, "kopokopo_ffi").map_err(|error| format!("the contract: {error:#}"))?;
    let order = Order::of(udl);
    let mut contract = Contract {
        name: group.namespace.name.clone(),
        docs: docs(group.namespace_docstring.as_ref()),
        hash: hash(udl),
        functions: Vec::new(),
        objects: Vec::new(),
        callbacks: Vec::new(),
        records: Vec::new(),
        enums: Vec::new(),
        error: ErrorType { name: String::new(), docs: String::new(), fields: Vec::new(), kinds: Vec::new() },
    };
    let mut members: BTreeMap<String, (Vec<Callable>, Vec<Callable>)> = BTreeMap::new();
    for item in group.items {
        match item {
            meta::Metadata::Func(item) => contract.functions.push(function(item)?),
            meta::Metadata::Object(item) => {
                let object = Object {
                    docs: docs(item.docstring.as_ref()),
                    name: item.name,
                    constructors: Vec::new(),
                    methods: Vec::new(),
                };
                if item.imp == meta::ObjectImpl::Struct {
                    contract.objects.push(object);
                } else {
                    contract.callbacks.push(object);
                }
            }
            meta::Metadata::Constructor(item) => {
                members.entry(item.self_name.clone()).or_default().0.push(constructor(item)?);
            }
            meta::Metadata::Method(item) => {
                members.entry(item.self_name.clone()).or_default().1.push(method(item)?);
            }
            meta::Metadata::Record(item) => contract.records.push(record(item)?),
            meta::Metadata::Enum(item) if item.shape.is_error() => {
                if !contract.error.name.is_empty() {
                    return Err(format!(
                        "{}: there may be only one error, and there is {}",
                        item.name, contract.error.name
                    ));
                }
                contract.error = error(item)?;
            }
            meta::Metadata::Enum(item) => contract.enums.push(enumeration(item)?),
            meta::Metadata::CustomType(item) => {
                text(&item.name)?;
            }
            other => return Err(format!("the generators know nothing like {other:?}")),
        }
    }
    if contract.error.name.is_empty() {
        return Err("there is no error: one `[Error] interface` is needed".into());
    }
    let at = contract.records.iter().position(|record| record.name == ERROR_FIELDS);
    let at = at.ok_or_else(|| format!("there is no record {ERROR_FIELDS}: it has the fields of every error"))?;
    let fields = contract.records.remove(at).fields;
    // Each language has its own defaults for the errors that programs make in their tests.
    contract.error.fields = fields.into_iter().map(|field| Field { default: None, ..field }).collect();
    for object in contract.objects.iter_mut().chain(&mut contract.callbacks) {
        if let Some((constructors, methods)) = members.remove(&object.name) {
            (object.constructors, object.methods) = (constructors, methods);
        }
        object.constructors.sort_by_key(|member| order.member(&object.name, &member.name));
        object.methods.sort_by_key(|member| order.member(&object.name, &member.name));
    }
    contract.functions.sort_by_key(|function| order.member(&contract.name, &function.name));
    contract.objects.sort_by_key(|object| order.item(&object.name));
    contract.callbacks.sort_by_key(|object| order.item(&object.name));
    contract.records.sort_by_key(|record| order.item(&record.name));
    contract.enums.sort_by_key(|enumeration| order.item(&enumeration.name));
    mark_usage(&mut contract);
    Ok(contract)
}

/// The first 16 hexadecimal digits of the text's SHA-256, whatever its line ends.
pub(crate) fn hash(udl: &str) -> String {
    let digest = Sha256::digest(udl.replace("\r\n", "\n"));
    digest.iter().take(8).fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

fn docs(text: Option<&String>) -> String {
    text.map(|text| text.trim().to_owned()).unwrap_or_default()
}

fn function(item: meta::FnMetadata) -> Result<Callable> {
    let at = item.name.clone();
    Ok(Callable {
        docs: docs(item.docstring.as_ref()),
        is_async: item.is_async,
        throws: item.throws.is_some(),
        arguments: arguments(&at, item.inputs)?,
        returns: item.return_type.map(|ty| self::ty(&at, &ty)).transpose()?,
        name: item.name,
    })
}

fn constructor(item: meta::ConstructorMetadata) -> Result<Callable> {
    let at = format!("{}.{}", item.self_name, item.name);
    Ok(Callable {
        docs: docs(item.docstring.as_ref()),
        is_async: item.is_async,
        throws: item.throws.is_some(),
        arguments: arguments(&at, item.inputs)?,
        returns: None,
        name: item.name,
    })
}

fn method(item: meta::MethodMetadata) -> Result<Callable> {
    let at = format!("{}.{}", item.self_name, item.name);
    Ok(Callable {
        docs: docs(item.docstring.as_ref()),
        is_async: item.is_async,
        throws: item.throws.is_some(),
        arguments: arguments(&at, item.inputs)?,
        returns: item.return_type.map(|ty| self::ty(&at, &ty)).transpose()?,
        name: item.name,
    })
}

fn arguments(at: &str, inputs: Vec<meta::FnParamMetadata>) -> Result<Vec<Field>> {
    inputs
        .into_iter()
        .map(|input| {
            let at = format!("{at}({})", input.name);
            Ok(Field {
                docs: String::new(),
                ty: ty(&at, &input.ty)?,
                default: input.default.map(|value| default(&at, value)).transpose()?,
                name: input.name,
            })
        })
        .collect()
}

fn record(item: meta::RecordMetadata) -> Result<Record> {
    Ok(Record {
        docs: docs(item.docstring.as_ref()),
        fields: fields(&item.name, item.fields)?,
        name: item.name,
        usage: Usage::default(),
    })
}

fn fields(at: &str, fields: Vec<meta::FieldMetadata>) -> Result<Vec<Field>> {
    fields
        .into_iter()
        .map(|field| {
            let at = format!("{at}.{}", field.name);
            if field.name == "message" && at.starts_with(ERROR_FIELDS) {
                return Err(format!("{at}: Kotlin's exceptions have a message of their own; call it detail"));
            }
            Ok(Field {
                docs: docs(field.docstring.as_ref()),
                ty: ty(&at, &field.ty)?,
                default: field.default.map(|value| default(&at, value)).transpose()?,
                name: field.name,
            })
        })
        .collect()
}

/// Each kind of error carries the same record.
fn error(item: meta::EnumMetadata) -> Result<ErrorType> {
    let mut kinds = Vec::new();
    for variant in item.variants {
        let at = format!("{}.{}", item.name, variant.name);
        let content = fields(&at, variant.fields)?;
        if !matches!(&content[..], [Field { ty: Type::Record(name), .. }] if name == ERROR_FIELDS) {
            return Err(format!("{at}: every kind of error must have one field, the record {ERROR_FIELDS}"));
        }
        kinds.push(Variant {
            word: snake_case(&variant.name),
            docs: docs(variant.docstring.as_ref()),
            name: variant.name,
            content: None,
        });
    }
    Ok(ErrorType { docs: docs(item.docstring.as_ref()), fields: Vec::new(), kinds, name: item.name })
}

fn enumeration(item: meta::EnumMetadata) -> Result<Enum> {
    let is_other = |variant: &meta::VariantMetadata| variant.name == "Other";
    let shape = if item.variants.iter().any(is_other) {
        Shape::Open
    } else if item.variants.iter().any(|variant| !variant.fields.is_empty()) {
        Shape::Union
    } else {
        Shape::Closed
    };
    let mut variants = Vec::new();
    for variant in item.variants {
        let at = format!("{}.{}", item.name, variant.name);
        let docs = docs(variant.docstring.as_ref());
        let mut content = fields(&at, variant.fields)?;
        match (shape, content.len()) {
            (Shape::Open, 1) if variant.name == "Other" && content[0].ty == Type::String => continue,
            (Shape::Open | Shape::Closed, 0) | (Shape::Union, 0 | 1) => {}
            _ => {
                return Err(format!(
                    "{at}: a word holds nothing, `Other` one string, an alternative at most one field"
                ));
            }
        }
        let word = if shape == Shape::Open {
            word(&docs).ok_or_else(|| format!("{at}: its documentation must begin with the API's word in backticks"))?
        } else {
            snake_case(&variant.name)
        };
        variants.push(Variant { name: variant.name, docs, word, content: content.pop() });
    }
    Ok(Enum { docs: docs(item.docstring.as_ref()), shape, variants, name: item.name, usage: Usage::default() })
}

/// The API's word: the text in backticks at the beginning.
fn word(docs: &str) -> Option<String> {
    docs.strip_prefix('`').and_then(|rest| rest.split_once('`')).map(|(word, _)| word.to_owned())
}

fn ty(at: &str, ty: &meta::Type) -> Result<Type> {
    Ok(match ty {
        meta::Type::Boolean => Type::Bool,
        meta::Type::UInt16 => Type::U16,
        meta::Type::UInt32 => Type::U32,
        meta::Type::UInt64 => Type::U64,
        meta::Type::Float64 => Type::F64,
        meta::Type::String => Type::String,
        meta::Type::Bytes => Type::Bytes,
        meta::Type::Custom { name, .. } => Type::Text(text(name)?),
        meta::Type::Record { name, .. } => Type::Record(name.clone()),
        meta::Type::Enum { name, .. } => Type::Enum(name.clone()),
        meta::Type::Object { name, imp: meta::ObjectImpl::Struct, .. } => Type::Object(name.clone()),
        meta::Type::Object { name, .. } => Type::Callback(name.clone()),
        meta::Type::Optional { inner_type } => Type::Optional(Box::new(self::ty(at, inner_type)?)),
        meta::Type::Sequence { inner_type } => Type::List(Box::new(self::ty(at, inner_type)?)),
        other => return Err(format!("{at}: the generators have no case for the type {other:?}")),
    })
}

fn text(name: &str) -> Result<Text> {
    Text::ALL
        .into_iter()
        .find(|text| text.name() == name)
        .ok_or_else(|| format!("{name}: a new kind of text needs a case in every language: add it to model::Text"))
}

fn default(at: &str, value: meta::DefaultValueMetadata) -> Result<Default> {
    use meta::LiteralMetadata as Literal;
    let meta::DefaultValueMetadata::Literal(literal) = value else {
        return Err(format!("{at}: the default must be written out"));
    };
    Ok(match literal {
        Literal::None => Default::Null,
        Literal::Boolean(value) => Default::Bool(value),
        Literal::UInt(value, ..) => Default::Int(value),
        Literal::Float(digits, _) => Default::Float(digits),
        Literal::String(text) => Default::String(text),
        Literal::Enum(variant, _) => Default::Variant(variant),
        Literal::EmptySequence => Default::EmptyList,
        other => return Err(format!("{at}: the generators have no case for the default {other:?}")),
    })
}

/// Follows arguments and results down to the last record.
fn mark_usage(contract: &mut Contract) {
    let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
    let given = contract.objects.iter().flat_map(|object| object.constructors.iter().chain(&object.methods));
    for callable in contract.functions.iter().chain(given) {
        inputs.extend(callable.arguments.iter().map(|argument| argument.ty.clone()));
        outputs.extend(callable.returns.clone());
    }
    for callable in contract.callbacks.iter().flat_map(|callback| &callback.methods) {
        outputs.extend(callable.arguments.iter().map(|argument| argument.ty.clone()));
        inputs.extend(callable.returns.clone());
    }
    for ty in inputs {
        mark(contract, &ty, |usage| !std::mem::replace(&mut usage.input, true));
    }
    for ty in outputs {
        mark(contract, &ty, |usage| !std::mem::replace(&mut usage.output, true));
    }
}

/// `set` returns whether the mark is new.
fn mark(contract: &mut Contract, ty: &Type, set: fn(&mut Usage) -> bool) {
    let inside: Vec<Type> = match ty.element() {
        Type::Record(name) => {
            let Some(record) = contract.records.iter_mut().find(|record| record.name == *name) else { return };
            if !set(&mut record.usage) {
                return;
            }
            record.fields.iter().map(|field| field.ty.clone()).collect()
        }
        Type::Enum(name) => {
            let Some(found) = contract.enums.iter_mut().find(|enumeration| enumeration.name == *name) else { return };
            if !set(&mut found.usage) {
                return;
            }
            found.variants.iter().filter_map(|variant| Some(variant.content.as_ref()?.ty.clone())).collect()
        }
        _ => return,
    };
    for ty in inside {
        mark(contract, &ty, set);
    }
}
