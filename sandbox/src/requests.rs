//! What the sandbox saw.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    faults::FaultKind,
    refusals,
    reply::Reply,
    rules::Evidence,
    saved::{self, Word},
    table::{Part, Table},
};

/// How many requests are kept, and how many bytes of bodies. The oldest go first.
pub(crate) const KEPT: usize = 10_000;
pub(crate) const KEPT_BYTES: usize = 16 << 20;

/// One request as it arrived, without its secrets.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RecordedRequest {
    /// Counted from 1 since the start or the last reset.
    pub sequence: u64,
    /// The method.
    pub method: String,
    /// The path as it was sent, without the query.
    pub path: String,
    /// `incoming_payments.create`. None for a path that is no operation.
    #[serde(deserialize_with = "saved::operation")]
    pub operation: Option<Word>,
    /// The status of the response. None if the connection was reset or hangs.
    pub status: Option<u16>,
    /// Whether something was created, moved or cancelled.
    pub took_effect: bool,
    /// Whether an access token came with it. Its value is never kept.
    pub has_token: bool,
    /// The `User-Agent` header.
    pub user_agent: Option<String>,
    /// The `Content-Type` header.
    pub content_type: Option<String>,
    /// The JSON body. OAuth bodies hold secrets and are not kept.
    pub body: Value,
    /// Which connection it came on, counted from 1.
    pub connection: u64,
    /// When it came, by the sandbox's clock.
    pub at: String,
    /// The fault that it met.
    pub fault: Option<FaultKind>,
    /// Why it was refused. None if it was accepted, or failed because of a fault.
    pub refused_because: Option<String>,
    /// The rule that refused it, as `/_sandbox/rules` has it.
    #[serde(deserialize_with = "saved::rule")]
    pub rule: Option<Word>,
    /// How certain it is that the real API has this rule.
    pub evidence: Option<Evidence>,
}

/// The latest requests.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    kept: Table<u64, Kept>,
    bytes: usize,
    /// After a reset the numbers begin anew. What was handled meanwhile is not noted.
    epoch: u64,
}

/// A request that is handled.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Handled {
    epoch: u64,
    pub(crate) sequence: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    request: RecordedRequest,
    /// That of its body.
    size: usize,
}

impl Requests {
    /// Keeps a request. `size` is that of its body.
    pub(crate) fn push(&mut self, mut request: RecordedRequest, size: usize) -> Handled {
        let sequence = self.kept.last().map_or(0, |(last, _)| *last) + 1;
        request.sequence = sequence;
        self.kept.insert(sequence, Kept { request, size });
        self.bytes += size;
        while self.kept.len() > 1 && (self.kept.len() > KEPT || self.bytes > KEPT_BYTES) {
            self.bytes -= self.kept.pop_first().map_or(0, |(_, oldest)| oldest.size);
        }
        Handled { epoch: self.epoch, sequence }
    }

    /// Records the result of a request.
    pub(crate) fn settle(&mut self, handled: Handled, status: Option<u16>, took_effect: bool) {
        if let Some(request) = self.find(handled) {
            request.status = status;
            request.took_effect = took_effect;
        }
    }

    /// Records why a request was refused, if it was.
    pub(crate) fn refuse(&mut self, handled: Handled, reply: &Reply) {
        let Some(words) = refusals::words(reply) else { return };
        if let Some(request) = self.find(handled) {
            let rule = refusals::rule(request.operation, reply.status, &words);
            request.rule = rule.map(|rule| rule.rule);
            request.evidence = rule.map(|rule| rule.evidence);
            request.refused_because = Some(words);
        }
    }

    fn find(&mut self, handled: Handled) -> Option<&mut RecordedRequest> {
        let kept = if handled.epoch == self.epoch { self.kept.get_mut(&handled.sequence) } else { None };
        kept.map(|kept| &mut kept.request)
    }

    pub(crate) fn of(&self, handled: Handled) -> Option<&RecordedRequest> {
        if handled.epoch == self.epoch { self.get(handled.sequence) } else { None }
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&RecordedRequest> {
        self.kept.get(&sequence).map(|kept| &kept.request)
    }

    pub(crate) fn list(&self) -> Vec<RecordedRequest> {
        self.kept.values().map(|kept| kept.request.clone()).collect()
    }

    pub(crate) fn clear(&mut self) {
        self.replace(Self::default());
    }

    pub(crate) fn replace(&mut self, other: Self) {
        *self = Self { epoch: self.epoch + 1, ..other };
    }

    /// Whether there can be such requests.
    pub(crate) fn check(&self) -> Result<(), String> {
        let is_number = self.kept.last().is_none_or(|(number, _)| *number < 1 << 53);
        if self.kept.len() > KEPT || !is_number || self.kept.values().any(|kept| kept.size > KEPT_BYTES) {
            return Err("tables.requests: there are too many, or a number is out of bounds".to_owned());
        }
        Ok(())
    }

    /// The table, to save it.
    pub(crate) fn part(&mut self) -> (&'static str, &mut dyn Part) {
        ("requests", &mut self.kept)
    }

    /// After the table is loaded.
    pub(crate) fn restore(&mut self) {
        self.bytes = self.kept.values().map(|kept| kept.size).sum();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn requests_are_bounded_by_their_number_and_by_their_bytes() {
        let mut requests = Requests::default();
        for _ in 0..KEPT + 5 {
            requests.push(RecordedRequest::default(), 10);
        }
        assert_eq!((requests.kept.len(), requests.list()[0].sequence), (KEPT, 6));
        for _ in 0..32 {
            requests.push(RecordedRequest::default(), 1 << 20);
        }
        assert!(requests.bytes <= KEPT_BYTES && requests.kept.len() <= 16, "{}", requests.kept.len());
        let last = requests.push(RecordedRequest::default(), 10);
        requests.settle(last, Some(201), true);
        assert_eq!(requests.of(last).map(|request| request.status), Some(Some(201)));
        assert!(requests.get(1).is_none());
        requests.clear();
        requests.push(RecordedRequest::default(), 10);
        let other = Handled { sequence: 1, ..last };
        requests.settle(other, Some(500), false);
        assert!(requests.of(other).is_none() && requests.get(1).is_some_and(|request| request.status.is_none()));
    }
}
