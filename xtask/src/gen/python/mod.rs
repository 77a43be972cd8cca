//! Writes the Python package from the contract: the classes that people see, their signatures, types and docstrings.
//! What the contract does not define is written by hand, in `bindings-python/python/kopokopo`.

mod classes;
mod package;
#[cfg(test)]
mod tests;
mod types;
mod values;
mod writer;

use super::{
    Output,
    model::{Callable, Contract, Enum, Field, Object, Record, Shape, Text, Type},
};

pub(super) fn generate(contract: &Contract) -> Vec<Output> {
    vec![
        Output { path: "bindings-python/python/kopokopo/__init__.py", text: package::exports(contract) },
        Output { path: "bindings-python/python/kopokopo/_contract.py", text: package::set_up(contract) },
        Output { path: "bindings-python/python/kopokopo/_enums.py", text: values::enums(contract) },
        Output { path: "bindings-python/python/kopokopo/_records.py", text: values::records(contract) },
        Output { path: "bindings-python/python/kopokopo/_unions.py", text: values::unions(contract) },
        Output { path: "bindings-python/python/kopokopo/_errors.py", text: values::errors(contract) },
        Output { path: "bindings-python/python/kopokopo/_local.py", text: classes::local(contract) },
        Output { path: "bindings-python/python/kopokopo/_sync.py", text: classes::clients(contract, Mode::Sync) },
        Output { path: "bindings-python/python/kopokopo/_async.py", text: classes::clients(contract, Mode::Async) },
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Sync,
    Async,
}

impl Mode {
    /// What the class of an object is called.
    fn class(self, object: &Object) -> String {
        match self {
            Self::Async if !is_local(object) => format!("Async{}", object.name),
            _ => object.name.clone(),
        }
    }
}

/// The class of an error's kind. Python has some of the names already.
fn error_class(kind: &str) -> String {
    match kind {
        "Connection" | "Timeout" | "Permission" => format!("KopoKopo{kind}Error"),
        _ => format!("{kind}Error"),
    }
}

/// The builtin exception that a kind of error is too: code that retries after those is right to do so here. Python's
/// `PermissionError` is about files, so it is not among them.
fn builtin(kind: &str) -> Option<&'static str> {
    match kind {
        "Connection" => Some("ConnectionError"),
        "Timeout" => Some("TimeoutError"),
        _ => None,
    }
}

/// Records with the method `is_paid_at_least`, which is written by hand: it passes their `raw` to the function.
const PAYMENTS: [&str; 3] = ["Event", "IncomingPayment", "PaymentLink"];

/// The function that is a method in Python.
const PAYMENT_METHOD: &str = "is_paid_at_least";

/// The objects that programs see as classes. A watch is an iterator, which is written by hand.
fn classes(contract: &Contract) -> impl Iterator<Item = &Object> {
    contract.objects.iter().filter(|object| !object.is_watch())
}

/// The functions of no object that programs see.
fn functions(contract: &Contract) -> impl Iterator<Item = &Callable> {
    contract.functions.iter().filter(|function| function.name != PAYMENT_METHOD)
}

/// The record whose states a method returns, if it returns a watch.
fn watched<'a>(contract: &'a Contract, callable: &Callable) -> Option<&'a str> {
    let Some(Type::Object(name)) = &callable.returns else { return None };
    let watch = contract.object(name).filter(|object| object.is_watch())?;
    let polled = watch.methods.iter().find(|method| method.name == "poll")?.returns.as_ref()?;
    match polled.inner() {
        Type::Record(record) => Some(record),
        _ => None,
    }
}

/// Whether an object needs no connection: it has one class for the blocking and the asyncio client.
fn is_local(object: &Object) -> bool {
    object.methods.iter().all(|method| !method.is_async && !method.is_accessor())
}

/// Whether people see a record as a class. Those that only go in are keyword arguments, but for what a program's own
/// function returns.
fn is_class(contract: &Contract, record: &Record) -> bool {
    let returned = |found: &Type| *found == Type::Record(record.name.clone());
    let mut callbacks = contract.callbacks.iter().flat_map(|callback| &callback.methods);
    record.usage.output || callbacks.any(|method| method.returns.as_ref().is_some_and(returned))
}

/// The fields that must not be seen in a log, and why.
fn redacted(fields: &[Field]) -> Vec<(&str, &'static str)> {
    let kind = |field: &Field| match field.ty.element() {
        Type::Text(Text::Personal) => Some("personal"),
        Type::Text(Text::Secret) => Some("secret"),
        Type::Text(Text::Metadata) => Some("metadata"),
        Type::Text(Text::Raw) => Some("raw"),
        _ => field.is_free_text().then_some("personal"),
    };
    fields.iter().filter_map(|field| Some((field.name.as_str(), kind(field)?))).collect()
}

fn unions(contract: &Contract) -> impl Iterator<Item = &Enum> {
    contract.enums.iter().filter(|found| found.shape == Shape::Union)
}

/// What the type of any alternative of a union is called.
fn any_of(union: &str) -> String {
    format!("Any{union}")
}
