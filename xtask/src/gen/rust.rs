//! Writes the Rust code of the contract in `udl/src`: its values and objects, how they become those of the core and
//! back, and how the dynamic languages and the JVM reach them.
//!
//! What a value of the contract is called in the core needs no table: it has the same name, and so have its fields. The
//! few exceptions are in the modules below.

mod objects;
mod operations;
mod values;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::json;

use super::{
    Output, jni,
    model::{Contract, Field, Type},
    template::Templates,
};

/// Objects that `udl/src` has by hand: they are made by programs, not only handed out.
const BY_HAND: [&str; 3] = ["KopoKopo", "WebhookVerifier", "Journal"];

pub(super) fn generate(contract: &Contract, mobile: &Contract, root: &Path) -> Result<Vec<Output>, String> {
    let templates = Templates::load("rust")?;
    let parts = [("not(feature = \"mobile\")", contract), ("feature = \"mobile\"", mobile)];
    let apps = [("not(feature = \"apps\")", contract), ("feature = \"apps\"", mobile)];
    let files = [
        (
            "udl/src/uniffi/generated.rs",
            "generated.rs.j2",
            json!({
                "records": contract.records.iter().map(values::record).collect::<Vec<_>>(),
                "enums": contract.enums.iter().map(values::enumeration).collect::<Vec<_>>(),
                "error": values::error(&contract.error),
                "objects": objects::objects(contract),
                "accessors": objects::accessors(contract),
            }),
        ),
        ("udl/src/uniffi/jni/calls/generated.rs", "calls.rs.j2", jni::view(parts)),
        ("udl/src/operations/generated.rs", "operations.rs.j2", operations::values(contract, apps)),
        ("udl/src/operations/sections.rs", "sections.rs.j2", operations::sections(contract, apps)),
    ];
    let render = |(path, template, view)| Ok(Output { path, text: format(&templates.render(template, view)?, root)? });
    files.into_iter().map(render).collect()
}

/// Whether a field of an output record is not in the JSON of the API: the core finds it out.
pub(super) fn is_computed(record: &str, field: &Field) -> bool {
    values::method(record, field).is_some()
}

/// A type in Rust.
pub(super) fn rust_type(ty: &Type) -> String {
    match ty {
        Type::Bool => "bool".into(),
        Type::U16 => "u16".into(),
        Type::U32 => "u32".into(),
        Type::U64 => "u64".into(),
        Type::F64 => "f64".into(),
        Type::String => "String".into(),
        Type::Bytes => "Vec<u8>".into(),
        Type::Text(text) => text.name().into(),
        Type::Record(name) | Type::Enum(name) => name.clone(),
        Type::Object(name) => format!("Arc<{name}>"),
        Type::Callback(name) => format!("Arc<dyn {name}>"),
        Type::Optional(inner) => format!("Option<{}>", rust_type(inner)),
        Type::List(inner) => format!("Vec<{}>", rust_type(inner)),
    }
}

/// The formatter is the compiler's own, with the workspace's settings.
fn format(source: &str, root: &Path) -> Result<String, String> {
    let failed = |what: &dyn std::fmt::Display| format!("rustfmt on generated code: {what}");
    let mut child = Command::new("rustfmt")
        .args(["--edition", "2024", "--emit", "stdout", "--quiet", "--config-path"])
        .arg(root.join("rustfmt.toml"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| failed(&error))?;
    // The source is larger than a pipe holds, so it is written while the result is read.
    let mut stdin = child.stdin.take();
    let written = std::thread::scope(|scope| {
        let writer = scope.spawn(move || stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(source.as_bytes())));
        let output = child.wait_with_output();
        (writer.join(), output)
    });
    let output = written.1.map_err(|error| failed(&error))?;
    if !output.status.success() {
        return Err(failed(&String::from_utf8_lossy(&output.stderr)));
    }
    String::from_utf8(output.stdout).map_err(|error| failed(&error))
}
