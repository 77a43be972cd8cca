//! The journal in SQLite and in PostgreSQL. `tests/with-postgres.sh` runs it with a server.

#![cfg(all(feature = "sqlite", feature = "postgres"))]
#![allow(clippy::unwrap_used)]

mod support;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use kopokopo::{
    ErrorKind, KopoKopo, KopoKopoError,
    journal::{
        JournalQuery, JournalRecord, JournalState, JournalStore,
        sql::{SqlDialect, SqlExecutor, SqlJournal, SqlPlaceholder, SqlResult, SqlValue, claim_event},
    },
};
use support::{Act, Server, created, payment_request};

const CREATE: &str = "POST /api/v2/incoming_payments";

fn postgres_url() -> String {
    std::env::var("K2_TEST_POSTGRES").expect("K2_TEST_POSTGRES is missing: run it with tests/with-postgres.sh")
}

/// A database of its own.
async fn empty_postgres() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!("journal_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
    let admin = raw(&postgres_url());
    admin.execute(format!("CREATE DATABASE {name}"), Vec::new()).await.unwrap();
    postgres_url().rsplit_once('/').map(|(server, _)| format!("{server}/{name}")).unwrap()
}

/// Runs any statement.
fn raw(url: &str) -> impl SqlExecutor + use<> {
    struct Raw(SqlJournal<kopokopo::journal::sql::PostgresExecutor>);
    impl SqlExecutor for Raw {
        fn execute(
            &self,
            statement: String,
            parameters: Vec<SqlValue>,
        ) -> futures_util::future::BoxFuture<'_, kopokopo::Result<SqlResult>> {
            self.0.executor().execute(statement, parameters)
        }
    }
    Raw(SqlJournal::postgres(url).unwrap())
}

struct File(PathBuf);

impl File {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("kopokopo-{}-{}.db", std::process::id(), COUNT.fetch_add(1, Ordering::SeqCst));
        Self(std::env::temp_dir().join(name))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", self.0.display()));
        }
    }
}

/// Both kinds, each opened twice as by two processes.
async fn stores() -> (File, Vec<[Arc<dyn JournalStore>; 2]>) {
    let file = File::new();
    let sqlite = || Arc::new(SqlJournal::sqlite(&file.0).unwrap()) as Arc<dyn JournalStore>;
    let url = empty_postgres().await;
    let postgres = || Arc::new(SqlJournal::postgres(&url).unwrap()) as Arc<dyn JournalStore>;
    let stores = vec![[sqlite(), sqlite()], [postgres(), postgres()]];
    (file, stores)
}

fn client(server: &Server, store: &Arc<dyn JournalStore>) -> KopoKopo {
    server.builder().shared_journal(Arc::clone(store)).build().unwrap()
}

async fn create(client: &KopoKopo, key: &str) -> kopokopo::Result<String> {
    let options = kopokopo::CallOptions {
        in_progress_wait: Some(Duration::from_secs(20)),
        idempotency_key: Some(key.to_owned()),
        ..kopokopo::CallOptions::default()
    };
    let created = client.with_options(options)?.incoming_payments().create(&payment_request()).await?;
    Ok(created.id().to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_calls_of_two_processes_send_once() {
    let (_file, stores) = stores().await;
    for [one, other] in stores {
        let server = Server::with_token(|_, _| Act::Late(Duration::from_millis(50), created("p1"))).await;
        let clients = [client(&server, &one), client(&server, &other)];
        let ids = join_all((0..64).map(|number| create(&clients[number % 2], "order"))).await;
        assert!(ids.iter().all(|id| id.as_ref().unwrap() == "p1"), "{ids:?}");
        assert_eq!(server.count(CREATE), 1);
        let record = other.get("order").await.unwrap().unwrap();
        assert_eq!((record.state, record.id.as_deref(), record.attempt), (JournalState::Accepted, Some("p1"), 1));
    }
}

#[tokio::test]
async fn record_comes_back_as_it_was_written() {
    let (_file, stores) = stores().await;
    for [one, other] in stores {
        assert_eq!(one.get("none").await.unwrap(), None);
        let server = Server::with_token(|_, _| Act::Close).await;
        let key = "it's 100% \"sure\" ?1 $1 %s";
        let error = create(&client(&server, &one), key).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        let written = one.get(key).await.unwrap().unwrap();
        assert_eq!(other.get(key).await.unwrap().as_ref(), Some(&written));
        assert!(written.error.is_some() && written.sent_at.is_some() && written.details.is_some());
        let mut alien = written.clone();
        alien.owner = "another worker".to_owned();
        assert!(!one.insert(alien).await.unwrap());
        assert!(!one.update(written.clone(), written.version + 1).await.unwrap());
        let mut changed = written.clone();
        (changed.state, changed.version) = (JournalState::Refused, written.version + 1);
        (changed.sent_at, changed.error, changed.details) = (None, None, Some("ü 💰".to_owned()));
        let writes = join_all((0..16).map(|number| {
            let store = if number % 2 == 0 { &one } else { &other };
            store.update(changed.clone(), written.version)
        }));
        assert_eq!(writes.await.into_iter().filter(|done| *done.as_ref().unwrap()).count(), 1);
        assert_eq!(other.get(key).await.unwrap(), Some(changed));
    }
}

#[tokio::test]
async fn list_filters_and_pages_in_the_order_of_bytes() {
    let (_file, stores) = stores().await;
    for [one, _] in stores {
        let server = Server::with_token(|_, _| Act::Respond(created("p1"))).await;
        let client = client(&server, &one);
        for key in ["b", "B", "a-2", "a", "Z", "_"] {
            create(&client, key).await.unwrap();
        }
        let keys = |records: Vec<JournalRecord>| records.into_iter().map(|record| record.key).collect::<Vec<_>>();
        let all = one.list(&JournalQuery::default()).await.unwrap();
        assert_eq!(keys(all.clone()), ["B", "Z", "_", "a", "a-2", "b"]);
        let page = JournalQuery { after_key: Some("Z".to_owned()), limit: 2, ..JournalQuery::default() };
        assert_eq!(keys(one.list(&page).await.unwrap()), ["_", "a"]);
        let states =
            JournalQuery { states: vec![JournalState::Unknown, JournalState::Started], ..JournalQuery::default() };
        assert_eq!(one.list(&states).await.unwrap(), []);
        let other = JournalQuery { operation: Some("send_money.create".to_owned()), ..JournalQuery::default() };
        assert_eq!(one.list(&other).await.unwrap(), []);
        let at = all[0].created_at;
        let from = JournalQuery { created_from: Some(at), ..JournalQuery::default() };
        let before = JournalQuery { created_before: Some(at), ..JournalQuery::default() };
        for query in [from, before] {
            let expected: Vec<_> = all.iter().filter(|record| query.matches(record)).cloned().collect();
            assert_eq!(one.list(&query).await.unwrap(), expected);
        }
    }
}

#[tokio::test]
async fn closed_connections_of_postgres_are_replaced() {
    let url = empty_postgres().await;
    let store: Arc<dyn JournalStore> = Arc::new(SqlJournal::postgres(&url).unwrap());
    let server = Server::with_token(|_, _| Act::Respond(created("p1"))).await;
    let client = client(&server, &store);
    create(&client, "first").await.unwrap();
    let name = url.rsplit_once('/').unwrap().1;
    let close = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{name}' AND pid <> pg_backend_pid()"
    );
    let closed = raw(&postgres_url()).execute(close, Vec::new()).await.unwrap();
    assert!(closed.rows[0] != [SqlValue::Integer(0)], "{closed:?}");
    tokio::time::sleep(Duration::from_millis(100)).await;
    create(&client, "second").await.unwrap();
    assert_eq!(server.count(CREATE), 2);
}

#[tokio::test]
async fn event_is_claimed_once_and_again_after_a_rollback() {
    let file = File::new();
    let store = SqlJournal::sqlite(&file.0).unwrap();
    store.list(&JournalQuery::default()).await.unwrap();
    let claim = || {
        let statement = claim_event(SqlDialect::Sqlite, SqlPlaceholder::Question);
        store.executor().execute(statement, vec![SqlValue::Text("payment".to_owned()), SqlValue::Integer(1)])
    };
    let run = |statement: &str| store.executor().execute(statement.to_owned(), Vec::new());
    run("BEGIN").await.unwrap();
    assert_eq!(claim().await.unwrap().changed, 1);
    run("ROLLBACK").await.unwrap();
    assert_eq!([claim().await.unwrap().changed, claim().await.unwrap().changed], [1, 0]);
}

#[tokio::test]
async fn wrong_places_are_refused_without_their_passwords() {
    let refused = |error: KopoKopoError, field| {
        assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some(field)), "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    };
    refused(SqlJournal::sqlite(":memory:").unwrap_err(), "path");
    refused(SqlJournal::sqlite("").unwrap_err(), "path");
    refused(SqlJournal::sqlite("file::memory:").unwrap_err(), "path");
    refused(SqlJournal::sqlite("file:shop?mode=memory").unwrap_err(), "path");
    refused(SqlJournal::postgres("postgresql://shop:hunter2@[").unwrap_err(), "url");
    refused(SqlJournal::postgres("hunter2").unwrap_err(), "url");
    let error = SqlJournal::sqlite("/nowhere/journal.db").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Journal, "{error}");
    let absent = SqlJournal::postgres("postgresql://shop:hunter2@127.0.0.1:1/shop?connect_timeout=5").unwrap();
    let error = absent.get("order").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Journal, "{error}");
    assert!(error.detail().contains("no connection to PostgreSQL"), "{error}");
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
}

#[tokio::test]
async fn new_file_is_opened_by_many_at_once() {
    for _ in 0..10 {
        let file = File::new();
        let open = (0..8).map(|_| {
            let path = file.0.clone();
            tokio::task::spawn_blocking(move || SqlJournal::sqlite(path).map(drop))
        });
        for opened in join_all(open).await {
            opened.unwrap().unwrap();
        }
    }
}

/// A cleaner of temporary files, or a script that deploys, deletes the file or puts another in its place.
#[cfg(unix)]
#[tokio::test]
async fn nothing_is_sent_if_the_file_is_deleted_or_replaced_while_it_is_open() {
    let server = Server::with_token(|_, before| Act::Respond(created(&format!("p{before}")))).await;
    for is_replaced in [false, true] {
        let (file, other) = (File::new(), File::new());
        let client = client(&server, &(Arc::new(SqlJournal::sqlite(&file.0).unwrap()) as Arc<dyn JournalStore>));
        let sent = server.count(CREATE);
        create(&client, "before").await.unwrap();
        if is_replaced {
            drop(SqlJournal::sqlite(&other.0).unwrap());
            std::fs::rename(&other.0, &file.0).unwrap();
        } else {
            std::fs::remove_file(&file.0).unwrap();
        }
        for key in ["before", "after"] {
            let error = create(&client, key).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Journal);
            assert!(error.detail().contains("was deleted or replaced while it was open"), "{error}");
            assert!(error.detail().contains("nothing was sent"), "{error}");
        }
        assert_eq!(server.count(CREATE), sent + 1);
    }
}
