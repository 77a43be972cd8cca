//! `cargo xtask simulate`: workers that share a journal, in virtual time, with faults drawn from a seed.

use crate::shell::Line;

/// What runs it, in the profile that its tests are built with.
const RUN: &str = "cargo run --quiet --locked --profile simulation --package kopokopo-simulation --bin simulate --";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The number of calls with an idempotency key
    #[arg(long, default_value_t = 1_000_000)]
    calls: u64,
    /// The seed. Default: drawn, and printed
    #[arg(long)]
    seed: Option<u64>,
    /// Write the journal after sending, which pays twice: the simulation must find it
    #[arg(long)]
    broken: bool,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let seed = options.seed.map(|seed| format!(" --seed {seed}")).unwrap_or_default();
    let broken = if options.broken { " --broken" } else { "" };
    Line::new(&format!("{RUN} --calls {}{seed}{broken}", options.calls)).run(|_| {})
}

/// The lines of the step `simulate` of `cargo xtask test`.
pub(crate) fn lines() -> Vec<Line> {
    vec![
        Line::new("cargo test --locked --profile simulation --package kopokopo-simulation"),
        Line::new(&format!("{RUN} --calls 20000")),
        Line::new(&format!("{RUN} --calls 1000 --broken")),
    ]
}
