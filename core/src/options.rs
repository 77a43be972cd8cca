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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CallOptions {
    /// The time limit for connecting.
    pub connect_timeout: Option<Duration>,
    /// The time limit for a response that makes no progress.
    pub stalled_timeout: Option<Duration>,
    /// The time limit for the whole call.
    pub timeout: Option<Duration>,
    /// The number of retries after the first attempt.
    pub max_retries: Option<u32>,
}

pub(crate) fn check_timeout(name: &str, timeout: Duration) -> Result<()> {
    if timeout.is_zero() {
        return Err(KopoKopoError::configuration(format!("timeouts.{name}"), "must be greater than zero"));
    }
    Ok(())
}
