//! Hostile inputs of 1, 2, 4 and 8 MB for every parser and the redactor. It fails if twice the input takes more than
//! 2.2 times as long. Each time is the minimum of several runs, and a case that seems too slow runs again, because
//! noise only adds to a time.
//!
//! Code that keeps many small values leaves the processor's caches somewhere between 1 and 8 MB. Then even linear work
//! takes more than twice as long. So a table with as many texts is filled in the same run, and a case may grow 15 %
//! more than the largest growth of this table. Quadratic work takes four times as long, and is never accepted.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

use std::{collections::HashMap, hint::black_box, process::ExitCode, time::Duration};

mod cases;
use cases::{Case, Measured, cases};

const MEGABYTE: usize = 1_000_000;
const SIZES: [usize; 4] = [MEGABYTE, 2 * MEGABYTE, 4 * MEGABYTE, 8 * MEGABYTE];
const LIMIT: f64 = 2.2;
const TABLE_FACTOR: f64 = 1.15;
const MAX_LIMIT: f64 = 3.6;
const MIN_TIME: Duration = Duration::from_millis(1);

/// Fills a table with as many texts as a hostile input of this size has.
fn table(size: usize) -> Box<dyn Fn()> {
    let texts: Vec<String> = (0..size / 10).map(|n| format!("k{n}")).collect();
    Box::new(move || {
        let table: HashMap<String, String> = texts.iter().map(|text| (text.clone(), text.clone())).collect();
        black_box(table);
    })
}

fn main() -> ExitCode {
    let filter = std::env::args().nth(1).filter(|argument| !argument.starts_with('-'));
    let table = Case { name: "table of texts, for comparison".to_owned(), prepare: Box::new(table) };
    let limit = (measure(&table, f64::MAX) * TABLE_FACTOR).clamp(LIMIT, MAX_LIMIT);
    println!("at most x {limit:.2}");
    let mut failed = 0;
    for case in cases().iter().filter(|case| filter.as_ref().is_none_or(|filter| case.name.contains(filter.as_str()))) {
        failed += usize::from(measure(case, limit) > limit);
    }
    println!("{failed} cases grow faster than their input");
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn measure(case: &Case, limit: f64) -> f64 {
    let mut measured = Measured::new(case, &SIZES);
    for round in 0..20 {
        measured.run();
        if round >= 2 && measured.growth(MIN_TIME) <= limit {
            break;
        }
    }
    let growth = measured.growth(MIN_TIME);
    let verdict = if growth <= limit { "ok" } else { "TOO SLOW" };
    let times: Vec<String> = measured.least.iter().map(|time| format!("{:8.2}", time.as_secs_f64() * 1e3)).collect();
    println!("{:<55} {} ms, {growth:.2} at most, {verdict}", case.name, times.join(" "));
    growth
}
