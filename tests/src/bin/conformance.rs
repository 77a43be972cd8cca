//! Runs the shared tests with a testee in another language: `conformance [OPTIONS] -- COMMAND [ARGUMENT...]`. The options
//! are those of Rust's test programs, such as a part of a test's name.

use std::{env, process::ExitCode};

use kopokopo_tests::{Testee, main as run};
use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().collect();
    let end = arguments.iter().position(|argument| argument == "--").unwrap_or(arguments.len());
    let command = arguments.get(end + 1..).unwrap_or_default();
    let mut arguments = Arguments::from_iter(&arguments[..end]);
    run(&mut arguments, Testee::start(command), Vec::new())
}
