//! Writes the Kotlin package's public layer from the contract: what people see, and how it crosses to the raw layer that
//! UniFFI writes (`super::foreign`). What the contract does not define is written by hand, in
//! `bindings-kotlin/common` and `bindings-kotlin/kopokopo/src/main/kotlin`.
//!
//! UniFFI's own classes are not shown to people: its unsigned numbers cannot be used from Java, its `toString` prints
//! secrets, and its next version may change them.

mod layout;
#[cfg(test)]
mod tests;
mod types;
mod view;

use super::{
    Output,
    model::{Contract, Shape},
    template::Templates,
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
    ($template:literal, $name:literal) => {
        (
            concat!($template, ".kt.j2"),
            concat!("bindings-kotlin/kopokopo/src/main/generated/dev/kopokopo/", $name, ".kt"),
            concat!("bindings-kotlin/android/src/main/generated/dev/kopokopo/", $name, ".kt"),
        )
    };
    ($name:literal) => {
        file!($name, $name)
    };
}

const UNIONS: (&str, &str, &str) = file!("Unions");

/// Templates, and the file that each makes in the two packages.
const FILES: [(&str, &str, &str); 14] = [
    file!("Words"),
    file!("Records"),
    file!("KopoKopoException"),
    file!("Sections"),
    file!("Handles"),
    file!("Watches"),
    file!("KopoKopo"),
    file!("Functions"),
    file!("Convert"),
    file!("Readers"),
    file!("testing.Created", "testing/Created"),
    file!("testing.ErrorBuilder", "testing/ErrorBuilder"),
    file!("testing.Records", "testing/Records"),
    UNIONS,
];

pub(super) fn generate(contract: &Contract, package: Package) -> Result<Vec<Output>, String> {
    let templates = Templates::load("kotlin")?;
    let view = view::Views::new(contract).contract();
    let has_unions = contract.enums.iter().any(|found| found.shape == Shape::Union);
    let files = FILES.into_iter().filter(|file| *file != UNIONS || has_unions);
    let render = |(template, jvm, android)| {
        let path = if package == Package::Jvm { jvm } else { android };
        Ok(Output { path, text: layout::settle(&templates.render(template, &view)?) })
    };
    files.map(render).collect()
}
