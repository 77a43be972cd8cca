//! Journals whose store is in the host's language. Requests and results cross as JSON texts: see `JournalStore` in the
//! contract.

use std::sync::Arc;

use futures_util::future::{BoxFuture, ready};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::{
    api::{
        self,
        journal::{
            JournalQuery, JournalRecord, JournalStore,
            sql::{SqlDialect, SqlExecutor, SqlJournal, SqlPlaceholder, SqlResult, SqlValue},
        },
    },
    error::{Result, at},
};

/// Runs one request of the journal in the host's language. The error is a sentence.
pub trait HostStore: Send + Sync + 'static {
    /// Runs a request.
    fn execute(&self, request: String) -> BoxFuture<'static, std::result::Result<String, String>>;

    /// Writes a warning to the language's usual log: the outcome of a request could not be recorded.
    fn warn(&self, _warning: String) -> BoxFuture<'static, ()> {
        Box::pin(ready(()))
    }
}

/// How a journal is made, whatever the language.
pub(crate) struct JournalOptions {
    pub(crate) dialect: Option<String>,
    pub(crate) placeholder: Option<String>,
    pub(crate) create_tables: bool,
    pub(crate) key_in_metadata: bool,
}

impl JournalOptions {
    pub(crate) fn client(self, client: &api::KopoKopo, host: impl HostStore) -> Result<api::KopoKopo> {
        let host = Host(Arc::new(host));
        let store: Arc<dyn JournalStore> = match self.dialect.as_deref().map(Dialect::read).transpose()? {
            None if self.placeholder.is_some() => {
                return Err(wrong("placeholder", "is only for a store with a dialect"));
            }
            None => Arc::new(host),
            Some(dialect) => Arc::new(Database {
                host,
                dialect,
                placeholder: self.placeholder()?,
                create_tables: self.create_tables,
                journal: OnceCell::new(),
            }),
        };
        Ok(client.with_journal(store, self.key_in_metadata))
    }

    fn placeholder(&self) -> Result<SqlPlaceholder> {
        self.placeholder.as_deref().map_or(Ok(SqlPlaceholder::Question), placeholder)
    }
}

/// The dialect of a store.
#[derive(Clone, Copy)]
enum Dialect {
    Known(SqlDialect),
    /// Found out by the store, with its first request: a JDBC `DataSource` needs a connection to know its database.
    Ask,
}

impl Dialect {
    fn read(name: &str) -> Result<Self> {
        if name == "ask" { Ok(Self::Ask) } else { dialect(name).map(Self::Known) }
    }
}

fn wrong(option: &str, remedy: &str) -> crate::error::Error {
    at(api::ErrorKind::Configuration, option, remedy)
}

/// The SQL of a database by its name.
pub(crate) fn dialect(name: &str) -> Result<SqlDialect> {
    match name {
        "sqlite" => Ok(SqlDialect::Sqlite),
        "postgres" => Ok(SqlDialect::Postgres),
        "mysql" => Ok(SqlDialect::Mysql),
        _ => Err(wrong("dialect", "must be sqlite, postgres or mysql")),
    }
}

/// A driver's mark of parameters.
pub(crate) fn placeholder(mark: &str) -> Result<SqlPlaceholder> {
    match mark {
        "?" => Ok(SqlPlaceholder::Question),
        "$1" => Ok(SqlPlaceholder::Dollar),
        "%s" => Ok(SqlPlaceholder::Percent),
        _ => Err(wrong("placeholder", "must be ?, $1 or %s")),
    }
}

/// A host's store as the core calls it.
#[derive(Clone)]
struct Host(Arc<dyn HostStore>);

impl Host {
    async fn ask(&self, request: Value) -> api::Result<Value> {
        let result = self.0.execute(request.to_string()).await.map_err(api::KopoKopoError::journal)?;
        serde_json::from_str(&result).map_err(|_| unreadable())
    }

    async fn is_done(&self, request: Value) -> api::Result<bool> {
        self.ask(request).await?.as_bool().ok_or_else(unreadable)
    }
}

fn unreadable() -> api::KopoKopoError {
    api::KopoKopoError::journal("its store returned a result of another form")
}

impl JournalStore for Host {
    fn insert(&self, record: JournalRecord) -> BoxFuture<'_, api::Result<bool>> {
        Box::pin(self.is_done(json!({"operation": "insert", "record": record})))
    }

    fn update(&self, record: JournalRecord, version: u64) -> BoxFuture<'_, api::Result<bool>> {
        Box::pin(self.is_done(json!({"operation": "update", "record": record, "version": version})))
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, api::Result<Option<JournalRecord>>> {
        Box::pin(async move {
            let found = self.ask(json!({"operation": "get", "key": key})).await?;
            serde_json::from_value(found).map_err(|_| unreadable())
        })
    }

    fn list<'a>(&'a self, query: &'a JournalQuery) -> BoxFuture<'a, api::Result<Vec<JournalRecord>>> {
        Box::pin(async move {
            let found = self.ask(json!({
                "operation": "list",
                "states": query.states.iter().map(|state| state.as_str()).collect::<Vec<_>>(),
                "name": query.operation,
                "created_from": query.created_from.map(|at| at.unix_timestamp_milliseconds()),
                "created_before": query.created_before.map(|at| at.unix_timestamp_milliseconds()),
                "after_key": query.after_key,
                "limit": query.limit,
            }));
            serde_json::from_value(found.await?).map_err(|_| unreadable())
        })
    }

    fn warn<'a>(&'a self, warning: &'a str) -> BoxFuture<'a, ()> {
        self.0.warn(warning.to_owned())
    }
}

impl SqlExecutor for Host {
    fn execute(&self, statement: String, parameters: Vec<SqlValue>) -> BoxFuture<'_, api::Result<SqlResult>> {
        Box::pin(async move {
            let parameters: Vec<_> = parameters.into_iter().map(to_json).collect();
            let result = self.ask(json!({"sql": statement, "parameters": parameters})).await?;
            read_result(&result).ok_or_else(unreadable)
        })
    }
}

/// An SQL database of the host.
struct Database {
    host: Host,
    dialect: Dialect,
    placeholder: SqlPlaceholder,
    create_tables: bool,
    journal: OnceCell<SqlJournal<Host>>,
}

impl Database {
    /// The journal in the database. Its dialect is asked for again until the store knows it.
    async fn journal(&self) -> api::Result<&SqlJournal<Host>> {
        let made = self.journal.get_or_try_init(|| async {
            let dialect = match self.dialect {
                Dialect::Known(dialect) => dialect,
                Dialect::Ask => {
                    let name = self.host.ask(json!({"operation": "dialect"})).await?;
                    name.as_str().and_then(|name| dialect(name).ok()).ok_or_else(unreadable)?
                }
            };
            let journal = SqlJournal::new(self.host.clone(), dialect, self.placeholder);
            Ok(if self.create_tables { journal } else { journal.with_existing_tables() })
        });
        made.await
    }
}

impl JournalStore for Database {
    fn insert(&self, record: JournalRecord) -> BoxFuture<'_, api::Result<bool>> {
        Box::pin(async move { self.journal().await?.insert(record).await })
    }

    fn update(&self, record: JournalRecord, version: u64) -> BoxFuture<'_, api::Result<bool>> {
        Box::pin(async move { self.journal().await?.update(record, version).await })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, api::Result<Option<JournalRecord>>> {
        Box::pin(async move { self.journal().await?.get(key).await })
    }

    fn list<'a>(&'a self, query: &'a JournalQuery) -> BoxFuture<'a, api::Result<Vec<JournalRecord>>> {
        Box::pin(async move { self.journal().await?.list(query).await })
    }

    fn warn<'a>(&'a self, warning: &'a str) -> BoxFuture<'a, ()> {
        self.host.warn(warning)
    }
}

fn to_json(value: SqlValue) -> Value {
    match value {
        SqlValue::Null => Value::Null,
        SqlValue::Integer(number) => number.into(),
        SqlValue::Text(text) => text.into(),
    }
}

fn read_result(result: &Value) -> Option<SqlResult> {
    let rows = match &result["rows"] {
        Value::Null => Vec::new(),
        rows => rows.as_array()?.iter().map(read_row).collect::<Option<_>>()?,
    };
    let changed = match &result["changed"] {
        Value::Null => 0,
        // Some drivers count -1 where nothing was changed.
        changed => changed.as_i64()?.try_into().unwrap_or(0),
    };
    Some(SqlResult { rows, changed })
}

fn read_row(row: &Value) -> Option<Vec<SqlValue>> {
    let column = |value: &Value| match value {
        Value::Null => Some(SqlValue::Null),
        Value::Number(number) => number.as_i64().map(SqlValue::Integer),
        Value::String(text) => Some(SqlValue::Text(text.clone())),
        _ => None,
    };
    row.as_array()?.iter().map(column).collect()
}

/// A verified event from its raw text.
pub(crate) fn event(raw: &str) -> Result<api::Event> {
    let webhooks = api::Webhooks::new(Vec::<api::Secret>::new());
    webhooks.parse_unverified(raw.as_bytes()).map_err(|error| {
        at(
            api::ErrorKind::InvalidRequest,
            "event",
            format!("must be the raw text of a verified event: {}", error.detail()),
        )
    })
}
