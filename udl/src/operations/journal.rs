//! The journal, by the names of its methods.

use std::time::Duration;

use super::{Call, Methods, Object, Output, methods::start, output, unknown, verifier::as_configuration};
use crate::{
    api::{
        self,
        journal::{Journal, JournalState},
    },
    error::Result,
    journal::{HostStore, JournalOptions, event},
    panic::guard,
    value::{ArgumentReader, Arguments, FieldPath, FromValue, Value, read},
};

impl FromValue for JournalOptions {
    fn from_value(value: Value, path: &FieldPath<'_>) -> Result<Self> {
        let known = &["dialect", "placeholder", "create_tables", "key_in_metadata"];
        let mut reader = ArgumentReader::of(value, path, known)?;
        Ok(Self {
            dialect: reader.optional("dialect")?,
            placeholder: reader.optional("placeholder")?,
            create_tables: reader.optional("create_tables")?.unwrap_or(true),
            key_in_metadata: reader.optional("key_in_metadata")?.unwrap_or(true),
        })
    }
}

/// A client with a journal whose store is the host's.
///
/// # Errors
/// `configuration` for options that do not fit.
pub fn with_journal(client: &Object, store: impl HostStore, arguments: Arguments) -> Result<Object> {
    guard(|| {
        let Object::Client(client) = client else { return Err(unknown(client.name(), "with_journal")) };
        let options: JournalOptions = read::read(arguments)?;
        options.client(client, store).map(Object::Client)
    })
    .map_err(as_configuration)
}

const METHODS: [(&str, &str); 6] = [
    ("get", "journal.get"),
    ("list", "journal.list"),
    ("observe", "journal.observe"),
    ("reconcile", "journal.reconcile"),
    ("reconcile_all", "journal.reconcile_all"),
    ("resolve", "journal.resolve"),
];

impl Methods for Journal {
    fn name(&self) -> &'static str {
        "Journal"
    }

    fn operation(&self, method: &str) -> Option<&'static str> {
        METHODS.iter().find(|(name, _)| *name == method).map(|(_, operation)| *operation)
    }

    fn call_sync(&self, method: &str, _: Arguments) -> Result<Output> {
        Err(unknown(self.name(), method))
    }

    fn begin(&self, method: &str, arguments: Arguments) -> Result<Call> {
        let own = self.clone();
        let operation = self.operation(method);
        Ok(match method {
            "get" => {
                let key: String = read::one(arguments, "key")?;
                start(operation, async move { Ok(output(own.get(&key).await?)) })
            }
            "list" => {
                let query: api::journal::JournalQuery = read::read(arguments)?;
                start(operation, async move { Ok(output(own.list(&query).await?)) })
            }
            "observe" => {
                let event = event(&read::one::<String>(arguments, "event")?)?;
                start(operation, async move { Ok(output(own.observe(&event).await?)) })
            }
            "reconcile" => {
                let key: String = read::one(arguments, "key")?;
                start(operation, async move { Ok(output(own.reconcile(&key).await?)) })
            }
            "reconcile_all" => {
                let mut reader = ArgumentReader::arguments(arguments, &["older_than"])?;
                let older_than: Duration = reader.optional("older_than")?.unwrap_or(Duration::from_secs(60));
                start(operation, async move { Ok(output(own.reconcile_all(older_than).await?)) })
            }
            "resolve" => {
                let mut reader = ArgumentReader::arguments(arguments, &["key", "state", "reason", "id", "attempt"])?;
                let (key, state): (String, JournalState) = (reader.required("key")?, reader.required("state")?);
                let (reason, id): (String, Option<String>) = (reader.required("reason")?, reader.optional("id")?);
                let attempt: Option<u32> = reader.optional("attempt")?;
                start(operation, async move {
                    Ok(output(own.resolve_attempt(&key, attempt, state, id.as_deref(), &reason).await?))
                })
            }
            _ => return Err(unknown(self.name(), method)),
        })
    }
}
