//! The store of a scenario's journal: an HTTP server that runs the requests of `JournalStore` (udl/kopokopo.udl). The
//! testees pass them on, so that a language needs a few lines, and the runner sees and changes every record.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{Router, extract::State, http::StatusCode};
use kopokopo::{
    journal::{JournalQuery, JournalRecord},
    types::Timestamp,
};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use tokio::{net::TcpListener, task::JoinHandle};

/// A server on loopback. It stops when it is dropped.
pub(crate) struct Store {
    pub(crate) url: String,
    table: Arc<Mutex<Table>>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Table {
    records: BTreeMap<String, Value>,
    /// The number of requests until it fails, and how many fail then.
    failures: (u32, u32),
}

impl Store {
    pub(crate) async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let table = Arc::new(Mutex::new(Table::default()));
        let router = Router::new().fallback(respond).with_state(Arc::clone(&table));
        let server = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { url, table, server })
    }

    /// The record of a key, or null.
    pub(crate) fn record(&self, key: &str) -> Value {
        lock(&self.table).records.get(key).cloned().unwrap_or_default()
    }

    /// Changes a record, as another worker does, or a crash.
    pub(crate) fn change(
        &self,
        key: &str,
        fields: Map<String, Value>,
        deadline_in_ms: Option<i64>,
    ) -> Result<(), String> {
        let mut table = lock(&self.table);
        let record = table.records.get_mut(key).and_then(Value::as_object_mut);
        let record = record.ok_or("the journal has no record with this key")?;
        let version = record["version"].as_u64().unwrap_or_default() + 1;
        record.insert("version".to_owned(), json!(version));
        record.extend(fields);
        if let Some(in_ms) = deadline_in_ms {
            let now = i64::try_from(OffsetDateTime::now_utc().unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX);
            record.insert("deadline_at".to_owned(), json!(now + in_ms));
        }
        Ok(())
    }

    /// After this many requests, this many fail.
    pub(crate) fn fail(&self, after: u32, times: u32) {
        lock(&self.table).failures = (after, times);
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(table: &Mutex<Table>) -> MutexGuard<'_, Table> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn respond(State(table): State<Arc<Mutex<Table>>>, body: String) -> (StatusCode, String) {
    let mut table = lock(&table);
    match &mut table.failures {
        (0, 0) => {}
        (0, times) => {
            *times -= 1;
            return (StatusCode::INTERNAL_SERVER_ERROR, "the database is locked".to_owned());
        }
        (after, _) => *after -= 1,
    }
    let request: Value = serde_json::from_str(&body).unwrap_or_default();
    match table.run(&request) {
        Some(result) => (StatusCode::OK, result.to_string()),
        None => (StatusCode::BAD_REQUEST, "not a request of a journal".to_owned()),
    }
}

impl Table {
    fn run(&mut self, request: &Value) -> Option<Value> {
        let record = &request["record"];
        let key = record["idempotency_key"].as_str().or_else(|| request["key"].as_str());
        match request["operation"].as_str()? {
            "insert" if self.records.contains_key(key?) => Some(json!(false)),
            "insert" => {
                self.records.insert(key?.to_owned(), record.clone());
                Some(json!(true))
            }
            "update" => {
                let found = self.records.get_mut(key?).filter(|found| found["version"] == request["version"]);
                Some(json!(found.map(|found| *found = record.clone()).is_some()))
            }
            "get" => Some(self.records.get(key?).cloned().unwrap_or_default()),
            "list" => {
                let query = query(request)?;
                let matches = |record: &&Value| {
                    let record = serde_json::from_value::<JournalRecord>((*record).clone());
                    record.is_ok_and(|record| query.matches(&record))
                };
                Some(self.records.values().filter(matches).take(query.limit.try_into().ok()?).cloned().collect())
            }
            _ => None,
        }
    }
}

fn query(request: &Value) -> Option<JournalQuery> {
    let text = |name: &str| request[name].as_str().map(ToOwned::to_owned);
    let time = |name: &str| {
        let nanoseconds = i128::from(request[name].as_i64()?) * 1_000_000;
        OffsetDateTime::from_unix_timestamp_nanos(nanoseconds).ok().map(Timestamp::from)
    };
    let states = request["states"].as_array()?.iter().map(|state| state.as_str()?.parse().ok());
    Some(JournalQuery {
        states: states.collect::<Option<_>>()?,
        operation: text("name"),
        created_from: time("created_from"),
        created_before: time("created_before"),
        after_key: text("after_key"),
        limit: request["limit"].as_u64()?.try_into().ok()?,
    })
}
