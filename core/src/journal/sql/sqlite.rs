//! The journal in a SQLite file.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use futures_util::future::BoxFuture;
use rusqlite::{Connection, ErrorCode, params_from_iter, types::Value};
use tokio::task::spawn_blocking;

use super::{SqlDialect, SqlExecutor, SqlJournal, SqlPlaceholder, SqlResult, SqlValue};
use crate::error::{KopoKopoError, Result};

/// How long a statement waits for another writer.
const WAIT_FOR_WRITER: Duration = Duration::from_secs(30);

/// Runs statements on a SQLite file, one after the other. Made by [`SqlJournal::sqlite`].
#[derive(Clone)]
pub struct SqliteExecutor(Arc<Open>);

/// An open file.
struct Open {
    connection: Mutex<Connection>,
    path: PathBuf,
    file: FileId,
}

/// What identifies the file at a path, whatever its name: its device and its number there. `None` without a file.
type FileId = Option<(u64, u64)>;

#[cfg(unix)]
fn file_at(path: &Path) -> FileId {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).ok().map(|found| (found.dev(), found.ino()))
}

/// Other systems do not delete a file that is open.
#[cfg(not(unix))]
fn file_at(_path: &Path) -> FileId {
    None
}

impl Open {
    /// A record in a file that other processes do not find protects from nothing.
    fn refuse_other_file(&self) -> Result<()> {
        if self.file == file_at(&self.path) {
            return Ok(());
        }
        Err(KopoKopoError::journal(format!(
            "the file {} was deleted or replaced while it was open. Its records are not in another file: restore it, or \
             find out what was sent, and start the program again",
            self.path.display()
        )))
    }
}

impl SqlJournal<SqliteExecutor> {
    /// A journal in a SQLite file, which is created if it does not exist, for workers on one machine. A commit is on the
    /// disk when it returns (`synchronous=FULL`, with a write-ahead log). A statement waits up to 30 s for other
    /// writers. If the file is deleted or replaced while it is open, every further statement fails.
    ///
    /// # Errors
    /// `journal` if the file cannot be opened. `configuration`, field `path`, for a database in memory.
    pub fn sqlite(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if path.as_os_str().is_empty() || path == Path::new(":memory:") {
            return Err(in_memory());
        }
        let connection = open(path).map_err(failed)?;
        // The whole path, for programs that change their folder.
        let Some(path) = connection.path().filter(|path| !path.is_empty()).map(PathBuf::from) else {
            return Err(in_memory());
        };
        let executor =
            SqliteExecutor(Arc::new(Open { connection: Mutex::new(connection), file: file_at(&path), path }));
        Ok(Self::new(executor, SqlDialect::Sqlite, SqlPlaceholder::Question))
    }
}

fn in_memory() -> KopoKopoError {
    KopoKopoError::configuration("path", "must be a file, because a journal must survive the program")
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.busy_timeout(WAIT_FOR_WRITER)?;
    let deadline = Instant::now() + WAIT_FOR_WRITER;
    // While another process changes the mode of a new file, SQLite does not wait.
    while let Err(error) = make_durable(&connection) {
        let is_busy = matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked));
        if !is_busy || Instant::now() > deadline {
            return Err(error);
        }
        thread::sleep(Duration::from_millis(10));
    }
    Ok(connection)
}

fn make_durable(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "synchronous", "FULL")?;
    // A file that other programs use keeps its mode, which is durable too.
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    if tables > 0 { Ok(()) } else { connection.pragma_update(None, "journal_mode", "WAL") }
}

impl SqlExecutor for SqliteExecutor {
    fn execute(&self, statement: String, parameters: Vec<SqlValue>) -> BoxFuture<'_, Result<SqlResult>> {
        let open = Arc::clone(&self.0);
        Box::pin(async move {
            let run = move || {
                let connection = open.connection.lock().unwrap_or_else(PoisonError::into_inner);
                open.refuse_other_file()?;
                let result = run(&connection, &statement, parameters).map_err(failed)?;
                // It may have happened during the statement.
                open.refuse_other_file()?;
                Ok(result)
            };
            let result = spawn_blocking(run).await;
            result.map_err(|_| KopoKopoError::journal("its statement ended without a result"))?
        })
    }
}

fn run(connection: &Connection, statement: &str, parameters: Vec<SqlValue>) -> rusqlite::Result<SqlResult> {
    let mut statement = connection.prepare_cached(statement)?;
    let parameters = params_from_iter(parameters.into_iter().map(|value| match value {
        SqlValue::Null => Value::Null,
        SqlValue::Integer(number) => Value::Integer(number),
        SqlValue::Text(text) => Value::Text(text),
    }));
    if statement.column_count() == 0 {
        let changed = statement.execute(parameters)?;
        return Ok(SqlResult { rows: Vec::new(), changed: changed.try_into().unwrap_or(u64::MAX) });
    }
    let columns = statement.column_count();
    let mut found = statement.query(parameters)?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push((0..columns).map(|column| Ok(value(row.get(column)?))).collect::<rusqlite::Result<_>>()?);
    }
    Ok(SqlResult { rows, changed: 0 })
}

fn value(value: Value) -> SqlValue {
    match value {
        Value::Integer(number) => SqlValue::Integer(number),
        Value::Text(text) => SqlValue::Text(text),
        // The tables have no other types: a row with one is refused by its reader.
        Value::Null | Value::Real(_) | Value::Blob(_) => SqlValue::Null,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(error: rusqlite::Error) -> KopoKopoError {
    KopoKopoError::journal(error.to_string())
}

impl fmt::Debug for SqliteExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteExecutor").finish_non_exhaustive()
    }
}
