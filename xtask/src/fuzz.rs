//! `cargo xtask fuzz`: each parser of untrusted input against libFuzzer.

use std::{fs, path::Path};

use crate::{
    shell::{Line, root},
    step::{self, Step},
    tools::{self, CARGO_FUZZ, NIGHTLY},
};

const FUZZ: &str = "core/fuzz";

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
    for target in &steps {
        let corpus = root().join(FUZZ).join("corpus").join(&target.name);
        fs::create_dir_all(&corpus).map_err(|error| format!("{}: {error}", corpus.display()))?;
    }
    step::run(&steps, "cargo xtask fuzz ")
}

/// A step for every file in the folder of targets.
fn steps(seconds: u64) -> Result<Vec<Step>, String> {
    let folder = root().join(FUZZ).join("fuzz_targets");
    let told = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).map_err(told)? {
        let path = entry.map_err(told)?.path();
        if let (Some("rs"), Some(name)) = (extension(&path), path.file_stem().and_then(|name| name.to_str())) {
            names.push(name.to_owned());
        }
    }
    names.sort_unstable();
    Ok(names.into_iter().map(|name| step(name, seconds)).collect())
}

fn step(name: String, seconds: u64) -> Step {
    let own_seeds = format!("{FUZZ}/seeds/{name}");
    let seeds = if root().join(&own_seeds).is_dir() { own_seeds } else { VECTORS.to_owned() };
    // What is found goes into the first folder of corpora, the others are only read.
    let line = Line::new(&format!(
        "cargo +nightly fuzz run --fuzz-dir {FUZZ} {name} {FUZZ}/corpus/{name} {seeds} -- -max_total_time={seconds} \
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
    use super::{FUZZ, root, step};

    #[test]
    fn a_target_with_seeds_of_its_own_uses_them() {
        for name in ["phone", "webhook"] {
            let own = format!("{FUZZ}/seeds/{name}");
            let expected = if root().join(&own).is_dir() { own } else { "tests/vectors".to_owned() };
            let line = step(name.to_owned(), 7).lines[0].to_string();
            assert!(line.contains(&format!(" {expected} -- -max_total_time=7 ")), "{line}");
        }
    }
}
