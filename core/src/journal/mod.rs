//! Creates that happen once: each has an idempotency key, and a journal that survives crashes remembers the outcome.
//! Kopo Kopo's API has no idempotency key and no list of requests, so the journal is the only memory.
//!
//! ```no_run
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

mod decision;
mod evidence;
mod keyed;
mod memory;
mod operations;
mod record;
pub mod sql;
mod store;

pub use self::{
    memory::MemoryJournal,
    operations::Journal,
    record::{JournalRecord, JournalState},
    store::{JournalQuery, JournalStore},
};

pub(crate) use self::{
    keyed::{check_key, create, metadata_with_key},
    store::JournalSettings,
};
