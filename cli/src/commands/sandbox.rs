//! `k2 sandbox`: the whole API on this machine, until it is stopped.

use std::{
    io::{Write, stderr, stdout},
    time::Duration,
};

use clap::{Args, ValueEnum};
use kopokopo_sandbox::{MAGIC, Pace, Sandbox};
use serde_json::json;

use super::{Failure, Outcome, log::Log};
use crate::terminal::{Terminal, line};

const EXAMPLES: &str = "\
Examples:
  k2 sandbox
  k2 sandbox --json --port 0          the first line is one JSON object: base_url, client_id, client_secret, api_key
  k2 sandbox --pace manual            nothing happens by itself; see docs/sandbox.md for the controls
  k2 sandbox --json --pace fast --exit-with-stdin    for a test runner: it stops when the runner does

Ctrl-C and SIGTERM stop it.";

/// Run the whole API on this machine: stateful, offline, with faults on demand.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Command {
    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// The port. 0: any that is free.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// For programs: one JSON object on the first line of stdout, and nothing after.
    #[arg(long)]
    json: bool,
    /// How fast things happen by themselves. Default: real, and with --json instant.
    #[arg(long)]
    pace: Option<PaceName>,
    /// The application key to accept. Default: a new one each time, as for the two below.
    #[arg(long)]
    client_id: Option<String>,
    /// The application secret to accept.
    #[arg(long)]
    client_secret: Option<String>,
    /// The key to sign callbacks and webhooks with.
    #[arg(long)]
    api_key: Option<String>,
    /// Make ids and references come out the same each time.
    #[arg(long)]
    seed: Option<u64>,
    /// Stop when stdin is closed: whoever started it cannot leave it behind.
    #[arg(long)]
    exit_with_stdin: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum PaceName {
    /// As soon as the answer is out.
    Instant,
    /// Within a second or two.
    Fast,
    /// As a customer with a phone.
    Real,
    /// Not at all.
    Manual,
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
    pub(super) fn run(self) -> Outcome {
        super::runtime()?.block_on(self.serve())
    }

    async fn serve(self) -> Outcome {
        let pace = self.pace.unwrap_or(if self.json { PaceName::Instant } else { PaceName::Real });
        let mut builder = Sandbox::builder().host(&self.host).port(self.port).pace(pace.into());
        if let Some(client_id) = self.client_id {
            builder = builder.client_id(client_id);
        }
        if let Some(client_secret) = self.client_secret {
            builder = builder.client_secret(client_secret);
        }
        if let Some(api_key) = self.api_key {
            builder = builder.api_key(api_key);
        }
        if let Some(seed) = self.seed {
            builder = builder.seed(seed);
        }
        let sandbox = builder
            .start()
            .await
            .map_err(|error| Failure::Failed(format!("cannot listen on {}:{}: {error}", self.host, self.port)))?;
        // Whoever reads the announcement may ask it to stop at once, so it listens to that before.
        let stopped = stopping(self.exit_with_stdin)?;
        if !sandbox.address().ip().is_loopback() {
            let _ = writeln!(
                stderr(),
                "warning: anybody who can reach {} can use this sandbox and its controls",
                sandbox.address()
            );
        }
        if self.json {
            announce_as_json(&sandbox)?;
            stopped.await;
        } else {
            announce(&sandbox);
            tokio::select! {
                () = stopped => {}
                () = report(&sandbox) => {}
            }
        }
        sandbox.stop().await;
        Ok(())
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
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(Failure::failed)
}

fn announce(sandbox: &Sandbox) {
    let terminal = Terminal::new(false);
    line(&format!("{} {}", terminal.bold("Kopo Kopo, simulated, at"), terminal.green(sandbox.base_url())));
    line("");
    for (name, value) in [
        ("K2_BASE_URL", sandbox.base_url()),
        ("K2_CLIENT_ID", sandbox.client_id()),
        ("K2_CLIENT_SECRET", sandbox.client_secret()),
        ("K2_API_KEY", sandbox.api_key()),
    ] {
        line(&format!("export {name}={value}"));
    }
    line("");
    line(&terminal.bold("Phone number or amount    the customer"));
    for magic in MAGIC {
        line(&format!("{} {:>9}    {}", magic.phone_number, magic.amount, magic.incoming_payment));
    }
    line(&terminal.dim("any other                 enters the PIN: Success"));
    line("");
    line(&terminal.dim(&format!("Controls: {}/_sandbox (docs/sandbox.md). Ctrl-C stops it.", sandbox.base_url())));
    line("");
}

/// A line for each request and each delivery, as they come.
async fn report(sandbox: &Sandbox) {
    let mut log = Log::new(Terminal::new(false));
    loop {
        tokio::time::sleep(Duration::from_millis(150)).await;
        log.requests(&sandbox.requests());
        log.deliveries(&sandbox.deliveries());
    }
}

/// Resolves when a signal says so, or, with `with_stdin`, when whoever started the program is gone.
fn stopping(with_stdin: bool) -> Result<impl Future<Output = ()>, Failure> {
    let signals = signals().map_err(Failure::failed)?;
    let stdin_closed = with_stdin.then(|| {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // Reading stdin blocks, so it has a thread of its own that nobody waits for.
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

#[cfg(unix)]
fn signals() -> std::io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
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
