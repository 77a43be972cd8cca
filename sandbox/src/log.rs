//! What happens, as it happens: for a person who watches.

use tokio::sync::broadcast::{Receiver, error::RecvError};

use crate::{app::App, requests::RecordedRequest};

/// How many entries wait for a reader who is slow. The oldest are left out.
pub(crate) const WAITING: usize = 1_024;

/// One line of the log.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum LogEntry {
    /// A request with a response, or whose connection was reset.
    Request(RecordedRequest),
    /// A try at a callback or webhook.
    Delivery {
        /// A webhook's topic or a result's type.
        topic: String,
        /// Where it went.
        url: String,
        /// The receiver's status.
        status: Option<u16>,
        /// Why there is no status.
        error: Option<String>,
    },
    /// So many entries were left out: they came faster than they were read.
    LeftOut(u64),
}

/// Reads the log from now on.
#[derive(Debug)]
pub struct Log(pub(crate) Receiver<LogEntry>);

impl Log {
    /// The next entry, once there is one. None when the sandbox has stopped.
    pub async fn next(&mut self) -> Option<LogEntry> {
        match self.0.recv().await {
            Ok(entry) => Some(entry),
            Err(RecvError::Lagged(count)) => Some(LogEntry::LeftOut(count)),
            Err(RecvError::Closed) => None,
        }
    }
}

impl App {
    /// Adds an entry, if there is a reader.
    pub(crate) fn log(&self, entry: impl FnOnce() -> Option<LogEntry>) {
        if self.log.receiver_count() > 0
            && let Some(entry) = entry()
        {
            let _ = self.log.send(entry);
        }
    }
}
