//! How long each step takes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How fast the simulation runs without control calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Pace {
    /// As soon as the response is sent.
    #[default]
    Instant,
    /// Within a second or two.
    Fast,
    /// As a customer with a phone does: some seconds.
    Real,
    /// Not at all: customers wait for the control API, and everything else for the clock to be moved.
    Manual,
}

impl Pace {
    /// None: it waits for the control API.
    pub(super) fn after(self, step: Step) -> Option<Duration> {
        let (fast, real) = match step {
            Step::Decide | Step::Process => (500, 3_000),
            Step::Timeout => (1_500, 60_000),
            Step::Schedule => (200, 1_000),
        };
        match self {
            Self::Instant => Some(Duration::ZERO),
            Self::Fast => Some(Duration::from_millis(fast)),
            Self::Real => Some(Duration::from_millis(real)),
            // Customers wait for the control API, and the rest waits for the clock to be moved.
            Self::Manual => matches!(step, Step::Process | Step::Schedule).then(|| Duration::from_millis(real)),
        }
    }
}

/// What takes time.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    Decide,
    Timeout,
    Schedule,
    Process,
}
