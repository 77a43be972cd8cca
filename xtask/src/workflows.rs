//! The workflows of `.github`: what checks them, and tests of what the linters do not check.

use crate::{
    shell::Line,
    step::Step,
    tools::{ACTIONLINT, PYTHON, PYTHON_TOOLS},
};

/// The linters of the workflows, of the container of the sandbox, and of the scripts that releases run.
pub(crate) fn step() -> Step {
    Step {
        name: "workflows".into(),
        what: "the workflows for CI and releases, and the container of the sandbox, have no finding (they never ran)"
            .into(),
        needs: vec![&PYTHON, &PYTHON_TOOLS, &ACTIONLINT],
        lines: vec![
            Line::new("python -m pip install --quiet --disable-pip-version-check -r xtask/workflows/requirements.txt"),
            // It runs shellcheck on the scripts in the workflows.
            Line::new(
                "actionlint .github/workflows/ci.yml .github/workflows/packages.yml .github/workflows/release.yml",
            ),
            Line::new("zizmor --offline --no-progress --quiet --persona pedantic .github"),
            Line::new(
                "shellcheck xtask/workflows/install-actionlint.sh bindings-kotlin/stage.sh bindings-kotlin/publish.sh",
            ),
            Line::new("hadolint sandbox/Containerfile docs/examples/compose/shop.Containerfile"),
            Line::new("check-jsonschema --builtin-schema vendor.compose-spec docs/examples/compose/compose.yaml"),
            Line::new("check-jsonschema --builtin-schema vendor.dependabot .github/dependabot.yml"),
        ],
        tests: false,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::{collections::BTreeMap, fs, path::PathBuf};

    use clap::Parser;

    use super::step;
    use crate::{Cli, shell::root};

    /// The names and texts of all workflows.
    fn workflows() -> Vec<(String, String)> {
        let files = fs::read_dir(root().join(".github/workflows")).unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        assert!(files.len() >= 3);
        let name = |file: &PathBuf| file.file_name().unwrap().to_string_lossy().into_owned();
        files.iter().map(|file| (name(file), fs::read_to_string(file).unwrap())).collect()
    }

    /// The action, its commit and its version, if the line is `uses: OWNER/NAME@COMMIT # VERSION`.
    fn pinned(line: &str) -> Result<Option<(&str, &str, &str)>, String> {
        let Some(uses) = line.trim_start().trim_start_matches("- ").strip_prefix("uses:") else { return Ok(None) };
        // A workflow of this repository is of the same commit.
        let local = uses.trim().strip_prefix("./").and_then(|rest| rest.split(' ').next());
        if local.is_some_and(|file| root().join(file).is_file()) {
            return Ok(None);
        }
        let refused = || format!("expected OWNER/NAME@COMMIT # VERSION: {line}");
        let (action, version) = uses.trim().split_once(" # ").ok_or_else(refused)?;
        let (name, commit) = action.split_once('@').ok_or_else(refused)?;
        let is_hash = commit.len() == 40 && commit.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        // A major version alone moves: it does not say which commit it is.
        let numbers = version.trim_start_matches('v').split('.').filter(|part| part.parse::<u32>().is_ok()).count();
        if is_hash && numbers == 3 { Ok(Some((name, commit, version))) } else { Err(refused()) }
    }

    #[test]
    fn an_action_without_commit_and_version_is_refused() {
        let hash = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(pinned(&format!("  - uses: a/b@{hash} # v1.2.3")), Ok(Some(("a/b", hash, "v1.2.3"))));
        assert_eq!(pinned("      run: cargo test"), Ok(None));
        assert_eq!(pinned("    uses: ./.github/workflows/packages.yml"), Ok(None));
        for line in
            ["a/b@v1", "a/b@v1 # v1.2.3", &format!("a/b@{hash}"), &format!("a/b@{hash} # v1"), "./local # v1.2.3"]
        {
            assert!(pinned(&format!("- uses: {line}")).is_err(), "{line}");
        }
    }

    #[test]
    fn every_action_is_pinned_and_has_one_commit() {
        let mut commits = BTreeMap::new();
        for (file, text) in workflows() {
            for line in text.lines() {
                if let Some((name, commit, version)) = pinned(line).unwrap_or_else(|error| panic!("{file}: {error}")) {
                    let known = commits.entry(name.to_owned()).or_insert((commit.to_owned(), version.to_owned()));
                    assert_eq!((known.0.as_str(), known.1.as_str()), (commit, version), "{file}: {name}");
                }
            }
        }
        assert!(commits.len() > 5, "{commits:?}");
    }

    #[test]
    fn every_image_has_a_digest() {
        for (file, text) in workflows() {
            for image in text.lines().filter_map(|line| line.trim_start().strip_prefix("image:")) {
                let digest = image.split_once("@sha256:").map_or("", |(_, digest)| digest);
                assert_eq!(digest.len(), 64, "{file}: {image}");
            }
        }
    }

    #[test]
    fn no_job_has_more_permissions_than_it_names_and_each_has_a_time_limit() {
        for (file, text) in workflows() {
            assert!(text.contains("\npermissions: {}\n"), "{file}: permissions that are not given per job");
            let (_, jobs) = text.split_once("\njobs:\n").unwrap();
            let count = |start: &str| jobs.lines().filter(|line| line.starts_with(start)).count();
            let names =
                jobs.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   ") && line.ends_with(':'));
            let names = names.count();
            assert!(names > 3, "{file}");
            // The jobs of a workflow that is called have the limits.
            let calls = count("    uses: ./.github/workflows/");
            assert_eq!(count("    timeout-minutes:"), names - calls, "{file}: jobs without a time limit");
            assert_eq!(count("    permissions:"), names, "{file}: jobs without permissions");
            assert_eq!(
                count("      - uses: actions/checkout@"),
                count("          persist-credentials: false"),
                "{file}"
            );
            assert!(
                text.lines().take_while(|line| line.starts_with('#')).any(|line| line.contains("never run")),
                "{file}"
            );
        }
    }

    /// The commands in a workflow: the words after `run`, and the lines of its scripts.
    fn commands(text: &str) -> impl Iterator<Item = &str> {
        text.lines().map(|line| line.trim_start().trim_start_matches("- ").trim_start_matches("run: "))
    }

    #[test]
    fn commands_of_this_repository_exist() {
        let mut scripts = 0;
        for (file, text) in workflows() {
            for command in commands(&text).filter(|command| !command.starts_with('#')) {
                if command.starts_with("cargo xtask ") {
                    let parsed = Cli::try_parse_from(command.split_whitespace().skip(1));
                    assert!(parsed.is_ok(), "{file}: {command}: {}", parsed.err().unwrap());
                }
                let script = command.trim_start_matches("sh ").split_whitespace().next().unwrap_or_default();
                if script == ".ci/run"
                    || (script.starts_with("bindings-") && script.split('.').next_back() == Some("sh"))
                {
                    assert!(root().join(script).is_file(), "{file}: {command}");
                    scripts += 1;
                }
            }
        }
        assert!(scripts > 5, "{scripts}");
    }

    #[test]
    fn what_the_linters_read_exists() {
        for line in &step().lines {
            for word in line.to_string().split_whitespace().filter(|word| word.contains('/') && !word.contains(':')) {
                assert!(root().join(word).exists(), "{line}: {word}");
            }
        }
    }
}
