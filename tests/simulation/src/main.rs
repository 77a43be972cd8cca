//! `simulate [--calls N] [--seed N] [--broken]`: money moves once, whatever fails.

use std::{
    process::ExitCode,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};

use clap::Parser;
use kopokopo_simulation::{
    simulate::{CALLS, Report, simulate},
    store::Kind,
    world::lock,
};

#[derive(Parser)]
#[command(about = "Simulates workers that share a journal, and checks that money moves once")]
struct Options {
    /// The number of calls with an idempotency key
    #[arg(long, default_value_t = 20_000)]
    calls: u64,
    /// The first seed. Each world of 500 calls has the next one, so a world that fails is replayed with its seed
    #[arg(long)]
    seed: Option<u64>,
    /// Write the journal after sending, which pays twice: the simulation must find it
    #[arg(long)]
    broken: bool,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let seed = options.seed.unwrap_or_else(|| fastrand::u64(..1 << 48));
    let kind = if options.broken { Kind::Late } else { Kind::Durable };
    let worlds = options.calls.div_ceil(CALLS);
    println!("seed {seed}");
    let (next, total, wrong) = (AtomicU64::new(0), Mutex::new(Report::default()), Mutex::new(None::<(u64, String)>));
    let started = Instant::now();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while lock(&wrong).is_none() {
                    let world = next.fetch_add(1, Ordering::SeqCst);
                    if world >= worlds {
                        return;
                    }
                    match simulate(seed.wrapping_add(world), kind) {
                        Ok(report) => lock(&total).add(&report),
                        Err(reason) => {
                            let mut wrong = lock(&wrong);
                            if wrong.as_ref().is_none_or(|(earlier, _)| world < *earlier) {
                                *wrong = Some((world, reason));
                            }
                        }
                    }
                }
            });
        }
    });
    let (total, wrong) = (lock(&total).clone(), lock(&wrong).clone());
    match (wrong, options.broken) {
        (Some((world, reason)), false) => {
            let seed = seed.wrapping_add(world);
            eprintln!("{reason}\nReplay it with: cargo xtask simulate --calls {CALLS} --seed {seed}");
            ExitCode::FAILURE
        }
        (Some((world, reason)), true) => {
            println!("{reason}: found within {} calls", (world + 1) * CALLS);
            ExitCode::SUCCESS
        }
        (None, true) => {
            eprintln!("the broken journal was not found");
            ExitCode::FAILURE
        }
        (None, false) => {
            print_report(&total, started.elapsed().as_secs_f64());
            ExitCode::SUCCESS
        }
    }
}

fn print_report(report: &Report, seconds: f64) {
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let speed = report.calls as f64 / seconds;
    println!("{} calls in {seconds:.1} s, {speed:.0} per second", report.calls);
    println!(
        "{} faults, {} crashes, {} payments took effect, each once",
        report.faults, report.crashes, report.effects
    );
    println!("results of calls: {:?}", report.results);
    println!("records before people resolved the rest: {:?}", report.states);
    println!(
        "{} keys were unknown and left to the journal; {} of them became known without a person",
        report.unknown, report.became_known
    );
    println!("digest {:x}", report.digest);
}
