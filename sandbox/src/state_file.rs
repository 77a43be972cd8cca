//! A file that the state is kept in: what a sandbox has acknowledged is in it, also if the sandbox is killed.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, TransactionBehavior, params};

use crate::{
    snapshot::{Captured, Saved},
    table::Changes,
};

/// The application and the version that a SQLite file says it is of.
type Identity = (i32, i32);

/// "k2st", and the form of the tables. Others are refused.
const OWN: Identity = (0x6b32_7374, 1);

const TABLES: &str = "
    CREATE TABLE documents (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE rows (part TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (part, key)) WITHOUT ROWID;
";

/// An open file. No other sandbox can open it.
#[derive(Debug)]
pub(crate) struct StateFile {
    path: PathBuf,
    open: Mutex<Open>,
}

#[derive(Debug)]
struct Open {
    connection: Connection,
    /// What is no table, as it was saved last.
    document: String,
}

impl StateFile {
    /// Opens or makes a file, which only its owner can read: it has access tokens.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let named = |why: &dyn std::fmt::Display| invalid(format!("{}: {why}", path.display()));
        make_private(path).map_err(|error| named(&error))?;
        let absolute = std::path::absolute(path)?;
        let (connection, found) = open(&absolute).map_err(|error| match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy) => named(&"another sandbox uses it"),
            Some(ErrorCode::NotADatabase) => named(&"is not the state of a sandbox"),
            _ => named(&error),
        })?;
        if found.0 != OWN.0 {
            return Err(named(&"is not the state of a sandbox"));
        }
        if found != OWN {
            return Err(named(&format!("was written by another version of k2: form {}, expected {}", found.1, OWN.1)));
        }
        Ok(Self { path: path.to_owned(), open: Mutex::new(Open { connection, document: String::new() }) })
    }

    /// Everything in it. None: it is new.
    pub(crate) fn read(&self) -> io::Result<Option<Saved>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        read(&open.connection).map_err(|error| self.named(&error))
    }

    /// The client id, the client secret and the API key that its sandbox had.
    pub(crate) fn credentials(&self) -> io::Result<Option<[String; 3]>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let text = document(&open.connection, "credentials").map_err(|error| self.named(&error))?;
        text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| self.named(&error))
    }

    pub(crate) fn set_credentials(&self, credentials: [&str; 3]) -> io::Result<()> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let text = serde_json::to_string(&credentials)?;
        set_document(&open.connection, "credentials", &text).map_err(|error| self.named(&error))
    }

    /// Saves what `capture` finds changed. Calls are in order: what is captured later is written later.
    pub(crate) fn save(&self, capture: impl FnOnce() -> serde_json::Result<Captured>) -> Result<(), String> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let captured = capture().map_err(|error| error.to_string())?;
        open.write(captured).map_err(|error| self.named(&error).to_string())
    }

    fn named(&self, why: &dyn std::fmt::Display) -> io::Error {
        invalid(format!("{}: {why}", self.path.display()))
    }
}

impl Open {
    fn write(&mut self, captured: Captured) -> rusqlite::Result<()> {
        let has_document = captured.document != self.document;
        if !has_document && captured.parts.is_empty() {
            return Ok(());
        }
        let transaction = self.connection.transaction()?;
        if has_document {
            set_document(&transaction, "state", &captured.document)?;
        }
        for (part, Changes { is_whole, rows }) in captured.parts {
            if is_whole {
                transaction.prepare_cached("DELETE FROM rows WHERE part = ?1")?.execute([part])?;
            }
            let mut set = transaction.prepare_cached("REPLACE INTO rows VALUES (?1, ?2, ?3)")?;
            let mut remove = transaction.prepare_cached("DELETE FROM rows WHERE part = ?1 AND key = ?2")?;
            for (key, value) in rows {
                match value {
                    Some(value) => set.execute(params![part, key, value])?,
                    None => remove.execute(params![part, key])?,
                };
            }
        }
        transaction.commit()?;
        if has_document {
            self.document = captured.document;
        }
        Ok(())
    }
}

/// An error of the file, which the caller can tell from those of the port.
fn invalid(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Makes an empty file that only its owner can read, unless it exists.
fn make_private(path: &Path) -> io::Result<()> {
    if std::fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "is not a file"));
    }
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path)?;
    // It may be an empty one that others can read.
    #[cfg(unix)]
    if file.metadata()?.len() == 0 {
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
    }
    Ok(())
}

/// A file of another program is left as it is.
fn open(path: &Path) -> rusqlite::Result<(Connection, Identity)> {
    // Neither the name of a database in memory nor a URI has a meaning here.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags)?;
    // Who has it keeps it.
    connection.busy_timeout(std::time::Duration::ZERO)?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    let count: i64 = transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if count == 0 && identity(&transaction)? == (0, 0) {
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", OWN.0)?;
        transaction.pragma_update(None, "user_version", OWN.1)?;
    }
    let found = identity(&transaction)?;
    transaction.commit()?;
    if found == OWN {
        // A commit is in the file when it returns, and outlives the process. What is lost if the computer fails is left to SQLite.
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;")?;
    }
    Ok((connection, found))
}

fn identity(connection: &Connection) -> rusqlite::Result<Identity> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get(0));
    Ok((number("application_id")?, number("user_version")?))
}

fn document(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    connection.query_row("SELECT value FROM documents WHERE name = ?1", [name], |row| row.get(0)).optional()
}

fn set_document(connection: &Connection, name: &str, value: &str) -> rusqlite::Result<()> {
    connection.prepare_cached("REPLACE INTO documents VALUES (?1, ?2)")?.execute([name, value]).map(drop)
}

fn read(connection: &Connection) -> rusqlite::Result<Option<Saved>> {
    let Some(document) = document(connection, "state")? else { return Ok(None) };
    let mut saved = Saved { document, ..Saved::default() };
    let mut rows = connection.prepare("SELECT part, key, value FROM rows")?;
    let mut rows = rows.query([])?;
    while let Some(row) = rows.next()? {
        saved.parts.entry(row.get(0)?).or_default().push((row.get(1)?, row.get(2)?));
    }
    Ok(Some(saved))
}
