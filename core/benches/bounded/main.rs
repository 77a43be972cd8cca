//! Hostile inputs of 1, 2, 4 and 8 MB for every parser and the redactor. It fails if twice the input takes more than 2.2
//! times as long. Each time is the least of several runs, and a case that seems too slow runs again: noise only adds.
//!
//! What keeps many small values leaves the processor's caches somewhere between 1 and 8 MB, and then even work that is
//! linear by construction takes more than twice as long. So a table of as many texts is filled in the same run, and a case
//! may grow as that table does, and a seventh more. Quadratic work takes four times as long, and is never accepted.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

use std::{collections::HashMap, hint::black_box, process::ExitCode, time::Duration};

mod cases;
use cases::{Case, Measured, cases};

const MEGABYTE: usize = 1_000_000;
const SIZES: [usize; 4] = [MEGABYTE, 2 * MEGABYTE, 4 * MEGABYTE, 8 * MEGABYTE];
const LIMIT: f64 = 2.2;
const OF_THE_TABLE: f64 = 1.15;
const NEVER: f64 = 3.6;
const FLOOR: Duration = Duration::from_millis(1);

/// Fills a table with as many texts as a hostile input of so many bytes has.
fn table(size: usize) -> Box<dyn Fn()> {
    let texts: Vec<String> = (0..size / 10).map(|n| format!("k{n}")).collect();
    Box::new(move || {
        let table: HashMap<String, String> = texts.iter().map(|text| (text.clone(), text.clone())).collect();
        black_box(table);
    })
}

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    let table = Case { name: "a table of texts, for comparison".to_owned(), prepare: Box::new(table) };
    let limits = measure(&table, &[f64::MAX; SIZES.len() - 1]);
    let limits: Vec<f64> = limits.iter().map(|growth| (growth * OF_THE_TABLE).clamp(LIMIT, NEVER)).collect();
    let mut failed = 0;
    for case in cases().iter().filter(|case| wanted.as_ref().is_none_or(|wanted| case.name.contains(wanted.as_str()))) {
        let growths = measure(case, &limits);
        failed += usize::from(!holds(&growths, &limits));
    }
    println!("{failed} cases grow faster than their input");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn holds(growths: &[f64], limits: &[f64]) -> bool {
    growths.iter().zip(limits).all(|(growth, limit)| growth <= limit)
}

fn measure(case: &Case, limits: &[f64]) -> Vec<f64> {
    let mut measured = Measured::new(case, &SIZES);
    for round in 0..20 {
        measured.run();
        if round >= 2 && holds(&measured.growths(FLOOR), limits) {
            break;
        }
    }
    let growths = measured.growths(FLOOR);
    let verdict = if holds(&growths, limits) { "ok" } else { "TOO SLOW" };
    let times: Vec<String> = measured.least.iter().map(|time| format!("{:8.2}", time.as_secs_f64() * 1e3)).collect();
    let shown: Vec<String> = growths.iter().map(|growth| format!("{growth:.2}")).collect();
    println!("{:<55} {} ms, x {}, {verdict}", case.name, times.join(" "), shown.join(" "));
    growths
}
