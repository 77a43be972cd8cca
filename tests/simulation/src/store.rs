//! The journal's store: one table, which survives its workers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use futures_util::future::BoxFuture;
use kopokopo::{
    KopoKopoError, Result,
    journal::{JournalQuery, JournalRecord, JournalStore},
};

use crate::world::{Alive, Op, Verdict, lock};

/// The records by their keys.
pub type Table = BTreeMap<String, JournalRecord>;

/// How the store keeps records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As it must.
    Durable,
    /// Wrong: a new record stays in its worker until its first change, so it is written after the request is sent. This
    /// is the control that shows that the checks find errors.
    Late,
}

pub(crate) struct Store {
    kind: Kind,
    alive: Alive,
    table: Arc<Mutex<Table>>,
    late: Arc<Mutex<Table>>,
}

impl Store {
    pub(crate) fn new(kind: Kind, alive: Alive, table: Arc<Mutex<Table>>) -> Self {
        Self { kind, alive, table, late: Arc::default() }
    }

    fn run<T: Send + 'static>(
        &self,
        op: Op,
        apply: impl FnOnce(&mut Table, &mut Table) -> T + Send + 'static,
    ) -> BoxFuture<'static, Result<T>> {
        let (alive, table, late) = (self.alive.clone(), Arc::clone(&self.table), Arc::clone(&self.late));
        Box::pin(async move {
            let verdict = alive.step(op).await;
            if verdict == Verdict::Fail {
                return Err(KopoKopoError::journal("the database is gone"));
            }
            let result = apply(&mut lock(&table), &mut lock(&late));
            match verdict {
                Verdict::FailAfterEffect => Err(KopoKopoError::journal("the connection was lost")),
                Verdict::CrashAfter => {
                    alive.end().await;
                    Ok(result)
                }
                _ => Ok(result),
            }
        })
    }
}

impl JournalStore for Store {
    fn insert(&self, record: JournalRecord) -> BoxFuture<'_, Result<bool>> {
        let kind = self.kind;
        self.run(Op::Insert, move |table, late| {
            let is_new = !table.contains_key(&record.key);
            if is_new {
                let target = if kind == Kind::Late { late } else { table };
                target.insert(record.key.clone(), record);
            }
            is_new
        })
    }

    fn update(&self, record: JournalRecord, version: u64) -> BoxFuture<'_, Result<bool>> {
        self.run(Op::Update, move |table, late| {
            if late.remove(&record.key).is_some() && !table.contains_key(&record.key) {
                table.insert(record.key.clone(), record);
                return true;
            }
            let found = table.get_mut(&record.key).filter(|found| found.version == version);
            found.map(|found| *found = record).is_some()
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<JournalRecord>>> {
        let key = key.to_owned();
        self.run(Op::Read, move |table, _| table.get(&key).cloned())
    }

    fn list<'a>(&'a self, query: &'a JournalQuery) -> BoxFuture<'a, Result<Vec<JournalRecord>>> {
        let query = query.clone();
        self.run(Op::Read, move |table, _| {
            let limit = query.limit.try_into().unwrap_or(usize::MAX);
            table.values().filter(|record| query.matches(record)).take(limit).cloned().collect()
        })
    }
}
