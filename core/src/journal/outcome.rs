//! What a keyed call writes about its outcome, and returns about a record that it found.

use super::{JournalRecord, JournalState};
use crate::{
    detail::detail,
    error::{ErrorKind, KopoKopoError, Result},
    redact::redact,
    types::{ResourceId, Timestamp},
};

/// Whether the worker's outcome says more than its record. An id is also added to what another observed or resolved: it
/// proves that the request was accepted. A payment that fitted the first attempt was not caused by it if it had no effect.
pub(super) fn is_news(found: &JournalRecord, outcome: &Result<ResourceId>) -> bool {
    let is_guess = found.state == JournalState::Accepted && found.id.is_none() && found.payment_key.is_some();
    let had_no_effect = matches!(outcome_state(outcome), JournalState::Refused | JournalState::NotSent);
    found.state.is_open()
        || (outcome.is_ok() && found.id.is_none())
        || (is_guess && had_no_effect && found.attempt == 1)
}

pub(super) fn outcome_state(outcome: &Result<ResourceId>) -> JournalState {
    match outcome {
        Ok(_) => JournalState::Accepted,
        Err(error) if error.kind() == ErrorKind::OutcomeUnknown => JournalState::Unknown,
        Err(error) if error.status().is_some() && error.attempts() > 0 => JournalState::Refused,
        Err(_) => JournalState::NotSent,
    }
}

pub(super) fn settled(found: &JournalRecord, outcome: &Result<ResourceId>, now: Timestamp) -> JournalRecord {
    let record = found.changed(outcome_state(outcome), now);
    match outcome {
        Ok(id) => JournalRecord {
            id: Some(id.as_str().to_owned()),
            evidence: Some("response".to_owned()),
            error: None,
            ..record
        },
        Err(error) => JournalRecord {
            sent_at: error.sent_at(),
            error: serde_json::to_string(error).ok(),
            evidence: None,
            payment_key: None,
            ..record
        },
    }
}

/// The handle of an accepted request.
pub(super) fn accepted(found: &JournalRecord) -> Result<ResourceId> {
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

pub(super) fn other_request(found: &JournalRecord) -> KopoKopoError {
    KopoKopoError::invalid(
        "idempotency_key",
        detail!(
            "was used for another request ({}), or with another base URL: use a new key for a new request, and the same \
             request for the same key",
            redact(&found.operation)
        ),
    )
}

pub(super) fn in_progress(found: &JournalRecord) -> KopoKopoError {
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
