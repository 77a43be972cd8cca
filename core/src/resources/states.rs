//! The meaning of status values. Every enumeration of the API is open, so a status that is not documented is compared
//! with the statuses that payment systems usually use.

/// The request is pending.
const WAITING: [&str; 10] = [
    "pending",
    "received",
    "scheduled",
    "created",
    "queued",
    "processing",
    "in progress",
    "initiated",
    "submitted",
    "accepted",
];

/// The request failed.
const FAILED: [&str; 17] = [
    "failed",
    "failure",
    "rejected",
    "expired",
    "cancelled",
    "canceled",
    "declined",
    "denied",
    "refused",
    "reversed",
    "returned",
    "voided",
    "timeout",
    "timed out",
    "error",
    "unsuccessful",
    "aborted",
];

fn is_one_of(words: &[&str], status: &str) -> bool {
    let status = status.trim();
    let same = |(a, b): (u8, u8)| a.eq_ignore_ascii_case(&b) || (a == b' ' && matches!(b, b'_' | b'-'));
    words.iter().any(|word| word.len() == status.len() && word.bytes().zip(status.bytes()).all(same))
}

/// Whether the status is pending.
pub(super) fn is_waiting(status: &str) -> bool {
    is_one_of(&WAITING, status)
}

/// Whether the status is a failure.
pub(super) fn is_failure(status: &str) -> bool {
    is_one_of(&FAILED, status)
}

/// Whether the request failed: the status is a failure, or there are errors and the status is not pending.
pub(super) fn has_failed(status: &str, errors: &[String]) -> bool {
    is_failure(status) || (!errors.is_empty() && !is_waiting(status))
}

#[cfg(test)]
mod tests {
    use super::{has_failed, is_failure, is_waiting};

    #[test]
    fn statuses_are_compared_without_case_and_separators() {
        for word in ["Cancelled", "CANCELED", " Timed Out", "timed_out", "Timed-Out", "Rejected"] {
            assert!(is_failure(word) && !is_waiting(word), "{word}");
        }
        for word in ["Pending", "IN_PROGRESS", "in-progress"] {
            assert!(is_waiting(word) && !is_failure(word), "{word}");
        }
        for word in ["", "Processed", "Success", "Settling", "Fail", "Pendin"] {
            assert!(!is_waiting(word) && !is_failure(word), "{word}");
        }
    }

    #[test]
    fn unknown_status_with_errors_has_failed() {
        let errors = ["Insufficient funds".to_owned()];
        assert!(has_failed("Settling", &errors) && has_failed("Rejected", &[]));
        assert!(!has_failed("Settling", &[]) && !has_failed("Pending", &errors));
    }
}
