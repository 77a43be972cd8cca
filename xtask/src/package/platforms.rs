//! Which packages were made and tried for which platforms: recorded in `results.json`, and shown in `docs/platforms.md`.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path};

use serde::{Deserialize, Serialize};

use super::{roots::Trial, targets::Target};
use crate::shell::root;

const RECORDED: &str = "xtask/src/package/results.json";

/// The packages that this command makes for several platforms, and how the page calls them.
const PACKAGES: [(&str, &str); 4] = [("python", "wheel"), ("node", "npm"), ("jar", "jar"), ("k2", "`k2`")];

/// The platforms of the page: Rust's name, and the systems with it.
const PLATFORMS: [(&str, &str); 4] = [
    (
        "x86_64-unknown-linux-gnu",
        "Linux x86-64, glibc 2.17 and newer: Debian, Ubuntu, RHEL 7 to 9, Amazon Linux, Lambda",
    ),
    ("aarch64-unknown-linux-gnu", "Linux arm64, glibc 2.17 and newer: the same systems, Graviton"),
    ("x86_64-unknown-linux-musl", "Linux x86-64, musl 1.2: Alpine"),
    ("aarch64-unknown-linux-musl", "Linux arm64, musl 1.2: Alpine"),
];

/// Systems for which nothing was made.
const NEVER: [&str; 4] = ["macOS", "Windows", "Android", "iOS"];

/// What was shown of a package on a platform. A later one includes the earlier ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Built,
    Loaded,
    Run,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Entry {
    state: State,
    /// The system in which it was tried.
    system: String,
}

/// The entries by `package target`.
type Results = BTreeMap<String, Entry>;

fn read() -> Result<Results, String> {
    let text = fs::read_to_string(root().join(RECORDED)).map_err(|error| format!("{RECORDED}: {error}"))?;
    serde_json::from_str(&text).map_err(|error| format!("{RECORDED}: {error}"))
}

fn record(changes: impl IntoIterator<Item = (String, Entry)>) -> Result<(), String> {
    let mut results = read()?;
    for (key, entry) in changes {
        // What ran once is not less shown because it was only built today.
        if results.get(&key).is_none_or(|known| known.state <= entry.state) {
            results.insert(key, entry);
        }
    }
    let text = serde_json::to_string_pretty(&results).map_err(|error| error.to_string())?;
    fs::write(root().join(RECORDED), format!("{text}\n")).map_err(|error| format!("{RECORDED}: {error}"))
}

/// Records that packages were made and inspected.
pub(super) fn made(packages: &[&str], targets: &[&Target]) -> Result<(), String> {
    let pairs = packages.iter().filter(|package| PACKAGES.iter().any(|(name, _)| name == *package));
    let built = Entry { state: State::Built, system: String::new() };
    record(pairs.flat_map(|package| {
        targets.iter().map(|target| (format!("{package} {}", target.triple), built.clone())).collect::<Vec<_>>()
    }))
}

/// Records that a package was tried.
pub(super) fn ran(trial: &Trial) -> Result<(), String> {
    let state = if trial.is_run { State::Run } else { State::Loaded };
    record([(format!("{} {}", trial.package, trial.target.triple), Entry { state, system: trial.system.clone() })])
}

/// Writes the page.
pub(super) fn write(file: &Path) -> Result<(), String> {
    fs::write(file, page(&read()?)).map_err(|error| format!("{}: {error}", file.display()))
}

fn cell(results: &Results, package: &str, triple: &str) -> String {
    match results.get(&format!("{package} {triple}")) {
        None => "never built".to_owned(),
        Some(Entry { state: State::Built, .. }) => "built, never run".to_owned(),
        Some(Entry { state: State::Loaded, system }) => format!("built and loaded: {system}"),
        Some(Entry { state: State::Run, system }) => format!("**run**: {system}"),
    }
}

fn page(results: &Results) -> String {
    let mut page = String::from(include_str!("platforms.md"));
    let names: Vec<&str> = PACKAGES.iter().map(|(_, name)| *name).collect();
    let _ = writeln!(page, "\n| platform | {} |", names.join(" | "));
    let _ = writeln!(page, "|---|{}", "---|".repeat(names.len()));
    for (triple, systems) in PLATFORMS {
        let cells: Vec<String> = PACKAGES.iter().map(|(package, _)| cell(results, package, triple)).collect();
        let _ = writeln!(page, "| {systems} | {} |", cells.join(" | "));
    }
    for system in NEVER {
        let _ = writeln!(page, "| {system} | {} |", ["never run here"; PACKAGES.len()].join(" | "));
    }
    page
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{super::targets::TARGETS, *};

    #[test]
    fn the_page_is_the_one_of_the_recorded_results() {
        let committed = fs::read_to_string(root().join("docs/platforms.md")).unwrap();
        assert_eq!(committed, page(&read().unwrap()), "run `cargo xtask package --try-built`");
    }

    #[test]
    fn the_page_has_each_target() {
        assert_eq!(PLATFORMS.map(|(triple, _)| triple), TARGETS.each_ref().map(|target| target.triple));
    }

    #[test]
    fn a_platform_without_a_result_was_never_built() {
        let entry = |state, system: &str| Entry { state, system: system.to_owned() };
        let results = Results::from([
            ("k2 a".to_owned(), entry(State::Built, "")),
            ("jar a".to_owned(), entry(State::Loaded, "musl")),
            ("node a".to_owned(), entry(State::Run, "Debian")),
        ]);
        let cells = ["python", "k2", "jar", "node"].map(|package| cell(&results, package, "a"));
        assert_eq!(cells, ["never built", "built, never run", "built and loaded: musl", "**run**: Debian"]);
    }
}
