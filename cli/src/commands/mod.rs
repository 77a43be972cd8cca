//! What can be typed, and how it ends: 0 good, 1 it failed, 2 it was asked wrongly.

mod call;
mod demo;
mod receiver;
mod sandbox;
mod trigger;
mod webhook;

use std::{
    io::{Write, stderr},
    process::ExitCode,
};

use clap::{CommandFactory, Parser, Subcommand};

/// How a command ended badly.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The thing itself failed: exit 1.
    Failed(String),
    /// It was asked wrongly, and nothing was done: exit 2.
    Usage(String),
}

impl Failure {
    /// By value, so that it fits into `map_err`.
    #[allow(clippy::needless_pass_by_value)]
    fn failed(error: impl ToString) -> Self {
        Self::Failed(error.to_string())
    }
}

type Outcome = Result<(), Failure>;

const EXIT_CODES: &str = "\
Exit codes:
  0  it worked
  1  it failed: a signature that does not match, a request that was refused, a receiver that did not answer 2xx
  2  it was asked wrongly, and nothing was sent

Not affiliated with Kopo Kopo Inc.";

/// M-PESA payments through Kopo Kopo from the command line: a demo, a sandbox, signed webhooks, every operation.
#[derive(Debug, Parser)]
#[command(name = "k2", version, after_help = EXIT_CODES, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Sandbox(sandbox::Command),
    Trigger(trigger::Trigger),
    /// Sign and verify webhooks.
    #[command(subcommand)]
    Webhook(webhook::Webhook),
    Call(call::Call),
    /// Print completions for a shell.
    #[command(
        after_help = "Examples:\n  k2 completions bash > /etc/bash_completion.d/k2\n  k2 completions zsh > ~/.zfunc/_k2"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Does what the program's arguments say.
pub fn run() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo(demo) => demo.run(),
        Command::Sandbox(sandbox) => sandbox.run(),
        Command::Trigger(trigger) => trigger.run(),
        Command::Webhook(webhook) => webhook.run(),
        Command::Call(call) => call.run(),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Arguments::command(), "k2", &mut std::io::stdout());
            Ok(())
        }
    };
    let (code, words) = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Failed(words)) => (1, words),
        Err(Failure::Usage(words)) => (2, words),
    };
    if !words.is_empty() {
        let _ = writeln!(stderr(), "k2: {words}");
    }
    ExitCode::from(code)
}

/// A runtime of one thread: enough for a command, and quick to start.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)
}
