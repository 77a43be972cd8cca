//! Claims that are written after their workers gave up.

#![allow(clippy::unwrap_used)]
mod support;
use futures_util::future::BoxFuture;
use kopokopo::{
    KopoKopo,
    journal::{JournalQuery, JournalRecord, JournalState, JournalStore, MemoryJournal},
};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use support::{Act, Server, created, payment_request};
use tokio::time::sleep;

const CREATE: &str = "POST /api/v2/incoming_payments";

/// The first insert waits for a lock. Or: the database is away for a moment.
#[derive(Clone, Default)]
struct Slow {
    store: MemoryJournal,
    first_insert: Duration,
    inserts: Arc<AtomicUsize>,
    away: Arc<AtomicBool>,
    warnings: Arc<Mutex<Vec<String>>>,
}

fn away() -> kopokopo::KopoKopoError {
    kopokopo::KopoKopoError::journal("the database is away")
}

impl JournalStore for Slow {
    fn insert(&self, record: JournalRecord) -> BoxFuture<'_, kopokopo::Result<bool>> {
        Box::pin(async move {
            if self.away.load(Ordering::SeqCst) {
                return Err(away());
            }
            if self.inserts.fetch_add(1, Ordering::SeqCst) == 0 {
                sleep(self.first_insert).await;
            }
            self.store.insert(record).await
        })
    }
    fn update(&self, record: JournalRecord, version: u64) -> BoxFuture<'_, kopokopo::Result<bool>> {
        Box::pin(async move {
            if self.away.load(Ordering::SeqCst) {
                return Err(away());
            }
            self.store.update(record, version).await
        })
    }
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, kopokopo::Result<Option<JournalRecord>>> {
        Box::pin(async move {
            if self.away.load(Ordering::SeqCst) {
                return Err(away());
            }
            self.store.get(key).await
        })
    }
    fn list<'a>(&'a self, query: &'a JournalQuery) -> BoxFuture<'a, kopokopo::Result<Vec<JournalRecord>>> {
        self.store.list(query)
    }
    fn warn<'a>(&'a self, warning: &'a str) -> BoxFuture<'a, ()> {
        self.warnings.lock().unwrap().push(warning.to_owned());
        Box::pin(std::future::ready(()))
    }
}

async fn create(client: &KopoKopo, milliseconds: u64) -> kopokopo::Result<String> {
    let options = kopokopo::CallOptions {
        timeout: Some(Duration::from_millis(milliseconds)),
        idempotency_key: Some("order".into()),
        ..kopokopo::CallOptions::default()
    };
    Ok(client.with_options(options)?.incoming_payments().create(&payment_request()).await?.id().to_owned())
}

async fn server() -> Server {
    Server::with_token(|_, before| Act::Late(Duration::from_millis(400), created(&format!("p{before}")))).await
}

/// A's insert is still waiting when A gives up. B claims the key and sends. A's insert then finds B's record, and A's
/// clean-up writes `not_sent` over B's `started`, because both have version 1.
#[tokio::test]
async fn worker_that_gave_up_does_not_overwrite_the_record_of_another() {
    let server = server().await;
    let store = Slow { first_insert: Duration::from_millis(300), ..Slow::default() };
    let client = server.builder().journal(store.clone()).build().unwrap();
    create(&client, 100).await.unwrap_err();
    let id = create(&client, 5000).await.unwrap();
    assert_eq!(store.store.get("order").await.unwrap().unwrap().state, JournalState::Accepted);
    assert_eq!(create(&client, 5000).await.unwrap(), id);
    assert_eq!(server.count(CREATE), 1, "money was sent twice for one key");
}

/// The database is away while A begins, and comes back. B claims the key between two attempts of A's clean-up.
#[tokio::test]
async fn worker_whose_database_was_away_does_not_overwrite_the_record_of_another() {
    let server = server().await;
    let store = Slow::default();
    store.away.store(true, Ordering::SeqCst);
    let client = server.builder().journal(store.clone()).build().unwrap();
    create(&client, 5000).await.unwrap_err();
    sleep(Duration::from_millis(60)).await;
    store.away.store(false, Ordering::SeqCst);
    let id = create(&client, 5000).await.unwrap();
    assert_eq!(store.store.get("order").await.unwrap().unwrap().state, JournalState::Accepted);
    assert_eq!(create(&client, 5000).await.unwrap(), id);
    assert_eq!(server.count(CREATE), 1, "money was sent twice for one key");
}

/// The same with SQLite: another program has the write lock for longer than A's time limit.
#[cfg(feature = "sqlite")]
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn worker_that_waited_for_a_lock_does_not_overwrite_the_record_of_another() {
    use kopokopo::journal::sql::{SqlExecutor, SqlJournal};
    let path = std::env::temp_dir().join(format!("kopokopo-claims-{}.db", std::process::id()));
    let open = || SqlJournal::sqlite(&path).unwrap();
    let (one, two, other, reader) = (open(), open(), open(), open());
    one.list(&JournalQuery::default()).await.unwrap();
    two.list(&JournalQuery::default()).await.unwrap();
    other.list(&JournalQuery::default()).await.unwrap();
    let server =
        Server::with_token(|_, before| Act::Late(Duration::from_millis(1500), created(&format!("p{before}")))).await;
    // Another program writes for a while.
    other.executor().execute("BEGIN IMMEDIATE".into(), Vec::new()).await.unwrap();
    let a = server.builder().journal(one).build().unwrap();
    let b = server.builder().journal(two).build().unwrap();
    create(&a, 300).await.unwrap_err();
    let b_call = tokio::spawn({
        let b = b.clone();
        async move { create(&b, 8000).await }
    });
    sleep(Duration::from_millis(150)).await;
    other.executor().execute("COMMIT".into(), Vec::new()).await.unwrap();
    let id = b_call.await.unwrap().unwrap();
    sleep(Duration::from_millis(500)).await;
    assert_eq!(reader.get("order").await.unwrap().unwrap().state, JournalState::Accepted);
    assert_eq!(create(&b, 8000).await.unwrap(), id);
    let _ = std::fs::remove_file(&path);
    assert_eq!(server.count(CREATE), 1, "money was sent twice for one key");
}

/// The call has its id then, so nothing else says that the next call with this key will not know it.
#[tokio::test]
async fn store_learns_once_that_an_outcome_was_not_written() {
    let store = Slow::default();
    let away = Arc::clone(&store.away);
    let server = Server::with_token(move |_, _| {
        away.store(true, Ordering::SeqCst);
        Act::Respond(created("p1"))
    })
    .await;
    let client = server.builder().journal(store.clone()).build().unwrap();
    assert_eq!(create(&client, 5000).await.unwrap(), "p1");
    let warnings = store.warnings.lock().unwrap().clone();
    let begin = "the journal could not write the outcome (accepted) of incoming_payments.create with the idempotency key order: ";
    assert!(warnings.len() == 1 && warnings[0].starts_with(begin), "{warnings:?}");
    assert_eq!(server.count(CREATE), 1);
}
