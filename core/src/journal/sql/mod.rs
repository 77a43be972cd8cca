//! The journal in an SQL database. The statements are the same for all languages, so that workers in different languages
//! share one table. A language, or a driver, only runs them: see [`SqlExecutor`].

#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::{
    fmt::{self, Write as _},
    sync::atomic::{AtomicBool, Ordering},
};

use futures_util::future::BoxFuture;

#[cfg(feature = "postgres")]
pub use self::postgres::PostgresExecutor;
#[cfg(feature = "sqlite")]
pub use self::sqlite::SqliteExecutor;
use super::{JournalQuery, JournalRecord, JournalState, JournalStore, record::from_milliseconds};
use crate::{
    error::{KopoKopoError, Result},
    types::Timestamp,
};

/// The SQL of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlDialect {
    /// SQLite, from version 3.24 on.
    Sqlite,
    /// PostgreSQL, from version 9.5 on.
    Postgres,
    /// MySQL from version 8 on, and MariaDB from version 10.3 on.
    Mysql,
}

/// How a driver marks the parameters of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SqlPlaceholder {
    /// `?`: SQLite, JDBC, PDO.
    Question,
    /// `$1`: node-postgres, tokio-postgres.
    Dollar,
    /// `%s`: DB-API drivers such as psycopg.
    Percent,
}

/// A value of a statement or of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SqlValue {
    /// NULL.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// Text.
    Text(String),
}

/// What a statement did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SqlResult {
    /// The rows of a query, with the columns in their order.
    pub rows: Vec<Vec<SqlValue>>,
    /// The number of rows that were inserted or updated.
    pub changed: u64,
}

/// Runs statements on a database.
pub trait SqlExecutor: Send + Sync + 'static {
    /// Runs one statement in a transaction of its own, and commits it durably.
    ///
    /// # Errors
    /// Those of the database, made with [`KopoKopoError::journal`].
    fn execute(&self, statement: String, parameters: Vec<SqlValue>) -> BoxFuture<'_, Result<SqlResult>>;
}

/// The names and the order of the columns.
const COLUMNS: [&str; 16] = [
    "idempotency_key",
    "version",
    "state",
    "operation",
    "fingerprint",
    "attempt",
    "owner",
    "created_at",
    "updated_at",
    "deadline_at",
    "sent_at",
    "resource_id",
    "payment_key",
    "error",
    "evidence",
    "details",
];

/// The table of the journal.
pub const JOURNAL_TABLE: &str = "kopokopo_journal";

/// The table of handled events: see [`claim_event`].
pub const EVENTS_TABLE: &str = "kopokopo_events";

/// The statements that create the tables and an index, unless they exist. Times are milliseconds since 1970.
pub fn schema(dialect: SqlDialect) -> Vec<String> {
    let (key, short, text) = match dialect {
        SqlDialect::Mysql => ("VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "VARCHAR(200)", "TEXT"),
        SqlDialect::Sqlite => ("TEXT", "TEXT", "TEXT"),
        SqlDialect::Postgres => ("TEXT COLLATE \"C\"", "TEXT", "TEXT"),
    };
    // MySQL has no CREATE INDEX IF NOT EXISTS. Without a row id, SQLite writes one page less for each record.
    let (index, options) = match dialect {
        SqlDialect::Mysql => {
            (", INDEX kopokopo_journal_created_at (created_at)", " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4")
        }
        SqlDialect::Sqlite => ("", " WITHOUT ROWID"),
        SqlDialect::Postgres => ("", ""),
    };
    let mut statements = vec![
        format!(
            "CREATE TABLE IF NOT EXISTS {JOURNAL_TABLE} (idempotency_key {key} NOT NULL PRIMARY KEY, version BIGINT NOT NULL, \
             state {short} NOT NULL, operation {short} NOT NULL, fingerprint {short} NOT NULL, attempt BIGINT NOT NULL, \
             owner {short} NOT NULL, created_at BIGINT NOT NULL, updated_at BIGINT NOT NULL, deadline_at BIGINT NOT NULL, \
             sent_at BIGINT, resource_id {short}, payment_key {short}, error {text}, evidence {text}, details {text}{index}){options}"
        ),
        format!(
            "CREATE TABLE IF NOT EXISTS {EVENTS_TABLE} (event_key {key} NOT NULL PRIMARY KEY, claimed_at BIGINT NOT NULL){options}"
        ),
    ];
    if dialect != SqlDialect::Mysql {
        statements
            .push(format!("CREATE INDEX IF NOT EXISTS kopokopo_journal_created_at ON {JOURNAL_TABLE} (created_at)"));
    }
    statements
}

/// The statement that claims an event inside of a transaction of the application, with the parameters `event_key` and
/// the time in milliseconds. It changes one row, or none if the event is claimed already. While another transaction
/// claims the same event, it waits.
pub fn claim_event(dialect: SqlDialect, placeholder: SqlPlaceholder) -> String {
    let (start, end) = conflict(dialect, "event_key");
    rendered(&format!("{start} INTO {EVENTS_TABLE} (event_key, claimed_at) VALUES (?, ?){end}"), placeholder)
}

/// How an insert leaves an existing row as it is.
fn conflict(dialect: SqlDialect, column: &str) -> (&'static str, String) {
    match dialect {
        SqlDialect::Mysql => ("INSERT IGNORE", String::new()),
        SqlDialect::Sqlite | SqlDialect::Postgres => ("INSERT", format!(" ON CONFLICT ({column}) DO NOTHING")),
    }
}

/// The statement with the driver's placeholders. The statements have no question mark and no percent sign otherwise.
fn rendered(statement: &str, placeholder: SqlPlaceholder) -> String {
    match placeholder {
        SqlPlaceholder::Question => statement.to_owned(),
        SqlPlaceholder::Percent => statement.replace('?', "%s"),
        SqlPlaceholder::Dollar => {
            let mut parts = statement.split('?');
            let mut text = parts.next().unwrap_or_default().to_owned();
            for (at, part) in parts.enumerate() {
                let _ = write!(text, "${}{part}", at + 1);
            }
            text
        }
    }
}

/// The journal in an SQL database. Creates its tables on first use.
pub struct SqlJournal<E> {
    executor: E,
    dialect: SqlDialect,
    placeholder: SqlPlaceholder,
    has_tables: AtomicBool,
}

impl<E: SqlExecutor> SqlJournal<E> {
    /// A journal over a database.
    pub const fn new(executor: E, dialect: SqlDialect, placeholder: SqlPlaceholder) -> Self {
        Self { executor, dialect, placeholder, has_tables: AtomicBool::new(false) }
    }

    /// For an application that creates the tables itself, such as with migrations: see [`schema`].
    #[must_use]
    pub fn with_existing_tables(self) -> Self {
        self.has_tables.store(true, Ordering::Relaxed);
        self
    }

    /// What runs the statements.
    pub const fn executor(&self) -> &E {
        &self.executor
    }

    async fn run(&self, statement: &str, parameters: Vec<SqlValue>) -> Result<SqlResult> {
        if !self.has_tables.load(Ordering::Relaxed) {
            for statement in schema(self.dialect) {
                // Two processes can create a table at the same moment, and then one of them fails.
                if self.executor.execute(statement.clone(), Vec::new()).await.is_err() {
                    self.executor.execute(statement, Vec::new()).await?;
                }
            }
            self.has_tables.store(true, Ordering::Relaxed);
        }
        self.executor.execute(rendered(statement, self.placeholder), parameters).await
    }

    async fn read(&self, statement: &str, parameters: Vec<SqlValue>) -> Result<Vec<JournalRecord>> {
        let result = self.run(statement, parameters).await?;
        result.rows.into_iter().map(|row| from_row(row).ok_or_else(unreadable)).collect()
    }

    async fn find(&self, key: &str) -> Result<Option<JournalRecord>> {
        let statement = format!("SELECT {} FROM {JOURNAL_TABLE} WHERE idempotency_key = ?", COLUMNS.join(", "));
        Ok(self.read(&statement, vec![text(key)]).await?.pop())
    }
}

impl<E: SqlExecutor> JournalStore for SqlJournal<E> {
    fn insert(&self, record: JournalRecord) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            let (start, end) = conflict(self.dialect, "idempotency_key");
            let statement = format!(
                "{start} INTO {JOURNAL_TABLE} ({}) VALUES ({}){end}",
                COLUMNS.join(", "),
                ["?"; COLUMNS.len()].join(", ")
            );
            let changed = self.run(&statement, to_row(&record)).await?.changed;
            if changed == 1 && self.dialect != SqlDialect::Mysql {
                return Ok(true);
            }
            // Drivers of MySQL count differently, and an executor may have repeated a write whose connection was lost.
            let is_own = |found: JournalRecord| found.owner == record.owner && found.version == record.version;
            Ok(self.find(&record.key).await?.is_some_and(is_own))
        })
    }

    fn update(&self, record: JournalRecord, version: u64) -> BoxFuture<'_, Result<bool>> {
        Box::pin(async move {
            // Only a new attempt changes its start. SQLite writes the index of each column that a statement names.
            let changes = |column: &str| column != "created_at" || record.state == JournalState::Started;
            let mut columns: Vec<_> = COLUMNS.into_iter().zip(to_row(&record)).collect();
            let (_, key) = columns.remove(0);
            columns.retain(|(column, _)| changes(column));
            let assigned: Vec<_> = columns.iter().map(|(column, _)| format!("{column} = ?")).collect();
            let statement =
                format!("UPDATE {JOURNAL_TABLE} SET {} WHERE idempotency_key = ? AND version = ?", assigned.join(", "));
            let parameters = columns.into_iter().map(|(_, value)| value).chain([key, integer(version)]).collect();
            Ok(self.run(&statement, parameters).await?.changed == 1)
        })
    }

    fn get<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<Option<JournalRecord>>> {
        Box::pin(self.find(key))
    }

    fn list<'a>(&'a self, query: &'a JournalQuery) -> BoxFuture<'a, Result<Vec<JournalRecord>>> {
        Box::pin(async move {
            let mut conditions = vec!["1 = 1".to_owned()];
            let mut parameters = Vec::new();
            if !query.states.is_empty() {
                conditions.push(format!("state IN ({})", vec!["?"; query.states.len()].join(", ")));
                parameters.extend(query.states.iter().map(|state| text(state.as_str())));
            }
            let limits = [
                ("operation = ?", query.operation.as_deref().map(text)),
                ("created_at >= ?", query.created_from.map(moment)),
                ("created_at < ?", query.created_before.map(moment)),
                ("idempotency_key > ?", query.after_key.as_deref().map(text)),
            ];
            for (condition, parameter) in limits {
                if let Some(parameter) = parameter {
                    conditions.push(condition.to_owned());
                    parameters.push(parameter);
                }
            }
            let statement = format!(
                "SELECT {} FROM {JOURNAL_TABLE} WHERE {} ORDER BY idempotency_key LIMIT {}",
                COLUMNS.join(", "),
                conditions.join(" AND "),
                query.limit
            );
            self.read(&statement, parameters).await
        })
    }
}

impl<E> fmt::Debug for SqlJournal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqlJournal").field("dialect", &self.dialect).finish_non_exhaustive()
    }
}

fn text(text: &str) -> SqlValue {
    SqlValue::Text(text.to_owned())
}

fn integer(number: u64) -> SqlValue {
    SqlValue::Integer(i64::try_from(number).unwrap_or(i64::MAX))
}

fn moment(at: Timestamp) -> SqlValue {
    SqlValue::Integer(at.unix_timestamp_milliseconds())
}

fn optional(value: Option<&str>) -> SqlValue {
    value.map_or(SqlValue::Null, text)
}

fn to_row(record: &JournalRecord) -> Vec<SqlValue> {
    vec![
        text(&record.key),
        integer(record.version),
        text(record.state.as_str()),
        text(&record.operation),
        text(&record.fingerprint),
        integer(record.attempt.into()),
        text(&record.owner),
        moment(record.created_at),
        moment(record.updated_at),
        moment(record.deadline_at),
        record.sent_at.map_or(SqlValue::Null, moment),
        optional(record.id.as_deref()),
        optional(record.payment_key.as_deref()),
        optional(record.error.as_deref()),
        optional(record.evidence.as_deref()),
        optional(record.details.as_deref()),
    ]
}

fn from_row(row: Vec<SqlValue>) -> Option<JournalRecord> {
    let mut columns = row.into_iter();
    let mut next = || columns.next();
    let text = |value: Option<SqlValue>| match value? {
        SqlValue::Text(text) => Some(text),
        _ => None,
    };
    // Some drivers return integers as text.
    let integer = |value: Option<SqlValue>| match value? {
        SqlValue::Integer(number) => Some(number),
        SqlValue::Text(digits) => digits.parse().ok(),
        SqlValue::Null => None,
    };
    Some(JournalRecord {
        key: text(next())?,
        version: integer(next())?.try_into().ok()?,
        state: text(next())?.parse::<JournalState>().ok()?,
        operation: text(next())?,
        fingerprint: text(next())?,
        attempt: integer(next())?.try_into().ok()?,
        owner: text(next())?,
        created_at: from_milliseconds(integer(next())?)?,
        updated_at: from_milliseconds(integer(next())?)?,
        deadline_at: from_milliseconds(integer(next())?)?,
        sent_at: integer(next()).and_then(from_milliseconds),
        id: text(next()),
        payment_key: text(next()),
        error: text(next()),
        evidence: text(next()),
        details: text(next()),
    })
}

fn unreadable() -> KopoKopoError {
    KopoKopoError::journal("a row of the table kopokopo_journal cannot be read")
}
