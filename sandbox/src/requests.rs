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
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    request: RecordedRequest,
    /// That of its body.
    size: usize,
}

impl Requests {
    /// Keeps a request and returns its sequence number. `size` is that of its body.
    pub(crate) fn push(&mut self, mut request: RecordedRequest, size: usize) -> u64 {
        let sequence = self.kept.last().map_or(0, |(last, _)| *last) + 1;
        request.sequence = sequence;
        self.kept.insert(sequence, Kept { request, size });
        self.bytes += size;
        while self.kept.len() > 1 && (self.kept.len() > KEPT || self.bytes > KEPT_BYTES) {
            self.bytes -= self.kept.pop_first().map_or(0, |(_, oldest)| oldest.size);
        }
        sequence
    }

    /// Records the result of a request.
    pub(crate) fn settle(&mut self, sequence: u64, status: Option<u16>, took_effect: bool) {
        if let Some(request) = self.find(sequence) {
            request.status = status;
            request.took_effect = took_effect;
        }
    }

    /// Records why a request was refused, if it was.
    pub(crate) fn refuse(&mut self, sequence: u64, reply: &Reply) {
        let Some(words) = refusals::words(reply) else { return };
        if let Some(request) = self.find(sequence) {
            let rule = refusals::rule(request.operation, reply.status, &words);
            request.rule = rule.map(|rule| rule.rule);
            request.evidence = rule.map(|rule| rule.evidence);
            request.refused_because = Some(words);
        }
    }

    fn find(&mut self, sequence: u64) -> Option<&mut RecordedRequest> {
        self.kept.get_mut(&sequence).map(|kept| &mut kept.request)
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&RecordedRequest> {
        self.kept.get(&sequence).map(|kept| &kept.request)
    }

    pub(crate) fn list(&self) -> Vec<RecordedRequest> {
        self.kept.values().map(|kept| kept.request.clone()).collect()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
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
        let last = requests.list().last().unwrap().sequence;
        requests.settle(last, Some(201), true);
        assert_eq!(requests.get(last).map(|request| request.status), Some(Some(201)));
        assert!(requests.get(1).is_none());
    }
}
