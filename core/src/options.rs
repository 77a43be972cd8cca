//! Options of a client or a single call.

use std::time::Duration;

use crate::error::{KopoKopoError, Result};

/// The time limits of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// The time limit for connecting. Default 3.1 s.
    pub connect: Duration,
    /// The time limit for a response that makes no progress. Default 20 s.
    pub stalled: Duration,
    /// The time limit for the whole call, with its token, its retries and the waits between them. Default 45 s.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_millis(3100), stalled: Duration::from_secs(20), total: Duration::from_secs(45) }
    }
}

/// Options of one call. None means the client's option.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CallOptions {
    /// The time limit for connecting.
    pub connect_timeout: Option<Duration>,
    /// The time limit for a response that makes no progress.
    pub stalled_timeout: Option<Duration>,
    /// The time limit for the whole call.
    pub timeout: Option<Duration>,
    /// The number of retries after the first attempt.
    pub max_retries: Option<u32>,
    /// Makes a create happen once, whatever happens: calls with the same key send one request. It needs a journal. 1 to
    /// 200 printable ASCII characters, such as an order number, the same in every attempt for the same money.
    pub idempotency_key: Option<String>,
    /// How long a create with an idempotency key waits while another worker sends the same request. Default 0: it fails
    /// immediately with `in_progress`.
    pub in_progress_wait: Option<Duration>,
}

pub(crate) fn check_timeout(name: &str, timeout: Duration) -> Result<()> {
    if timeout.is_zero() {
        return Err(KopoKopoError::configuration(format!("timeouts.{name}"), "must be greater than zero"));
    }
    Ok(())
}
