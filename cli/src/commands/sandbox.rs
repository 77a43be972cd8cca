//! `k2 sandbox`: the whole API on this machine, until it is stopped.

use std::{
    io::{ErrorKind, Write, stderr, stdout},
    path::{Path, PathBuf},
};

use clap::{Args, ValueEnum};
use kopokopo_sandbox::{Data, MAGIC, Pace, Sandbox};
use serde_json::json;

use super::{Failure, Outcome, log::Log, state::State};
use crate::terminal::{self, Terminal};

const EXAMPLES: &str = "\
Examples:
  k2 sandbox                          on 127.0.0.1:4254, with the same credentials each time
  k2 sandbox --till K654321=5000      with a till of your own; --data FILE takes more
  k2 sandbox --state shop.k2state     goes on where it stopped, also after kill -9
  k2 sandbox export state.json        the state of a running sandbox as one file, for `k2 sandbox import state.json`
  k2 sandbox --json --port 0          the first line is one JSON object: base_url, client_id, client_secret, api_key
  k2 sandbox --format dotenv > .env   writes the variables that point a program at it; the rest goes to stderr
  k2 sandbox --pace manual            nothing happens without a call; see docs/sandbox.md for the controls
  k2 sandbox --json --pace fast --exit-with-stdin    for a test runner: it stops when the runner does

Without --state the state lives in memory: it is lost when the sandbox stops. Ctrl-C and SIGTERM stop it.";

/// The port for people, so that what they exported stays valid.
pub(super) const PORT: u16 = 4254;

/// The credentials for people: client id, client secret, API key. They open nothing but a sandbox.
const CREDENTIALS: [&str; 3] = ["sandbox_client", "sandbox_secret", "sandbox_key"];

/// Run the whole API on this machine: stateful, offline, with faults on demand.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
pub(super) struct Command {
    #[command(subcommand)]
    action: Option<State>,
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// The port. 0: any that is free. Default: 4254, and with --json 0.
    #[arg(long)]
    port: Option<u16>,
    /// For programs: one JSON object on the first line of stdout, and nothing after.
    #[arg(long)]
    json: bool,
    /// For people: print only the variables to stdout, in this format. Everything else goes to stderr. Default: shell.
    #[arg(long, conflicts_with = "json")]
    format: Option<Format>,
    /// How fast the simulation runs without control calls. Default: real, and with --json instant.
    #[arg(long)]
    pace: Option<PaceName>,
    /// The application key to accept. Default: sandbox_client, and with --json a new one each time.
    #[arg(long)]
    client_id: Option<String>,
    /// The application secret to accept. Default: sandbox_secret, and with --json a new one each time.
    #[arg(long)]
    client_secret: Option<String>,
    /// The key to sign callbacks and webhooks with. Default: sandbox_key, and with --json a new one each time.
    #[arg(long)]
    api_key: Option<String>,
    /// A till to start with, and its balance in shillings. Can be given several times.
    #[arg(long = "till", value_name = "NUMBER=BALANCE")]
    tills: Vec<String>,
    /// A JSON file with tills, customers, accounts and transactions to start with; see docs/sandbox.md.
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Keep the state in this file, and go on with it if it is there. Only its owner can read it. A kill loses nothing that was
    /// acknowledged. Credentials and a pace that are given take the place of those in it. Default: memory.
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
    /// Send callbacks and webhooks to other machines too, and accept http:// URLs there. Default: loopback only.
    #[arg(long)]
    allow_remote_callbacks: bool,
    /// A name of this machine under which the controls can be used, without a port. Can be given several times. Default: loopback
    /// only.
    #[arg(long = "allow-host", value_name = "NAME")]
    allowed_hosts: Vec<String>,
    /// Make ids and references come out the same each time.
    #[arg(long)]
    seed: Option<u64>,
    /// Stop when stdin is closed: the program that started it cannot leave it behind.
    #[arg(long)]
    exit_with_stdin: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum PaceName {
    /// As soon as the response is sent.
    Instant,
    /// Within a second or two.
    Fast,
    /// As a customer with a phone.
    Real,
    /// Not at all.
    Manual,
}

/// How variables of the environment are written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Format {
    /// A file `.env`: NAME=value.
    Dotenv,
    /// bash, zsh and others: export NAME=value.
    Shell,
    /// `PowerShell`: $env:NAME = 'value'.
    Powershell,
}

impl Format {
    /// Quoted where the value has more than letters, digits and a few signs.
    fn assignment(self, name: &str, value: &str) -> String {
        let is_plain = value.chars().all(|c| c.is_ascii_alphanumeric() || "-_.:/@%+,".contains(c)) && !value.is_empty();
        match self {
            Self::Dotenv if is_plain => format!("{name}={value}"),
            Self::Dotenv if !value.contains('\'') => format!("{name}='{value}'"),
            Self::Dotenv => {
                // A shell that reads the file must not run what is between backquotes.
                format!("{name}=\"{}\"", doubled(value, &['\\', '"', '$', '`'], |_| '\\'))
            }
            Self::Shell if is_plain => format!("export {name}={value}"),
            Self::Shell => format!("export {name}='{}'", value.replace('\'', r"'\''")),
            Self::Powershell => {
                // For PowerShell, these end a text too.
                let quotes = ['\'', '\u{2018}', '\u{2019}', '\u{201a}', '\u{201b}'];
                format!("$env:{name} = '{}'", doubled(value, &quotes, |quote| quote))
            }
        }
    }
}

/// A text with a character before each of those that are special.
fn doubled(value: &str, special: &[char], before: impl Fn(char) -> char) -> String {
    let mut out = String::with_capacity(value.len());
    for c in value.chars() {
        if special.contains(&c) {
            out.push(before(c));
        }
        out.push(c);
    }
    out
}

impl From<PaceName> for Pace {
    fn from(name: PaceName) -> Self {
        match name {
            PaceName::Instant => Self::Instant,
            PaceName::Fast => Self::Fast,
            PaceName::Real => Self::Real,
            PaceName::Manual => Self::Manual,
        }
    }
}

impl Command {
    pub(super) fn run(mut self) -> Outcome {
        if let Some(action) = self.action.take() {
            return action.run();
        }
        super::runtime()?.block_on(self.serve())
    }

    async fn serve(self) -> Outcome {
        let port = self.port.unwrap_or(if self.json { 0 } else { PORT });
        let mut builder = Sandbox::builder()
            .host(&self.host)
            .port(port)
            .initial_pace(if self.json { Pace::Instant } else { Pace::Real })
            .data(data(self.data.as_deref())?)
            .allow_remote_callbacks(self.allow_remote_callbacks);
        if let Some(pace) = self.pace {
            builder = builder.pace(pace.into());
        }
        if let Some(state) = &self.state {
            builder = builder.state(state);
        }
        for host in &self.allowed_hosts {
            builder = builder.allow_host(host);
        }
        for till in &self.tills {
            let (number, balance) = till
                .split_once('=')
                .ok_or_else(|| Failure::Usage(format!("--till {till}: expected NUMBER=BALANCE")))?;
            builder = builder.till(number, balance);
        }
        let goes_on =
            self.state.as_deref().is_some_and(|file| std::fs::metadata(file).is_ok_and(|file| file.len() > 0));
        // A state that goes on has credentials.
        let is_fixed = !self.json && !goes_on;
        let [client_id, client_secret, api_key] = CREDENTIALS.map(|fixed| is_fixed.then(|| fixed.to_owned()));
        if let Some(client_id) = self.client_id.or(client_id) {
            builder = builder.client_id(client_id);
        }
        if let Some(client_secret) = self.client_secret.or(client_secret) {
            builder = builder.client_secret(client_secret);
        }
        if let Some(api_key) = self.api_key.or(api_key) {
            builder = builder.api_key(api_key);
        }
        if let Some(seed) = self.seed {
            builder = builder.seed(seed);
        }
        let sandbox = builder.start().await.map_err(|error| cannot_start(&self.host, port, &error))?;
        // The reader of the announcement may ask it to stop at once, so it listens to that before.
        let stopped = stopping(self.exit_with_stdin)?;
        if goes_on && (self.data.is_some() || !self.tills.is_empty()) {
            let _ = writeln!(stderr(), "note: the state goes on; --data and --till take effect at the next reset");
        }
        if !sandbox.address().ip().is_loopback() {
            let _ = writeln!(
                stderr(),
                "warning: anyone who can reach {} can use this sandbox and its controls",
                sandbox.address()
            );
        }
        if self.json {
            announce_as_json(&sandbox)?;
            stopped.await;
        } else {
            let entries = sandbox.log();
            let terminal = if self.format.is_some() { Terminal::on_stderr() } else { Terminal::new(false) };
            announce(&sandbox, terminal, self.format, self.state.as_deref())?;
            tokio::select! {
                () = stopped => {}
                () = report(entries, terminal) => {}
            }
        }
        sandbox.stop().await;
        Ok(())
    }
}

/// The data of a file. What is in it is checked when the sandbox starts.
fn data(file: Option<&Path>) -> Result<Data, Failure> {
    let Some(file) = file else { return Ok(Data::default()) };
    let told = |error: &dyn std::fmt::Display| Failure::Usage(format!("--data {}: {error}", file.display()));
    let text = std::fs::read(file).map_err(|error| told(&error))?;
    Data::read(&text).map_err(|why| told(&why))
}

fn cannot_start(host: &str, port: u16, error: &std::io::Error) -> Failure {
    match error.kind() {
        ErrorKind::AddrInUse => Failure::Failed(format!(
            "cannot listen on {host}:{port}: the port is in use, perhaps by another sandbox. Stop that, or use --port 0 for \
             any free port"
        )),
        ErrorKind::InvalidInput => Failure::Usage(error.to_string()),
        ErrorKind::InvalidData => Failure::Usage(format!("--state {error}")),
        _ => Failure::Failed(format!("cannot listen on {host}:{port}: {error}")),
    }
}

fn announce_as_json(sandbox: &Sandbox) -> Outcome {
    let line = json!({
        "base_url": sandbox.base_url(),
        "client_id": sandbox.client_id(),
        "client_secret": sandbox.client_secret(),
        "api_key": sandbox.api_key(),
    });
    let mut out = stdout();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(not_written)
}

fn announce(sandbox: &Sandbox, terminal: Terminal, format: Option<Format>, state: Option<&Path>) -> Outcome {
    terminal.line(&format!("{} {}", terminal.bold("Kopo Kopo, simulated, at"), terminal.green(sandbox.base_url())));
    terminal.line("");
    for (name, value) in [
        ("K2_BASE_URL", sandbox.base_url()),
        ("K2_CLIENT_ID", sandbox.client_id()),
        ("K2_CLIENT_SECRET", sandbox.client_secret()),
        ("K2_API_KEY", sandbox.api_key()),
    ] {
        terminal::print(&format.unwrap_or(Format::Shell).assignment(name, value)).map_err(not_written)?;
    }
    terminal.line("");
    terminal.line(&terminal.bold("Phone number or amount    the customer"));
    for magic in MAGIC {
        terminal.line(&format!("{} {:>9}    {}", magic.phone_number, magic.amount, magic.incoming_payment));
    }
    terminal.line(&terminal.dim("any other                 enters the PIN: Success"));
    terminal.line("");
    let place = state.map_or_else(|| "memory".to_owned(), |file| file.display().to_string());
    let advice = "`k2 pay --till K000000 --amount 100` makes a customer pay at the till.";
    terminal.line(&terminal.dim(&format!("State lives in {place}. {advice}")));
    terminal.line(&format!("In a browser: {}", terminal.green(&format!("{}/_sandbox/ui", sandbox.base_url()))));
    let controls = format!("Controls: {}/_sandbox (docs/sandbox.md). Ctrl-C stops it.", sandbox.base_url());
    terminal.line(&terminal.dim(&controls));
    terminal.line("");
    Ok(())
}

/// Without the variables, what reads them would go on with old ones.
#[allow(clippy::needless_pass_by_value, reason = "it fits into map_err")]
fn not_written(error: std::io::Error) -> Failure {
    Failure::Failed(format!("stdout: the variables could not be written: {error}"))
}

/// A line for each request and each delivery, as they come.
async fn report(mut entries: kopokopo_sandbox::Log, terminal: Terminal) {
    let log = Log::new(terminal);
    while let Some(entry) = entries.next().await {
        log.print(&entry);
    }
    std::future::pending::<()>().await;
}

/// Resolves when a signal says so, or, with `with_stdin`, when stdin is closed.
fn stopping(with_stdin: bool) -> Result<impl Future<Output = ()>, Failure> {
    let signals = super::signals().map_err(Failure::failed)?;
    let stdin_closed = with_stdin.then(|| {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // Reading stdin blocks, so it has a thread of its own, which is not waited for.
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
            let _ = sender.send(());
        });
        receiver
    });
    Ok(async move {
        let stdin_closed = async {
            match stdin_closed {
                Some(closed) => drop(closed.await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = signals => {}
            () = stdin_closed => {}
        }
    })
}
