//! How native files are built for another platform: with zig as the compiler of C and as the linker, which has the symbols of
//! each version of glibc, and musl. Nothing in a file depends on the folder in which it is built.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use super::targets::{Libc, Target};
use crate::shell::{Line, root};

/// The time of all files in packages: the first second of 2026.
pub(super) const TIME: &str = "1767225600";

/// Rust has the standard libraries of these platforms.
pub(super) fn check_installed(targets: &[&Target]) -> Result<(), String> {
    let folder = |triple: &str| Line::new(&format!("rustc --print target-libdir --target {triple}")).first_line();
    let is_missing = |triple: &&str| folder(triple).is_none_or(|folder| !Path::new(&folder).exists());
    let missing: Vec<&str> = targets.iter().map(|target| target.triple).filter(is_missing).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("run `rustup target add {}`", missing.join(" "))) }
}

/// The folder in which cargo builds.
pub(super) fn target_folder() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |folder| root().join(folder))
}

fn cargo_home() -> PathBuf {
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(".cargo");
    env::var_os("CARGO_HOME").map_or_else(home, PathBuf::from)
}

/// The folders of this machine that must not be in a package.
pub(super) fn private_paths() -> Vec<String> {
    [root().to_path_buf(), cargo_home(), target_folder()].iter().map(|path| path.display().to_string()).collect()
}

/// The folders with sources, and what a file says instead. rustc uses the last one that matches.
fn renamed(sources_of_project: &Path, target_folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let sources = fs::read_dir(cargo_home().join("registry/src"));
    let mut folders: Vec<PathBuf> =
        sources.into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    folders.sort();
    folders.extend([sources_of_project.to_path_buf(), target_folder.to_path_buf()]);
    let mut renamed: Vec<_> = folders.into_iter().map(|folder| (folder, "")).collect();
    // With the component rust-src, rustc finds the sources of the standard library on this machine.
    if let Some(sysroot) = Line::new("rustc --print sysroot").first_line() {
        renamed.push((Path::new(&sysroot).join("lib/rustlib/src/rust"), "/rustc"));
    }
    renamed
}

/// Whether the file is a library that other programs load, or a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Library,
    Program,
}

/// Adds what the compilers get from the environment.
pub(super) fn with_flags(line: Line, target: &Target, form: Form) -> Line {
    with_flags_for(line, target, form, &renamed(root(), &target_folder()))
}

fn with_flags_for(line: Line, target: &Target, form: Form, renamed: &[(PathBuf, &'static str)]) -> Line {
    let mut rust: Vec<String> =
        renamed.iter().map(|(folder, name)| format!("--remap-path-prefix={}={name}", folder.display())).collect();
    let c: Vec<String> = renamed
        .iter()
        .filter(|(_, name)| name.is_empty())
        .map(|(folder, _)| format!("-ffile-prefix-map={}=", folder.display()))
        .collect();
    // A library cannot have a musl of its own: the program that loads it has one.
    if target.libc == Libc::Musl && form == Form::Library {
        rust.push("-Ctarget-feature=-crt-static".to_owned());
    }
    line.env("RUSTFLAGS", rust.join(" ")).env("CFLAGS", c.join(" ")).env("SOURCE_DATE_EPOCH", TIME)
}

/// Builds a member of the workspace. What `what` says comes after `cargo zigbuild`.
pub(super) fn native(what: &str, target: &Target, form: Form) -> Line {
    with_flags(Line::new(&format!("cargo zigbuild --locked {what} --target {}", target.linked())), target, form)
}

/// Builds a member of a copy of the workspace, in the copy's own folder `target`.
pub(super) fn native_in(folder: &Path, what: &str, target: &Target, form: Form) -> Line {
    let (built, shown) = (folder.join("target"), folder.display());
    let line = format!(
        "cargo zigbuild --locked --manifest-path {shown}/Cargo.toml --target-dir {} {what} --target {}",
        built.display(),
        target.linked(),
    );
    with_flags_for(Line::new(&line), target, form, &renamed(folder, &built))
}

/// Where cargo puts a file that `native` builds.
pub(super) fn built(target: &Target, profile: &str, file: &str) -> PathBuf {
    target_folder().join(target.triple).join(profile).join(file)
}

#[cfg(test)]
mod tests {
    use super::{super::targets::TARGETS, *};

    #[test]
    fn a_library_for_musl_uses_the_musl_of_its_program() {
        let line = |target: usize, form| native("--package k2", &TARGETS[target], form).to_string();
        assert!(line(2, Form::Library).contains("-crt-static"));
        assert!(!line(2, Form::Program).contains("-crt-static") && !line(0, Form::Library).contains("-crt-static"));
        assert!(line(1, Form::Program).contains("--target aarch64-unknown-linux-gnu.2.17"));
    }

    #[test]
    fn the_sources_of_this_repository_are_renamed() {
        let line = native("--package k2", &TARGETS[0], Form::Program).to_string();
        assert!(line.contains(&format!("--remap-path-prefix={}= ", root().display())), "{line}");
        assert!(private_paths().contains(&root().display().to_string()));
    }
}
