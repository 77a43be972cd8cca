//! Makes the functions that Kotlin and Swift call, from the contract.

fn main() {
    if let Err(error) = uniffi::generate_scaffolding_for_crate("kopokopo.udl", "kopokopo_ffi") {
        panic!("{error:#}");
    }
}
