//! `cargo xtask growth`: adds fields to a copy of the contract, and compiles or runs programs with it that do not know them. A new
//! field of a record must not break the programs of users.

use std::{fs, path::Path};

use crate::{
    files::copy_sources,
    r#gen,
    shell::{Line, root},
};

/// From the repository's root.
const COPY: &str = "target/growth";

/// A field that is added: the file, the text before it, and its text.
const FIELDS: [(&str, &str, &str); 4] = [
    (
        "core/src/resources/transactions.rs",
        "pub struct Customer {\n",
        "    /// Added.\n    #[serde(deserialize_with = \"de::string\")]\n    pub added: Option<String>,\n",
    ),
    ("udl/kopokopo.udl", "dictionary Customer {\n", "    /// Added.\n    string? added;\n"),
    (
        "core/src/resources/incoming_payments.rs",
        "pub struct IncomingPaymentRequest {\n",
        "    /// Added.\n    pub added: Option<String>,\n",
    ),
    (
        "udl/kopokopo.udl",
        "    /// Default `M-PESA STK Push`.\n    string? payment_channel = null;\n",
        "    /// Added.\n    string? added = null;\n",
    ),
];

/// Programs of users: in the examples and in the tests of the declarations.
fn consumers() -> Vec<Line> {
    let within = |folder, line: &str| Line::new(line).within(folder);
    vec![
        within(COPY, "cargo check --quiet --locked --package kopokopo --examples")
            .env("CARGO_TARGET_DIR", "../../target"),
        within(COPY, "cargo check --quiet --locked --package kopokopo-ffi").env("CARGO_TARGET_DIR", "../../target"),
        within("target/growth/bindings-python", "mypy examples").env("MYPYPATH", "python"),
        within("target/growth/bindings-node", "npx tsc -p test/types"),
        within(
            "target/growth/bindings-kotlin",
            "mvn --batch-mode --quiet --no-transfer-progress -DskipTests -pl examples/ktor-shop -am test-compile",
        )
        .env("CARGO_TARGET_DIR", "../../../target"),
        Line::new("cargo build --quiet --locked --package k2").env("CARGO_TARGET_DIR", "target"),
        within("target/growth/bindings-ruby", "ruby build.rb").env("CARGO_TARGET_DIR", "../../target"),
        within("target/growth/bindings-ruby", "ruby test/growth.rb").env("K2_SANDBOX_BIN", "../../debug/k2"),
        Line::new("cargo build --quiet --locked --package kopokopo-c")
            .within(COPY)
            .env("CARGO_TARGET_DIR", "../growth-c"),
        within("target/growth/bindings-go", "sh go.sh vet ./...").env("CARGO_TARGET_DIR", "../growth-c"),
        within("target/growth/bindings-go", "sh go.sh run ./internal/installed ../../debug/k2")
            .env("CARGO_TARGET_DIR", "../growth-c"),
    ]
}

pub(crate) fn run() -> Result<(), String> {
    let copy = root().join(COPY);
    copy_sources(&copy)?;
    // What npm installed.
    link(&root().join("bindings-node/node_modules"), &copy.join("bindings-node/node_modules"))
        .map_err(|error| format!("{}: {error}", copy.display()))?;
    for (file, before, field) in FIELDS {
        add(&copy.join(file), before, field)?;
    }
    r#gen::write(&copy)?;
    for line in consumers() {
        line.run(|_| ())?;
    }
    println!("programs that do not know the new fields compile and run");
    Ok(())
}

#[cfg(unix)]
fn link(folder: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(folder, link)
}

#[cfg(windows)]
fn link(folder: &Path, link: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_dir(folder, link)
}

fn add(file: &Path, before: &str, field: &str) -> Result<(), String> {
    let name = file.display();
    let text = fs::read_to_string(file).map_err(|error| format!("{name}: {error}"))?;
    if text.matches(before).count() != 1 {
        return Err(format!("{name}: expected once: {before:?}"));
    }
    let text = text.replace(before, &format!("{before}{field}"));
    fs::write(file, text).map_err(|error| format!("{name}: {error}"))
}
