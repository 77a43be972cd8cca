//! Writes the Swift package's public layer from the contract: what people see, and how it crosses to the raw layer that
//! UniFFI writes (`raw`). What the contract does not define is written by hand, in
//! `bindings-swift/Sources/KopoKopo`.
//!
//! One package serves servers and apps. What apps have of the contract (`udl/mobile.rs`) is compiled everywhere; the
//! rest is in separate files, which Apple's mobile platforms leave out.

mod layout;
pub(super) mod raw;
#[cfg(test)]
mod tests;
mod types;
mod view;

use std::collections::BTreeSet;

use minijinja::{Value, context};

use super::{Output, model::Contract, template::Templates};

/// Where everything is.
const SERVERS: &str = "!(os(iOS) || os(tvOS) || os(watchOS) || os(visionOS) || KOPOKOPO_MOBILE)";

/// Where there is only what apps have.
const APPS: &str = "os(iOS) || os(tvOS) || os(watchOS) || os(visionOS) || KOPOKOPO_MOBILE";

macro_rules! source {
    ($name:literal) => {
        concat!("bindings-swift/Sources/KopoKopo/Generated/", $name, ".swift")
    };
}

/// Templates, and the files that they make: one with what apps have too, and one with the rest.
const FILES: [(&str, Option<&str>, Option<&str>); 9] = [
    ("Words.swift.j2", Some(source!("Words")), Some(source!("ServerWords"))),
    ("Records.swift.j2", Some(source!("Records")), Some(source!("ServerRecords"))),
    ("Sections.swift.j2", Some(source!("Sections")), Some(source!("ServerSections"))),
    ("Handles.swift.j2", Some(source!("Handles")), Some(source!("ServerHandles"))),
    ("Client.swift.j2", Some(source!("Client")), Some(source!("ServerClient"))),
    ("Functions.swift.j2", Some(source!("Functions")), Some(source!("ServerFunctions"))),
    ("Convert.swift.j2", Some(source!("Convert")), Some(source!("ServerConvert"))),
    ("Unions.swift.j2", None, Some(source!("ServerUnions"))),
    ("KopoKopoError.swift.j2", Some(source!("KopoKopoError")), None),
];

pub(super) fn generate(all: &Contract, apps: &Contract) -> Result<Vec<Output>, String> {
    let templates = Templates::load("swift")?;
    let views = view::Views::new(all);
    let shared = names(apps);
    let everywhere = views.package(None, &apps.hash, |name| shared.contains(name));
    let servers = views.package(Some(SERVERS), &all.hash, |name| !shared.contains(name));
    let whole = views.package(Some(SERVERS), &all.hash, |_| true);
    let mut outputs = Vec::new();
    let mut write = |template, path, view: &Value| {
        let code = templates.render(template, view)?;
        let text = layout::settle(&templates.render("file.swift.j2", context! { code, ..view.clone() })?);
        outputs.push(Output { path, text });
        Ok::<_, String>(())
    };
    for (template, for_all, for_servers) in FILES {
        for (path, view) in [(for_all, &everywhere), (for_servers, &servers)] {
            path.map_or(Ok(()), |path| write(template, path, view))?;
        }
    }
    write("Operations.swift.j2", "bindings-swift/Tests/Testee/Operations.swift", &whole)?;
    Ok(outputs)
}

/// Everything that a contract defines: types, functions, and the methods and constructors of objects.
fn names(contract: &Contract) -> BTreeSet<String> {
    let records = contract.records.iter().map(|record| record.name.clone());
    let enums = contract.enums.iter().map(|found| found.name.clone());
    let functions = contract.functions.iter().map(|function| function.name.clone());
    let objects = contract.objects.iter().chain(&contract.callbacks).flat_map(|object| {
        let callables = object.constructors.iter().chain(&object.methods);
        let callables = callables.map(|callable| format!("{}.{}", object.name, callable.name));
        callables.chain([object.name.clone()])
    });
    records.chain(enums).chain(functions).chain(objects).collect()
}
