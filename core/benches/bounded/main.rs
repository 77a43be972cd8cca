//! Hostile inputs of 1, 2, 4 and 8 MB for every parser and the redactor. It fails if twice the input takes more than 2.2
//! times as long. Each time is the least of several runs, and a case that seems too slow runs again: noise only adds.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

use std::{process::ExitCode, time::Duration};

mod cases;
use cases::{Measured, cases};

const MEGABYTE: usize = 1_000_000;
const LIMIT: f64 = 2.2;
const FLOOR: Duration = Duration::from_millis(1);

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    let mut failed = 0;
    for case in cases().iter().filter(|case| wanted.as_ref().is_none_or(|wanted| case.name.contains(wanted.as_str()))) {
        let mut measured = Measured::new(case, &[MEGABYTE, 2 * MEGABYTE, 4 * MEGABYTE, 8 * MEGABYTE]);
        for round in 0..20 {
            measured.run();
            if round >= 2 && measured.growth(FLOOR) <= LIMIT {
                break;
            }
        }
        let growth = measured.growth(FLOOR);
        let verdict = if growth <= LIMIT { "ok" } else { "TOO SLOW" };
        failed += usize::from(growth > LIMIT);
        let times: Vec<String> =
            measured.least.iter().map(|time| format!("{:8.2}", time.as_secs_f64() * 1e3)).collect();
        println!("{:<55} {} ms, {growth:.2} at most, {verdict}", case.name, times.join(" "));
    }
    println!("{failed} cases grow faster than their input");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
