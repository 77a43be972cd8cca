//! Objects, for the templates: each wraps the core's, and its calls run on the library's runtime.

use serde_json::{Value, json};

use super::{BY_HAND, rust_type};
use crate::r#gen::model::{Callable, Contract, Field, Object, Type};

pub(super) fn objects(contract: &Contract) -> Vec<Value> {
    let wrapped = contract.objects.iter().filter(|object| !BY_HAND.contains(&object.name.as_str()));
    wrapped.map(|object| self::object(object, contract.section(&object.name))).collect()
}

fn object(object: &Object, section: Option<&str>) -> Value {
    let name = &object.name;
    let core = match name.strip_prefix("Created") {
        Some(resource) if object.is_handle() => format!("Created<api::{resource}>"),
        _ => name.clone(),
    };
    json!({
        "name": name,
        "docs": object.docs,
        "core": core,
        "watches": name.strip_suffix("Watch").filter(|_| object.is_watch()),
        "methods": object.methods.iter().map(|own| method(own, section)).collect::<Vec<_>>(),
    })
}

fn method(method: &Callable, section: Option<&str>) -> Value {
    let operation = section.map(|section| format!("Some({:?})", format!("{section}.{}", method.name)));
    json!({
        "name": method.name,
        "docs": method.docs,
        "is_async": method.is_async,
        "arguments": method.arguments.iter().map(argument).collect::<Vec<_>>(),
        "returns": method.returns.as_ref().map(rust_type),
        "object": returned(method),
        "operation": operation.unwrap_or_else(|| "None".into()),
    })
}

fn argument(Field { name, ty, .. }: &Field) -> Value {
    json!({
        "name": name,
        "type": rust_type(ty),
        "is_optional": ty.is_optional(),
        "is_record": matches!(ty, Type::Record(_)),
    })
}

fn returned(method: &Callable) -> Option<&str> {
    match &method.returns {
        Some(Type::Object(name)) => Some(name),
        _ => None,
    }
}

/// The client's methods that lead to the sections.
pub(super) fn accessors(contract: &Contract) -> Vec<Value> {
    let client = contract.objects.iter().filter(|object| object.name == "KopoKopo");
    let accessors = client.flat_map(|client| &client.methods).filter(|method| method.is_accessor());
    let view = |method: &Callable| {
        let object = returned(method).filter(|name| !BY_HAND.contains(name))?;
        Some(json!({"name": method.name, "docs": method.docs, "object": object}))
    };
    accessors.filter_map(view).collect()
}
