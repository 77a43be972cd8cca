//! The sandbox's own time: real time plus whatever was skipped.

use std::time::{Duration, Instant};

use time::{OffsetDateTime, UtcOffset, macros::offset};

const NAIROBI: UtcOffset = offset!(+3);

/// Runs with real time and can be moved ahead.
#[derive(Debug)]
pub(crate) struct Clock {
    began: OffsetDateTime,
    since: Instant,
    skipped: Duration,
}

impl Clock {
    pub(crate) fn new() -> Self {
        Self { began: OffsetDateTime::now_utc().to_offset(NAIROBI), since: Instant::now(), skipped: Duration::ZERO }
    }

    /// How long the sandbox has lived, skipped time included.
    pub(crate) fn elapsed(&self) -> Duration {
        self.since.elapsed().saturating_add(self.skipped)
    }

    pub(crate) fn skip(&mut self, time: Duration) {
        self.skipped = self.skipped.saturating_add(time);
    }

    /// The hour. Stops at the end of what a date can say.
    pub(crate) fn now(&self) -> OffsetDateTime {
        let age = time::Duration::try_from(self.elapsed()).unwrap_or_default();
        self.began.checked_add(age).unwrap_or(self.began)
    }
}

/// `2026-05-01T10:43:20.123+03:00`, as the API writes its times.
pub(crate) fn iso(at: OffsetDateTime) -> String {
    let at = at.to_offset(NAIROBI);
    let (month, millisecond) = (u8::from(at.month()), at.millisecond());
    format!(
        "{:04}-{month:02}-{:02}T{:02}:{:02}:{:02}.{millisecond:03}+03:00",
        at.year(),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

/// `20260501104320`, as Daraja writes them.
pub(crate) fn daraja(at: OffsetDateTime) -> String {
    let at = at.to_offset(NAIROBI);
    format!(
        "{:04}{:02}{:02}{:02}{:02}{:02}",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}
