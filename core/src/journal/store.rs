//! What a store of records must offer.

use std::{panic::AssertUnwindSafe, sync::Arc};

use futures_util::{
    FutureExt,
    future::{BoxFuture, ready},
};
use time::OffsetDateTime;

use super::{JournalQuery, JournalRecord};
use crate::{
    error::{KopoKopoError, Result},
    redact::Redactor,
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

    /// Is called if the outcome of a request could not be written, so that its record becomes unknown. The caller has the
    /// outcome then, so nothing else says it. The sentence is for the program's log; `tracing` has it in any case.
    fn warn<'a>(&'a self, _warning: &'a str) -> BoxFuture<'a, ()> {
        ready(()).boxed()
    }
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
        Self { store, key_in_metadata: true, clock: Arc::new(OffsetDateTime::now_utc) }
    }

    /// As a client uses it, whose secrets the store may repeat.
    pub(crate) fn guarded(self, redactor: Redactor) -> Self {
        Self { store: Arc::new(Guarded { store: self.store, redactor }), ..self }
    }

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)().into()
    }
}

/// A store whose panics are errors: after a request was sent, its outcome must reach the caller. Its errors have none of
/// the client's secrets.
struct Guarded {
    store: Arc<dyn JournalStore>,
    redactor: Redactor,
}

impl Guarded {
    fn guard<'a, T: Send + 'a>(
        &'a self,
        operation: impl Future<Output = Result<T>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T>> {
        let panicked = |_| Err(KopoKopoError::journal("its store panicked"));
        let outcome = AssertUnwindSafe(operation).catch_unwind();
        outcome
            .map(move |outcome| outcome.unwrap_or_else(panicked).map_err(|error| error.redacted_by(&self.redactor)))
            .boxed()
    }
}

impl JournalStore for Guarded {
    fn insert(&self, record: JournalRecord) -> BoxFuture<'_, Result<bool>> {
        self.guard(async move { self.store.insert(record).await })
    }

    fn update(&self, record: JournalRecord, version: u64) -> BoxFuture<'_, Result<bool>> {
        self.guard(async move { self.store.update(record, version).await })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<JournalRecord>>> {
        self.guard(async move { self.store.get(key).await })
    }

    fn list<'a>(&'a self, query: &'a JournalQuery) -> BoxFuture<'a, Result<Vec<JournalRecord>>> {
        self.guard(async move { self.store.list(query).await })
    }

    fn warn<'a>(&'a self, warning: &'a str) -> BoxFuture<'a, ()> {
        let warned = AssertUnwindSafe(async move { self.store.warn(warning).await }).catch_unwind();
        warned.map(|_| ()).boxed()
    }
}
