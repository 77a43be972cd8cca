//! Links the library for apps for every device.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let is = |name: &str, value: &str| std::env::var(name).as_deref() == Ok(value);
    let is_elf = is("CARGO_CFG_TARGET_OS", "android") || is("CARGO_CFG_TARGET_OS", "linux");
    if is_elf && std::env::var_os("CARGO_FEATURE_APPS").is_some() {
        // Android's devices have pages of 4 or of 16 KB.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,max-page-size=16384");
    }
    if is("CARGO_CFG_TARGET_OS", "android") {
        // Its linker knows libraries by this name.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libkopokopo_c.so");
    }
}
