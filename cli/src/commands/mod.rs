//! What can be typed, and how it ends: 0 good, 1 it failed, 2 it was asked wrongly.

mod call;
mod callback;
mod completions;
mod demo;
mod doctor;
mod journal;
mod listen;
mod log;
mod pay;
mod place;
mod receiver;
mod replay;
mod sandbox;
mod state;
mod trigger;
mod webhook;

use std::{
    io::{Write, stderr},
    panic::{self, PanicHookInfo},
    process::{self, ExitCode},
};

use clap::{
    Parser, Subcommand,
    error::{ContextKind, ContextValue},
};
use kopokopo::{redact_name, webhooks::Webhooks};

use crate::terminal::printable;

/// How a command ended badly. Without words: they are out already.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The operation failed: exit code 1.
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
Examples:
  k2 demo
  k2 sandbox
  k2 call --list

Exit codes:
  0  it worked
  1  it failed: a signature that does not match, a request that was refused, a receiver that did not output 2xx
  2  it was asked wrongly, and nothing was sent

Not affiliated with Kopo Kopo Inc.";

/// Programs that find `k2` on the PATH know by the name in brackets that it is this one.
const VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (kopokopo)");

/// M-PESA payments through Kopo Kopo from the command line: a demo, a sandbox, signed webhooks, every operation.
#[derive(Debug, Parser)]
#[command(name = "k2", version = VERSION, after_help = EXIT_CODES, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Demo(demo::Demo),
    Sandbox(sandbox::Command),
    Pay(pay::Pay),
    Trigger(trigger::Trigger),
    Listen(listen::Listen),
    Replay(replay::Replay),
    Doctor(doctor::Doctor),
    /// Sign and verify webhooks.
    #[command(subcommand, after_help = webhook::EXAMPLES)]
    Webhook(webhook::Webhook),
    Call(call::Call),
    /// List, reconcile and resolve the records of a journal of idempotency keys.
    Journal(journal::Command),
    Completions(completions::Completions),
}

/// Does what the program's arguments say.
pub fn run() -> ExitCode {
    panic::set_hook(Box::new(apologise));
    // A defect ends like any other failure. What it was about is gone with it, so nothing half-done is seen again.
    panic::catch_unwind(|| finish(arguments().command.run())).unwrap_or_else(|_| ExitCode::from(1))
}

/// Whether it is a number that is too short for a phone number: `--port 70000`.
fn is_short_number(word: &str) -> bool {
    word.len() <= 6 && word.bytes().all(|b| b.is_ascii_digit())
}

/// The program's arguments. A wrong one is not repeated unless it looks like a name: it may be a secret or a phone number.
fn arguments() -> Arguments {
    Arguments::try_parse().unwrap_or_else(|error| {
        if !error.use_stderr() {
            error.exit();
        }
        let mut text = error.render().to_string();
        for part in [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand] {
            if let Some(ContextValue::String(word)) = error.get(part)
                && !word.is_empty()
                && !word.starts_with('-')
                && !word.starts_with('<')
                && !is_short_number(word)
                && redact_name(word) != word
            {
                text = text.replace(word, redact_name(word));
            }
        }
        let _ = write!(stderr(), "{text}");
        process::exit(error.exit_code())
    })
}

impl Command {
    fn run(self) -> Outcome {
        match self {
            Self::Demo(demo) => demo.run(),
            Self::Sandbox(sandbox) => sandbox.run(),
            Self::Pay(pay) => pay.run(),
            Self::Trigger(trigger) => trigger.run(),
            Self::Listen(listen) => listen.run(),
            Self::Replay(replay) => replay.run(),
            Self::Doctor(doctor) => doctor.run(),
            Self::Webhook(webhook) => webhook.run(),
            Self::Call(call) => call.run(),
            Self::Journal(journal) => journal.run(),
            Self::Completions(completions) => completions.run(),
        }
    }
}

fn finish(outcome: Outcome) -> ExitCode {
    let (code, words) = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Failed(words)) => (1, words),
        Err(Failure::Usage(words)) => (2, words),
    };
    if !words.is_empty() {
        let _ = writeln!(stderr(), "{}", printable(&words));
    }
    ExitCode::from(code)
}

/// Says where the defect is. Its message stays inside: it may quote what it worked on.
fn apologise(defect: &PanicHookInfo<'_>) {
    let place = defect.location().map(|place| format!(" at {}:{}", place.file(), place.line())).unwrap_or_default();
    let _ = writeln!(stderr(), "internal: a defect in k2{place}");
}

fn no_api_key() -> Failure {
    Failure::Usage("configuration: api_key: is missing: give --api-key, or set K2_API_KEY".into())
}

/// Refuses a key that no verifier accepts, before anything is signed with it.
fn check_api_keys(keys: &[String]) -> Outcome {
    if keys.iter().any(|key| key.trim().is_empty()) {
        return Err(Failure::Usage("configuration: api_key: is empty".into()));
    }
    Webhooks::new(keys.iter().map(String::as_str)).check_keys().map_err(|error| Failure::Usage(error.to_string()))
}

/// A runtime of one thread: enough for a command, and quick to start.
fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Failure::failed)
}

/// Ends when the process is asked to stop.
#[cfg(unix)]
fn signals() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    let mut hangup = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = hangup.recv() => {}
        }
    })
}

#[cfg(windows)]
fn signals() -> std::io::Result<impl Future<Output = ()>> {
    let (mut interrupt, mut closed) = (tokio::signal::windows::ctrl_c()?, tokio::signal::windows::ctrl_close()?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = closed.recv() => {}
        }
    })
}
