//! `cargo xtask bench`: the cost of this project compared with the bare libraries that it uses. Each baseline runs in the same
//! program run, so a ratio says something where a time alone does not.

mod measured;
mod start;

use std::{fs, path::Path};

use measured::Measured;
use serde_json::Value;

use crate::{
    languages::PHP_OF_TRIXIE,
    shell::Line,
    table::table,
    tools::{GO, MAVEN, NODE, PHP, PYTHON, PYTHON_TOOLS, RUBY},
};

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
    /// Printed for context only.
    None,
}

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Measure only these: rust, python, node, kotlin, ruby, php, go
    #[arg(long, value_name = "LANGUAGE,...", value_delimiter = ',')]
    only: Vec<String>,
}

const LANGUAGES: [&str; 7] = ["rust", "python", "node", "kotlin", "ruby", "php", "go"];

const ROWS: [Row; 65] = [
    Row { id: "webhook/verify", what: "verify a webhook of 1 KB / bare hmac", target: Target::AtMost(1.1) },
    Row {
        id: "webhook/verify_parse",
        what: "verify and parse it / bare hmac and serde_json::Value",
        target: Target::AtMost(1.1),
    },
    // What the rest is for: docs/adr/0013-a-connection-for-each-create.md.
    Row { id: "create/reqwest", what: "a create over keep-alive / bare reqwest", target: Target::AtMost(1.25) },
    Row { id: "create/hyper", what: "a create over keep-alive / bare hyper", target: Target::None },
    Row { id: "connections/http_fresh", what: "a create on a fresh connection / a reused one", target: Target::None },
    Row { id: "connections/http_alive", what: "a create on a reused connection / bare reqwest", target: Target::None },
    Row { id: "connections/tls_fresh", what: "the same over TLS, fresh / reused", target: Target::None },
    Row { id: "connections/tls_alive", what: "the same over TLS, reused / bare reqwest", target: Target::None },
    row("journal/sqlite", "what a journal adds to a create / two bare commits, SQLite", Target::AtMost(1.3)),
    row("journal/sqlite/blocking", "the same / two commits that block the caller's thread", Target::None),
    row("journal/postgres", "the same in PostgreSQL", Target::AtMost(1.3)),
    Row { id: "sandbox/1", what: "sandbox on 1 connection / hello-world axum", target: Target::AtLeast(0.6) },
    Row { id: "sandbox/32", what: "sandbox on 32 connections / hello-world axum", target: Target::AtLeast(0.6) },
    Row { id: "k2/start", what: "k2 sandbox, from start to first result", target: Target::AtMost(20.0) },
    Row { id: "k2/size", what: "k2, size of the program", target: Target::AtMost(10.0) },
    row("python/verify_parse/own", "Python: verify and parse / hmac and json", Target::AtMost(1.0)),
    row("python/verify_parse/official", "Python: verify and parse / official SDK", Target::AtMost(1.0)),
    row("python/create_1/official", "Python: a create / official SDK", FASTER),
    row("python/create_1/httpx", "Python: a create / httpx by hand", Target::AtMost(1.0)),
    row("python/create_64_threads/official", "Python: creates on 64 threads / official SDK", FASTER),
    row("python/create_64_threads/httpx", "Python: creates on 64 threads / httpx by hand", Target::AtMost(1.0)),
    row("python/create_1_async/aiohttp", "Python: an awaited create / aiohttp by hand", Target::AtMost(1.0)),
    row(
        "python/create_64_async/aiohttp",
        "Python: 64 awaited creates at a time / aiohttp by hand",
        Target::AtMost(1.0),
    ),
    row("python/create_64_async/httpx", "Python: 64 awaited creates at a time / httpx by hand", Target::AtMost(1.0)),
    row("python/import", "Python: import", Target::AtMost(25.0)),
    row("python/import/official", "Python: import / official SDK", Target::AtMost(1.0)),
    row("python/memory/official", "Python: memory after import / official SDK", Target::AtMost(1.0)),
    row("node/verify_parse/own", "Node: verify and parse / createHmac and JSON.parse", Target::AtMost(1.0)),
    row("node/verify_parse/official", "Node: verify and parse / official SDK", Target::AtMost(1.0)),
    row("node/create_1/official", "Node: a create / official SDK", FASTER),
    row("node/create_1/undici", "Node: a create / undici by hand", Target::AtMost(1.0)),
    row("node/create_64/official", "Node: 64 creates at a time / official SDK", FASTER),
    row("node/create_64/undici", "Node: 64 creates at a time / undici by hand", Target::AtMost(1.0)),
    row("node/require", "Node: require", Target::AtMost(15.0)),
    row("node/require/official", "Node: require / official SDK", Target::AtMost(1.0)),
    row("node/memory", "Node: memory after require", Target::None),
    row("node/memory/official", "Node: memory after require / official SDK", Target::AtMost(1.0)),
    row("kotlin/verify/mac", "Kotlin: verify / javax.crypto.Mac", Target::AtMost(1.5)),
    row("kotlin/verify_parse/own", "Kotlin: verify and parse / Mac and Jackson", Target::AtMost(1.2)),
    row("kotlin/create_1/okhttp", "Kotlin: a create on a reused connection / OkHttp by hand", Target::AtMost(1.0)),
    row("kotlin/create_1/fresh", "Kotlin: a create as by default, on a new connection / the same", Target::None),
    row("kotlin/create_64/okhttp", "Kotlin: 64 creates at a time, reused / OkHttp by hand", Target::AtMost(1.0)),
    row("kotlin/create_64/fresh", "Kotlin: 64 creates at a time as by default / the same", Target::None),
    row("ruby/verify_parse/own", "Ruby: verify and parse / OpenSSL and JSON.parse", Target::AtMost(0.6)),
    row("ruby/create_1/net_http", "Ruby: a create on a reused connection / Net::HTTP by hand", Target::AtMost(1.0)),
    row(
        "ruby/create_1/net_http_persistent",
        "Ruby: a create on a reused connection / net-http-persistent by hand",
        Target::AtMost(1.0),
    ),
    row("ruby/create_1/faraday", "Ruby: a create on a reused connection / Faraday by hand", Target::AtMost(1.0)),
    row("ruby/create_1/fresh", "Ruby: a create as by default, on a new connection / the same", Target::None),
    row("ruby/require", "Ruby: require", Target::AtMost(20.0)),
    row("php/8.2/verify_parse/own", "PHP 8.2: verify and parse / hash_hmac and json_decode", Target::AtMost(1.0)),
    row("php/8.2/verify_parse/typed", "PHP 8.2: the same / with the same objects by hand", Target::AtMost(1.0)),
    row("php/8.4/verify_parse/own", "PHP 8.4: verify and parse / hash_hmac and json_decode", Target::AtMost(1.5)),
    row("php/8.4/verify_parse/typed", "PHP 8.4: the same / with the same objects by hand", Target::AtMost(1.0)),
    row("php/8.2/create_1/curl", "PHP 8.2: a create on a reused connection / curl by hand", Target::None),
    row("php/8.2/create_1/guzzle", "PHP 8.2: a create on a reused connection / Guzzle by hand", Target::AtMost(1.0)),
    row("php/8.2/create_1/fresh", "PHP 8.2: a create as by default, on a new connection / curl", Target::None),
    row("php/8.4/create_1/curl", "PHP 8.4: a create on a reused connection / curl by hand", Target::None),
    row("php/8.4/create_1/guzzle", "PHP 8.4: a create on a reused connection / Guzzle by hand", Target::AtMost(1.0)),
    row("php/8.4/create_1/fresh", "PHP 8.4: a create as by default, on a new connection / curl", Target::None),
    row("go/verify_parse/own", "Go: verify and parse / crypto/hmac and encoding/json", Target::AtMost(1.0)),
    row("go/verify_parse/typed", "Go: the same / with a type by hand", Target::AtMost(1.0)),
    row("go/create_1/net_http", "Go: a create on a reused connection / net/http by hand", Target::AtMost(1.0)),
    row("go/create_1/fresh", "Go: a create as by default, on a new connection / the same", Target::AtMost(1.0)),
    row("go/create_64/net_http", "Go: 64 creates at a time, reused / net/http by hand", Target::AtMost(1.0)),
    row("php/memory", "PHP-FPM: memory that a worker has more", Target::AtMost(2.0)),
];

/// At least one and a half times as fast.
const FASTER: Target = Target::AtMost(0.67);

const fn row(id: &'static str, what: &'static str, target: Target) -> Row {
    Row { id, what, target }
}

impl Row {
    fn is_of(&self, language: &str) -> bool {
        let (first, _) = self.id.split_once('/').unwrap_or_default();
        first == language || (language == "rust" && !LANGUAGES.contains(&first))
    }
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    if let Some(unknown) = options.only.iter().find(|name| !LANGUAGES.contains(&name.as_str())) {
        return Err(format!("there is no benchmark {unknown:?}. There are: {}", LANGUAGES.join(", ")));
    }
    let chosen: Vec<&str> = LANGUAGES
        .into_iter()
        .filter(|name| options.only.is_empty() || options.only.iter().any(|only| only == name))
        .collect();
    let mut measured = Vec::new();
    Line::new("cargo build --locked --release -p k2").run(|_| ())?;
    for language in &chosen {
        match *language {
            "rust" => rust(&mut measured)?,
            "python" => python(&mut measured)?,
            "kotlin" => kotlin(&mut measured)?,
            "ruby" => ruby(&mut measured)?,
            "php" => php(&mut measured)?,
            "go" => go(&mut measured)?,
            _ => node(&mut measured)?,
        }
    }
    let rows: Vec<&Row> = ROWS.iter().filter(|row| chosen.iter().any(|language| row.is_of(language))).collect();
    print!("\n{}", report(&rows, &measured)?);
    Ok(())
}

fn rust(measured: &mut Vec<Measured>) -> Result<(), String> {
    // It has no ratio for the table: it fails if hostile input takes more than linear time.
    Line::new("cargo bench --locked -p kopokopo --bench bounded").run(|_| ())?;
    Line::new("cargo bench --locked -p kopokopo --bench webhook -- --noplot").run(|_| ())?;
    for group in ["verify", "verify_parse"] {
        measured.push(criterion("webhook", group)?);
    }
    for bench in
        ["-p kopokopo --bench create", "-p kopokopo --bench connections", "-p kopokopo-sandbox --bench throughput"]
    {
        Line::new(&format!("cargo bench --locked {bench}")).run(|line| measured.extend(Measured::parse(line)))?;
    }
    let journal = "cargo bench --locked -p kopokopo --features sqlite,postgres --bench journal";
    Line::new(&format!("sh tests/with-postgres.sh {journal}")).run(|line| measured.extend(Measured::parse(line)))?;
    measured.extend(start::measure(&target_folder()?.join("release").join("k2"))?);
    Ok(())
}

/// The wheel as it is published, in an environment with what it is compared with.
fn python(measured: &mut Vec<Measured>) -> Result<(), String> {
    PYTHON.ensure()?;
    PYTHON_TOOLS.ensure()?;
    let python = "dist/bench/python/bin/python";
    for line in [
        "python -m pip install --quiet --disable-pip-version-check -r bindings-python/requirements-dev.txt",
        "maturin build --profile addon --locked --manifest-path bindings-python/Cargo.toml --out dist/bench",
        "python3 -m venv --clear dist/bench/python",
        &format!(
            "{python} -m pip install --quiet --disable-pip-version-check -r bindings-python/benches/requirements.txt"
        ),
        &format!("{python} -m pip install --quiet --no-index --find-links dist/bench kopokopo"),
    ] {
        Line::new(line).run(|_| ())?;
    }
    compare(&format!("{python} bindings-python/benches/compare.py"), measured)
}

fn kotlin(measured: &mut Vec<Measured>) -> Result<(), String> {
    MAVEN.ensure()?;
    Line::new("cargo build --locked --release -p kopokopo-ffi").run(|_| ())?;
    Line::new("mvn --quiet --batch-mode -Pbench -pl bench -am -Dmaven.test.skip verify")
        .within("bindings-kotlin")
        .run(|line| measured.extend(Measured::parse(line)))
}

fn ruby(measured: &mut Vec<Measured>) -> Result<(), String> {
    RUBY.ensure()?;
    Line::new("ruby bindings-ruby/build.rb addon").run(|_| ())?;
    compare("ruby bindings-ruby/benches/compare.rb", measured)
}

/// With the PHP of the machine, and with that of Debian trixie. The sandbox of this machine runs in its root too.
fn php(measured: &mut Vec<Measured>) -> Result<(), String> {
    PHP.ensure()?;
    for (there, target) in [
        (String::new(), "bindings-php/target"),
        (format!("sh tests/in-trixie.sh {PHP_OF_TRIXIE} "), ".tools/trixie-php"),
    ] {
        Line::new(&format!("{there}php bindings-php/build.php {target}")).run(|_| ())?;
        let extension = format!("env K2_PHP_EXTENSION=./{target}/release/libkopokopo_php.so");
        compare(&format!("{there}{extension} sh bindings-php/php.sh bindings-php/benches/compare.php"), measured)?;
    }
    Ok(())
}

fn go(measured: &mut Vec<Measured>) -> Result<(), String> {
    GO.ensure()?;
    Line::new("cargo build --locked --release -p kopokopo-c").run(|_| ())?;
    let within = |line| Line::new(line).within("bindings-go").env("K2_GO_PROFILE", "release");
    within("sh go.sh build -o ../target/go/benches ./benches").run(|_| ())?;
    let sample = "tests/vectors/payloads/webhook-buygoods_transaction_received.json";
    Line::new(&format!("target/go/benches {sample}")).run(|line| measured.extend(Measured::parse(line)))
}

fn node(measured: &mut Vec<Measured>) -> Result<(), String> {
    NODE.ensure()?;
    for (folder, line) in [
        ("bindings-node", "npm ci --no-audit --no-fund --loglevel=error"),
        ("bindings-node", "npm run build"),
        ("bindings-node/bench", "npm ci --no-audit --no-fund --loglevel=error"),
    ] {
        Line::new(line).within(folder).run(|_| ())?;
    }
    compare("node bindings-node/bench/compare.js", measured)
}

/// Against the released sandbox, which costs the least itself.
fn compare(line: &str, measured: &mut Vec<Measured>) -> Result<(), String> {
    let k2 = target_folder()?.join("release/k2");
    Line::new(line)
        .env("K2_SANDBOX_BIN", k2.to_string_lossy().into_owned())
        .run(|line| measured.extend(Measured::parse(line)))
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

/// The table, in the order of the rows. A row that was not measured is an error: a benchmark must not vanish unseen.
fn report(expected: &[&Row], measured: &[Measured]) -> Result<String, String> {
    let mut rows = Vec::new();
    for row in expected {
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
                "create/reqwest" => measured(row.id, 13.0, Some(10.0)),
                "sandbox/1" => measured(row.id, 7.0, Some(10.0)),
                "sandbox/32" => measured(row.id, 5.0, Some(10.0)),
                "k2/start" => measured(row.id, 25.0, None),
                _ => measured(row.id, 1.0, None),
            })
            .collect();
        let table = report(&ROWS.iter().collect::<Vec<_>>(), &all).unwrap();
        let ends =
            |what: &str| row(&table, what).split_whitespace().rev().take(3).map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(ends("verify a webhook"), ["yes", "1.1", "<="]);
        assert_eq!(ends("a create over keep-alive / bare reqwest"), ["NO", "1.25", "<="]);
        assert_eq!(ends("sandbox on 1 "), ["yes", "0.6", ">="]);
        assert_eq!(ends("sandbox on 32 "), ["NO", "0.6", ">="]);
        assert_eq!(ends("k2 sandbox"), ["NO", "us", "20"]);
    }

    #[test]
    fn a_benchmark_that_vanished_is_an_error() {
        assert_eq!(report(&ROWS.iter().collect::<Vec<_>>(), &[]).unwrap_err(), "webhook/verify was not measured");
    }
}
