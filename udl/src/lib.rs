//! What every language package of kopokopo is made on: the contract, `kopokopo.udl`, over the core.
//!
//! Kotlin and Swift call it through UniFFI. The Python and Node packages are Rust crates that wrap these same types. So
//! three things are solved here once: the runtime ([`runtime`]), panics, and one error with the same fields everywhere
//! ([`KopoKopoError`]).
//!
//! Asynchronous methods run on the library's own runtime. Their futures can be polled by any executor, or waited for
//! with [`runtime::block_on`]. Dropping one cancels the call; a request that is on its way still finishes.

#![allow(clippy::result_large_err, reason = "every kind of error has all fields, in every language")]

mod client;
mod convert;
pub mod dynamic;
mod error;
mod functions;
mod generated;
#[cfg(all(feature = "foreign", not(target_os = "ios")))]
mod jni;
mod language;
mod panic;
pub mod runtime;
mod text;
mod token_source;
mod watch;
mod webhooks;

/// The core's names, in one place: most are the contract's too.
mod api {
    pub(crate) use kopokopo::{resources::*, types::*, webhooks::*, *};
}

pub use client::KopoKopo;
pub use error::{Result, with_detail as error};
pub use functions::{contract_hash, disbursements_to, hash_phone, is_paid_at_least, sign_webhook, version};
pub use generated::*;
pub use language::set_language;
pub use text::{Amount, Currency, Metadata, Personal, Raw, Secret, Timestamp};
pub use token_source::TokenSource;
pub use webhooks::WebhookVerifier;

/// Any text is taken here, and looked at when it becomes the core's. UniFFI wants these in the crate's root, where the
/// contract has them.
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
