//! The journal, and stores in another language.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::{FutureExt, future::BoxFuture};
use serde_json::json;

use super::{
    convert::{FromCore, IntoCore},
    error::Result,
    generated::{ErrorFields, JournalOptions, JournalQuery, JournalRecord},
    text::Raw,
};
use crate::{
    api,
    journal::{self, HostStore},
    runtime::{self, Work},
    value::FieldPath,
};

/// Runs what the journal asks of its store.
#[uniffi::trait_interface]
#[async_trait::async_trait]
pub trait JournalStore: Send + Sync {
    /// Runs one request of the journal, given as JSON, and returns its result as JSON. It must be durable when it returns.
    ///
    /// # Errors
    /// Any. If it fails before the request is sent, the call fails with `journal`, and nothing is sent.
    async fn execute(&self, request: String) -> Result<String>;
}

/// A store as the core calls it.
pub(super) struct Foreign(pub(super) Arc<dyn JournalStore>);

impl HostStore for Foreign {
    fn execute(&self, request: String) -> BoxFuture<'static, std::result::Result<String, String>> {
        let store = Arc::clone(&self.0);
        // Made inside of the future, so that a panic in the store's first step is caught too.
        let answer = async move { store.execute(request).await };
        async move {
            let answer = AssertUnwindSafe(answer).catch_unwind().await;
            answer.map_err(|_| "its store broke off".to_owned())?.map_err(|error| {
                let ErrorFields { detail, .. } = error.into_fields();
                detail
            })
        }
        .boxed()
    }

    /// The packages take it before the program's store gets it.
    fn warn(&self, warning: String) -> BoxFuture<'static, ()> {
        self.execute(json!({ "warning": warning }).to_string()).map(|_| ()).boxed()
    }
}

impl From<JournalOptions> for journal::JournalOptions {
    fn from(options: JournalOptions) -> Self {
        let JournalOptions { dialect, placeholder, create_tables, key_in_metadata } = options;
        Self { dialect, placeholder, create_tables, key_in_metadata }
    }
}

impl FromCore for JournalRecord {
    type Core = api::JournalRecord;

    fn from_core(core: api::JournalRecord) -> Self {
        Self {
            error_detail: core.error_detail(),
            state: core.state.as_str().to_owned(),
            key: core.key,
            version: core.version,
            operation: core.operation,
            fingerprint: core.fingerprint,
            attempt: core.attempt,
            created_at: FromCore::from_core(core.created_at),
            updated_at: FromCore::from_core(core.updated_at),
            deadline_at: FromCore::from_core(core.deadline_at),
            sent_at: FromCore::from_core(core.sent_at),
            id: core.id,
            payment_key: core.payment_key,
            evidence: core.evidence,
        }
    }
}

/// The outcomes of creates with an idempotency key.
#[derive(Debug, Clone)]
pub struct Journal(pub(crate) api::journal::Journal);

impl Journal {
    /// Reads the record of a key. Absent if the key was never used.
    ///
    /// # Errors
    /// `journal` if the store fails.
    pub fn get(&self, key: String) -> Work<Result<Option<JournalRecord>>> {
        let core = self.0.clone();
        runtime::call(Some("journal.get"), async move { Ok(FromCore::from_core(core.get(&key).await?)) })
    }

    /// Lists records in the order of their keys.
    ///
    /// # Errors
    /// `journal` if the store fails.
    pub fn list(&self, query: JournalQuery) -> Work<Result<Vec<JournalRecord>>> {
        let core = self.0.clone();
        runtime::call(Some("journal.list"), async move {
            let path = FieldPath::Root;
            let states = query.states.iter().map(|name| name.parse()).collect::<crate::error::Result<_>>()?;
            let query = api::JournalQuery {
                states,
                operation: query.operation,
                created_from: query.created_from.map(|at| at.into_core(&path.field("created_from"))).transpose()?,
                created_before: query
                    .created_before
                    .map(|at| at.into_core(&path.field("created_before")))
                    .transpose()?,
                after_key: query.after_key,
                limit: query.limit,
            };
            Ok(FromCore::from_core(core.list(&query).await?))
        })
    }

    /// Tells the journal about a verified event, by its raw text.
    ///
    /// # Errors
    /// `journal` if the store fails.
    pub fn observe(&self, event: Raw) -> Work<Result<Option<JournalRecord>>> {
        let core = self.0.clone();
        runtime::call(Some("journal.observe"), async move {
            let event = journal::event(event.as_str())?;
            Ok(FromCore::from_core(core.observe(&event).await?))
        })
    }

    /// Finds out the outcome of a request if it is unknown.
    ///
    /// # Errors
    /// `not_found` if the journal has no such key.
    pub fn reconcile(&self, key: String) -> Work<Result<JournalRecord>> {
        let core = self.0.clone();
        runtime::call(Some("journal.reconcile"), async move { Ok(FromCore::from_core(core.reconcile(&key).await?)) })
    }

    /// Reconciles every record whose outcome is unknown, and that was created before so many seconds.
    ///
    /// # Errors
    /// `journal` if the store fails.
    pub fn reconcile_all(&self, older_than: f64) -> Work<Result<Vec<JournalRecord>>> {
        let core = self.0.clone();
        runtime::call(Some("journal.reconcile_all"), async move {
            let older_than: Duration = older_than.into_core(&FieldPath::Root.field("older_than"))?;
            Ok(FromCore::from_core(core.reconcile_all(older_than).await?))
        })
    }

    /// Writes what a person found out about a request whose outcome is unknown.
    ///
    /// # Errors
    /// `invalid_request` if the record is not unknown. `not_found` if the journal has no such key.
    pub fn resolve(
        &self,
        key: String,
        state: String,
        reason: String,
        id: Option<String>,
        attempt: Option<u32>,
    ) -> Work<Result<JournalRecord>> {
        let core = self.0.clone();
        runtime::call(Some("journal.resolve"), async move {
            let state = state.parse()?;
            Ok(FromCore::from_core(core.resolve_attempt(&key, attempt, state, id.as_deref(), &reason).await?))
        })
    }
}
