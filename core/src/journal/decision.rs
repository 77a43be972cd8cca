//! What a call does about the record of its key. It is decided here, without input or output.

use super::{JournalRecord, JournalState};
use crate::types::Timestamp;

/// The next step of a keyed create.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    /// Write this record in place of the version that was found, and then send.
    Claim(Box<JournalRecord>),
    /// The request was accepted: nothing is sent.
    Return,
    /// Another worker is sending it.
    InProgress,
    /// No worker is sending it any more, and its outcome is not known.
    Reconcile,
    /// The key belongs to another request.
    OtherRequest,
}

/// `own` is the record of a first attempt of this call.
pub(super) fn decide(found: &JournalRecord, own: &JournalRecord, now: Timestamp) -> Step {
    if found.operation != own.operation || found.fingerprint != own.fingerprint {
        return Step::OtherRequest;
    }
    match found.state {
        JournalState::Accepted => Step::Return,
        JournalState::Refused | JournalState::NotSent => Step::Claim(Box::new(JournalRecord {
            version: found.version + 1,
            attempt: found.attempt.saturating_add(1),
            ..own.clone()
        })),
        JournalState::Started if found.is_in_progress(now) => Step::InProgress,
        JournalState::Started | JournalState::Unknown => Step::Reconcile,
    }
}
