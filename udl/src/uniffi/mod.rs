//! The contract's types for UniFFI, which makes Kotlin and Swift of them: records and enumerations of its own, which become the
//! core's and are made from the core's, and the JVM's fast path.

#![allow(clippy::result_large_err, reason = "every kind of error has all fields, in every language")]

mod client;
mod convert;
mod error;
mod functions;
mod generated;
#[cfg(not(target_os = "ios"))]
mod jni;
mod journal;
mod text;
mod token_source;
mod webhooks;

pub use client::KopoKopo;
pub use error::Result;
pub use functions::{
    contract_hash, disbursements_to, event_claim, hash_phone, is_paid_at_least, journal_schema, sign_webhook, version,
};
pub use generated::*;
pub use journal::{Journal, JournalStore};
pub use text::{Amount, Currency, Metadata, Personal, Raw, Secret, Timestamp};
pub use token_source::TokenSource;
pub use webhooks::WebhookVerifier;
