//! `cargo xtask release VERSION`: gives every package a new version. With `--dry-run` in a copy, in which the packages are made
//! too.

mod changelog;
mod version;

use std::{fs, path::Path, process::Command};

use crate::{
    files::emptied,
    shell::{Line, root},
};
use version::Version;

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The new version: 1.2.3, or 1.2.3-rc.1. The current one is allowed until it is in the changelog
    version: Version,
    /// Change nothing here: do it in a copy of the last commit, make the packages, and list what would be published
    #[arg(long)]
    dry_run: bool,
    /// With `--dry-run`: make only the packages of these languages, as for `cargo xtask package`
    #[arg(long, value_name = "PACKAGE,...", requires = "dry_run")]
    only: Option<String>,
}

/// The copy, from the repository's root.
const COPY: &str = "target/release-copy";

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let unsaved = git(root(), &["status", "--porcelain"])?;
    if !unsaved.is_empty() {
        return Err(format!("commit or remove these changes first, a release is made of a commit:\n{unsaved}"));
    }
    if options.dry_run { rehearse(options) } else { prepare(root(), &options.version) }
}

/// Writes the version, what follows from it, and the changelog.
fn prepare(root: &Path, new: &Version) -> Result<(), String> {
    let old = version::current(root)?;
    let different = version::differences(root, &old)?;
    if !different.is_empty() {
        return Err(format!("not every package has the version {old}:\n{}", different.join("\n")));
    }
    if *new < old {
        return Err(format!("the version is {old} now: {new} is older"));
    }
    let file = root.join("CHANGELOG.md");
    let text = fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
    let today = Line::new("date -u +%F").first_line().ok_or("date: no output")?;
    // Checked before anything is written.
    let (text, changes) = changelog::release(&text, &new.to_string(), &today)?;
    version::replace(root, &old, new)?;
    fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;

    run_in(root, "cargo", &["update", "--workspace", "--quiet"])?;
    for manifest in
        ["bindings-php/Cargo.toml", "core/fuzz/Cargo.toml", "sandbox/fuzz/Cargo.toml", "bindings-c/fuzz/Cargo.toml"]
    {
        run_in(root, "cargo", &["update", "--workspace", "--quiet", "--manifest-path", manifest])?;
    }
    let node = root.join("bindings-node");
    run_in(&node, "npm", &["install", "--package-lock-only", "--no-audit", "--no-fund", "--loglevel=error"])?;
    run_in(root, "cargo", &["xtask", "gen", "--check"])?;

    let different = version::differences(root, new)?;
    if !different.is_empty() {
        return Err(format!("not every package has the version {new}:\n{}", different.join("\n")));
    }
    println!("\n{old} is {new} now. It brings:\n{changes}");
    if *new != old {
        println!("\nThese files still have the number {old}. Check that it is another program's:");
        for file in version::remaining(root, &old)? {
            println!("  {file}");
        }
    }
    Ok(())
}

fn rehearse(options: &Options) -> Result<(), String> {
    let copy = root().join(COPY);
    emptied(&copy)?;
    let from = root().to_string_lossy();
    git(root(), &["clone", "--quiet", "--local", &from, COPY])?;
    prepare(&copy, &options.version)?;
    // What is packed is what is committed.
    git(&copy, &["commit", "--quiet", "--all", "--message", &format!("release: {}", options.version)])?;

    // Without building: the crates need each other from the registry, where this version is not yet.
    let crates = ["kopokopo", "kopokopo-sandbox"];
    let packed: Vec<&str> = crates.iter().flat_map(|name| ["--package", *name]).collect();
    run_in(&copy, "cargo", &[&["package", "--quiet", "--locked", "--no-verify"], packed.as_slice()].concat())?;
    let only: Vec<&str> = options.only.iter().flat_map(|only| ["--only", only]).collect();
    run_in(&copy, "cargo", &[&["xtask", "package"], only.as_slice()].concat())?;

    println!("\nWhat would be published as {}:", options.version);
    list(&copy.join("target/package"), "crates.io", &["crate"])?;
    for (folder, registry) in [("python", "PyPI"), ("node", "npm"), ("ruby", "RubyGems"), ("php", "GitHub, for PIE")] {
        list(&copy.join("dist").join(folder), registry, &["whl", "gz", "tgz", "gem", "zip"])?;
    }
    println!("Maven Central: kopokopo-parent, kopokopo, kopokopo-ktor, kopokopo-spring, kopokopo-android");
    println!("a Git tag v{}: Swift packages and Composer read it", options.version);
    Ok(())
}

/// Prints the files of a folder with these extensions. A folder that was not made has none.
fn list(folder: &Path, registry: &str, extensions: &[&str]) -> Result<(), String> {
    let Ok(files) = fs::read_dir(folder) else {
        println!("{registry}: nothing was made");
        return Ok(());
    };
    let mut rows = Vec::new();
    for file in files {
        let file = file.map_err(|error| format!("{}: {error}", folder.display()))?.path();
        if file.extension().and_then(|extension| extension.to_str()).is_some_and(|found| extensions.contains(&found)) {
            let size = fs::metadata(&file).map_err(|error| format!("{}: {error}", file.display()))?.len();
            rows.push(format!("{registry}: {} ({size} bytes)", file.file_name().unwrap_or_default().to_string_lossy()));
        }
    }
    rows.sort();
    for row in rows {
        println!("{row}");
    }
    Ok(())
}

fn git(folder: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new("git").arg("-C").arg(folder).args(arguments).output();
    let output = output.map_err(|error| format!("git: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    } else {
        Err(format!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
    }
}

fn run_in(folder: &Path, program: &str, arguments: &[&str]) -> Result<(), String> {
    println!("$ {program} {}", arguments.join(" "));
    let status = Command::new(program).args(arguments).current_dir(folder).status();
    let status = status.map_err(|error| format!("{program}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{program} {}: {status}", arguments.join(" "))) }
}
