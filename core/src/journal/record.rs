//! What the journal remembers of one idempotency key.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::OffsetDateTime;

use crate::{
    error::{KopoKopoError, Result},
    types::Timestamp,
};

/// What is known of a keyed create.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum JournalState {
    /// A worker is sending it, or crashed while it did. [`JournalRecord::deadline_at`] tells which.
    Started,
    /// The server accepted it. It is never sent again.
    Accepted,
    /// The server refused it, so it had no effect. It may be sent again.
    Refused,
    /// It was not sent. It may be sent again.
    NotSent,
    /// It was sent, and whether it took effect is not known. It is not sent again until someone finds out.
    Unknown,
}

impl JournalState {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Started, Self::Accepted, Self::Refused, Self::NotSent, Self::Unknown];

    /// The state as stores write it: `started`, `accepted`, `refused`, `not_sent`, `unknown`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::NotSent => "not_sent",
            Self::Unknown => "unknown",
        }
    }

    /// Whether the request may have taken effect, which is not known.
    pub(super) const fn is_open(self) -> bool {
        matches!(self, Self::Started | Self::Unknown)
    }
}

impl fmt::Display for JournalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for JournalState {
    type Err = KopoKopoError;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| KopoKopoError::invalid("state", "must be started, accepted, refused, not_sent or unknown"))
    }
}

/// The journal's record of one idempotency key. Stores write it whole, and compare only its key and version.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct JournalRecord {
    /// The idempotency key.
    #[serde(rename = "idempotency_key")]
    pub key: String,
    /// Grows by one with every change.
    pub version: u64,
    /// What is known.
    pub state: JournalState,
    /// The operation: `send_money.create`.
    pub operation: String,
    /// SHA-256 over the operation and the request, in hexadecimal. The same key with another fingerprint is refused.
    pub fingerprint: String,
    /// The number of this attempt, from 1. A request that was refused or not sent may be attempted again.
    pub attempt: u32,
    /// Identifies the attempt among all workers.
    pub owner: String,
    /// When this attempt began.
    #[serde(with = "milliseconds")]
    pub created_at: Timestamp,
    /// When this record was last changed.
    #[serde(with = "milliseconds")]
    pub updated_at: Timestamp,
    /// When the attempt has ended, even if its worker crashed.
    #[serde(with = "milliseconds")]
    pub deadline_at: Timestamp,
    /// When the request was sent, if that is known.
    #[serde(default, with = "optional_milliseconds")]
    pub sent_at: Option<Timestamp>,
    /// The id of the created resource. It can be absent although the request was accepted: a polled transaction proves a
    /// payment, but has no id of the request.
    #[serde(default)]
    pub id: Option<String>,
    /// The key of the payment that the request caused: see [`crate::webhooks::Event::payment_key`].
    #[serde(default)]
    pub payment_key: Option<String>,
    /// Why it was refused, not sent or unknown: the error as JSON, without secrets and personal data.
    #[serde(default)]
    pub error: Option<String>,
    /// How the state is known: the response, an observed event, a polled transaction, or a person and the reason.
    #[serde(default)]
    pub evidence: Option<String>,
    /// What reconciliation compares, as JSON. Phone numbers are hashed.
    #[serde(default)]
    pub details: Option<String>,
}

impl JournalRecord {
    /// The error of the last attempt as a sentence.
    pub fn error_detail(&self) -> Option<String> {
        let error: serde_json::Value = serde_json::from_str(self.error.as_deref()?).ok()?;
        error["detail"].as_str().map(ToOwned::to_owned)
    }

    /// Whether a worker may still be sending it.
    pub(super) fn is_in_progress(&self, now: Timestamp) -> bool {
        self.state == JournalState::Started && now <= self.deadline_at
    }

    /// The next version of this record.
    pub(super) fn changed(&self, state: JournalState, now: Timestamp) -> Self {
        Self { version: self.version + 1, state, updated_at: now, ..self.clone() }
    }
}

impl fmt::Debug for JournalRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JournalRecord")
            .field("key", &self.key)
            .field("version", &self.version)
            .field("state", &self.state)
            .field("operation", &self.operation)
            .field("attempt", &self.attempt)
            .field("created_at", &self.created_at)
            .field("updated_at", &self.updated_at)
            .field("deadline_at", &self.deadline_at)
            .field("sent_at", &self.sent_at)
            .field("id", &self.id)
            .field("payment_key", &self.payment_key)
            .field("evidence", &self.evidence)
            .finish_non_exhaustive()
    }
}

/// Which records to list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalQuery {
    /// Only these states. Empty: all.
    pub states: Vec<JournalState>,
    /// Only this operation.
    pub operation: Option<String>,
    /// Only records that were created at this time or later.
    pub created_from: Option<Timestamp>,
    /// Only records that were created before this time.
    pub created_before: Option<Timestamp>,
    /// Only records whose key comes after this one, in the order of bytes: the last key of the page before.
    pub after_key: Option<String>,
    /// The number of records at most. Default 100.
    pub limit: u32,
}

impl Default for JournalQuery {
    fn default() -> Self {
        Self {
            states: Vec::new(),
            operation: None,
            created_from: None,
            created_before: None,
            after_key: None,
            limit: 100,
        }
    }
}

impl JournalQuery {
    /// Whether a record matches, for stores that filter in their own code.
    pub fn matches(&self, record: &JournalRecord) -> bool {
        (self.states.is_empty() || self.states.contains(&record.state))
            && self.operation.as_ref().is_none_or(|operation| *operation == record.operation)
            && self.created_from.is_none_or(|from| record.created_at >= from)
            && self.created_before.is_none_or(|before| record.created_at < before)
            && self.after_key.as_ref().is_none_or(|after| record.key > *after)
    }
}

/// None if it is out of range.
pub(super) fn from_milliseconds(milliseconds: i64) -> Option<Timestamp> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok().map(Into::into)
}

mod milliseconds {
    use super::{Deserialize, Deserializer, Result, Serialize, Serializer, Timestamp, from_milliseconds};
    use serde::de::Error as _;

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        at.unix_timestamp_milliseconds().serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        from_milliseconds(i64::deserialize(deserializer)?).ok_or_else(|| D::Error::custom("a time is out of range"))
    }
}

#[expect(clippy::ref_option, reason = "serde's signature")]
mod optional_milliseconds {
    use super::{Deserialize, Deserializer, Result, Serialize, Serializer, Timestamp, from_milliseconds};

    pub(super) fn serialize<S: Serializer>(at: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
        at.map(|at| at.unix_timestamp_milliseconds()).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<i64>::deserialize(deserializer)?.and_then(from_milliseconds))
    }
}
