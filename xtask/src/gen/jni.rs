//! How the JVM's calls reach the methods of the contract (`udl/src/uniffi/jni/calls.rs`): by a number each, in the order
//! of the contract, in which Kotlin's side (`super::kotlin`) counts too.

use serde_json::{Value, json};

use super::{
    model::{Callable, Contract, Field, Object, Type},
    rust::rust_type,
};

/// What is awaited, with its object. Its place is its number.
pub(super) fn calls(contract: &Contract) -> impl Iterator<Item = (&Object, &Callable)> {
    contract
        .objects
        .iter()
        .flat_map(|object| object.methods.iter().map(move |method| (object, method)))
        .filter(|(_, method)| method.is_async)
}

/// Whether a method creates something on the server. It returns the handle of it.
pub(super) fn creates(method: &Callable) -> bool {
    matches!(method.returns, Some(Type::Object(_)))
}

/// The calls of each part of the contract, for the template of the Rust side.
pub(super) fn view(parts: [(&str, &Contract); 2]) -> Value {
    let argument = |argument: &Field| json!({"name": argument.name, "type": rust_type(&argument.ty)});
    let call = |(object, method): (&Object, &Callable)| {
        json!({
            "object": object.name,
            "method": method.name,
            "arguments": method.arguments.iter().map(argument).collect::<Vec<_>>(),
            "creates": creates(method),
            "returns": method.returns.is_some(),
        })
    };
    let part =
        |(condition, contract)| json!({"condition": condition, "calls": calls(contract).map(call).collect::<Vec<_>>()});
    json!({"parts": parts.map(part)})
}
