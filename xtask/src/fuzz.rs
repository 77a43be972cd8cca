//! `cargo xtask fuzz`: each parser of untrusted input against libFuzzer.

use std::{fs, path::Path};

use crate::{
    shell::{Line, root},
    step::{self, Step},
    tools::{self, CARGO_FUZZ, NIGHTLY},
};

/// The folders of targets: the SDK's parsers, the sandbox's routes, and the inputs of the C ABI.
const FOLDERS: [&str; 3] = ["core/fuzz", "sandbox/fuzz", "bindings-c/fuzz"];

/// Payloads as a server sends them: the seeds of every target that has none of its own.
const VECTORS: &str = "tests/vectors";

#[derive(clap::Args)]
pub(crate) struct Options {
    /// How long each target runs, once it is built
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..))]
    seconds: u64,
    /// The target to run; all of them when left out
    target: Option<String>,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let steps = step::select(steps(options.seconds)?, options.target.as_slice())?;
    tools::check(&[&NIGHTLY, &CARGO_FUZZ])?;
    for (folder, target) in targets()? {
        let corpus = root().join(folder).join("corpus").join(target);
        fs::create_dir_all(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
    }
    step::run(&steps, "cargo xtask fuzz ")
}

/// A step for every target.
fn steps(seconds: u64) -> Result<Vec<Step>, String> {
    Ok(targets()?.into_iter().map(|(folder, name)| step(folder, name, seconds)).collect())
}

/// Every file in the folders of targets: its folder and its name.
fn targets() -> Result<Vec<(&'static str, String)>, String> {
    let mut targets = Vec::new();
    for fuzz in FOLDERS {
        let folder = root().join(fuzz).join("fuzz_targets");
        let message = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(message)? {
            let path = entry.map_err(message)?.path();
            if let (Some("rs"), Some(name)) = (extension(&path), path.file_stem().and_then(|name| name.to_str())) {
                targets.push((fuzz, name.to_owned()));
            }
        }
    }
    targets.sort_unstable();
    Ok(targets)
}

fn step(folder: &str, name: String, seconds: u64) -> Step {
    let own_seeds = format!("{folder}/seeds/{name}");
    let seeds = if root().join(&own_seeds).is_dir() { own_seeds } else { VECTORS.to_owned() };
    // What is found goes into the first folder of corpora, the others are only read.
    let line = Line::new(&format!(
        "cargo +nightly fuzz run --fuzz-dir {folder} {name} {folder}/corpus/{name} {seeds} -- -max_total_time={seconds} \
         -timeout=10 -max_len=4096 -verbosity=0 -print_final_stats=1"
    ));
    Step {
        name,
        what: format!("no input breaks it in {seconds} s"),
        needs: vec![&NIGHTLY, &CARGO_FUZZ],
        lines: vec![line],
        tests: false,
    }
}

fn extension(path: &Path) -> Option<&str> {
    path.extension().and_then(|extension| extension.to_str())
}

#[cfg(test)]
mod tests {
    use super::{root, step};

    #[test]
    fn a_target_with_seeds_of_its_own_uses_them() {
        for (folder, name) in [("core/fuzz", "phone"), ("core/fuzz", "webhook"), ("sandbox/fuzz", "sandbox_routes")] {
            let own = format!("{folder}/seeds/{name}");
            let expected = if root().join(&own).is_dir() { own } else { "tests/vectors".to_owned() };
            let line = step(folder, name.to_owned(), 7).lines[0].to_string();
            assert!(line.contains(&format!(" {expected} -- -max_total_time=7 ")), "{line}");
        }
    }
}
