//! What the journal adds to a create: the difference of a create with a key and one without, over two bare commits of the
//! same database, an insert and an update of a row of the same size. They take turns, so that other work of the machine
//! affects all of them. SQLite blocks its thread, so an async program hands each commit to another one, and back: that is
//! the baseline, and `blocking` compares with commits on the caller's thread. `tests/with-postgres.sh` runs it with a server.
#![allow(clippy::unwrap_used, missing_docs)]

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, header::LOCATION};
use kopokopo::{
    AccessToken, KopoKopo,
    journal::{JournalStore, sql::SqlJournal},
    resources::IncomingPaymentRequest,
    transport::{HttpRequest, HttpResponse, Transport, TransportError},
};
use serde_json::json;

const ROUNDS: u32 = 40;
const CALLS: u32 = 25;

/// Accepts everything at once.
struct Instantly;

impl Transport for Instantly {
    fn send(&self, _: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_static("http://127.0.0.1:1/api/v2/incoming_payments/247b1bd8"));
        Box::pin(async { Ok(HttpResponse { status: 201, headers, body: Ok(Bytes::new()) }) })
    }
}

fn client(store: impl JournalStore) -> KopoKopo {
    let token = || async { Ok(AccessToken { token: "token".into(), expires_in: None }) };
    let builder = KopoKopo::builder().token_source(token).transport(Instantly).base_url("http://127.0.0.1:1");
    builder.journal(store).build().unwrap()
}

fn push() -> IncomingPaymentRequest {
    IncomingPaymentRequest {
        till_number: "K000000".into(),
        phone_number: "0712345678".into(),
        amount: 100.into(),
        callback_url: "https://shop.example/results".into(),
        ..IncomingPaymentRequest::default()
    }
}

/// As much text as a record of the journal has.
fn row(number: u32) -> [String; 2] {
    ["x".repeat(560), format!("order-{number}")]
}

trait Commits {
    async fn insert(&mut self, number: u32);
    async fn update(&mut self, number: u32);
}

struct Blocking(rusqlite::Connection);

impl Blocking {
    fn open(folder: &Path, name: &str) -> Self {
        let bare = rusqlite::Connection::open(folder.join(name)).unwrap();
        bare.pragma_update(None, "journal_mode", "WAL").unwrap();
        bare.pragma_update(None, "synchronous", "FULL").unwrap();
        bare.execute(TABLE, ()).unwrap();
        Self(bare)
    }

    fn run(&self, statement: &str, parameters: [String; 2]) {
        self.0.prepare_cached(statement).unwrap().execute(parameters).unwrap();
    }
}

impl Commits for Blocking {
    async fn insert(&mut self, number: u32) {
        self.run(INSERT, row(number));
    }

    async fn update(&mut self, number: u32) {
        self.run(UPDATE, row(number));
    }
}

struct Sqlite(Arc<Mutex<Blocking>>);

impl Sqlite {
    async fn run(&self, statement: &'static str, parameters: [String; 2]) {
        let bare = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || bare.lock().unwrap().run(statement, parameters)).await.unwrap();
    }
}

impl Commits for Sqlite {
    async fn insert(&mut self, number: u32) {
        self.run(INSERT, row(number)).await;
    }

    async fn update(&mut self, number: u32) {
        self.run(UPDATE, row(number)).await;
    }
}

struct Postgres(tokio_postgres::Client);

impl Commits for Postgres {
    async fn insert(&mut self, number: u32) {
        let [text, id] = row(number);
        self.0.execute("INSERT INTO bare (id, version, state) VALUES ($2, 1, $1)", &[&text, &id]).await.unwrap();
    }

    async fn update(&mut self, number: u32) {
        let [text, id] = row(number);
        self.0.execute("UPDATE bare SET version = 2, state = $1 WHERE id = $2", &[&text, &id]).await.unwrap();
    }
}

const INSERT: &str = "INSERT INTO bare (state, id, version) VALUES (?, ?, 1)";
const UPDATE: &str = "UPDATE bare SET version = 2, state = ? WHERE id = ?";
const TABLE: &str = "CREATE TABLE bare (id TEXT NOT NULL PRIMARY KEY, version BIGINT NOT NULL, state TEXT NOT NULL)";

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let folder = std::env::temp_dir().join(format!("kopokopo-bench-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let store = SqlJournal::sqlite(folder.join("journal.db")).unwrap();
        let bare = Sqlite(Arc::new(Mutex::new(Blocking::open(&folder, "bare.db"))));
        compare("journal/sqlite", &client(store), bare).await;
        let store = SqlJournal::sqlite(folder.join("other.db")).unwrap();
        compare("journal/sqlite/blocking", &client(store), Blocking::open(&folder, "blocking.db")).await;
        std::fs::remove_dir_all(&folder).unwrap();

        let url =
            std::env::var("K2_TEST_POSTGRES").expect("K2_TEST_POSTGRES is missing: run it with tests/with-postgres.sh");
        let (bare, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        bare.batch_execute(TABLE).await.unwrap();
        let store = SqlJournal::postgres(&url).unwrap();
        compare("journal/postgres", &client(store), Postgres(bare)).await;
    });
}

async fn compare(id: &str, client: &KopoKopo, mut bare: impl Commits) {
    let (mut added, mut commits) = (Vec::new(), Vec::new());
    for round in 0..=ROUNDS {
        let numbers = round * CALLS..(round + 1) * CALLS;
        let begun = Instant::now();
        for number in numbers.clone() {
            let keyed = client.idempotent(format!("order-{number}")).unwrap();
            keyed.incoming_payments().create(&push()).await.unwrap();
        }
        let keyed = begun.elapsed();
        let begun = Instant::now();
        for _ in numbers.clone() {
            client.incoming_payments().create(&push()).await.unwrap();
        }
        let plain = begun.elapsed();
        let begun = Instant::now();
        for number in numbers {
            bare.insert(number).await;
            bare.update(number).await;
        }
        let both = begun.elapsed();
        // The first round makes the tables and warms up.
        if round > 0 {
            added.push(keyed.saturating_sub(plain));
            commits.push(both);
        }
    }
    let line = json!({"id": id, "ours": median(added), "baseline": median(commits), "unit": "us"});
    println!("measured {line}");
}

/// The median round, in microseconds per call.
fn median(mut rounds: Vec<Duration>) -> f64 {
    rounds.sort_unstable();
    rounds[rounds.len() / 2].as_secs_f64() * 1e6 / f64::from(CALLS)
}
