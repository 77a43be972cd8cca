//! What a store of records must offer.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{FutureExt, future::BoxFuture};
use time::OffsetDateTime;

use super::{JournalQuery, JournalRecord};
use crate::{
    error::{KopoKopoError, Result},
    types::Timestamp,
};

/// Keeps the records of the journal. Each operation is durable and atomic when its future ends: a committed transaction
/// of a database. [`super::sql::SqlJournal`] is one for every SQL database.
///
/// The errors of a store come from [`crate::KopoKopoError::journal`]. If a store fails before the request is sent,
/// nothing is sent.
pub trait JournalStore: Send + Sync + 'static {
    /// Adds a record. Returns false, and changes nothing, if its key exists.
    fn insert(&self, record: JournalRecord) -> BoxFuture<'_, Result<bool>>;

    /// Replaces the record with the same key, if its version is `version`. Returns false, and changes nothing, if it has
    /// another version or does not exist.
    fn update(&self, record: JournalRecord, version: u64) -> BoxFuture<'_, Result<bool>>;

    /// Reads a record.
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<JournalRecord>>>;

    /// Reads the records that match, in the order of their keys.
    fn list<'a>(&'a self, query: &'a JournalQuery) -> BoxFuture<'a, Result<Vec<JournalRecord>>>;
}

/// The journal of a client.
#[derive(Clone)]
pub(crate) struct JournalSettings {
    pub(crate) store: Arc<dyn JournalStore>,
    pub(crate) key_in_metadata: bool,
    pub(crate) clock: Arc<dyn Fn() -> OffsetDateTime + Send + Sync>,
}

impl JournalSettings {
    pub(crate) fn new(store: Arc<dyn JournalStore>) -> Self {
        let store = Arc::new(Guarded(store));
        Self { store, key_in_metadata: true, clock: Arc::new(OffsetDateTime::now_utc) }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)().into()
    }
}

/// A store whose panics are errors: after a request was sent, its outcome must reach the caller.
struct Guarded(Arc<dyn JournalStore>);

fn guarded<'a, T: Send + 'a>(operation: impl Future<Output = Result<T>> + Send + 'a) -> BoxFuture<'a, Result<T>> {
    let panicked = |_| Err(KopoKopoError::journal("its store panicked"));
    AssertUnwindSafe(operation).catch_unwind().map(move |outcome| outcome.unwrap_or_else(panicked)).boxed()
}

impl JournalStore for Guarded {
    fn insert(&self, record: JournalRecord) -> BoxFuture<'_, Result<bool>> {
        guarded(async move { self.0.insert(record).await })
    }

    fn update(&self, record: JournalRecord, version: u64) -> BoxFuture<'_, Result<bool>> {
        guarded(async move { self.0.update(record, version).await })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<JournalRecord>>> {
        guarded(async move { self.0.get(key).await })
    }

    fn list<'a>(&'a self, query: &'a JournalQuery) -> BoxFuture<'a, Result<Vec<JournalRecord>>> {
        guarded(async move { self.0.list(query).await })
    }
}
