//! Creates with an idempotency key, in the moments that a scenario cannot reach: cancelled, suspended, at the same time.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::future::{BoxFuture, join};
use kopokopo::{
    Cancelled, ErrorKind, KopoKopo, cancellable,
    journal::{JournalQuery, JournalRecord, JournalState, JournalStore, MemoryJournal},
    resources::{IncomingPaymentRequest, RawPostRequest},
};
use support::{Act, Server, created, payment_request, token};
use time::OffsetDateTime;
use tokio::time::sleep;

const CREATE: &str = "POST /api/v2/incoming_payments";
const LONG: i64 = 3_600_000;

/// A wall clock that a test moves.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn move_by(&self, milliseconds: i64) {
        self.0.fetch_add(milliseconds, Ordering::SeqCst);
    }
}

fn client(server: &Server, store: &MemoryJournal, clock: &Clock) -> KopoKopo {
    let clock = clock.clone();
    let now = move || OffsetDateTime::now_utc() + Duration::from_millis(clock.0.load(Ordering::SeqCst).unsigned_abs());
    server.builder().journal(store.clone()).journal_clock(now).build().unwrap()
}

async fn create(client: &KopoKopo, key: &str) -> kopokopo::Result<String> {
    let created = client.idempotent(key)?.incoming_payments().create(&payment_request()).await?;
    Ok(created.id().to_owned())
}

async fn record(store: &MemoryJournal, key: &str) -> JournalRecord {
    store.get(key).await.unwrap().unwrap()
}

#[tokio::test]
async fn creates_in_one_cancellable_future_have_outcomes_of_their_own() {
    for key in [None, Some("first")] {
        // The response to the first is lost after the second was sent and accepted.
        let server = Server::start(|seen, before| {
            if seen.line.starts_with("POST /oauth/token ") {
                Act::Respond(token(before))
            } else if seen.body.contains("\"value\":11") {
                Act::Late(Duration::from_millis(150), String::new())
            } else {
                Act::Respond(created("p2"))
            }
        })
        .await;
        let first = client(&server, &MemoryJournal::default(), &Clock::default());
        let first = key.map_or(first.clone(), |key| first.idempotent(key).unwrap());
        let second = client(&server, &MemoryJournal::default(), &Clock::default());
        let (handle, call) = cancellable(async move {
            let lost = IncomingPaymentRequest { amount: 11.into(), ..payment_request() };
            let first = first.with_options(timeout(400)).unwrap();
            let (first, second) = (first.incoming_payments(), second.incoming_payments());
            join(first.create(&lost), async {
                sleep(Duration::from_millis(50)).await;
                second.create(&payment_request()).await
            })
            .await
        });
        let (lost, accepted) = call.await;
        assert_eq!(lost.unwrap_err().kind(), ErrorKind::OutcomeUnknown, "{key:?}");
        assert_eq!(accepted.unwrap().id(), "p2");
        let Cancelled::OutcomeUnknown(error) = handle.cancel() else { panic!("both were sent") };
        assert_eq!(error.idempotency_key(), key);
    }
}

fn timeout(milliseconds: u64) -> kopokopo::CallOptions {
    kopokopo::CallOptions {
        timeout: Some(Duration::from_millis(milliseconds)),
        max_retries: Some(0),
        ..kopokopo::CallOptions::default()
    }
}

#[tokio::test]
async fn cancelling_stops_all_creates_of_a_future() {
    let server = Server::start(|_, _| Act::Hang).await;
    let store = MemoryJournal::default();
    let client = client(&server, &store, &Clock::default());
    let (handle, call) = cancellable({
        let client = client.clone();
        async move { join(create(&client, "a"), create(&client, "b")).await }
    });
    let task = tokio::spawn(call);
    while server.count("POST /oauth/token") == 0 {
        sleep(Duration::from_millis(2)).await;
    }
    assert!(matches!(handle.cancel(), Cancelled::NotSent));
    task.abort();
    // A create that begins after the cancellation is cancelled too.
    let (handle, call) = cancellable(async move { create(&client, "c").await });
    assert!(matches!(handle.cancel(), Cancelled::NotSent));
    let task = tokio::spawn(call);
    sleep(Duration::from_millis(100)).await;
    task.abort();
    assert_eq!(server.count(CREATE), 0);
}

#[tokio::test]
async fn a_cancelled_create_is_recording_until_its_outcome_is_written() {
    let server = Server::start(|seen, before| {
        if seen.line.starts_with("POST /oauth/token ") {
            Act::Respond(token(before))
        } else {
            Act::Late(Duration::from_millis(100), created("p1"))
        }
    })
    .await;
    let store = MemoryJournal::default();
    let client = client(&server, &store, &Clock::default());
    let (plain, call) = cancellable({
        let client = client.clone();
        async move { client.incoming_payments().create(&payment_request()).await }
    });
    assert!(!plain.is_recording());
    let task = tokio::spawn(call);
    while server.count(CREATE) == 0 {
        sleep(Duration::from_millis(2)).await;
    }
    assert!(!plain.is_recording(), "it has no key");
    task.await.unwrap().unwrap();
    let (handle, call) = cancellable(async move { create(&client, "a").await });
    let task = tokio::spawn(call);
    while server.count(CREATE) == 1 {
        sleep(Duration::from_millis(2)).await;
    }
    assert!(matches!(handle.cancel(), Cancelled::OutcomeUnknown(_)));
    assert!(handle.is_recording());
    let _ = task.await.unwrap();
    assert!(!handle.is_recording());
    assert_eq!(record(&store, "a").await.state, JournalState::Accepted);
}

#[tokio::test]
async fn worker_that_was_suspended_sends_nothing_after_its_deadline() {
    let server = Server::start(|seen, before| {
        match (seen.line.starts_with("POST /oauth/token "), before) {
            // The first worker waits for its token while its machine is suspended.
            (true, 0) => Act::Late(Duration::from_millis(300), token(0)),
            (true, _) => Act::Respond(token(1)),
            (false, _) => Act::Respond(created("p1")),
        }
    })
    .await;
    let (store, clock) = (MemoryJournal::default(), Clock::default());
    let suspended = client(&server, &store, &clock);
    let task = tokio::spawn(async move { create(&suspended, "order").await });
    while server.count("POST /oauth/token") == 0 {
        sleep(Duration::from_millis(2)).await;
    }
    clock.move_by(LONG);
    let other = client(&server, &store, &clock);
    let error = create(&other, "order").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    other.journal().unwrap().resolve("order", JournalState::NotSent, None, "not on the dashboard").await.unwrap();
    assert_eq!(create(&other, "order").await.unwrap(), "p1");
    let error = task.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.detail().contains("nothing was sent"), "{error}");
    assert_eq!(server.count(CREATE), 1);
    assert_eq!(
        (record(&store, "order").await.attempt, record(&store, "order").await.state),
        (2, JournalState::Accepted)
    );
}

#[tokio::test]
async fn late_acceptance_corrects_what_a_person_resolved() {
    let server = Server::with_token(|seen, _| {
        if seen.line.starts_with(CREATE) {
            Act::Late(Duration::from_millis(500), created("p1"))
        } else {
            Act::Respond(support::response("400 Bad Request", "", ""))
        }
    })
    .await;
    let (store, clock) = (MemoryJournal::default(), Clock::default());
    let slow = client(&server, &store, &clock);
    let task = tokio::spawn(async move { create(&slow, "order").await });
    while server.count(CREATE) == 0 {
        sleep(Duration::from_millis(2)).await;
    }
    clock.move_by(LONG);
    let journal = client(&server, &store, &clock).journal().unwrap();
    journal.reconcile_all(Duration::ZERO).await.unwrap();
    journal.resolve("order", JournalState::NotSent, None, "not on the dashboard").await.unwrap();
    assert_eq!(task.await.unwrap().unwrap(), "p1");
    let record = record(&store, "order").await;
    assert_eq!((record.state, record.id.as_deref()), (JournalState::Accepted, Some("p1")));
}

#[tokio::test]
async fn raw_requests_refuse_a_key() {
    let server = Server::with_token(|_, _| Act::Respond(created("p1"))).await;
    let client = client(&server, &MemoryJournal::default(), &Clock::default()).idempotent("order").unwrap();
    let request = RawPostRequest { path: "/api/v2/incoming_payments".into(), body: "{}".into() };
    let error = client.raw_requests().post(&request).await.unwrap_err();
    assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some("idempotency_key")), "{error}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn next_attempt_begins_at_its_own_time() {
    let server = Server::with_token(|_, before| {
        Act::Respond(if before == 0 { support::response("400 Bad Request", "", "") } else { created("p1") })
    })
    .await;
    let (store, clock) = (MemoryJournal::default(), Clock::default());
    let client = client(&server, &store, &clock);
    create(&client, "order").await.unwrap_err();
    let refused = record(&store, "order").await;
    clock.move_by(LONG);
    create(&client, "order").await.unwrap();
    let accepted = record(&store, "order").await;
    let between = accepted.created_at.unix_timestamp_milliseconds() - refused.created_at.unix_timestamp_milliseconds();
    assert!((LONG..LONG + 60_000).contains(&between), "{between}");
}

/// A store whose inserts come late, or whose connection breaks after the commit and stays broken for a while.
#[derive(Clone)]
struct Unreliable {
    store: MemoryJournal,
    insert_after: Duration,
    broken_until: Arc<AtomicI64>,
}

impl JournalStore for Unreliable {
    fn insert(&self, record: JournalRecord) -> BoxFuture<'_, kopokopo::Result<bool>> {
        Box::pin(async move {
            sleep(self.insert_after).await;
            let inserted = self.store.insert(record).await;
            if self.broken_until.load(Ordering::SeqCst) > 0 { Err(broken()) } else { inserted }
        })
    }

    fn update(&self, record: JournalRecord, version: u64) -> BoxFuture<'_, kopokopo::Result<bool>> {
        self.store.update(record, version)
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, kopokopo::Result<Option<JournalRecord>>> {
        if self.broken_until.fetch_sub(1, Ordering::SeqCst) > 0 {
            return Box::pin(async { Err(broken()) });
        }
        self.store.get(key)
    }

    fn list<'a>(&'a self, query: &'a JournalQuery) -> BoxFuture<'a, kopokopo::Result<Vec<JournalRecord>>> {
        self.store.list(query)
    }
}

fn broken() -> kopokopo::KopoKopoError {
    kopokopo::KopoKopoError::journal("the connection is broken for \"a pass-phrase of words\"")
}

#[tokio::test]
async fn record_that_is_written_after_its_worker_gave_up_does_not_become_unknown() {
    for (insert_after, failures, kind) in [(200, 0, ErrorKind::Timeout), (0, 1, ErrorKind::Journal)] {
        let server = Server::start(|seen, before| {
            Act::Respond(if seen.line.starts_with("POST /oauth/token ") { token(before) } else { created("p1") })
        })
        .await;
        let store = MemoryJournal::default();
        let unreliable = Unreliable {
            store: store.clone(),
            insert_after: Duration::from_millis(insert_after),
            broken_until: Arc::new(AtomicI64::new(failures)),
        };
        let client = server.builder().journal(unreliable).build().unwrap();
        let error = create(&client.with_options(timeout(100)).unwrap(), "a").await.unwrap_err();
        assert_eq!(error.kind(), kind);
        for _ in 0..500 {
            if store.get("a").await.unwrap().is_some_and(|found| found.state != JournalState::Started) {
                break;
            }
            sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(record(&store, "a").await.state, JournalState::NotSent);
        assert_eq!(server.count(CREATE), 0);
    }
}

#[tokio::test]
async fn two_keys_of_one_call_are_refused() {
    let server = Server::start(|_, before| Act::Respond(token(before))).await;
    let client = server.builder().journal(MemoryJournal::default()).build().unwrap().idempotent("a").unwrap();
    assert_eq!(client.idempotent("b").unwrap_err().field(), Some("idempotency_key"));
    assert!(client.idempotent("a").is_ok());
}

#[tokio::test]
async fn store_that_repeats_a_secret_of_the_client_does_not_show_it() {
    let server = Server::start(|_, before| Act::Respond(token(before))).await;
    let broken_until = Arc::new(AtomicI64::new(i64::MAX));
    let store = Unreliable { store: MemoryJournal::default(), insert_after: Duration::ZERO, broken_until };
    let client = server.builder().client_secret("a pass-phrase of words").build().unwrap();
    for client in [
        client.with_journal(Arc::new(store.clone()), true),
        server.builder().journal(store).client_secret("a pass-phrase of words").build().unwrap(),
    ] {
        let error = create(&client, "a").await.unwrap_err();
        assert_eq!(error.detail(), "the journal failed: the connection is broken for \"[redacted]\"; nothing was sent");
    }
    assert_eq!(server.count(CREATE), 0);
}
