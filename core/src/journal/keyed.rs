//! A create with an idempotency key. The journal is written before the first byte is sent, and after the outcome is
//! known. Nothing here sends a request whose outcome is not known.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, FusedFuture, ready},
};
use serde_json::Value;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    JournalRecord, JournalSettings, JournalState,
    decision::{Step, decide},
    evidence::Details,
    key::fingerprint,
    outcome::{accepted, in_progress, is_news, other_request, outcome_state, settled, unknown},
};
use crate::{
    cancel,
    client::{Body, KopoKopo},
    detail::detail,
    endpoint::{Endpoint, RetrySafety},
    error::{ErrorKind, KopoKopoError, Result},
    failure,
    pipeline::least_time_for_response,
    redact::redact,
    types::ResourceId,
};

/// Added to a record's deadline, for clocks that differ between machines and for the last write of the journal.
const MARGIN: Duration = Duration::from_secs(10);

/// How often a failed write of the journal is tried again after the request was sent.
const SETTLE_ATTEMPTS: u32 = 5;

/// How long one such write may take. A store that hangs must not keep the caller from a result that exists.
const SETTLE_LIMIT: Duration = Duration::from_secs(5);

/// How long a write of a worker that gave up may go on: longer than a database waits for a lock.
const LATE_WRITE_LIMIT: Duration = Duration::from_secs(40);

/// How long a caller that waits for another worker sleeps between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Performs a create once for its key, and returns the id.
pub(crate) fn create<'a>(
    client: &'a KopoKopo,
    endpoint: &'static Endpoint,
    body: &'a [u8],
    key: &'a str,
) -> BoxFuture<'a, Result<ResourceId>> {
    if endpoint.safety == RetrySafety::Idempotent {
        let error =
            KopoKopoError::invalid("idempotency_key", "is not needed: this operation may be repeated without it");
        return ready(Err(error.with_operation(endpoint.operation))).boxed();
    }
    // Not `cfg!`: the code of what is never called would stay in apps.
    #[cfg(feature = "small")]
    let _ = (client, body, key);
    #[cfg(feature = "small")]
    return ready(Err(KopoKopoError::configuration(
        "journal",
        "is not available in apps: calls with an idempotency key belong in a backend",
    )))
    .boxed();
    #[cfg(not(feature = "small"))]
    Box::pin(create_once(client, endpoint, body, key))
}

#[cfg_attr(feature = "small", expect(dead_code, reason = "apps have no journal"))]
async fn create_once(client: &KopoKopo, endpoint: &'static Endpoint, body: &[u8], key: &str) -> Result<ResourceId> {
    let Some(journal) = client.journal_settings().cloned() else {
        return Err(KopoKopoError::configuration(
            "journal",
            "is missing: an idempotency key needs a journal, which remembers keys across crashes. Give the client one",
        )
        .with_operation(endpoint.operation));
    };
    let request: Value = serde_json::from_slice(body)
        .map_err(|_| KopoKopoError::new(ErrorKind::Internal, detail!("the request could not be read as JSON")))?;
    let fingerprint = fingerprint(client.base_url(), endpoint.operation, request.clone(), key);
    // The caller's own wait for another worker comes on top of the time limit of a call.
    let deadline = client
        .total_timeout()
        .checked_add(client.in_progress_wait())
        .and_then(|longest| Instant::now().checked_add(longest))
        .ok_or_else(|| KopoKopoError::configuration("timeouts.total", "is too long"))?;
    let latest = Arc::new(AtomicI64::new(i64::MIN));
    let rules = cancel::Rules {
        key: Some((key.to_owned(), fingerprint.clone())),
        may_send: Some(Arc::new({
            let (journal, latest) = (journal.clone(), Arc::clone(&latest));
            move || journal.now().unix_timestamp_milliseconds() <= latest.load(Ordering::Acquire)
        })),
    };
    let worker = Worker {
        client: client.without_key(),
        journal,
        endpoint,
        body: Body::Json(body.to_vec().into()),
        details: Details::of(client.base_url(), endpoint.operation, &request, key).map(|details| details.to_json()),
        key: key.to_owned(),
        fingerprint,
        wait: client.in_progress_wait(),
        deadline,
        latest,
    };
    // The outcome is written even if the caller stops waiting.
    cancel::detached(rules, worker.run()).await
}

/// One keyed call.
#[derive(Clone)]
struct Worker {
    client: KopoKopo,
    journal: JournalSettings,
    endpoint: &'static Endpoint,
    body: Body,
    details: Option<String>,
    key: String,
    fingerprint: String,
    wait: Duration,
    deadline: Instant,
    /// The last moment at which the claimed attempt may be sent, in milliseconds since 1970. A worker that was suspended
    /// for longer must not send: its record counts as crashed, and a person may have resolved it.
    latest: Arc<AtomicI64>,
}

/// One attempt, as this worker writes it before it sends.
struct Attempt {
    record: JournalRecord,
    /// The end of its time limit.
    deadline: Instant,
}

impl Worker {
    async fn run(self) -> Result<ResourceId> {
        let outcome = self.claim_and_send().await;
        outcome.map_err(|error| {
            let is_new = error.kind() == ErrorKind::OutcomeUnknown && error.attempts() > 0;
            let error = if is_new { error.with_suffix(failure::AGAIN) } else { error };
            error
                .with_operation(self.endpoint.operation)
                .with_idempotency_key(&self.key, Some(self.fingerprint.clone()))
        })
    }

    async fn claim_and_send(&self) -> Result<ResourceId> {
        let give_up = Instant::now().checked_add(self.wait).unwrap_or(self.deadline);
        let mut mine = self.attempt();
        if self.inserted(&mine).await? {
            return self.send(mine).await;
        }
        loop {
            if Instant::now() >= self.deadline {
                return Err(KopoKopoError::journal("its record changed again and again; nothing was sent"));
            }
            let found = self.before_sending(self.journal.store.get(&self.key)).await?;
            mine = self.attempt();
            let Some(found) = found else {
                // It was deleted in between.
                if self.inserted(&mine).await? {
                    return self.send(mine).await;
                }
                sleep(Duration::from_millis(1)).await;
                continue;
            };
            match decide(&found, &mine.record, self.journal.now()) {
                Step::Claim(record) => {
                    mine.record = *record;
                    if self.replaced(&mine, found.version).await? {
                        return self.send(mine).await;
                    }
                    sleep(Duration::from_millis(1)).await;
                }
                Step::Return => return accepted(&found),
                Step::OtherRequest => return Err(other_request(&found)),
                Step::InProgress if Instant::now() >= give_up => return Err(in_progress(&found)),
                Step::InProgress => sleep(LOOK_AGAIN.min(give_up - Instant::now())).await,
                Step::Reconcile => {
                    let journal = self.client.journal()?;
                    let found = match journal.reconcile_record(found.clone(), self.left()).await {
                        Ok(found) => found,
                        Err(error) if error.kind() == ErrorKind::Journal => return Err(error),
                        // The poll failed: it stays unknown.
                        Err(_) => found,
                    };
                    match found.state {
                        JournalState::Accepted => return accepted(&found),
                        JournalState::Started | JournalState::Unknown => return Err(unknown(&found)),
                        // A person resolved it at the same moment.
                        JournalState::Refused | JournalState::NotSent => {}
                    }
                }
            }
        }
    }

    fn attempt(&self) -> Attempt {
        let (now, left) = (self.journal.now(), self.left());
        let record = JournalRecord {
            key: self.key.clone(),
            version: 1,
            state: JournalState::Started,
            operation: self.endpoint.operation.to_owned(),
            fingerprint: self.fingerprint.clone(),
            attempt: 1,
            owner: unique(),
            created_at: now,
            updated_at: now,
            deadline_at: now.checked_add(left + MARGIN).unwrap_or(now),
            sent_at: None,
            id: None,
            payment_key: None,
            error: None,
            evidence: None,
            details: self.details.clone(),
        };
        Attempt { record, deadline: Instant::now() + left }
    }

    /// The time that is left for sending.
    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now()).min(self.client.total_timeout())
    }

    async fn inserted(&self, mine: &Attempt) -> Result<bool> {
        let (store, record) = (Arc::clone(&self.journal.store), mine.record.clone());
        self.claimed(mine, Box::pin(async move { store.insert(record).await })).await
    }

    async fn replaced(&self, mine: &Attempt, version: u64) -> Result<bool> {
        let (store, record) = (Arc::clone(&self.journal.store), mine.record.clone());
        self.claimed(mine, Box::pin(async move { store.update(record, version).await })).await
    }

    /// Writes the record of an attempt. A failed write may have been done anyway: then the record is this worker's own.
    async fn claimed(&self, mine: &Attempt, write: BoxFuture<'static, Result<bool>>) -> Result<bool> {
        let mut write = write.fuse();
        let error = match self.before_sending(&mut write).await {
            Err(error) => error,
            outcome => return outcome,
        };
        if let Some(is_mine) = self.is_mine(&mine.record).await {
            return Ok(is_mine);
        }
        // Nothing will be sent. The write may have been done, or be done later, and must not make the record unknown.
        let (worker, record, outcome) = (self.clone(), mine.record.clone(), Err(error.clone()));
        tokio::spawn(async move {
            if !write.is_terminated() {
                // Not for ever: a pool must get its connection back.
                let _ = timeout(LATE_WRITE_LIMIT, write).await;
            }
            worker.settle(record, &outcome, false).await;
        });
        Err(error)
    }

    /// Whether the journal has this record. None if it cannot be read, or has no record.
    async fn is_mine(&self, mine: &JournalRecord) -> Option<bool> {
        let found = self.before_sending(self.journal.store.get(&self.key)).await.ok()??;
        Some(found.owner == mine.owner && found.version == mine.version)
    }

    /// Runs an operation of the store within the call's time limit. Nothing was sent yet.
    async fn before_sending<T>(&self, operation: impl Future<Output = Result<T>>) -> Result<T> {
        let outcome = match timeout_at(self.deadline, operation).await {
            Ok(outcome) => outcome,
            Err(_) => {
                Err(KopoKopoError::new(ErrorKind::Timeout, detail!("the journal's store did not respond in time")))
            }
        };
        outcome.map_err(|error| error.with_suffix(detail!("; nothing was sent")))
    }

    async fn send(&self, mine: Attempt) -> Result<ResourceId> {
        let left = mine.deadline.saturating_duration_since(Instant::now());
        let latest = mine.record.deadline_at.checked_sub(MARGIN);
        self.latest.store(latest.map_or(i64::MIN, |at| at.unix_timestamp_milliseconds()), Ordering::Release);
        let outcome = if left < least_time_for_response(self.client.total_timeout()) {
            Err(KopoKopoError::new(ErrorKind::Timeout, detail!("{}; nothing was sent", cancel::TOO_LATE)))
        } else {
            self.client.with_total_timeout(left).accepted(self.endpoint, self.body.clone()).await
        };
        self.settle(mine.record, &outcome, true).await;
        outcome
    }

    /// Writes the outcome. If that fails, the record stays `started`, and becomes `unknown` after its deadline. `is_written`:
    /// the journal had this record. Otherwise it is read first: another worker's record can have the same version.
    async fn settle(&self, mine: JournalRecord, outcome: &Result<ResourceId>, is_written: bool) {
        let mut found = is_written.then(|| mine.clone());
        for attempt in 0..SETTLE_ATTEMPTS {
            if let Some(found) = &found {
                if found.owner != mine.owner || !is_news(found, outcome) {
                    return;
                }
                let record = settled(found, outcome, self.journal.now());
                match timeout(SETTLE_LIMIT, self.journal.store.update(record, found.version)).await {
                    Ok(Ok(true)) => return,
                    Ok(Ok(false)) => {}
                    Ok(Err(_)) => sleep(Duration::from_millis(50 << attempt)).await,
                    Err(_) => break,
                }
            }
            match timeout(SETTLE_LIMIT, self.journal.store.get(&self.key)).await {
                Ok(Ok(Some(now))) => found = Some(now),
                Ok(Ok(None)) => return,
                Ok(Err(_)) if found.is_none() => sleep(Duration::from_millis(50 << attempt)).await,
                Ok(Err(_)) => {}
                Err(_) => break,
            }
        }
        let (operation, outcome) = (self.endpoint.operation, outcome_state(outcome).as_str());
        tracing::warn!(
            operation,
            outcome,
            "the journal could not be written after the request was sent: its record becomes unknown"
        );
        if is_written {
            // The caller has the outcome, so nothing else says it.
            let warning = format!(
                "the journal could not write the outcome ({outcome}) of {operation} with the idempotency key {}: its record \
                 becomes unknown, and the key sends nothing again until journal.reconcile, an event or journal.resolve says more",
                redact(&self.key).as_str()
            );
            let _ = timeout(SETTLE_LIMIT, self.journal.store.warn(&warning)).await;
        }
    }
}

/// A text that no other attempt has, in this process, in forks of it and on other machines.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let nanoseconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("{:x}-{nanoseconds:x}-{count:x}-{:x}", std::process::id(), fastrand::u64(..))
}
