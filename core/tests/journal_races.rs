//! The journal while stores, people and events get in each other's way.

#![allow(clippy::unwrap_used)]
mod journal_events;
mod support;
mod vector_files;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use journal_events::{START, result, webhook};
use kopokopo::{
    ErrorKind, KopoKopo,
    journal::{JournalQuery, JournalRecord, JournalState, JournalStore, MemoryJournal, sql::SqlJournal},
    resources::IncomingPaymentRequest,
};
use serde_json::json;
use support::{Act, Server, created, payment_request, response, token};
use time::OffsetDateTime;
use tokio::time::sleep;

const CREATE: &str = "POST /api/v2/incoming_payments";
fn shop(server: &Server, store: Arc<dyn JournalStore>, in_metadata: bool) -> KopoKopo {
    let now = move || OffsetDateTime::from_unix_timestamp(START).unwrap();
    server.builder().shared_journal(store).key_in_metadata(in_metadata).journal_clock(now).build().unwrap()
}

async fn push(client: &KopoKopo, key: &str) -> kopokopo::Result<String> {
    let push = IncomingPaymentRequest { phone_number: "0712345678".into(), ..payment_request() };
    Ok(client.idempotent(key)?.incoming_payments().create(&push).await?.id().to_owned())
}

fn timeout(milliseconds: u64) -> kopokopo::CallOptions {
    kopokopo::CallOptions {
        timeout: Some(Duration::from_millis(milliseconds)),
        max_retries: Some(0),
        ..kopokopo::CallOptions::default()
    }
}

/// A store with hooks.
#[derive(Clone, Default)]
struct Hooked {
    store: MemoryJournal,
    insert_after: Duration,
    never_inserts: bool,
    update_first: Arc<std::sync::Mutex<Option<JournalRecord>>>,
    gets: Arc<AtomicUsize>,
    panic_update: bool,
}

impl JournalStore for Hooked {
    fn insert(&self, record: JournalRecord) -> BoxFuture<'_, kopokopo::Result<bool>> {
        if self.never_inserts {
            return Box::pin(async { Ok(false) });
        }
        Box::pin(async move {
            sleep(self.insert_after).await;
            self.store.insert(record).await
        })
    }
    fn update(&self, record: JournalRecord, version: u64) -> BoxFuture<'_, kopokopo::Result<bool>> {
        assert!(!self.panic_update, "store panics");
        Box::pin(async move {
            let first = self.update_first.lock().unwrap().take();
            if let Some(first) = first {
                let before = first.version - 1;
                assert!(self.store.update(first, before).await.unwrap());
            }
            self.store.update(record, version).await
        })
    }
    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, kopokopo::Result<Option<JournalRecord>>> {
        self.gets.fetch_add(1, Ordering::SeqCst);
        self.store.get(key)
    }
    fn list<'a>(&'a self, query: &'a JournalQuery) -> BoxFuture<'a, kopokopo::Result<Vec<JournalRecord>>> {
        self.store.list(query)
    }
}

#[tokio::test]
async fn slow_store_leaves_enough_time_for_the_response() {
    let server = Server::with_token(|_, _| Act::Late(Duration::from_millis(300), created("p1"))).await;
    let store = Hooked { insert_after: Duration::from_millis(900), ..Hooked::default() };
    let client = server.builder().journal(store.clone()).build().unwrap().with_options(timeout(1000)).unwrap();
    client.with_options(timeout(5000)).unwrap().polling(); // no-op
    let error = client.idempotent("a").unwrap().incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert_eq!(server.count(CREATE), 0);
}

#[tokio::test]
async fn payment_seen_while_the_request_is_refused_is_no_evidence() {
    let server = Server::start(|seen, before| {
        if seen.line.starts_with("POST /oauth/token ") {
            Act::Late(Duration::from_millis(300), token(before))
        } else {
            Act::Respond(response("400 Bad Request", "", ""))
        }
    })
    .await;
    let store = MemoryJournal::default();
    let client = shop(&server, Arc::new(store.clone()), true);
    let task = tokio::spawn({
        let client = client.clone();
        async move { push(&client, "order").await }
    });
    while server.count("POST /oauth/token") == 0 {
        sleep(Duration::from_millis(2)).await;
    }
    // The customer pays the till on their own. Nothing was sent yet.
    client.journal().unwrap().observe(&webhook(&[])).await.unwrap();
    task.await.unwrap().unwrap_err();
    let record = store.get("order").await.unwrap().unwrap();
    assert_ne!(record.state, JournalState::Accepted);
}

#[tokio::test]
async fn payment_seen_while_nothing_is_sent_is_no_evidence() {
    let server =
        Server::start(|_, _| Act::Late(Duration::from_millis(300), response("401 Unauthorized", "", ""))).await;
    let store = MemoryJournal::default();
    let client = shop(&server, Arc::new(store.clone()), true);
    let journal = client.journal().unwrap();
    let task = tokio::spawn({
        let client = client.clone();
        async move { push(&client, "order").await }
    });
    while server.count("POST /oauth/token") == 0 {
        sleep(Duration::from_millis(2)).await;
    }
    journal.observe(&webhook(&[])).await.unwrap();
    task.await.unwrap().unwrap_err();
    assert_eq!(server.count(CREATE), 0);
    let record = store.get("order").await.unwrap().unwrap();
    assert_eq!(record.state, JournalState::NotSent, "{record:?}");
}

#[tokio::test]
async fn reconcile_returns_errors_of_the_poll() {
    let server = Server::start(|seen, before| {
        if seen.line.starts_with("POST /oauth/token ") {
            if before == 0 { Act::Respond(token(0)) } else { Act::Respond(response("401 Unauthorized", "", "")) }
        } else if seen.line.starts_with(CREATE) {
            Act::Close
        } else {
            Act::Respond(response("401 Unauthorized", "", ""))
        }
    })
    .await;
    let store = MemoryJournal::default();
    let client = server.builder().journal(store).build().unwrap();
    push(&client, "order").await.unwrap_err();
    let found = client.journal().unwrap().reconcile("order").await;
    assert!(found.is_err(), "the poll failed, and no one learns it: {found:?} {:?}", server.lines());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_ends_if_a_store_neither_inserts_nor_finds() {
    let server = Server::with_token(|_, _| Act::Respond(created("p1"))).await;
    let store = Hooked { never_inserts: true, ..Hooked::default() };
    let client = server.builder().journal(store.clone()).build().unwrap().with_options(timeout(300)).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(3), push(&client, "a")).await;
    let gets = store.gets.load(Ordering::SeqCst);
    sleep(Duration::from_secs(1)).await;
    let later = store.gets.load(Ordering::SeqCst);
    assert!(ended.is_ok() && later == gets, "the call did not end");
}

#[tokio::test]
async fn result_with_the_key_corrects_a_guessed_payment() {
    let server = Server::with_token(|_, _| Act::Close).await;
    let store = MemoryJournal::default();
    let client = shop(&server, Arc::new(store.clone()), true);
    let journal = client.journal().unwrap();
    push(&client, "order").await.unwrap_err();
    // A payment of the customer without a prompt.
    journal.observe(&webhook(&[])).await.unwrap();
    let own = [("/data/attributes/event/resource/reference", json!("ANOTHER"))];
    journal.observe(&result(json!({"idempotency_key": "order"}), &own)).await.unwrap();
    let record = store.get("order").await.unwrap().unwrap();
    assert_eq!(record.payment_key.as_deref(), Some("mpesa:received:ANOTHER"), "{record:?}");
}

#[tokio::test]
async fn payment_of_another_record_is_not_taken_by_a_wrong_guess() {
    let server = Server::with_token(|_, _| Act::Close).await;
    let store = MemoryJournal::default();
    let client = shop(&server, Arc::new(store.clone()), true);
    let journal = client.journal().unwrap();
    push(&client, "order").await.unwrap_err();
    journal.observe(&webhook(&[])).await.unwrap();
    let own = [("/data/attributes/event/resource/reference", json!("ANOTHER"))];
    journal.observe(&result(json!({"idempotency_key": "order"}), &own)).await.unwrap();
    push(&client, "second").await.unwrap_err();
    // The payment belongs to the second request.
    journal.observe(&webhook(&[])).await.unwrap();
    assert_eq!(store.get("second").await.unwrap().unwrap().state, JournalState::Accepted);
}

#[tokio::test]
async fn guess_does_not_win_over_a_request_that_was_not_sent() {
    let server = Server::with_token(|_, _| Act::Close).await;
    let store = Hooked::default();
    let client = shop(&server, Arc::new(store.clone()), true);
    push(&client, "order").await.unwrap_err();
    let unknown = store.get("order").await.unwrap().unwrap();
    let mut not_sent = unknown.clone();
    (not_sent.state, not_sent.version) = (JournalState::NotSent, unknown.version + 1);
    // Its worker writes `not_sent` (or a person does) between the list and the update.
    *store.update_first.lock().unwrap() = Some(not_sent);
    let seen = client.journal().unwrap().observe(&webhook(&[])).await.unwrap();
    let record = store.get("order").await.unwrap().unwrap();
    assert_eq!(record.state, JournalState::NotSent, "{seen:?}");
}

#[tokio::test]
async fn second_payment_is_not_reported_as_the_records() {
    let server = Server::with_token(|_, _| Act::Close).await;
    let store = Hooked::default();
    let client = shop(&server, Arc::new(store.clone()), true);
    push(&client, "order").await.unwrap_err();
    let unknown = store.get("order").await.unwrap().unwrap();
    let mut accepted = unknown.clone();
    (accepted.state, accepted.version) = (JournalState::Accepted, unknown.version + 1);
    accepted.payment_key = Some("mpesa:received:FIRST".into());
    *store.update_first.lock().unwrap() = Some(accepted);
    let seen = client.journal().unwrap().observe(&webhook(&[])).await.unwrap();
    assert_eq!(seen, None);
}

#[tokio::test]
async fn outcome_replaces_the_evidence_of_a_crash() {
    let server =
        Server::with_token(|_, _| Act::Late(Duration::from_millis(400), response("400 Bad Request", "", ""))).await;
    let (store, ms) = (MemoryJournal::default(), Arc::new(AtomicI64::new(0)));
    let clock = Arc::clone(&ms);
    let now = move || OffsetDateTime::now_utc() + Duration::from_millis(clock.load(Ordering::SeqCst).unsigned_abs());
    let client = server.builder().journal(store.clone()).journal_clock(now).build().unwrap();
    let task = tokio::spawn({
        let client = client.clone();
        async move { push(&client, "order").await }
    });
    while server.count(CREATE) == 0 {
        sleep(Duration::from_millis(2)).await;
    }
    ms.fetch_add(3_600_000, Ordering::SeqCst);
    client.journal().unwrap().reconcile_all(Duration::ZERO).await.unwrap();
    task.await.unwrap().unwrap_err();
    let record = store.get("order").await.unwrap().unwrap();
    assert_eq!((record.state, record.evidence.as_deref()), (JournalState::Refused, None));
}

#[test]
fn panicking_store_after_the_send_keeps_the_id() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let server = Server::with_token(|_, _| Act::Respond(created("p1"))).await;
        let store = Hooked { panic_update: true, ..Hooked::default() };
        let client = server.builder().journal(store.clone()).build().unwrap();
        assert_eq!(push(&client, "a").await.unwrap(), "p1");
        assert_eq!(store.get("a").await.unwrap().unwrap().state, JournalState::Started);
    });
}

#[tokio::test]
async fn sandbox_record_is_not_returned_in_production() {
    let sandbox = Server::with_token(|_, _| Act::Respond(created("sandbox"))).await;
    let production = Server::with_token(|_, _| Act::Respond(created("production"))).await;
    let store = MemoryJournal::default();
    let one = sandbox.builder().journal(store.clone()).build().unwrap();
    let other = production.builder().journal(store.clone()).client_id("another account").build().unwrap();
    push(&one, "order").await.unwrap();
    let id = push(&other, "order").await;
    assert_ne!(id.as_deref().ok(), Some("sandbox"), "creates in production: {}", production.count(CREATE));
}

#[tokio::test]
async fn payments_of_the_sandbox_say_nothing_about_production() {
    let production = Server::with_token(|_, _| Act::Close).await;
    let sandbox = Server::with_token(|_, _| Act::Close).await;
    let store = MemoryJournal::default();
    let client = |server: &Server| server.builder().journal(store.clone()).build().unwrap();
    push(&client(&production), "order").await.unwrap_err();
    let error = client(&sandbox).journal().unwrap().reconcile("order").await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::Configuration, Some("environment")));
    assert_eq!(store.get("order").await.unwrap().unwrap().state, JournalState::Unknown);
}

#[tokio::test]
async fn result_adds_the_id_after_a_payment_without_metadata() {
    let server = Server::with_token(|_, _| Act::Close).await;
    let store = MemoryJournal::default();
    let client = shop(&server, Arc::new(store.clone()), false);
    let journal = client.journal().unwrap();
    push(&client, "order").await.unwrap_err();
    journal.observe(&webhook(&[])).await.unwrap();
    journal.observe(&result(json!({}), &[])).await.unwrap();
    let record = store.get("order").await.unwrap().unwrap();
    assert!(record.id.is_some(), "{record:?}");
}

#[cfg(feature = "sqlite")]
#[test]
fn wrong_file_fails_at_once() {
    let path = std::env::temp_dir().join(format!("kopokopo-text-{}.txt", std::process::id()));
    std::fs::write(&path, "this is a text, and no database. ".repeat(100)).unwrap();
    let start = Instant::now();
    SqlJournal::sqlite(&path).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn resolve_is_about_the_attempt_that_the_person_saw() {
    let server = Server::with_token(|_, _| Act::Close).await;
    let store = MemoryJournal::default();
    let client = server.builder().journal(store.clone()).build().unwrap();
    let journal = client.journal().unwrap();
    push(&client, "order").await.unwrap_err();
    let seen_by_one = journal.get("order").await.unwrap().unwrap();
    journal.resolve("order", JournalState::NotSent, None, "another person: not on the dashboard").await.unwrap();
    push(&client, "order").await.unwrap_err(); // attempt 2, which moves the money
    let attempt = Some(seen_by_one.attempt);
    let resolved = journal.resolve_attempt("order", attempt, JournalState::NotSent, None, "not on the dashboard").await;
    assert!(resolved.is_err(), "{resolved:?}");
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn opening_leaves_the_mode_of_a_file() {
    use kopokopo::journal::sql::SqlExecutor;
    let path = std::env::temp_dir().join(format!("kopokopo-mode-{}.db", std::process::id()));
    let store = SqlJournal::sqlite(&path).unwrap();
    store.executor().execute("CREATE TABLE t (a)".into(), Vec::new()).await.unwrap();
    store.executor().execute("PRAGMA journal_mode = DELETE".into(), Vec::new()).await.unwrap();
    drop(store);
    assert_eq!(std::fs::read(&path).unwrap()[18], 1);
    // What `k2 journal list` does with any file of the user.
    drop(SqlJournal::sqlite(&path).unwrap().with_existing_tables());
    let mode = std::fs::read(&path).unwrap()[18];
    let _ = std::fs::remove_file(&path);
    assert_eq!(mode, 1, "the file is in WAL mode now, for all of its programs");
}

#[tokio::test]
async fn request_on_its_way_cannot_be_resolved_after_its_payment_was_taken_back() {
    let server =
        Server::with_token(|_, before| Act::Late(Duration::from_millis(800), created(&format!("p{before}")))).await;
    let store = MemoryJournal::default();
    let client = shop(&server, Arc::new(store.clone()), true);
    let journal = client.journal().unwrap();
    let task = tokio::spawn({
        let client = client.clone();
        async move { push(&client, "order").await }
    });
    while server.count(CREATE) == 0 {
        sleep(Duration::from_millis(2)).await;
    }
    journal.observe(&webhook(&[])).await.unwrap();
    journal.observe(&result(json!({}), &[])).await.unwrap();
    let resolved = journal.resolve("order", JournalState::NotSent, None, "not on the dashboard").await;
    let _ = (push(&client, "order").await, task.await.unwrap());
    assert!(resolved.is_err(), "a request that is on its way was resolved; creates: {}", server.count(CREATE));
}
