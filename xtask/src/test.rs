//! `cargo xtask test`: every check, the same for people and for CI.

use crate::{
    languages,
    shell::Line,
    simulate,
    step::{self, Step},
    table::table,
    tools::{self, CARGO_DENY, CLIPPY, RUSTFMT, Tool},
    workflows,
};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Run only these steps, in their usual order
    #[arg(long, value_name = "STEP,...", value_delimiter = ',')]
    only: Vec<String>,
    /// List the steps and run none
    #[arg(long)]
    list: bool,
}

/// The cheap ones come first. The compiler's own work is shared by those that follow each other.
fn steps() -> Vec<Step> {
    let mut steps = lints();
    steps.extend(tests());
    steps
}

fn lints() -> Vec<Step> {
    vec![
        Step {
            name: "fmt".into(),
            what: "every Rust file is formatted".into(),
            needs: vec![&RUSTFMT],
            lines: vec![Line::new("cargo fmt --all --check")],
            tests: false,
        },
        Step {
            name: "contract".into(),
            what: "what is generated from the contract, udl/kopokopo.udl, is what is committed".into(),
            needs: vec![&RUSTFMT],
            lines: vec![Line::new("cargo xtask gen --check")],
            tests: false,
        },
        Step {
            name: "words".into(),
            what: "no text has a word that docs/style.md refuses".into(),
            needs: vec![],
            lines: vec![Line::new("cargo xtask words")],
            tests: false,
        },
        workflows::step(),
        Step {
            name: "clippy".into(),
            what: "no lint has anything to say, tests and benchmarks included".into(),
            needs: vec![&CLIPPY],
            lines: vec![Line::new("cargo clippy --all-targets --locked -- -D warnings")],
            tests: false,
        },
        Step {
            name: "features".into(),
            what:
                "the library without a client, which edge runtimes get, and with databases, compiles without a warning"
                    .into(),
            needs: vec![&CLIPPY],
            lines: vec![
                Line::new("cargo clippy --package kopokopo --no-default-features --locked -- -D warnings"),
                Line::new("cargo clippy --package kopokopo-ffi --no-default-features --locked -- -D warnings"),
                Line::new(
                    "cargo clippy --package kopokopo --all-targets --features sqlite,postgres --locked -- -D warnings",
                ),
            ],
            tests: false,
        },
    ]
}

fn tests() -> Vec<Step> {
    vec![
        Step {
            name: "test".into(),
            what: "unit tests and integration tests pass, with a PostgreSQL that is started for them".into(),
            needs: vec![],
            lines: vec![Line::new(
                "sh tests/with-postgres.sh cargo test --workspace --exclude kopokopo-simulation --exclude kopokopo-ruby --lib --bins --tests --examples --locked",
            )],
            tests: true,
        },
        Step {
            name: "simulate".into(),
            what: "money moves once, in every order of two workers' steps and in a simulation with every fault".into(),
            needs: vec![],
            lines: simulate::lines(),
            tests: true,
        },
        Step {
            name: "doctest".into(),
            what: "every snippet of the documentation and of the README compiles and runs".into(),
            needs: vec![],
            lines: vec![Line::new("cargo test --doc --locked")],
            tests: true,
        },
        Step {
            name: "docs".into(),
            what: "the documentation builds without a warning".into(),
            needs: vec![],
            lines: vec![Line::new("cargo doc --no-deps --locked").env("RUSTDOCFLAGS", "-D warnings")],
            tests: false,
        },
        Step {
            name: "targets".into(),
            what: "the library compiles for Android, iOS, macOS and Windows, as far as their targets are installed"
                .into(),
            needs: vec![],
            lines: if cfg!(unix) { vec![Line::new("sh xtask/targets/check.sh")] } else { vec![] },
            tests: false,
        },
        Step {
            name: "deny".into(),
            what: "licences, bans and sources of all dependencies (security advisories are not looked up: no download)"
                .into(),
            needs: vec![&CARGO_DENY],
            lines: vec![Line::new(
                "cargo-deny --workspace --locked check --hide-inclusion-graph licenses bans sources",
            )],
            tests: false,
        },
    ]
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    if options.list {
        let rows: Vec<_> = chosen(&options.only, true)?.into_iter().map(|step| [listed(&step), step.what]).collect();
        print!("{}", table(["step", "what"], &rows));
        return Ok(());
    }
    let steps = chosen(&options.only, false)?;
    tools::check(&needed(&steps))?;
    step::run_together(&steps, &languages::TOGETHER, "cargo xtask test --only ")
}

/// The steps that `only` names. If it names none: all, those that run only if named too if `with_named`.
fn chosen(only: &[String], with_named: bool) -> Result<Vec<Step>, String> {
    let mut steps = step::select(steps().into_iter().chain(languages::steps()).collect(), only)?;
    steps.retain(|step| with_named || !only.is_empty() || !is_only_if_named(step));
    Ok(steps)
}

fn is_only_if_named(step: &Step) -> bool {
    languages::ONLY_IF_NAMED.contains(&step.name.as_str())
}

fn listed(step: &Step) -> String {
    if is_only_if_named(step) { format!("{} (only if named)", step.name) } else { step.name.clone() }
}

/// Every tool of the steps once.
fn needed(steps: &[Step]) -> Vec<&'static Tool> {
    let mut tools: Vec<&'static Tool> = Vec::new();
    for tool in steps.iter().flat_map(|step| &step.needs) {
        if !tools.iter().any(|known| known.name == tool.name) {
            tools.push(tool);
        }
    }
    tools
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{chosen, listed, needed, steps};
    use crate::languages::ONLY_IF_NAMED;

    #[test]
    fn names_of_steps_are_unique_and_can_be_given_to_only() {
        let mut names: Vec<_> = steps().into_iter().map(|step| step.name).collect();
        assert!(names.iter().all(|name| !name.contains([',', ' '])));
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn a_plain_run_has_the_step_of_each_language() {
        let names: Vec<_> = chosen(&[], false).unwrap().into_iter().map(|step| step.name).collect();
        for language in ["python", "node", "ruby", "kotlin", "php", "swift", "c", "go", "dart"] {
            assert!(names.iter().any(|name| name == language), "{language}");
        }
        assert!(chosen(&["cobol".to_owned()], false).is_err());
    }

    #[test]
    fn a_step_that_runs_only_if_named_is_listed_and_not_in_a_plain_run() {
        for name in ONLY_IF_NAMED {
            let named = chosen(&[name.to_owned()], false).unwrap();
            assert_eq!(named.iter().map(listed).collect::<Vec<_>>(), [format!("{name} (only if named)")]);
            assert!(chosen(&[], true).unwrap().iter().any(|step| step.name == name));
            assert!(chosen(&[], false).unwrap().iter().all(|step| step.name != name));
        }
    }

    #[test]
    fn each_tool_is_asked_for_once() {
        let twice: Vec<_> = steps().into_iter().chain(steps()).collect();
        let tools: Vec<&str> = needed(&twice).iter().map(|tool| tool.name).collect();
        assert_eq!(tools, ["rustfmt", "python", "python environment", "actionlint", "clippy", "cargo-deny"]);
    }
}
