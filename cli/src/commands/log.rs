//! What `k2 sandbox` prints while it runs.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use kopokopo_sandbox::{Delivery, RecordedRequest};

use crate::terminal::{Terminal, line, printable};

/// A request without an answer for this long was cut off or is left hanging.
const PATIENCE: Duration = Duration::from_secs(1);

/// Remembers what was printed.
pub(super) struct Log {
    terminal: Terminal,
    /// The last request that was seen.
    seen: u64,
    /// Requests that had no answer yet when they were seen.
    open: HashMap<u64, Instant>,
    /// How many attempts of each delivery were printed.
    attempts: HashMap<u64, usize>,
}

impl Log {
    pub(super) fn new(terminal: Terminal) -> Self {
        Self { terminal, seen: 0, open: HashMap::new(), attempts: HashMap::new() }
    }

    pub(super) fn requests(&mut self, requests: &[RecordedRequest]) {
        // After a reset the numbers begin anew.
        if requests.last().map_or(0, |last| last.sequence) < self.seen {
            self.seen = 0;
            self.open.clear();
        }
        for request in requests {
            let known_since = self.open.get(&request.sequence).copied();
            if request.sequence <= self.seen && known_since.is_none() {
                continue;
            }
            self.seen = self.seen.max(request.sequence);
            let since = known_since.unwrap_or_else(Instant::now);
            if request.status.is_none() && since.elapsed() < PATIENCE {
                self.open.insert(request.sequence, since);
                continue;
            }
            self.open.remove(&request.sequence);
            line(&self.request(request));
        }
    }

    fn request(&self, request: &RecordedRequest) -> String {
        let status = self.status(request.status, "no answer");
        let operation = request.operation.unwrap_or_default();
        let effect = if request.took_effect { " took effect" } else { "" };
        let note = self.terminal.dim(format!("{operation}{effect}").trim());
        printable_line(&format!("{:<6} {}", request.method, request.path), &status, &note)
    }

    pub(super) fn deliveries(&mut self, deliveries: &[Delivery]) {
        self.attempts.retain(|id, _| deliveries.iter().any(|delivery| delivery.id == *id));
        for delivery in deliveries {
            let printed = self.attempts.get(&delivery.id).copied().unwrap_or_default();
            for attempt in delivery.attempts.iter().skip(printed) {
                let status = self.status(attempt.status, attempt.error.as_deref().unwrap_or("no answer"));
                let note = self.terminal.dim(&printable(&delivery.topic));
                line(&printable_line(&format!("  sent {}", delivery.url), &status, &note));
            }
            if delivery.attempts.len() > printed {
                self.attempts.insert(delivery.id, delivery.attempts.len());
            }
        }
    }

    fn status(&self, status: Option<u16>, none: &str) -> String {
        match status {
            Some(status @ 200..300) => self.terminal.green(&status.to_string()),
            Some(status) => self.terminal.yellow(&status.to_string()),
            None => self.terminal.red(&printable(none)),
        }
    }
}

/// Only the first part comes from elsewhere: the others are coloured, and checked where they were made.
fn printable_line(what: &str, status: &str, note: &str) -> String {
    format!("{} -> {status} {note}", printable(what)).trim_end().to_owned()
}
