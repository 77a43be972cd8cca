//! Runs scenarios: data that says what a client does, what goes wrong, and what must come of it. README.md in this
//! folder is their format, the same for every language.

#![forbid(unsafe_code)]

mod control;
pub mod deletions;
mod events;
mod failure;
mod matching;
mod neutral;
mod path;
mod receiver;
mod run;
mod scenario;

pub use failure::Failure;
pub use run::run;
pub use scenario::{Scenario, Step, load};
