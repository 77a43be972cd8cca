//! Documents name files that exist.

#![cfg(test)]
#![allow(clippy::unwrap_used, clippy::case_sensitive_file_extension_comparisons)]

use std::{fs, path::Path, process::Command};

use crate::shell::root;

/// The targets of links, and the paths of files in code.
fn named(text: &str) -> Vec<String> {
    let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let links = links.map(|link| link.split('#').next().unwrap_or_default()).filter(|link| !link.contains("://"));
    let is_file = |path: &&str| {
        let extension = Path::new(path).extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        path.contains('/')
            && path.chars().all(|c| c.is_ascii_alphanumeric() || "/._-".contains(c))
            && ["rs", "md", "py", "js", "mjs", "kt", "swift", "json", "toml", "sh", "udl"].contains(&extension)
    };
    let code = text.split('`').skip(1).step_by(2).filter(is_file);
    links.chain(code).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[test]
fn documents_name_files_that_exist() {
    let listed = Command::new("git").args(["ls-files"]).current_dir(root()).output().unwrap();
    let files = String::from_utf8(listed.stdout).unwrap();
    let mut checked = 0;
    let mut missing = Vec::new();
    for document in files.lines().filter(|file| file.ends_with(".md") && !file.contains("vectors/payloads")) {
        let folder = root().join(document).parent().unwrap().to_owned();
        for name in named(&fs::read_to_string(root().join(document)).unwrap()) {
            // SECTION and LANGUAGE are placeholders of recipes.
            if name.contains("SECTION") || name.contains("LANGUAGE") {
                continue;
            }
            checked += 1;
            let is_part = files.lines().any(|file| file.ends_with(&format!("/{name}")));
            if !is_part && !folder.join(&name).exists() && !root().join(&name).exists() {
                missing.push(format!("{document}: {name}"));
            }
        }
    }
    assert!(checked > 50, "{checked}");
    assert_eq!(missing, [""; 0]);
}
