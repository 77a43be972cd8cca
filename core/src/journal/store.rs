//! What a store of records must offer.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use time::OffsetDateTime;

use super::{JournalRecord, JournalState};
use crate::{error::Result, types::Timestamp};

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

/// Which records to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalQuery {
    /// Only these states. Empty: all.
    pub states: Vec<JournalState>,
    /// Only this operation.
    pub operation: Option<String>,
    /// Only records that were created at this time or later.
    pub created_from: Option<Timestamp>,
    /// Only records that were created before this time.
    pub created_before: Option<Timestamp>,
    /// Only records whose key comes after this one, in the order of bytes: the last key of the page before.
    pub after_key: Option<String>,
    /// The number of records at most. Default 100.
    pub limit: u32,
}

impl Default for JournalQuery {
    fn default() -> Self {
        Self {
            states: Vec::new(),
            operation: None,
            created_from: None,
            created_before: None,
            after_key: None,
            limit: 100,
        }
    }
}

impl JournalQuery {
    /// Whether a record matches, for stores that filter in their own code.
    pub fn matches(&self, record: &JournalRecord) -> bool {
        (self.states.is_empty() || self.states.contains(&record.state))
            && self.operation.as_ref().is_none_or(|operation| *operation == record.operation)
            && self.created_from.is_none_or(|from| record.created_at >= from)
            && self.created_before.is_none_or(|before| record.created_at < before)
            && self.after_key.as_ref().is_none_or(|after| record.key > *after)
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

    pub(super) fn now(&self) -> Timestamp {
        (self.clock)().into()
    }
}
