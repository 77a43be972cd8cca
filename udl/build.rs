//! Makes the functions that Kotlin and Swift call, from the contract, or from the part of it that mobile apps have.

#[path = "mobile.rs"]
mod mobile;

use std::{env, error::Error, fs, path::Path};

const CONTRACT: &str = "kopokopo.udl";

fn main() -> Result<(), Box<dyn Error>> {
    if env::var_os("CARGO_FEATURE_FOREIGN").is_none() {
        return Ok(());
    }
    let contract = if env::var_os("CARGO_FEATURE_MOBILE").is_some() { mobile_part()? } else { CONTRACT.to_owned() };
    if let Err(error) = uniffi::generate_scaffolding_for_crate(contract, "kopokopo_ffi") {
        panic!("{error:#}");
    }
    Ok(())
}

/// Writes the part down and answers its path.
fn mobile_part() -> Result<String, Box<dyn Error>> {
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
