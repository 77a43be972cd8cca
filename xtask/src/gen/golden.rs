//! The golden files: what every generator makes of the small contract in `xtask/fixtures/contract.udl`. They show what
//! a change of a generator or of a template changes. Their names end in `.golden`, so that no formatter or linter takes
//! them for code.

use std::path::Path;

const FOLDER: &str = "xtask/fixtures/golden";

/// Paths from the repository's root, and texts.
pub(super) fn files(root: &Path) -> Result<Vec<(String, String)>, String> {
    let path = root.join("xtask/fixtures/contract.udl");
    let udl = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let outputs = super::outputs_of(&udl, root)?;
    Ok(outputs.into_iter().map(|output| (format!("{FOLDER}/{}.golden", output.path), output.text)).collect())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        collections::BTreeSet,
        fs,
        path::{Path, PathBuf},
    };

    use super::{FOLDER, files};
    use crate::shell::root;

    const REMEDY: &str = "If this is right, run `cargo xtask gen` and commit the golden files.";

    /// The first line that differs, as committed and as made.
    fn difference(found: &str, made: &str) -> Option<String> {
        let (mut found, mut made) = (found.split('\n'), made.split('\n'));
        let mut number = 1;
        loop {
            match (found.next(), made.next()) {
                (None, None) => return None,
                (found, made) if found != made => {
                    let [found, made] = [found, made].map(|line| line.unwrap_or("(end of the file)"));
                    return Some(format!("{number}:\n- {found}\n+ {made}"));
                }
                _ => number += 1,
            }
        }
    }

    fn listed(folder: &Path, paths: &mut BTreeSet<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                listed(&path, paths);
            } else {
                paths.insert(path);
            }
        }
    }

    #[test]
    fn every_generator_makes_the_golden_files() {
        let root = root();
        let mut committed = BTreeSet::new();
        listed(&root.join(FOLDER), &mut committed);
        let mut differences = Vec::new();
        for (path, made) in files(root).unwrap() {
            committed.remove(&root.join(&path));
            let found = fs::read_to_string(root.join(&path)).unwrap_or_default();
            differences.extend(difference(&found, &made).map(|difference| format!("{path}:{difference}")));
        }
        assert!(differences.is_empty(), "\n{}\n{REMEDY}", differences.join("\n"));
        assert!(committed.is_empty(), "no generator makes these files, delete them: {committed:#?}");
    }

    #[test]
    fn a_difference_is_its_first_line() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert_eq!(difference("a\nb\n", "a\nc\n").unwrap(), "2:\n- b\n+ c");
        assert_eq!(difference("a\n", "a\nc\n").unwrap(), "2:\n- \n+ c");
    }
}
