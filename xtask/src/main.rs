//! `cargo xtask`: the entry point of everything that is done to this repository, by people and by CI.

mod bench;
mod counts;
#[cfg(test)]
mod cycles;
mod docs;
mod elf;
mod files;
mod fuzz;
#[allow(dead_code, reason = "the backends of the languages use more of it")]
mod r#gen;
mod growth;
mod languages;
mod links;
mod mobile;
mod package;
mod release;
mod shell;
mod simulate;
mod step;
mod table;
mod test;
mod tools;
mod words;
mod workflows;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(bin_name = "cargo xtask", about = "Checks, fuzzes and measures this repository", version)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Run every check: format, lints, tests, documentation, dependencies
    Test(test::Options),
    /// Write everything that follows from the contract, udl/kopokopo.udl
    Gen(r#gen::Options),
    /// Make what is published, install it where nothing else is, and try it
    Package(package::Options),
    Notices(package::notices::Options),
    /// Give every package a new version; `--dry-run` also makes the packages, in a copy
    Release(release::Options),
    /// Build the library for mobile apps, and check its size, its alignment and what it exports
    Mobile(mobile::Options),
    /// Fuzz the parsers of untrusted input with cargo-fuzz on the nightly toolchain
    Fuzz(fuzz::Options),
    /// Add fields to a copy of the contract, and compile programs against it that do not know them
    Growth,
    /// Build the API documentation of each language
    Docs(docs::Options),
    /// Run the benchmarks and their baselines, and print the ratios
    Bench(bench::Options),
    /// Simulate workers that share a journal, with every fault, and check that money moves once
    Simulate(simulate::Options),
    /// Find the words that docs/style.md refuses, in text and in names
    Words(words::Options),
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Test(options) => test::run(&options),
        Task::Gen(options) => r#gen::run(&options),
        Task::Package(options) => package::run(&options),
        Task::Notices(options) => package::notices::run(&options),
        Task::Release(options) => release::run(&options),
        Task::Mobile(options) => mobile::run(&options),
        Task::Fuzz(options) => fuzz::run(&options),
        Task::Growth => growth::run(),
        Task::Docs(options) => docs::run(&options),
        Task::Bench(options) => bench::run(&options),
        Task::Simulate(options) => simulate::run(&options),
        Task::Words(options) => words::run(&options),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("\n{reason}");
            ExitCode::FAILURE
        }
    }
}
