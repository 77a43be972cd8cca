//! Writes the Kotlin package's public layer from the contract: what people see, and how it crosses to the raw layer that
//! UniFFI writes (`super::foreign`). What the contract does not define is written by hand, in
//! `bindings-kotlin/common` and `bindings-kotlin/kopokopo/src/main/kotlin`.
//!
//! UniFFI's own classes are not shown to people: its unsigned numbers cannot be used from Java, its `toString` prints
//! secrets, and its next version may change them.

mod calls;
mod convert;
mod objects;
mod testing;
#[cfg(test)]
mod tests;
mod types;
mod values;
mod writer;

use super::{
    Output,
    model::{Callable, Contract, Field, Object, Record, Shape, Text, Type},
};

/// Which package the code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Package {
    /// The whole contract.
    Jvm,
    /// What apps have of it.
    Android,
}

macro_rules! file {
    ($package:ident, $name:literal) => {
        match $package {
            Package::Jvm => concat!("bindings-kotlin/kopokopo/src/main/generated/dev/kopokopo/", $name),
            Package::Android => concat!("bindings-kotlin/android/src/main/generated/dev/kopokopo/", $name),
        }
    };
}

pub(super) fn generate(contract: &Contract, package: Package) -> Vec<Output> {
    let mut outputs = vec![
        Output { path: file!(package, "Words.kt"), text: values::words(contract) },
        Output { path: file!(package, "Records.kt"), text: values::records(contract) },
        Output { path: file!(package, "KopoKopoException.kt"), text: values::errors(contract) },
        Output { path: file!(package, "Sections.kt"), text: objects::sections(contract) },
        Output { path: file!(package, "Handles.kt"), text: objects::handles(contract) },
        Output { path: file!(package, "Watches.kt"), text: objects::watches(contract) },
        Output { path: file!(package, "KopoKopo.kt"), text: objects::client(contract) },
        Output { path: file!(package, "Functions.kt"), text: objects::functions(contract) },
        Output { path: file!(package, "Convert.kt"), text: convert::generate(contract) },
        Output { path: file!(package, "testing/Created.kt"), text: testing::created(contract) },
        Output { path: file!(package, "testing/ErrorBuilder.kt"), text: testing::errors(contract) },
        Output { path: file!(package, "testing/Records.kt"), text: testing::records(contract) },
    ];
    if contract.enums.iter().any(|found| found.shape == Shape::Union) {
        outputs.push(Output { path: file!(package, "Unions.kt"), text: values::unions(contract) });
    }
    outputs
}

/// Written by hand: it goes past JNA, which UniFFI's objects cannot.
const BY_HAND: &str = "WebhookVerifier";

/// Where UniFFI's code is.
const RAW: &str = "dev.kopokopo.ffi";

/// What makes the client is more than a section: it leads to the sections.
fn is_client(object: &Object) -> bool {
    object.methods.iter().any(Callable::is_accessor)
}

/// Whether a function of the contract is a method of the records whose text it takes.
fn is_method(function: &Callable) -> bool {
    function.arguments.first().is_some_and(|argument| argument.ty == Type::Text(Text::Raw))
}

/// Whether such functions are about a record: it says of which money it is.
fn has_methods(record: &Record) -> bool {
    let has = |name: &str| record.fields.iter().any(|field| field.name == name);
    has("raw") && has("payment_key")
}

/// UniFFI's error is an exception in its name too.
fn exception(contract: &Contract) -> String {
    contract.error.name.replace("Error", "Exception")
}

/// What must not be seen in a log, and how it is shown instead.
fn hidden(field: &Field) -> Option<&'static str> {
    match field.ty.element() {
        Type::Text(Text::Personal | Text::Secret | Text::Metadata) => Some("hidden"),
        Type::Text(Text::Raw) => Some("length"),
        _ => field.is_free_text().then_some("hidden"),
    }
}
