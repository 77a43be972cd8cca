//! Writes the Python package from the contract: the classes that people see, their signatures, types and docstrings.
//! What the contract does not define is written by hand, in `bindings-python/python/kopokopo`.

mod classes;
mod layout;
#[cfg(test)]
mod tests;
mod types;
mod values;

use serde_json::{Value, json};

use self::types::Types;
use super::{
    Output,
    model::{Contract, Object, Shape},
    template::Templates,
};

pub(super) fn generate(contract: &Contract) -> Result<Vec<Output>, String> {
    let templates = Templates::load("python")?;
    let (sync, asynchronous) = (view(contract, ""), view(contract, "Async"));
    let files = [
        ("bindings-python/python/kopokopo/__init__.py", "__init__.py.j2", &sync),
        ("bindings-python/python/kopokopo/_contract.py", "_contract.py.j2", &sync),
        ("bindings-python/python/kopokopo/_enums.py", "_enums.py.j2", &sync),
        ("bindings-python/python/kopokopo/_records.py", "_records.py.j2", &sync),
        ("bindings-python/python/kopokopo/_unions.py", "_unions.py.j2", &sync),
        ("bindings-python/python/kopokopo/_errors.py", "_errors.py.j2", &sync),
        ("bindings-python/python/kopokopo/_local.py", "_local.py.j2", &sync),
        ("bindings-python/python/kopokopo/_sync.py", "_client.py.j2", &sync),
        ("bindings-python/python/kopokopo/_async.py", "_client.py.j2", &asynchronous),
    ];
    let render = |(path, template, view)| {
        templates.render(template, view).map(|text| Output { path, text: layout::format(&text) })
    };
    files.into_iter().map(render).collect()
}

/// What the templates have. The names of the clients' classes begin with the prefix.
fn view(contract: &Contract, prefix: &'static str) -> Value {
    let types = Types { contract, prefix, modules: [""; 3] };
    let (unions, words): (Vec<_>, Vec<_>) = contract.enums.iter().partition(|found| found.shape == Shape::Union);
    // A watch is an iterator, which is written by hand.
    let classes = contract.objects.iter().filter(|object| !object.is_watch());
    let (local, clients): (Vec<_>, Vec<_>) = classes.partition(|object| is_local(object));
    let functions = contract.functions_of_no_record();
    json!({
        "prefix": prefix,
        "hash": contract.hash,
        "enums": words.into_iter().map(|found| values::enumeration(contract, found)).collect::<Vec<_>>(),
        "records": contract.records.iter().map(|record| values::record(contract, record)).collect::<Vec<_>>(),
        "unions": unions.into_iter().map(|union| values::enumeration(contract, union)).collect::<Vec<_>>(),
        "error": values::error(contract),
        "local": local.into_iter().map(|object| classes::class(types, object)).collect::<Vec<_>>(),
        "clients": clients.into_iter().map(|object| classes::class(types, object)).collect::<Vec<_>>(),
        "functions": functions.map(|function| classes::callable(types, function, false)).collect::<Vec<_>>(),
    })
}

/// The class of an error's kind. Python has some of the names already.
fn error_class(kind: &str) -> String {
    match kind {
        "Connection" | "Timeout" | "Permission" => format!("KopoKopo{kind}Error"),
        _ => format!("{kind}Error"),
    }
}

/// Whether an object needs no connection: it has one class for the blocking and the asyncio client.
fn is_local(object: &Object) -> bool {
    object.methods.iter().all(|method| !method.is_async && !method.is_accessor())
}
