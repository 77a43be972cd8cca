//! The sandbox's own time: real time plus whatever was skipped.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, UtcOffset, macros::offset};

use crate::saved;

const NAIROBI: UtcOffset = offset!(+3);

/// Runs with real time and can be moved ahead.
#[derive(Debug)]
pub(crate) struct Clock {
    began: OffsetDateTime,
    since: Instant,
    /// The same moment on the clock of the machine.
    since_time: OffsetDateTime,
    /// The age at that moment, and what was skipped after it.
    skipped: Duration,
}

/// A clock as it is saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SavedClock {
    #[serde(with = "saved::time")]
    began: OffsetDateTime,
    #[serde(with = "saved::time")]
    since: OffsetDateTime,
    skipped: Duration,
}

impl Clock {
    pub(crate) fn new() -> Self {
        let now = OffsetDateTime::now_utc().to_offset(NAIROBI);
        Self { began: now, since: Instant::now(), since_time: now, skipped: Duration::ZERO }
    }

    /// It does not change unless time is skipped.
    pub(crate) const fn saved(&self) -> SavedClock {
        SavedClock { began: self.began, since: self.since_time, skipped: self.skipped }
    }

    /// The same, with the age of now.
    pub(crate) fn stopped(&self) -> SavedClock {
        SavedClock { began: self.began, since: OffsetDateTime::now_utc(), skipped: self.elapsed() }
    }

    /// A clock that went on while no sandbox ran.
    pub(crate) fn continued(saved: SavedClock) -> Self {
        let away = Duration::try_from(OffsetDateTime::now_utc() - saved.since).unwrap_or_default();
        Self::resumed(SavedClock { skipped: saved.skipped.saturating_add(away), ..saved })
    }

    /// A clock that stood still since.
    pub(crate) fn resumed(saved: SavedClock) -> Self {
        let began = in_nairobi(saved.began);
        Self { began, since: Instant::now(), since_time: OffsetDateTime::now_utc(), skipped: saved.skipped }
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

/// A time at the end of what a date can say stays as it is: an import can have any.
fn in_nairobi(at: OffsetDateTime) -> OffsetDateTime {
    at.checked_to_offset(NAIROBI).unwrap_or(at)
}

/// `2026-05-01T10:43:20.123+03:00`, as the API writes its times.
pub(crate) fn iso(at: OffsetDateTime) -> String {
    let at = in_nairobi(at);
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
    let at = in_nairobi(at);
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
