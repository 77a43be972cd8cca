//! Makes the functions that Kotlin and Swift call, from the contract.

fn main() {
    if std::env::var_os("CARGO_FEATURE_FOREIGN").is_none() {
        return;
    }
    if let Err(error) = uniffi::generate_scaffolding_for_crate("kopokopo.udl", "kopokopo_ffi") {
        panic!("{error:#}");
    }
}
