//! Reads the Dart package without a Dart compiler: tree-sitter parses every file, and the rest of this crate finds what a
//! compiler would find first. It is no compiler: `bindings-dart/README.md` says so.

#![forbid(unsafe_code)]

mod files;
mod header;
mod known;
mod names;
mod scope;
mod source;
mod types;

pub use files::{camel, contract, header, read, root};
pub use header::{Function, Header};
pub use known::Known;
pub use names::{Package, problems};
pub use source::{Source, package};
