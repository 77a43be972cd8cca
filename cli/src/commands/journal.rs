//! `k2 journal`: the journal in a program's database, for people and cron jobs.

use std::{
    io::{Write, stderr},
    path::Path,
    sync::Arc,
    time::Duration,
};

use clap::{Args, Subcommand};
use kopokopo::{
    ErrorKind, KopoKopo, KopoKopoError,
    journal::{Journal, JournalQuery, JournalRecord, JournalState, JournalStore, sql::SqlJournal},
};
use kopokopo_ffi::value::Reflect as _;
use serde_json::Value;

use super::{Failure, Outcome};
use crate::{operations, terminal};

pub(super) const EXAMPLES: &str = "\
Examples:
  k2 journal list --state unknown --journal payments.db
  k2 journal show wages-2026-11-employee-7
  k2 journal reconcile --older-than 900
  k2 journal resolve order-17 --state accepted --id 247b1bd8-f5a0-4b71-a898-f62f67b8ae1c --reason 'M-PESA statement'
  k2 journal resolve order-18 --attempt 1 --state not_sent --reason 'not on the dashboard of 27 November'

K2_JOURNAL names the journal: a SQLite file, or postgresql://user:password@host/database. Only reconcile needs credentials: see
`k2 call --help`. No command sends a payment. After resolve with not_sent or refused, the program's next call with the key sends
its request again: first check on the dashboard that it had no effect.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Command {
    #[command(subcommand)]
    task: Task,
    /// A SQLite file, or the URL of a PostgreSQL database.
    #[arg(long, global = true, env = "K2_JOURNAL", hide_env_values = true)]
    journal: Option<String>,
    /// Print JSON instead of a table.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// List the records.
    List {
        /// Only these states, separated by commas: started, accepted, refused, not_sent, unknown.
        #[arg(long, value_delimiter = ',', value_parser = state)]
        state: Vec<JournalState>,
        /// Only this operation: `send_money.create`.
        #[arg(long)]
        operation: Option<String>,
        /// Only keys after this one, for the next page.
        #[arg(long, value_name = "KEY")]
        after: Option<String>,
        /// The maximum number of records.
        #[arg(long, default_value_t = 100, value_parser = limit)]
        limit: u32,
    },
    /// Print one record as JSON. Exit 1 if it does not exist.
    Show {
        /// The idempotency key.
        key: String,
    },
    /// Find out the outcomes of unknown requests: of one key, or of all. Exit 1 if one of them stays unknown.
    Reconcile {
        /// The idempotency key. Default: all.
        key: Option<String>,
        /// Only records that are older, in seconds.
        #[arg(long, value_name = "SECONDS", default_value_t = 900, conflicts_with = "key")]
        older_than: u64,
    },
    /// Write what you found out about an unknown request.
    Resolve {
        /// The idempotency key.
        key: String,
        /// accepted, refused or not_sent.
        #[arg(long, value_parser = known)]
        state: JournalState,
        /// How you know it. It is stored with the record.
        #[arg(long)]
        reason: String,
        /// The attempt that you looked for, as `list` shows it. It is refused if there is a later one.
        #[arg(long)]
        attempt: Option<u32>,
        /// The id of the created resource, if you know it. Only with accepted.
        #[arg(long)]
        id: Option<String>,
    },
}

fn state(text: &str) -> Result<JournalState, String> {
    text.parse().map_err(|_| "must be started, accepted, refused, not_sent or unknown".to_owned())
}

fn known(text: &str) -> Result<JournalState, String> {
    let found = state(text).ok().filter(|state| !matches!(state, JournalState::Started | JournalState::Unknown));
    found.ok_or_else(|| "must be accepted, refused or not_sent".to_owned())
}

fn limit(text: &str) -> Result<u32, String> {
    let limit = text.parse().ok().filter(|limit| (1..=10_000).contains(limit));
    limit.ok_or_else(|| "must be a number from one to ten thousand".to_owned())
}

impl Command {
    pub(super) fn run(self) -> Outcome {
        let store = open(self.journal.as_deref())?;
        let builder = KopoKopo::builder().product(concat!("k2/", env!("CARGO_PKG_VERSION")));
        let builder = if matches!(self.task, Task::Reconcile { .. }) {
            builder.from_env().map_err(failure)?
        } else {
            builder.token_source(|| async { Err(KopoKopoError::token_source("this command needs no token")) })
        };
        let client = builder.shared_journal(store).build().map_err(failure)?;
        let journal = client.journal().map_err(failure)?;
        let is_list = matches!(self.task, Task::List { .. } | Task::Reconcile { key: None, .. });
        let limit = if let Task::List { limit, .. } = &self.task { Some(*limit) } else { None };
        let is_search = matches!(self.task, Task::Reconcile { .. });
        let records = super::runtime()?.block_on(self.task.perform(&journal))?;
        let text = match &records[..] {
            [record] if !is_list => format!("{:#}", json(record)),
            records if self.json => format!("{:#}", Value::Array(records.iter().map(json).collect())),
            [] => "no records".to_owned(),
            records => table(records),
        };
        terminal::print(&text).map_err(Failure::failed)?;
        let unknown = records.iter().filter(|record| record.state == JournalState::Unknown).count();
        if let (Some(limit), Some(last)) = (limit, records.last())
            && records.len() == usize::try_from(limit).unwrap_or(usize::MAX)
        {
            let _ = writeln!(stderr(), "{}", terminal::printable(&format!("for more records: --after '{}'", last.key)));
        }
        if is_search && unknown > 0 {
            return Err(Failure::Failed(format!(
                "{unknown} of {} stay unknown: look for them on the dashboard, and write what you find with `k2 journal resolve`",
                records.len()
            )));
        }
        Ok(())
    }
}

impl Task {
    async fn perform(self, journal: &Journal) -> Result<Vec<JournalRecord>, Failure> {
        let records = match self {
            Self::List { state, operation, after, limit } => {
                let query =
                    JournalQuery { states: state, operation, after_key: after, limit, ..JournalQuery::default() };
                journal.list(&query).await
            }
            Self::Show { key } => match journal.get(&key).await {
                Ok(None) => return Err(Failure::Failed("the journal has no record with this key".into())),
                found => found.map(|record| record.into_iter().collect()),
            },
            Self::Reconcile { key: Some(key), .. } => journal.reconcile(&key).await.map(|record| vec![record]),
            Self::Reconcile { key: None, older_than } => journal.reconcile_all(Duration::from_secs(older_than)).await,
            Self::Resolve { key, state, reason, attempt, id } => {
                journal.resolve_attempt(&key, attempt, state, id.as_deref(), &reason).await.map(|record| vec![record])
            }
        };
        records.map_err(failure)
    }
}

/// Opens a journal that exists: a wrong name must not look like an empty journal.
fn open(place: Option<&str>) -> Result<Arc<dyn JournalStore>, Failure> {
    let place = place.map(str::trim).filter(|place| !place.is_empty()).ok_or_else(|| {
        Failure::Usage(
            "configuration: journal: is missing: give --journal, or set K2_JOURNAL to a SQLite file or a postgresql:// URL"
                .into(),
        )
    })?;
    if place.starts_with("postgresql://") || place.starts_with("postgres://") {
        return Ok(Arc::new(SqlJournal::postgres(place).map_err(failure)?.with_existing_tables()));
    }
    let refuse = |remedy: String| Err(Failure::Usage(format!("configuration: journal: {remedy}")));
    if place.starts_with("mysql:") || place.starts_with("mariadb:") {
        return refuse("must be SQLite or PostgreSQL. Your program's own package reads a journal in MySQL".to_owned());
    }
    if place.contains("://") {
        return refuse("must be the path of a SQLite file, or begin with postgresql://".to_owned());
    }
    if place.contains(['@', '=']) && !Path::new(place).exists() {
        // It may have a password, which must not be in an error.
        return refuse("must be the path of a SQLite file, or a URL that begins with postgresql://".to_owned());
    }
    if !Path::new(place).is_file() {
        let path = std::path::absolute(place).map_or_else(|_| place.to_owned(), |path| path.display().to_string());
        return refuse(format!("there is no file {path}"));
    }
    Ok(Arc::new(SqlJournal::sqlite(place).map_err(failure)?.with_existing_tables()))
}

fn json(record: &JournalRecord) -> Value {
    operations::json(record.view())
}

fn table(records: &[JournalRecord]) -> String {
    let head = ["KEY", "STATE", "OPERATION", "ATTEMPT", "CREATED AT", "ID", "EVIDENCE OR ERROR"].map(str::to_owned);
    let rows = records.iter().map(|record| {
        let known = record.evidence.clone().or_else(|| record.error_detail()).unwrap_or_default();
        let known = match known.char_indices().nth(80) {
            Some((end, _)) => format!("{}...", &known[..end]),
            None => known,
        };
        [
            record.key.clone(),
            record.state.to_string(),
            record.operation.clone(),
            record.attempt.to_string(),
            record.created_at.to_string(),
            record.id.clone().unwrap_or_else(|| "-".to_owned()),
            known,
        ]
    });
    let rows: Vec<[String; 7]> = std::iter::once(head).chain(rows).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    let line = |row: &[String; 7]| {
        let cells: Vec<_> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}  ")).collect();
        terminal::printable(&format!("{}{}", cells.concat(), row[6])).trim_end().to_owned()
    };
    rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Wrong arguments and settings are the caller's, everything else is a failure.
#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failure(error: KopoKopoError) -> Failure {
    match error.kind() {
        ErrorKind::Configuration => Failure::Usage(error.to_string()),
        ErrorKind::Journal if error.detail().contains("kopokopo_journal") => Failure::Failed(format!(
            "{error}. If the table does not exist, this is another database: name the one that your program uses"
        )),
        _ => Failure::Failed(error.to_string()),
    }
}
