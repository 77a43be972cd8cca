//! The client, sections, handles, and functions of no object.

use serde_json::{Value, json};

use super::{
    super::model::{Callable, Contract, Field, Object, Type},
    super::names::class_name,
    types::{Form, default},
    values::docs,
};

pub(super) fn class(contract: &Contract, object: &Object) -> Value {
    let callables =
        |found: &[Callable]| -> Vec<_> { found.iter().map(|found| callable(contract, found, true)).collect() };
    json!({
        "name": class_name(&object.name),
        "object": object.name,
        "docs": docs(contract, &object.docs),
        "section": object.constructors.is_empty().then(|| contract.logged_section(object)),
        "is_client": object.is_client(),
        "is_handle": object.is_handle(),
        "constructors": callables(&object.constructors),
        "methods": callables(&object.methods),
    })
}

pub(super) fn callable(contract: &Contract, found: &Callable, is_method: bool) -> Value {
    let watched = found.returns.as_ref().and_then(Type::watched);
    let way = match &watched {
        _ if found.arguments.iter().any(|argument| argument.ty == Type::Bytes) => "bytes",
        Some(_) => "watch",
        None if found.name == "with_journal" => "journal",
        None if found.is_async => "call",
        None if !is_method => "function",
        None => "ask",
    };
    let returns = |form: Form| match (&watched, &found.returns) {
        (Some(record), _) if form == Form::Rbs => format!("Watch[{}]", form.given(contract, record)),
        (Some(record), _) => format!("Watch<{}>", form.given(contract, record)),
        (None, Some(ty)) => form.given(contract, ty),
        (None, None) => "void".into(),
    };
    json!({
        "name": found.name,
        "docs": docs(contract, &found.docs),
        "parameters": parameters(contract, found),
        "yard": returns(Form::Yard),
        "rbs": returns(Form::Rbs),
        "returns": found.returns.is_some(),
        "object": match &found.returns {
            Some(Type::Object(name)) if watched.is_none() => Some(class_name(name)),
            _ => None,
        },
        "way": way,
        "is_create": found.takes_key(),
    })
}

/// The fields of a record that only goes in are keyword arguments. So is what has a default, and what follows a first
/// argument and another one.
fn parameters(contract: &Contract, callable: &Callable) -> Vec<Value> {
    let is_constructor = callable.returns.is_none() && !callable.is_async && callable.throws;
    let is_long = callable.arguments.len() > 2;
    let mut all = Vec::new();
    let has_bytes = callable.arguments.iter().any(|argument| argument.ty == Type::Bytes);
    for (at, argument) in callable.arguments.iter().enumerate() {
        let record = match argument.ty.inner() {
            Type::Record(name) => contract.record(name).filter(|record| !record.usage.output),
            _ => None,
        };
        if let Some(record) = record {
            all.extend(record.fields.iter().map(|field| parameter(contract, field, true)));
            if callable.name == "with_journal" {
                all.iter_mut().filter(|found| found["name"] == "create_tables").for_each(leave_to_store);
            }
            continue;
        }
        let is_callback = matches!(argument.ty, Type::Callback(_));
        let is_named =
            argument.default.is_some() || (is_long && at > 0) || (is_constructor && !has_bytes && !is_callback);
        all.push(parameter(contract, argument, is_named));
    }
    all
}

/// A store has this option too, and a default here must not replace what it says.
fn leave_to_store(parameter: &mut Value) {
    let docs = parameter["docs"].as_str().unwrap_or_default();
    parameter["docs"] = format!("{docs} Default: what the store's method of this name returns, or else true.").into();
    parameter["default"] = "nil".into();
    parameter["yard"] = "Boolean, nil".into();
    parameter["rbs"] = "bool?".into();
}

fn parameter(contract: &Contract, field: &Field, is_named: bool) -> Value {
    let default = default(field);
    let callback = contract.callbacks.iter().find(|callback| field.ty == Type::Callback(callback.name.clone()));
    let documented = match callback {
        None => field.docs.clone(),
        Some(callback) if callback.name == "JournalStore" => "The store: see {CustomJournal}.".to_owned(),
        // What a program supplies is documented where it is defined.
        Some(callback) => {
            callback.methods.iter().map(|method| method.docs.clone() + "\n\n").collect::<String>() + &callback.docs
        }
    };
    let yard = Form::Yard.taken(contract, &field.ty);
    json!({
        "name": field.name,
        "is_named": is_named,
        "is_function": callback.is_some_and(|callback| callback.name != "JournalStore"),
        "is_store": callback.is_some_and(|callback| callback.name == "JournalStore"),
        "default": default,
        "docs": docs(contract, &documented).join(" ").replace("Raises: any.", "It may raise anything."),
        "yard": if callback.is_some() { "#call".to_owned() } else { yard },
        "rbs": Form::Rbs.taken(contract, &field.ty),
    })
}
