//! What the sandbox saw.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

/// How many requests are kept. The oldest go first.
const KEPT: usize = 10_000;

/// One request as it arrived, without its secrets.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RecordedRequest {
    /// Counted from 1 since the start or the last reset.
    pub sequence: u64,
    /// The method.
    pub method: String,
    /// The path as it was sent, without the query.
    pub path: String,
    /// `incoming_payments.create`. None for a path that is no operation.
    pub operation: Option<&'static str>,
    /// What was answered. None where the connection was cut or is left hanging.
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
}

/// The latest requests.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    kept: VecDeque<RecordedRequest>,
    count: u64,
}

impl Requests {
    /// Keeps a request and answers its sequence number.
    pub(crate) fn push(&mut self, mut request: RecordedRequest) -> u64 {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.count += 1;
        request.sequence = self.count;
        self.kept.push_back(request);
        self.count
    }

    /// Says what became of a request.
    pub(crate) fn settle(&mut self, sequence: u64, status: Option<u16>, took_effect: bool) {
        let back = usize::try_from(self.count.saturating_sub(sequence)).unwrap_or(usize::MAX);
        let at = self.kept.len().checked_sub(1).and_then(|last| last.checked_sub(back));
        // After a reset the numbers begin anew, and this place is another request's.
        if let Some(request) = at.and_then(|at| self.kept.get_mut(at)).filter(|request| request.sequence == sequence) {
            request.status = status;
            request.took_effect = took_effect;
        }
    }

    pub(crate) fn list(&self) -> Vec<RecordedRequest> {
        self.kept.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}
