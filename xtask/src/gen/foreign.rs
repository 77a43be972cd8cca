//! Kotlin and Swift, written by UniFFI from the built library and `udl/uniffi.toml`.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use camino::Utf8PathBuf;
use uniffi_bindgen::{
    BindgenPaths, BindgenPathsLayer,
    bindings::{GenerateOptions, TargetLanguage, generate_with_bindgen_paths},
};

/// Where the contract and its settings are.
struct Contract(Utf8PathBuf);

impl BindgenPathsLayer for Contract {
    fn get_crate_root(&self, _: &str) -> Option<Utf8PathBuf> {
        Some(self.0.clone())
    }

    fn get_udl_path(&self, _: &str, name: &str) -> Option<Utf8PathBuf> {
        Some(self.0.join(format!("{name}.udl")))
    }
}

/// Builds the library and writes one language into a folder.
pub(super) fn write(root: &Path, language: TargetLanguage, folder: &Path) -> Result<(), String> {
    let what = format!("{language:?}");
    let mut paths = BindgenPaths::default();
    paths.add_layer(Contract(utf8(root.join("udl"))?));
    let options = GenerateOptions {
        languages: vec![language],
        source: utf8(library(root)?)?,
        out_dir: utf8(folder.to_path_buf())?,
        ..GenerateOptions::default()
    };
    generate_with_bindgen_paths(options, paths).map_err(|error| format!("{what}: {error:#}"))?;
    println!("wrote {what} into {}", folder.display());
    Ok(())
}

/// Not the stripped one of a release: what UniFFI reads is taken out of that.
fn library(root: &Path) -> Result<PathBuf, String> {
    let built = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "kopokopo-ffi", "--lib"])
        .current_dir(root)
        .status()
        .map_err(|error| format!("cargo build: {error}"))?;
    if !built.success() {
        return Err("kopokopo-ffi does not build".into());
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    let (prefix, suffix) = (std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    Ok(target.join("debug").join(format!("{prefix}kopokopo_ffi{suffix}")))
}

fn utf8(path: PathBuf) -> Result<Utf8PathBuf, String> {
    Utf8PathBuf::from_path_buf(path).map_err(|path| format!("{}: the path must be UTF-8", path.display()))
}
