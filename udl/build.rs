//! Makes what only Kotlin and Swift need. Without the feature `foreign` UniFFI is not even compiled.

#[cfg(feature = "foreign")]
#[path = "scaffolding.rs"]
mod scaffolding;

#[cfg(feature = "foreign")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    scaffolding::generate()
}

#[cfg(not(feature = "foreign"))]
fn main() {}
