//! `cargo xtask bench`: what this project costs beside the bare libraries it is made of. Each baseline runs in the same
//! program run, so a ratio says something where a time alone does not.

mod measured;
mod start;

use std::{fs, path::Path};

use measured::Measured;
use serde_json::Value;

use crate::{shell::Line, table::table};

/// One comparison of the table.
struct Row {
    /// What the benchmark calls it.
    id: &'static str,
    what: &'static str,
    target: Target,
}

#[derive(Clone, Copy)]
enum Target {
    AtMost(f64),
    AtLeast(f64),
    /// Told for context alone.
    None,
}

const ROWS: [Row; 8] = [
    Row { id: "webhook/verify", what: "verify a webhook of 1 KB / bare hmac", target: Target::AtMost(1.1) },
    Row {
        id: "webhook/verify_parse",
        what: "verify and parse it / bare hmac and serde_json::Value",
        target: Target::AtMost(1.1),
    },
    Row { id: "create/reqwest", what: "a create over keep-alive / bare reqwest", target: Target::AtMost(1.15) },
    Row { id: "create/hyper", what: "a create over keep-alive / bare hyper", target: Target::None },
    Row { id: "sandbox/1", what: "sandbox on 1 connection / hello-world axum", target: Target::AtLeast(0.6) },
    Row { id: "sandbox/32", what: "sandbox on 32 connections / hello-world axum", target: Target::AtLeast(0.6) },
    Row { id: "k2/start", what: "k2 sandbox, from start to first answer", target: Target::AtMost(20.0) },
    Row { id: "k2/size", what: "k2, size of the program", target: Target::AtMost(10.0) },
];

pub(crate) fn run() -> Result<(), String> {
    let mut measured = Vec::new();
    Line::new("cargo bench --locked -p kopokopo --bench webhook -- --noplot").run(|_| ())?;
    for group in ["verify", "verify_parse"] {
        measured.push(criterion("webhook", group)?);
    }
    for bench in ["-p kopokopo --bench create", "-p kopokopo-sandbox --bench throughput"] {
        Line::new(&format!("cargo bench --locked {bench}")).run(|line| measured.extend(Measured::parse(line)))?;
    }
    Line::new("cargo build --locked --release -p k2").run(|_| ())?;
    measured.extend(start::measure(&target_folder()?.join("release").join("k2"))?);
    print!("\n{}", report(&measured)?);
    Ok(())
}

/// Reads the medians that criterion left of a group with the functions `kopokopo` and `bare`.
fn criterion(bench: &str, group: &str) -> Result<Measured, String> {
    let folder = target_folder()?.join("criterion").join(format!("{bench}_{group}"));
    let median = |function: &str| median(&folder.join(function).join("new/estimates.json"));
    Ok(Measured {
        id: format!("{bench}/{group}"),
        ours: median("kopokopo")? / 1e3,
        baseline: Some(median("bare")? / 1e3),
        unit: "us".to_owned(),
    })
}

fn median(file: &Path) -> Result<f64, String> {
    let text = fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let estimates: Value = serde_json::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    estimates["median"]["point_estimate"].as_f64().ok_or_else(|| format!("{}: no median", file.display()))
}

fn target_folder() -> Result<std::path::PathBuf, String> {
    let metadata = Line::new("cargo metadata --no-deps --format-version 1").first_line().unwrap_or_default();
    let metadata: Value = serde_json::from_str(&metadata).map_err(|error| format!("cargo metadata: {error}"))?;
    metadata["target_directory"].as_str().map(Into::into).ok_or_else(|| "cargo metadata: no target folder".to_owned())
}

/// The table, in the order of `ROWS`. A row that was not measured is an error: a benchmark must not vanish unseen.
fn report(measured: &[Measured]) -> Result<String, String> {
    let mut rows = Vec::new();
    for row in &ROWS {
        let Some(found) = measured.iter().find(|measured| measured.id == row.id) else {
            return Err(format!("{} was not measured", row.id));
        };
        let amount = |value: f64| format!("{value:.1} {}", found.unit);
        let ratio = found.baseline.map(|baseline| found.ours / baseline);
        let judged = ratio.unwrap_or(found.ours);
        let shown = |bound: f64| if ratio.is_some() { format!("{bound}") } else { format!("{bound} {}", found.unit) };
        let (target, met) = match row.target {
            Target::AtMost(bound) => (format!("<= {}", shown(bound)), yes(judged <= bound)),
            Target::AtLeast(bound) => (format!(">= {}", shown(bound)), yes(judged >= bound)),
            Target::None => (String::new(), ""),
        };
        rows.push([
            row.what.to_owned(),
            amount(found.ours),
            found.baseline.map(amount).unwrap_or_default(),
            ratio.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            target,
            met.to_owned(),
        ]);
    }
    Ok(table(["what", "ours", "baseline", "ratio", "target", "met"], &rows))
}

fn yes(met: bool) -> &'static str {
    if met { "yes" } else { "NO" }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{Measured, ROWS, report};

    fn measured(id: &str, ours: f64, baseline: Option<f64>) -> Measured {
        Measured { id: id.to_owned(), ours, baseline, unit: "us".to_owned() }
    }

    fn row(table: &str, what: &str) -> String {
        table.lines().find(|line| line.starts_with(what)).unwrap().to_owned()
    }

    #[test]
    fn the_table_says_which_targets_are_met() {
        let all: Vec<_> = ROWS
            .iter()
            .map(|row| match row.id {
                "webhook/verify" => measured(row.id, 10.0, Some(10.0)),
                "create/reqwest" => measured(row.id, 12.0, Some(10.0)),
                "sandbox/1" => measured(row.id, 7.0, Some(10.0)),
                "sandbox/32" => measured(row.id, 5.0, Some(10.0)),
                "k2/start" => measured(row.id, 25.0, None),
                _ => measured(row.id, 1.0, None),
            })
            .collect();
        let table = report(&all).unwrap();
        let ends =
            |what: &str| row(&table, what).split_whitespace().rev().take(3).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(ends("verify a webhook"), ["yes", "1.1", "<="]);
        assert_eq!(ends("a create over keep-alive / bare reqwest"), ["NO", "1.15", "<="]);
        assert_eq!(ends("sandbox on 1 "), ["yes", "0.6", ">="]);
        assert_eq!(ends("sandbox on 32 "), ["NO", "0.6", ">="]);
        assert_eq!(ends("k2 sandbox"), ["NO", "us", "20"]);
    }

    #[test]
    fn a_benchmark_that_vanished_is_an_error() {
        assert_eq!(report(&[]).unwrap_err(), "webhook/verify was not measured");
    }
}
