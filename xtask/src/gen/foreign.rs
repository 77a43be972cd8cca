//! Kotlin and Swift, written by UniFFI from the built library and `udl/uniffi.toml`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use camino::Utf8PathBuf;
use uniffi_bindgen::{
    BindgenPaths, BindgenPathsLayer,
    bindings::{GenerateOptions, TargetLanguage, generate_with_bindgen_paths},
};

use super::mobile;

/// Where the contract is, or the part of it that the library was built from, and its settings.
struct Contract {
    settings: Utf8PathBuf,
    udl: Utf8PathBuf,
}

impl BindgenPathsLayer for Contract {
    fn get_crate_root(&self, _: &str) -> Option<Utf8PathBuf> {
        Some(self.settings.clone())
    }

    fn get_udl_path(&self, _: &str, _: &str) -> Option<Utf8PathBuf> {
        Some(self.udl.clone())
    }
}

/// Builds the library and writes one language into a folder. Files that are the same already are left as they are, so
/// that nothing is compiled again.
pub(super) fn write(root: &Path, language: TargetLanguage, folder: &Path, mobile: bool) -> Result<(), String> {
    let (what, fresh) = fresh(root, language, mobile)?;
    let written = take_over(&fresh, folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    println!("{what}: {written} files differed in {}", folder.display());
    Ok(())
}

/// Builds the library and writes one language into a new folder. Returns its kind and its path.
pub(super) fn fresh(root: &Path, language: TargetLanguage, mobile: bool) -> Result<(String, PathBuf), String> {
    let what = if mobile { format!("{language:?} for apps") } else { format!("{language:?}") };
    let fresh = root.join("target/gen").join(what.replace(' ', "-"));
    let _ = fs::remove_dir_all(&fresh);
    let udl = root.join("udl/kopokopo.udl");
    let udl = if mobile { mobile_part(&udl, &root.join("target/gen/mobile.udl"))? } else { udl };
    let mut paths = BindgenPaths::default();
    paths.add_layer(Contract { settings: utf8(root.join("udl"))?, udl: utf8(udl)? });
    let options = GenerateOptions {
        languages: vec![language],
        source: utf8(library(root, mobile)?)?,
        out_dir: utf8(fresh.clone())?,
        ..GenerateOptions::default()
    };
    generate_with_bindgen_paths(options, paths).map_err(|error| format!("{what}: {error:#}"))?;
    Ok((what, fresh))
}

/// Copies the files that differ, and returns their number.
fn take_over(fresh: &Path, folder: &Path) -> io::Result<usize> {
    fs::create_dir_all(folder)?;
    let mut written = 0;
    for entry in fs::read_dir(fresh)? {
        let (from, to) = entry.map(|entry| (entry.path(), folder.join(entry.file_name())))?;
        if from.is_dir() {
            written += take_over(&from, &to)?;
            continue;
        }
        let mut text = fs::read_to_string(&from)?;
        if from.extension().is_some_and(|extension| extension == "kt") {
            text = internal(&text);
        }
        if fs::read_to_string(&to).is_ok_and(|found| found == text) {
            continue;
        }
        fs::write(&to, text)?;
        written += 1;
    }
    Ok(written)
}

/// UniFFI has no setting that keeps its Kotlin code to the module that it is in.
fn internal(kotlin: &str) -> String {
    const KINDS: [&str; 11] = [
        "abstract ",
        "class ",
        "data ",
        "enum ",
        "fun ",
        "inline ",
        "interface ",
        "object ",
        "open ",
        "sealed ",
        "typealias ",
    ];
    let mut out = String::with_capacity(kotlin.len() + 4096);
    for line in kotlin.split_inclusive('\n') {
        let declared = line.strip_prefix("public ").unwrap_or(line);
        if KINDS.iter().any(|kind| declared.starts_with(kind)) {
            out.push_str("internal ");
            out.push_str(declared);
        } else if line.trim_start().starts_with("@Throws(") {
            // A function of no object has its annotation on the same line.
            out.push_str(&line.replacen(") fun ", ") internal fun ", 1));
        } else {
            out.push_str(line);
        }
    }
    out
}

/// Writes the apps' part of the contract to a file, and returns its path.
fn mobile_part(udl: &Path, part: &Path) -> Result<PathBuf, String> {
    let write = |folder: &Path, text: String| fs::create_dir_all(folder).and_then(|()| fs::write(part, text));
    let text = mobile::filter(&fs::read_to_string(udl).map_err(|error| format!("{}: {error}", udl.display()))?)?;
    write(part.parent().unwrap_or(part), text).map_err(|error| format!("{}: {error}", part.display()))?;
    Ok(part.to_path_buf())
}

/// Not the stripped one of a release: what UniFFI reads is taken out of that. The mobile library has the other's name,
/// so it is built elsewhere.
fn library(root: &Path, mobile: bool) -> Result<PathBuf, String> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let target = if mobile { target.join("mobile") } else { target };
    let mut build = Command::new(env!("CARGO"));
    build.args(["build", "--quiet", "--package", "kopokopo-ffi", "--lib", "--target-dir"]).arg(&target);
    if mobile {
        build.args(["--features", "mobile"]);
    }
    let status = build.current_dir(root).status().map_err(|error| format!("cargo build: {error}"))?;
    if !status.success() {
        return Err("kopokopo-ffi does not build".into());
    }
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    Ok(target.join("debug").join(format!("{prefix}kopokopo_ffi{suffix}")))
}

fn utf8(path: PathBuf) -> Result<Utf8PathBuf, String> {
    Utf8PathBuf::from_path_buf(path).map_err(|path| format!("{}: the path must be UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_uniffi_declares_in_kotlin_is_kept_to_its_module() {
        let kotlin = "open class A\npublic object B\n    fun own()\nprivate class C\ninternal val d\n// fun\n    @Throws(X::class) fun e()\n";
        let kept = "internal open class A\ninternal object B\n    fun own()\nprivate class C\ninternal val d\n// fun\n    @Throws(X::class) internal fun e()\n";
        assert_eq!(internal(kotlin), kept);
    }
}
