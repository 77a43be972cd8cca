//! `cargo xtask mobile`: whether the libraries for apps, UniFFI's and that of the C ABI, are small, load on every device, and
//! have no more than apps may do.

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

/// The C ABI for apps.
const BUILD_C: &str = "cargo rustc --package kopokopo-c --lib --crate-type cdylib --features apps --profile mobile \
                       --locked --target-dir target/mobile";

/// In the name of a file with the C ABI.
const C_ABI: &str = "libkopokopo_c.";

pub(crate) fn run(options: &Options) -> Result<(), String> {
    if !options.check.is_empty() {
        return options.check.iter().try_for_each(|file| check(file, None));
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err("the size is measured on x86_64 Linux".into());
    }
    Line::new(BUILD).run(|_| ())?;
    check(&root().join(BUILT), Some(LARGEST))?;
    Line::new(BUILD_C).run(|_| ())?;
    check(&root().join("target/mobile/mobile/libkopokopo_c.so"), Some(LARGEST))
}

fn check(file: &Path, largest: Option<u64>) -> Result<(), String> {
    let is_c = file.file_name().is_some_and(|name| name.to_string_lossy().starts_with(C_ABI));
    let allowed = if is_c { r#gen::header_functions(true)? } else { r#gen::mobile_exports()? };
    let shown = file.display();
    let bytes = fs::read(file).map_err(|error| format!("{shown}: {error}"))?;
    let size = bytes.len() as u64;
    let report = examine(&bytes, &allowed).map_err(|error| format!("{shown}: {error}"))?;
    // What is reached by its name leaves no export.
    if is_c && let Some(stray) = operation_in(&bytes)? {
        return Err(format!("{shown}: it has the operation {stray}, which apps may not do"));
    }
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

/// An operation that apps do not have, and whose name is in the library. `oauth.token` is what the core calls its own request
/// for a token, which a client with a token source never makes.
fn operation_in(bytes: &[u8]) -> Result<Option<String>, String> {
    let [allowed, others] = r#gen::operations_for_apps()?;
    // `payments.get` is the end of `incoming_payments.get`.
    let is_part = |name: &str, before: &[u8]| {
        allowed.iter().filter_map(|longer| longer.strip_suffix(name)).any(|start| before.ends_with(start.as_bytes()))
    };
    let has = |name: &str| {
        let places = bytes.windows(name.len()).enumerate().filter(|(_, part)| *part == name.as_bytes());
        places.into_iter().any(|(at, _)| !is_part(name, &bytes[..at]))
    };
    Ok(others.into_iter().filter(|name| name != "oauth.token").find(|name| has(name)))
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
    fn c_abi_for_apps_has_a_token_source_and_no_secret() {
        let (all, apps) =
            (r#gen::header_functions(false).unwrap_or_default(), r#gen::header_functions(true).unwrap_or_default());
        assert!(apps.is_subset(&all) && apps.contains("kopokopo_with_token_source"));
        let left_out: Vec<&str> = all.difference(&apps).map(String::as_str).collect();
        assert_eq!(
            left_out,
            [
                "kopokopo_make",
                "kopokopo_parse_unverified",
                "kopokopo_reply_text",
                "kopokopo_sign_webhook",
                "kopokopo_verify",
                "kopokopo_verify_signature",
                "kopokopo_with_journal",
            ]
        );
    }

    #[test]
    fn operation_that_apps_do_not_have_is_found_by_its_name() {
        let found = |bytes: &[u8]| operation_in(bytes).unwrap_or_default();
        assert_eq!(found(b"..incoming_payments.create..send_money.create.."), Some("send_money.create".to_owned()));
        assert_eq!(found(b"..incoming_payments.getsend_money.wait"), Some("send_money.wait".to_owned()));
        assert_eq!(found(b"..incoming_payments.getpayments.get"), Some("payments.get".to_owned()));
        assert_eq!(found(b"..incoming_payments.create..incoming_payments.get..oauth.token.."), None);
    }

    #[test]
    fn machinery_is_nothing_that_an_app_could_call() {
        assert!(is_machinery("ffi_kopokopo_ffi_rustbuffer_free") && is_machinery("UNIFFI_META_NAMESPACE_KOPOKOPO"));
        assert!(!is_machinery("uniffi_kopokopo_ffi_fn_method_oauth_token"));
    }
}
