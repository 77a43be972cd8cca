//! What `k2 sandbox` prints while it runs.

use kopokopo_sandbox::{LogEntry, RecordedRequest};

use crate::terminal::{Terminal, printable};

/// Prints entries as lines.
pub(super) struct Log {
    terminal: Terminal,
}

impl Log {
    pub(super) const fn new(terminal: Terminal) -> Self {
        Self { terminal }
    }

    pub(super) fn print(&self, entry: &LogEntry) {
        match entry {
            LogEntry::Request(request) => self.terminal.line(&self.request(request)),
            LogEntry::Delivery { topic, url, status, error } => {
                let status = self.status(*status, error.as_deref().unwrap_or("no response"));
                let note = self.terminal.dim(&printable(topic));
                // Its query can have secrets.
                let url = url.split('?').next().unwrap_or_default();
                let what =
                    if error.as_deref().is_some_and(|why| why.starts_with("not sent")) { "kept" } else { "sent" };
                self.terminal.line(&printable_line(&format!("  {what} {url}"), &status, &note));
            }
            LogEntry::LeftOut(count) => self.terminal.line(&self.terminal.dim(&format!("  {count} lines left out"))),
            _ => {}
        }
    }

    fn request(&self, request: &RecordedRequest) -> String {
        let status = self.status(request.status, "no response");
        let operation = request.operation.unwrap_or_default();
        let effect = if request.took_effect { " took effect" } else { "" };
        let note = self.terminal.dim(format!("{operation}{effect}").trim());
        printable_line(&format!("{:<6} {}", request.method, request.path), &status, &note)
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
