//! The functions that Kotlin and Swift call, from the contract, or from the part of it that mobile apps have.

#[path = "mobile.rs"]
mod mobile;

use std::{env, error::Error, fs, path::Path};

const CONTRACT: &str = "kopokopo.udl";

pub(crate) fn generate() -> Result<(), Box<dyn Error>> {
    let contract = if env::var_os("CARGO_FEATURE_MOBILE").is_some() { mobile_part()? } else { CONTRACT.to_owned() };
    if let Err(error) = uniffi::generate_scaffolding_for_crate(contract, "kopokopo_ffi") {
        panic!("{error:#}");
    }
    Ok(())
}

/// How the mobile library is linked.
fn link() {
    let system = env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let argument = |argument: &str| println!("cargo:rustc-cdylib-link-arg=-Wl,{argument}");
    if matches!(system.as_str(), "android" | "linux") {
        // Android's devices have pages of 4 or of 16 KB.
        argument("-z,max-page-size=16384");
        if system == "android" {
            // Its linker knows libraries by this name.
            argument("-soname,libkopokopo_ffi.so");
        }
        if env::var("OPT_LEVEL").as_deref() == Ok("z") {
            // What is the same twice is there once, and addresses to be set take a bit each. The second has a form of
            // its own in Android's linker.
            argument("--icf=all");
            argument(if system == "android" { "--pack-dyn-relocs=android" } else { "-z,pack-relative-relocs" });
        }
    }
}

/// Writes the part to a file and returns its path.
fn mobile_part() -> Result<String, Box<dyn Error>> {
    link();
    println!("cargo:rerun-if-changed={CONTRACT}");
    println!("cargo:rerun-if-changed=mobile.rs");
    let part = mobile::filter(&fs::read_to_string(CONTRACT)?)?;
    let folder = env::var("OUT_DIR")?;
    let path = Path::new(&folder).join(CONTRACT);
    fs::write(&path, part)?;
    // UniFFI asks for another build when the file is newer than the last one.
    fs::File::options().write(true).open(&path)?.set_modified(fs::metadata(CONTRACT)?.modified()?)?;
    path.into_os_string().into_string().map_err(|path| format!("the path must be UTF-8: {}", path.display()).into())
}
