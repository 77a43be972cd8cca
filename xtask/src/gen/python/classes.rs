//! Clients, sections, handles, and functions of no object.

use serde_json::{Value, json};

use super::{
    super::model::{Callable, Contract, Object, Text, Type},
    is_local,
    types::Types,
    values::{docs, field},
};

pub(super) fn class(types: Types<'_>, object: &Object) -> Value {
    let callables = |found: &[Callable]| -> Vec<_> { found.iter().map(|found| callable(types, found, true)).collect() };
    json!({
        "name": types.class(object),
        "object": object.name,
        "docs": docs(types.contract, &object.docs),
        "section": (!is_local(object) && object.constructors.is_empty()).then(|| section(types.contract, object)),
        "is_handle": object.is_handle(),
        "constructors": callables(&object.constructors),
        "methods": callables(&object.methods),
    })
}

pub(super) fn callable(types: Types<'_>, found: &Callable, is_method: bool) -> Value {
    let watched = found.returns.as_ref().and_then(Type::watched);
    let way = match &watched {
        _ if found.arguments.iter().any(|argument| argument.ty == Type::Bytes) => "bytes",
        Some(_) => "watch",
        None if found.name == "with_journal" => "journal",
        None if found.is_async && found.name == "wait" => "wait",
        None if found.is_async => "call",
        None if !is_method => "function",
        None if found.arguments.is_empty() && (!found.throws || found.is_accessor()) => "property",
        None => "ask",
    };
    let iterated = watched.map(|record| format!("{}Iterator[{}]", types.prefix, types.given(&record)));
    json!({
        "name": found.name,
        "docs": docs(types.contract, &found.docs),
        "parameters": parameters(types, found),
        "returns": iterated.or_else(|| found.returns.as_ref().map(|ty| types.given(ty))),
        "returns_object": matches!(found.returns, Some(Type::Object(_))),
        "way": way,
        "is_create": found.takes_key(),
        "is_method": is_method,
        "is_awaited": found.is_async && !types.prefix.is_empty(),
    })
}

/// The fields of a record that only goes in are parameters of their own, which need their names.
fn parameters(types: Types<'_>, callable: &Callable) -> Vec<Value> {
    let mut all = Vec::new();
    for argument in &callable.arguments {
        let record = match argument.ty.inner() {
            Type::Record(name) => types.contract.record(name).filter(|record| !record.usage.output),
            _ => None,
        };
        let fields = record.map_or(std::slice::from_ref(argument), |record| &record.fields);
        all.extend(fields.iter().map(|found| {
            let mut view = field(types, found, false);
            view["is_named"] = record.is_some().into();
            if found.ty == Type::Text(Text::Raw) {
                // The record that has the text will do, too.
                let ty = "Event | str";
                view["parameter"] = format!("{}: {ty}", found.name).into();
                view["shown"] = ty.into();
            }
            view
        }));
    }
    all
}

/// The section that an object's calls are logged as: a handle's is the one that reads the same record.
fn section<'a>(contract: &'a Contract, object: &Object) -> &'a str {
    let read = object.methods.iter().find(|method| method.name == "get").and_then(|method| method.returns.as_ref());
    match read {
        Some(Type::Record(record)) if object.is_handle() => contract.section_of(record),
        _ => contract.section(&object.name).unwrap_or_default(),
    }
}
