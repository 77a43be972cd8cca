//! The `k2` command line as a library: every operation of the Kopo Kopo API by its name, which the scenarios in tests/
//! are written in, and the commands themselves.
//!
//! Not affiliated with Kopo Kopo Inc.

#![forbid(unsafe_code)]

pub mod commands;
pub mod operations;
mod terminal;
