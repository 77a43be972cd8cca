//! A store for tests.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, ready},
};

use super::{JournalQuery, JournalRecord, JournalStore};
use crate::error::Result;

/// A journal in memory, for tests: it ends with the process, so it does not protect from a crash. Clones share their
/// records.
#[derive(Clone, Default)]
pub struct MemoryJournal(Arc<Mutex<BTreeMap<String, JournalRecord>>>);

impl MemoryJournal {
    fn records(&self) -> MutexGuard<'_, BTreeMap<String, JournalRecord>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl JournalStore for MemoryJournal {
    fn insert(&self, record: JournalRecord) -> BoxFuture<'_, Result<bool>> {
        let mut records = self.records();
        let is_new = !records.contains_key(&record.key);
        if is_new {
            records.insert(record.key.clone(), record);
        }
        ready(Ok(is_new)).boxed()
    }

    fn update(&self, record: JournalRecord, version: u64) -> BoxFuture<'_, Result<bool>> {
        let mut records = self.records();
        let found = records.get_mut(&record.key).filter(|found| found.version == version);
        let is_found = found.map(|found| *found = record).is_some();
        ready(Ok(is_found)).boxed()
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<JournalRecord>>> {
        ready(Ok(self.records().get(key).cloned())).boxed()
    }

    fn list<'a>(&'a self, query: &'a JournalQuery) -> BoxFuture<'a, Result<Vec<JournalRecord>>> {
        let limit = query.limit.try_into().unwrap_or(usize::MAX);
        let found = self.records().values().filter(|record| query.matches(record)).take(limit).cloned().collect();
        ready(Ok(found)).boxed()
    }
}

impl fmt::Debug for MemoryJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryJournal").finish_non_exhaustive()
    }
}
