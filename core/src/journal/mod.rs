//! Creates that happen once: each has an idempotency key, and a journal that survives crashes remembers the outcome.
//! Kopo Kopo's API has no idempotency key and no list of requests, so the journal is the only memory.
//!
#![cfg_attr(feature = "client", doc = "```no_run")]
#![cfg_attr(not(feature = "client"), doc = "```ignore")]
//! # async fn example(store: impl kopokopo::journal::JournalStore, request: kopokopo::resources::SendMoneyRequest)
//! # -> kopokopo::Result<()> {
//! let client = kopokopo::KopoKopo::builder().from_env()?.journal(store).build()?;
//! let sent = client.idempotent("wages-2026-11-employee-7")?.send_money().create(&request).await?;
//! // Again, after a crash or from another worker: the same id, and nothing is sent.
//! let same = client.idempotent("wages-2026-11-employee-7")?.send_money().create(&request).await?;
//! assert_eq!(sent.id(), same.id());
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "client")]
mod decision;
#[cfg(feature = "client")]
mod evidence;
#[cfg(feature = "client")]
mod key;
#[cfg(feature = "client")]
mod keyed;
#[cfg(feature = "client")]
mod memory;
#[cfg(feature = "client")]
mod observe;
#[cfg(feature = "client")]
mod operations;
#[cfg(feature = "client")]
mod outcome;
mod record;
#[cfg(feature = "client")]
pub mod sql;
#[cfg(feature = "client")]
mod store;

pub use record::{JournalQuery, JournalRecord, JournalState};

#[cfg(feature = "client")]
pub use self::{memory::MemoryJournal, operations::Journal, store::JournalStore};

#[cfg(feature = "client")]
pub(crate) use self::{
    key::{check_key, metadata_with_key},
    keyed::create,
    store::JournalSettings,
};
