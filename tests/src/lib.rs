//! Runs the tests that all languages share: scenarios, vectors, deletion vectors, and the checks for secrets and for the
//! names that a package exports. README.md and conformance.md describe the formats.

#![forbid(unsafe_code)]

mod control;
mod deletions;
mod failure;
mod locations;
mod matching;
mod path;
mod receiver;
mod run;
mod scenario;
mod secrets;
mod store;
mod surface;
mod tagged;
mod testee;
mod trials;
mod vectors;

pub use failure::Failure;
pub use run::run;
pub use scenario::{Scenario, Step, load};
pub use testee::Testee;
pub use trials::{main, trials};
