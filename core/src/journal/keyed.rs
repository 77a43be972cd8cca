//! A create with an idempotency key. The journal is written before the first byte is sent, and after the outcome is
//! known. Nothing here sends a request whose outcome is not known.

use std::{
    borrow::Cow,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, SystemTime},
};

use futures_util::future::BoxFuture;
use serde_json::Value;
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use super::{
    JournalRecord, JournalSettings, JournalState,
    decision::{Step, decide},
    evidence::{Details, METADATA_NAME},
};
use crate::{
    cancel,
    client::{Body, KopoKopo},
    detail::detail,
    endpoint::{Endpoint, RetrySafety},
    error::{ErrorKind, KopoKopoError, Result},
    redact::redact,
    types::{Metadata, MetadataValue, ResourceId, Timestamp},
};

/// The longest key, in characters.
const MAX_KEY: usize = 200;

/// Added to a record's deadline, for clocks that differ between machines and for the last write of the journal.
const MARGIN: Duration = Duration::from_secs(10);

/// How often a failed write of the journal is tried again after the request was sent.
const SETTLE_ATTEMPTS: u32 = 5;

/// How long one such write may take. A store that hangs must not keep the caller from a result that exists.
const SETTLE_LIMIT: Duration = Duration::from_secs(5);

/// How long a caller that waits for another worker sleeps between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Checks a key that a caller chose.
pub(crate) fn check_key(key: &str) -> Result<()> {
    let is_printable = key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if key.is_empty() || key.len() > MAX_KEY || !is_printable || key.trim() != key {
        return Err(KopoKopoError::invalid(
            "idempotency_key",
            "must have 1 to 200 printable ASCII characters, without spaces around them",
        ));
    }
    Ok(())
}

/// The metadata of a request, with the key if the client has one: results bring it back.
pub(crate) fn metadata_with_key<'a>(client: &KopoKopo, metadata: &'a Metadata) -> Result<Cow<'a, Metadata>> {
    metadata.checked()?;
    let Some((key, journal)) = client.idempotency_key().zip(client.journal_settings()) else {
        return Ok(Cow::Borrowed(metadata));
    };
    if !journal.key_in_metadata {
        return Ok(Cow::Borrowed(metadata));
    }
    match metadata.get(METADATA_NAME) {
        Some(MetadataValue::Text(own)) if own == key => return Ok(Cow::Borrowed(metadata)),
        Some(_) => {
            return Err(KopoKopoError::invalid(
                "metadata.idempotency_key",
                "differs from the call's idempotency key, which travels under this name: rename it",
            ));
        }
        None => {}
    }
    if metadata.len() >= 5 {
        return Err(KopoKopoError::invalid(
            "metadata",
            "must have at most 4 pairs if the call has an idempotency key, which is the fifth. Remove a pair, or set the \
             journal's option key_in_metadata to false: then a lost response can only be found out in fewer ways",
        ));
    }
    Ok(Cow::Owned(metadata.clone().with(METADATA_NAME, key)))
}

/// Performs a create once for its key, and returns the id.
pub(crate) fn create<'a>(
    client: &'a KopoKopo,
    endpoint: &'static Endpoint,
    body: &'a [u8],
    key: &'a str,
) -> BoxFuture<'a, Result<ResourceId>> {
    Box::pin(create_once(client, endpoint, body, key))
}

async fn create_once(client: &KopoKopo, endpoint: &'static Endpoint, body: &[u8], key: &str) -> Result<ResourceId> {
    if endpoint.safety == RetrySafety::Idempotent {
        return Err(KopoKopoError::invalid(
            "idempotency_key",
            "is not needed: this operation may be repeated without it",
        )
        .with_operation(endpoint.operation));
    }
    if cfg!(feature = "small") {
        return Err(KopoKopoError::configuration(
            "journal",
            "is not available in apps: calls with an idempotency key belong in a backend",
        ));
    }
    let Some(journal) = client.journal_settings().cloned() else {
        return Err(KopoKopoError::configuration(
            "journal",
            "is missing: an idempotency key needs a journal, which remembers keys across crashes. Give the client one",
        )
        .with_operation(endpoint.operation));
    };
    let request: Value = serde_json::from_slice(body)
        .map_err(|_| KopoKopoError::new(ErrorKind::Internal, detail!("the request could not be read as JSON")))?;
    let fingerprint = fingerprint(endpoint.operation, request.clone(), key);
    // The caller's own wait for another worker comes on top of the time limit of a call.
    let deadline = client
        .total_timeout()
        .checked_add(client.in_progress_wait())
        .and_then(|longest| Instant::now().checked_add(longest))
        .ok_or_else(|| KopoKopoError::configuration("timeouts.total", "is too long"))?;
    let worker = Worker {
        client: client.without_key(),
        journal,
        endpoint,
        body: Body::Json(body.to_vec().into()),
        details: Details::of(endpoint.operation, &request).map(|details| details.to_json()),
        key: key.to_owned(),
        fingerprint,
        wait: client.in_progress_wait(),
        deadline,
    };
    // The outcome is written even if the caller stops waiting.
    cancel::detached(key, &worker.fingerprint.clone(), worker.run()).await
}

/// SHA-256 over the operation and the request, whatever the order of its fields. The key itself is left out of it.
fn fingerprint(operation: &str, mut request: Value, key: &str) -> String {
    if let Some(metadata) = request.get_mut("metadata").and_then(Value::as_object_mut) {
        if metadata.get(METADATA_NAME).and_then(Value::as_str) == Some(key) {
            metadata.remove(METADATA_NAME);
        }
        if metadata.is_empty() {
            request.as_object_mut().map(|fields| fields.remove("metadata"));
        }
    }
    sort(&mut request);
    let mut digest = Sha256::new();
    digest.update(b"kopokopo request 1\n");
    digest.update(operation);
    digest.update(b"\n");
    digest.update(request.to_string());
    hex::encode(digest.finalize())
}

/// Sorts the fields, which serde_json keeps in their order if another crate asks for that.
fn sort(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            let mut sorted: Vec<_> = std::mem::take(fields).into_iter().collect();
            sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
            for (_, value) in &mut sorted {
                sort(value);
            }
            fields.extend(sorted);
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

/// One keyed call.
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
}

impl Worker {
    async fn run(self) -> Result<ResourceId> {
        let outcome = self.claim_and_send().await;
        outcome.map_err(|error| {
            error
                .with_operation(self.endpoint.operation)
                .with_idempotency_key(&self.key, Some(self.fingerprint.clone()))
        })
    }

    async fn claim_and_send(&self) -> Result<ResourceId> {
        let mut mine = self.first_attempt();
        if self.inserted(&mine).await? {
            return self.send(mine).await;
        }
        let now = Instant::now();
        let give_up = now.checked_add(self.wait).unwrap_or(self.deadline);
        loop {
            let Some(found) = self.before_sending(self.journal.store.get(&self.key)).await? else {
                // It was deleted in between.
                mine = self.first_attempt();
                if self.inserted(&mine).await? {
                    return self.send(mine).await;
                }
                continue;
            };
            match decide(&found, &self.first_attempt(), self.journal.now()) {
                Step::Claim(record) => {
                    let record = *record;
                    if self.claimed(&record, found.version).await? {
                        return self.send(record).await;
                    }
                }
                Step::Return => return accepted(&found),
                Step::OtherRequest => return Err(other_request(&found)),
                Step::InProgress if Instant::now() >= give_up => return Err(in_progress(&found)),
                Step::InProgress => sleep(LOOK_AGAIN.min(give_up - Instant::now())).await,
                Step::Reconcile => {
                    let limit = self.left();
                    let journal = self.client.journal()?;
                    let found = journal.reconcile_record(found, limit).await?;
                    return if found.state == JournalState::Accepted { accepted(&found) } else { Err(unknown(&found)) };
                }
            }
        }
    }

    fn first_attempt(&self) -> JournalRecord {
        let now = self.journal.now();
        let left = self.left();
        JournalRecord {
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
        }
    }

    /// The time that is left for sending.
    fn left(&self) -> Duration {
        self.deadline.saturating_duration_since(Instant::now()).min(self.client.total_timeout())
    }

    /// Inserts the record. A failed write may have been done anyway: then the record is this worker's own.
    async fn inserted(&self, mine: &JournalRecord) -> Result<bool> {
        match self.before_sending(self.journal.store.insert(mine.clone())).await {
            Err(error) => self.is_mine(mine).await.ok_or(error),
            outcome => outcome,
        }
    }

    async fn claimed(&self, mine: &JournalRecord, version: u64) -> Result<bool> {
        match self.before_sending(self.journal.store.update(mine.clone(), version)).await {
            Err(error) => self.is_mine(mine).await.ok_or(error),
            outcome => outcome,
        }
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

    async fn send(&self, mine: JournalRecord) -> Result<ResourceId> {
        let left = self.left();
        let is_late = left.is_zero() || self.journal.now() > mine.deadline_at;
        let outcome = if is_late {
            Err(KopoKopoError::new(ErrorKind::Timeout, detail!("{}; nothing was sent", cancel::TOO_LATE)))
        } else {
            self.client.with_total_timeout(left).accepted(self.endpoint, self.body.clone()).await
        };
        self.settle(mine, &outcome).await;
        outcome
    }

    /// Writes the outcome. If that fails, the record stays `started`, and becomes `unknown` after its deadline.
    async fn settle(&self, mine: JournalRecord, outcome: &Result<ResourceId>) {
        let mut found = mine.clone();
        for attempt in 0..SETTLE_ATTEMPTS {
            if found.owner != mine.owner || !found.state.is_open() {
                return;
            }
            let record = settled(&found, outcome, self.journal.now());
            match timeout(SETTLE_LIMIT, self.journal.store.update(record, found.version)).await {
                Ok(Ok(true)) => return,
                Ok(Ok(false)) => {}
                Ok(Err(_)) => sleep(Duration::from_millis(50 << attempt)).await,
                Err(_) => break,
            }
            match timeout(SETTLE_LIMIT, self.journal.store.get(&self.key)).await {
                Ok(Ok(Some(now))) => found = now,
                Ok(Ok(None)) => return,
                Ok(Err(_)) => {}
                Err(_) => break,
            }
        }
        tracing::warn!(
            operation = self.endpoint.operation,
            outcome = outcome_state(outcome).as_str(),
            "the journal could not be written after the request was sent: its record becomes unknown"
        );
    }
}

fn outcome_state(outcome: &Result<ResourceId>) -> JournalState {
    match outcome {
        Ok(_) => JournalState::Accepted,
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => JournalState::Unknown,
        Err(error) if error.status().is_some() && error.attempts() > 0 => JournalState::Refused,
        Err(_) => JournalState::NotSent,
    }
}

fn settled(found: &JournalRecord, outcome: &Result<ResourceId>, now: Timestamp) -> JournalRecord {
    let record = found.changed(outcome_state(outcome), now);
    match outcome {
        Ok(id) => JournalRecord {
            id: Some(id.as_str().to_owned()),
            evidence: Some("response".to_owned()),
            error: None,
            ..record
        },
        Err(error) => JournalRecord { sent_at: error.sent_at(), error: serde_json::to_string(error).ok(), ..record },
    }
}

/// The handle of an accepted request.
fn accepted(found: &JournalRecord) -> Result<ResourceId> {
    match &found.id {
        Some(id) => ResourceId::parse(id),
        None => Err(KopoKopoError::new(
            ErrorKind::OutcomeUnknown,
            detail!(
                "the request took effect ({}), but its id is not known. Nothing was sent again. Read the journal's record",
                redact(found.evidence.as_deref().unwrap_or("no evidence"))
            ),
        )
        .with_sent_at(found.sent_at)
        .with_attempts(0)),
    }
}

fn other_request(found: &JournalRecord) -> KopoKopoError {
    KopoKopoError::invalid(
        "idempotency_key",
        detail!(
            "was used for another request ({}): use a new key for a new request, and the same request for the same key",
            redact(&found.operation)
        ),
    )
}

fn in_progress(found: &JournalRecord) -> KopoKopoError {
    KopoKopoError::new(
        ErrorKind::InProgress,
        detail!(
            "another worker is sending the request with this idempotency key, until {} at the latest. Nothing was sent. \
             Call again later, or with a longer in_progress_wait",
            redact(&found.deadline_at.to_string())
        ),
    )
}

pub(super) fn unknown(found: &JournalRecord) -> KopoKopoError {
    KopoKopoError::new(
        ErrorKind::OutcomeUnknown,
        detail!(
            "a request with this idempotency key may have taken effect, and its outcome is not known yet. Nothing \
             was sent again. The journal finds out when the result arrives at the webhook (observe) or with reconcile; \
             otherwise check the dashboard, and record what you found with resolve"
        ),
    )
    .with_sent_at(found.sent_at.or(Some(found.updated_at)))
}

/// A text that no other attempt has, in this process, in forks of it and on other machines.
fn unique() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let nanoseconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    format!("{:x}-{nanoseconds:x}-{count:x}-{:x}", std::process::id(), fastrand::u64(..))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn fingerprint_ignores_order_and_the_key_itself() {
        let one = json!({"a": 1, "metadata": {"idempotency_key": "k", "x": "y"}, "b": [{"c": 1, "d": 2}]});
        let other = json!({"b": [{"d": 2, "c": 1}], "metadata": {"x": "y"}, "a": 1});
        let of = |request: &Value| fingerprint("send_money.create", request.clone(), "k");
        assert_eq!(of(&one), of(&other));
        assert_eq!(of(&json!({"a": 1, "metadata": {"idempotency_key": "k"}})), of(&json!({"a": 1})));
        for different in [
            json!({"a": 2, "metadata": {"x": "y"}, "b": [{"c": 1, "d": 2}]}),
            json!({"a": 1, "metadata": {"x": "z"}, "b": [{"c": 1, "d": 2}]}),
            json!({"a": 1, "metadata": {"x": "y", "idempotency_key": "other"}, "b": [{"c": 1, "d": 2}]}),
            json!({"a": 1, "metadata": {"x": "y"}, "b": [{"c": 1, "d": 2}, {"c": 1, "d": 2}]}),
        ] {
            assert_ne!(of(&one), of(&different), "{different}");
        }
        assert_ne!(of(&one), fingerprint("reversals.create", one.clone(), "k"));
    }

    #[test]
    fn keys_are_short_printable_ascii() {
        for key in ["a", "wages 2026-11/7", &"k".repeat(200)] {
            assert!(check_key(key).is_ok(), "{key}");
        }
        for key in ["", " a", "a ", "a\n", "é", &"k".repeat(201)] {
            assert_eq!(check_key(key).unwrap_err().field(), Some("idempotency_key"), "{key:?}");
        }
    }
}
