//! What an application does with its journal: read it, feed it with events, find out what is unknown.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::{
    JournalQuery, JournalRecord, JournalSettings, JournalState,
    evidence::{self, Details, Source},
    key::check_key,
    store::JournalStore,
};
use crate::{
    client::KopoKopo,
    detail::detail,
    error::{ErrorKind, KopoKopoError, Result},
    resources::{PollingRequest, Transaction},
    types::{ResourceId, Scope},
    watch::WaitOptions,
};

/// How often a change of a record is tried again because another worker changed it first.
const ATTEMPTS: usize = 20;

/// The journal of a client: see [`crate::journal`].
#[derive(Clone)]
pub struct Journal {
    client: KopoKopo,
    pub(super) settings: JournalSettings,
}

impl KopoKopo {
    /// The client's journal.
    ///
    /// # Errors
    /// `configuration`, field `journal`, if the client has none.
    pub fn journal(&self) -> Result<Journal> {
        let settings = self.journal_settings().cloned().ok_or_else(|| {
            KopoKopoError::configuration("journal", "is missing: the client was made without a journal")
        })?;
        Ok(Journal { client: self.without_key(), settings })
    }
}

impl Journal {
    pub(super) fn store(&self) -> Limited<'_> {
        Limited { store: &*self.settings.store, limit: self.client.total_timeout() }
    }

    /// Reads the record of a key.
    ///
    /// # Errors
    /// `journal` if the store fails.
    pub async fn get(&self, key: &str) -> Result<Option<JournalRecord>> {
        check_key(key)?;
        self.store().get(key).await
    }

    /// Lists records in the order of their keys.
    ///
    /// # Errors
    /// `journal` if the store fails.
    pub async fn list(&self, query: &JournalQuery) -> Result<Vec<JournalRecord>> {
        self.store().list(query).await
    }

    pub(super) async fn all(&self, mut query: JournalQuery) -> Result<Vec<JournalRecord>> {
        let mut all = Vec::new();
        query.limit = 500;
        loop {
            let page = self.store().list(&query).await?;
            let Some(last) = page.last() else { return Ok(all) };
            if query.after_key.as_ref().is_some_and(|after| last.key <= *after) {
                return Err(KopoKopoError::journal("its store lists records that do not come after the key"));
            }
            query.after_key = Some(last.key.clone());
            all.extend(page);
        }
    }

    /// Finds out the outcome of a request if it is unknown, and returns its record with the evidence. For an STK
    /// push, the transactions of its till are read. A record that is known, or in progress, is returned as it is. What
    /// cannot be found out stays `unknown`. Never sends the request.
    ///
    /// # Errors
    /// `not_found` if the journal has no such key. `journal` if the store fails. `configuration`, field `environment`, if the
    /// request was sent to another one. Errors of the poll are returned too.
    pub async fn reconcile(&self, key: &str) -> Result<JournalRecord> {
        check_key(key)?;
        let found = self.store().get(key).await?.ok_or_else(no_record)?;
        self.reconcile_record(found, self.client.total_timeout()).await
    }

    /// Reconciles every record whose outcome is unknown, and that was created before this much time, for a job that runs
    /// now and then. Returns these records. An error of one does not stop the others: its record is returned unchanged.
    ///
    /// # Errors
    /// `journal` if the store fails.
    pub async fn reconcile_all(&self, older_than: Duration) -> Result<Vec<JournalRecord>> {
        let now = self.settings.now();
        // Nothing is older than the first year.
        let Some(before) = now.checked_sub(older_than) else { return Ok(Vec::new()) };
        let query = JournalQuery {
            states: vec![JournalState::Started, JournalState::Unknown],
            created_before: Some(before),
            ..JournalQuery::default()
        };
        let mut reconciled = Vec::new();
        for record in self.all(query).await? {
            if record.is_in_progress(now) {
                continue;
            }
            match self.reconcile_record(record.clone(), self.client.total_timeout()).await {
                Ok(record) => reconciled.push(record),
                Err(error) if error.kind() == ErrorKind::Journal => return Err(error),
                Err(error) => {
                    tracing::warn!(kind = error.kind().as_str(), "a record of the journal was not reconciled");
                    reconciled.push(record);
                }
            }
        }
        Ok(reconciled)
    }

    pub(super) async fn reconcile_record(&self, found: JournalRecord, limit: Duration) -> Result<JournalRecord> {
        let now = self.settings.now();
        if !found.state.is_open() || found.is_in_progress(now) {
            return Ok(found);
        }
        let record = if found.state == JournalState::Started {
            let changed = JournalRecord {
                evidence: Some("its worker ended before it wrote the outcome".to_owned()),
                ..found.changed(JournalState::Unknown, now)
            };
            if !self.store().update(changed.clone(), found.version).await? {
                return self.store().get(&found.key).await?.ok_or_else(no_record);
            }
            changed
        } else {
            found
        };
        let Some(Details::StkPush { till_number, callback_url, base_url, .. }) = Details::of_record(&record) else {
            return Ok(record);
        };
        // A payment of the sandbox says nothing about a request to production.
        if base_url != self.client.base_url() {
            return Err(KopoKopoError::configuration(
                "environment",
                "is not the one that this request was sent to: use a client of that one",
            ));
        }
        let Some(deadline) = Instant::now().checked_add(limit) else { return Ok(record) };
        let polled = timeout_at(deadline, self.polled(&record, till_number, callback_url, limit)).await;
        // What is not found out stays unknown, and is found out later.
        let transactions = match polled {
            Ok(polled) => polled?,
            Err(_) => return Err(KopoKopoError::new(ErrorKind::Timeout, "the poll did not end in time")),
        };
        let mut fitting = Vec::new();
        for transaction in transactions.iter().filter(|transaction| evidence::fits(&record, transaction)) {
            let only = self.only_fit(transaction, Source::Transaction).await?;
            fitting.extend(only.filter(|only| only.key == record.key).zip(transaction.payment_key()));
        }
        match only(fitting.into_iter()) {
            Some((record, payment_key)) => {
                let key = record.key.clone();
                match self.accept(record, None, Some(payment_key), "payment found by polling", false).await? {
                    Some(record) => Ok(record),
                    None => self.store().get(&key).await?.ok_or_else(no_record),
                }
            }
            None => Ok(record),
        }
    }

    /// The transactions of a till in the period of an STK push.
    async fn polled(
        &self,
        record: &JournalRecord,
        till_number: String,
        callback_url: String,
        limit: Duration,
    ) -> Result<Vec<Transaction>> {
        let (from, to) = evidence::period(record);
        let request = PollingRequest {
            scope: Scope::Till,
            scope_reference: Some(till_number),
            from_time: Some(from),
            to_time: Some(to.min(self.settings.now())),
            callback_url,
        };
        let poll = self.client.polling().create(&request).await?;
        let limit = limit.max(Duration::from_secs(1));
        let options = WaitOptions { interval: Duration::from_secs(1), ..WaitOptions::timeout(limit) };
        let polled = poll.wait(options).await?;
        Ok(polled.transactions.into_iter().map(|polled| polled.transaction).collect())
    }

    /// Writes that a request was accepted.
    pub(super) async fn accept(
        &self,
        mut found: JournalRecord,
        id: Option<&str>,
        payment_key: Option<String>,
        evidence: &str,
        names_the_key: bool,
    ) -> Result<Option<JournalRecord>> {
        let id = id.filter(|id| ResourceId::parse(id).is_ok());
        let owner = found.owner.clone();
        for _ in 0..ATTEMPTS {
            let known = found.state == JournalState::Accepted;
            let adds_id = found.id.is_none() && id.is_some();
            let is_other = id.is_some() && found.id.is_some() && found.id.as_deref() != id;
            // What names the key knows its payment. Other evidence only guessed it.
            let adds_key = payment_key.is_some()
                && !is_other
                && (found.payment_key.is_none() || (names_the_key && found.payment_key != payment_key));
            if known && !adds_id && !adds_key {
                return Ok(Some(found));
            }
            let record = JournalRecord {
                id: found.id.clone().or_else(|| id.map(ToOwned::to_owned)),
                payment_key: if adds_key { payment_key.clone() } else { found.payment_key.clone() },
                evidence: if known { found.evidence.clone() } else { Some(evidence.to_owned()) },
                // A guess can be taken back, and then it matters that the worker has ended.
                error: found.error.clone().filter(|_| !names_the_key),
                ..found.changed(JournalState::Accepted, self.settings.now())
            };
            if self.store().update(record.clone(), found.version).await? {
                return Ok(Some(record));
            }
            found = self.store().get(&found.key).await?.ok_or_else(no_record)?;
            // It was a guess about an attempt whose outcome was open, with no payment of its own.
            if !names_the_key && (!found.state.is_open() || found.owner != owner) {
                return Ok(None);
            }
        }
        Err(KopoKopoError::journal("a record was changed by others again and again"))
    }

    /// Writes what a person found out about a request whose outcome is unknown. `state` is `accepted`, with its id if it
    /// is known, or `refused` or `not_sent`: then the request may be sent again. The reason is stored.
    ///
    /// # Errors
    /// `invalid_request` if the state is none of these, the reason is blank, or the record is not unknown: a worker that
    /// may still be sending must end first. `not_found` if the journal has no such key.
    pub async fn resolve(
        &self,
        key: &str,
        state: JournalState,
        id: Option<&str>,
        reason: &str,
    ) -> Result<JournalRecord> {
        self.resolve_attempt(key, None, state, id, reason).await
    }

    /// [`Self::resolve`] for one attempt: what a person found out about it is not true of the next.
    ///
    /// # Errors
    /// Those of [`Self::resolve`], and `invalid_request`, field `attempt`, if the record has another attempt.
    pub async fn resolve_attempt(
        &self,
        key: &str,
        attempt: Option<u32>,
        state: JournalState,
        id: Option<&str>,
        reason: &str,
    ) -> Result<JournalRecord> {
        check_key(key)?;
        if state.is_open() {
            return Err(KopoKopoError::invalid("state", "must be accepted, refused or not_sent"));
        }
        let reason = reason.trim();
        if reason.is_empty() {
            return Err(KopoKopoError::invalid("reason", "must say how this is known"));
        }
        if id.is_some() && state != JournalState::Accepted {
            return Err(KopoKopoError::invalid("id", "is only for a request that was accepted"));
        }
        let id = id.map(ResourceId::parse).transpose()?;
        let found = self.store().get(key).await?.ok_or_else(no_record)?;
        let now = self.settings.now();
        if !found.state.is_open() || found.is_in_progress(now) {
            return Err(KopoKopoError::invalid(
                "idempotency_key",
                detail!(
                    "is {}: only a request whose outcome is unknown can be resolved",
                    if found.state.is_open() { "in progress" } else { found.state.as_str() }
                ),
            ));
        }
        if attempt.is_some_and(|attempt| attempt != found.attempt) {
            return Err(KopoKopoError::invalid(
                "attempt",
                detail!("is not the current one, which is {}: find out about that one", found.attempt),
            ));
        }
        let record = JournalRecord {
            id: id.map(|id| id.as_str().to_owned()),
            evidence: Some(format!("resolved by a person: {reason}")),
            error: None,
            ..found.changed(state, now)
        };
        if self.store().update(record.clone(), found.version).await? {
            return Ok(record);
        }
        Err(KopoKopoError::invalid("idempotency_key", "was changed at the same moment: look at it again"))
    }
}

/// A store whose operations end within the client's time limit.
pub(super) struct Limited<'a> {
    store: &'a dyn JournalStore,
    limit: Duration,
}

impl Limited<'_> {
    async fn run<T>(&self, operation: impl Future<Output = Result<T>>) -> Result<T> {
        timeout(self.limit, operation)
            .await
            .unwrap_or_else(|_| Err(KopoKopoError::journal("its store does not respond")))
    }

    pub(super) async fn update(&self, record: JournalRecord, version: u64) -> Result<bool> {
        self.run(self.store.update(record, version)).await
    }

    pub(super) async fn get(&self, key: &str) -> Result<Option<JournalRecord>> {
        self.run(self.store.get(key)).await
    }

    pub(super) async fn list(&self, query: &JournalQuery) -> Result<Vec<JournalRecord>> {
        self.run(self.store.list(query)).await
    }
}

/// The item, if there is exactly one.
pub(super) fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    items.next().filter(|_| items.next().is_none())
}

fn no_record() -> KopoKopoError {
    KopoKopoError::new(ErrorKind::NotFound, "the journal has no record with this idempotency key")
        .at_field("idempotency_key")
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal").finish_non_exhaustive()
    }
}
