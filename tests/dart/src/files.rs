//! What the tests read of the repository, and the names of the contract in Dart.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::header::Header;

/// The repository.
#[must_use]
pub fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The text of a file of the repository.
///
/// # Panics
/// Where it cannot be read.
#[must_use]
pub fn read(path: &str) -> String {
    let path: PathBuf = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The contract.
///
/// # Panics
/// Where its file cannot be read.
#[must_use]
pub fn contract() -> Value {
    serde_json::from_str(&read("tests/contract.json")).unwrap_or_else(|error| panic!("{error}"))
}

/// The header of the C ABI.
///
/// # Panics
/// Where its file cannot be read.
#[must_use]
pub fn header() -> Header {
    Header::read(&read("bindings-c/include/kopokopo.h"))
}

/// A name of the contract, or of C, as Dart spells it.
#[must_use]
pub fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |out, word| out + &word[..1].to_uppercase() + &word[1..])
}
