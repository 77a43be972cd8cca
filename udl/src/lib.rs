//! What every language package of kopokopo is made on: the contract, `kopokopo.udl`, over the core.
//!
//! - [`value`]: values between the core and any host language.
//! - [`operations`]: every operation of the contract by its name. Python and Node are built on these two.
//! - `uniffi/` (feature `foreign`): the contract's types for UniFFI, which makes Kotlin and Swift of them, and the JVM's fast
//!   path.
//! - `runtime` (feature `client`): the library's own runtime, panics and cancelling, once for all languages.
//!
//! Calls run on the library's own runtime. Their futures can be polled by any executor, or waited for with
//! `runtime::block_on`. Dropping one cancels the call; a request that was sent still finishes.

// As in the core: what only calls with a client use, or what apps do not have, stays where it belongs.
#![cfg_attr(any(not(feature = "client"), feature = "apps"), allow(dead_code, unused_imports))]

pub mod error;
#[cfg(feature = "foreign")]
#[path = "uniffi/mod.rs"]
mod foreign;
#[cfg(feature = "client")]
pub mod journal;
#[cfg(feature = "client")]
mod language;
pub mod operations;
#[cfg(feature = "client")]
mod options;
mod panic;
#[cfg(feature = "client")]
pub mod reply;
#[cfg(feature = "client")]
pub mod runtime;
pub mod value;
#[cfg(feature = "client")]
mod watch;

/// The core's names, in one place: most are the contract's too.
mod api {
    #[cfg(feature = "client")]
    pub(crate) use kopokopo::journal;
    pub(crate) use kopokopo::journal::{JournalQuery, JournalRecord, JournalState};
    pub(crate) use kopokopo::{resources::*, types::*, webhooks::*, *};
}

#[cfg(feature = "foreign")]
pub use foreign::*;
#[cfg(feature = "client")]
pub use language::set_language;

/// UniFFI needs these in the crate's root, like the contract. Any text is accepted here, and checked when it
/// becomes the core's.
#[cfg(feature = "foreign")]
macro_rules! cross_as_text {
    ($($name:ident),*) => {$(
        uniffi::custom_type!($name, String, {
            lower: |text| text.as_str().to_owned(),
            try_lift: |text| Ok($name::from(text)),
        });
    )*};
}
#[cfg(feature = "foreign")]
cross_as_text!(Amount, Currency, Metadata, Personal, Raw, Secret, Timestamp);

#[cfg(feature = "foreign")]
uniffi::include_scaffolding!("kopokopo");
