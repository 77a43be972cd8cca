//! `cargo xtask mobile`: whether the library for apps is small, loads on every device, and exports no more than apps
//! may do.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use crate::{
    elf::Elf,
    r#gen,
    shell::{Line, root},
};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// Build nothing, and check these files, whatever they were built for
    #[arg(long, value_name = "FILE", num_args = 1..)]
    check: Vec<PathBuf>,
}

/// The largest that the stripped library may be on x86_64, in bytes.
const LARGEST: u64 = 2_500_000;

/// Android's devices have pages of 4 or of 16 KB. From version 15 on, apps must run on both.
const PAGE: u64 = 16_384;

/// The library is built in a target folder of its own: it has the name of the one that all others use.
const BUILD: &str = "cargo rustc --package kopokopo-ffi --lib --crate-type cdylib --features mobile --profile mobile \
                     --locked --target-dir target/mobile";

const BUILT: &str = "target/mobile/mobile/libkopokopo_ffi.so";

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let allowed = r#gen::mobile_exports()?;
    if !options.check.is_empty() {
        return options.check.iter().try_for_each(|file| check(file, &allowed, None));
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("the size is measured on x86_64 Linux".into());
    }
    Line::new(BUILD).run(|_| ())?;
    check(&root().join(BUILT), &allowed, Some(LARGEST))
}

fn check(file: &Path, allowed: &BTreeSet<String>, largest: Option<u64>) -> Result<(), String> {
    let shown = file.display();
    let bytes = fs::read(file).map_err(|error| format!("{shown}: {error}"))?;
    let size = bytes.len() as u64;
    let report = examine(&bytes, allowed).map_err(|error| format!("{shown}: {error}"))?;
    println!("{shown}: {size} bytes, {report}");
    match largest {
        Some(largest) if size > largest => Err(format!("{shown}: it may have {largest} bytes at most")),
        _ => Ok(()),
    }
}

/// Says what is right with it, or what is not.
fn examine(bytes: &[u8], allowed: &BTreeSet<String>) -> Result<String, String> {
    let elf = Elf::new(bytes)?;
    let alignment = elf.alignment()?;
    if alignment < PAGE {
        return Err(format!("it is aligned to {alignment} bytes, and devices with pages of {PAGE} cannot load it"));
    }
    let exports: BTreeSet<String> = elf.exports()?.into_iter().collect();
    let stray = exports.iter().find(|name| !allowed.contains(*name) && !is_machinery(name));
    if let Some(stray) = stray {
        return Err(format!("it exports {stray}, which apps may not do"));
    }
    if let Some(absent) = allowed.iter().find(|name| !exports.contains(*name)) {
        return Err(format!("it does not export {absent}"));
    }
    Ok(format!("aligned to {alignment}, {} names exported", exports.len()))
}

/// UniFFI's buffers and futures, and its notes for generators, which a stripped library has no longer a use for.
fn is_machinery(name: &str) -> bool {
    ["ffi_kopokopo_ffi_", "uniffi_kopokopo_ffi_checksum_", "UNIFFI_META_"].iter().any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_apps_may_do_has_the_names_that_uniffi_makes() {
        let allowed = r#gen::mobile_exports().unwrap_or_default();
        for name in [
            "Java_dev_kopokopo_Native_contractHash",
            "uniffi_kopokopo_ffi_fn_func_version",
            "uniffi_kopokopo_ffi_fn_constructor_kopokopo_with_token_source",
            "uniffi_kopokopo_ffi_fn_method_incomingpayments_create",
            "uniffi_kopokopo_ffi_fn_free_createdpaymentlink",
            "uniffi_kopokopo_ffi_fn_init_callback_vtable_tokensource",
        ] {
            assert!(allowed.contains(name), "{name}");
        }
        for word in ["secret", "oauth", "webhook", "sendmoney", "constructor_kopokopo_new", "from_env"] {
            assert!(!allowed.iter().any(|name| name.contains(word)), "{word}");
        }
    }

    #[test]
    fn machinery_is_nothing_that_an_app_could_call() {
        assert!(is_machinery("ffi_kopokopo_ffi_rustbuffer_free") && is_machinery("UNIFFI_META_NAMESPACE_KOPOKOPO"));
        assert!(!is_machinery("uniffi_kopokopo_ffi_fn_method_oauth_token"));
    }
}
