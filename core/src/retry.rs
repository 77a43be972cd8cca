//! The retry policy: when a request is sent again, and the wait before that. No other layer retries.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use http::header::RETRY_AFTER;
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use crate::transport::HttpResponse;

/// The retry policy for transient failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct RetryOptions {
    /// The number of retries after the first attempt. Default 2; 0 switches retries off.
    pub max_retries: u32,
    /// The bound of the first wait, which is a random time from zero to this bound (full jitter). The bound doubles
    /// with each retry. Default 0.5 s.
    pub base: Duration,
    /// The largest bound. Default 8 s.
    pub cap: Duration,
}

impl Default for RetryOptions {
    fn default() -> Self {
        Self { max_retries: 2, base: Duration::from_millis(500), cap: Duration::from_secs(8) }
    }
}

impl RetryOptions {
    /// A random wait from zero to the bound, uniformly distributed (full jitter), so that the retries of many clients
    /// spread out.
    pub(crate) fn wait(&self, retry: u32) -> Duration {
        let bound = self.base.saturating_mul(1_u32.checked_shl(retry).unwrap_or(u32::MAX)).min(self.cap);
        bound.mul_f64(fastrand::f64())
    }

    /// At least the time that the server asks for, and up to a quarter more, so that the retries of many clients spread
    /// out. If the server's time fits into the remaining time of the call, the whole wait does too.
    pub(crate) fn wait_after(&self, asked: Duration, left: Duration) -> Duration {
        let bound = (asked / 4).min(self.cap).max(self.base).min(left.saturating_sub(asked) / 2);
        asked.saturating_add(bound.mul_f64(fastrand::f64()))
    }
}

/// The longest Retry-After that is waited for. A longer one ends the call and is reported.
pub(crate) const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// Limits retries to a fifth of all requests, so that an overloaded server does not receive three times the load. A
/// small reserve allows retries right after the start of a program.
#[derive(Debug)]
pub(crate) struct RetryBudget {
    /// In tenths of a retry.
    tenths: AtomicU64,
}

const RESERVE: u64 = 100;
const RETRY: u64 = 10;
const DEPOSIT: u64 = 2;

impl RetryBudget {
    pub(crate) const fn new() -> Self {
        Self { tenths: AtomicU64::new(RESERVE) }
    }

    /// A request was sent for the first time.
    pub(crate) fn deposit(&self) {
        let _ = self
            .tenths
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tenths| Some((tenths + DEPOSIT).min(RESERVE)));
    }

    /// Withdraws the cost of one retry. Returns false if the budget is exhausted.
    pub(crate) fn withdraw(&self) -> bool {
        self.tenths.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |tenths| tenths.checked_sub(RETRY)).is_ok()
    }
}

/// The wait that the response asks for: a number of seconds, which may have a fraction, or an HTTP date. Any other
/// value counts as absent.
pub(crate) fn retry_after(response: &HttpResponse) -> Option<Duration> {
    parse_retry_after(response.header(RETRY_AFTER)?, OffsetDateTime::now_utc())
}

/// Reads a Retry-After header. For a date in the past the wait is zero.
#[doc(hidden)]
pub fn parse_retry_after(text: &str, now: OffsetDateTime) -> Option<Duration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        return Some(Duration::from_secs(text.parse().unwrap_or(u64::MAX)));
    }
    if let Some((whole, fraction)) = text.split_once('.')
        && [whole, fraction].iter().all(|part| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()))
    {
        let nanos = fraction.bytes().chain(std::iter::repeat(b'0')).take(9);
        let nanos = nanos.fold(0, |nanos, digit| nanos * 10 + u32::from(digit - b'0'));
        return Some(whole.parse().map_or(Duration::MAX, |whole| Duration::new(whole, nanos)));
    }
    let date = OffsetDateTime::parse(text, &Rfc2822).ok()?;
    Some(Duration::try_from(date - now).unwrap_or(Duration::ZERO))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2026-05-01 10:00:00 UTC);

    #[test]
    fn retry_after_reads_seconds_and_dates() {
        assert_eq!(parse_retry_after("120", NOW), Some(Duration::from_secs(120)));
        assert_eq!(parse_retry_after(" 0 ", NOW), Some(Duration::ZERO));
        assert_eq!(parse_retry_after("Fri, 01 May 2026 10:00:30 GMT", NOW), Some(Duration::from_secs(30)));
        assert_eq!(parse_retry_after("Fri, 01 May 2026 09:00:00 GMT", NOW), Some(Duration::ZERO));
        assert_eq!(parse_retry_after("99999999999999999999999", NOW), Some(Duration::from_secs(u64::MAX)));
        assert_eq!(parse_retry_after("1.5", NOW), Some(Duration::from_millis(1500)));
        assert_eq!(parse_retry_after("2.0000000019", NOW), Some(Duration::new(2, 1)));
        assert_eq!(parse_retry_after("0.25 ", NOW), Some(Duration::from_millis(250)));
        assert_eq!(parse_retry_after(&format!("{}.5", "9".repeat(400)), NOW), Some(Duration::MAX));
        for nonsense in ["", "soon", "-1", "-1.5", "1.", ".5", "1.5.5", "1e3", "1,5", "NaN", "inf", "+3"] {
            assert_eq!(parse_retry_after(nonsense, NOW), None, "{nonsense:?}");
        }
    }

    #[test]
    fn wait_after_retry_after_has_jitter_and_is_never_shorter() {
        let options = RetryOptions::default();
        let second = Duration::from_secs(1);
        for asked in [Duration::ZERO, second, 4 * second, 60 * second] {
            let waits: Vec<_> = (0..100).map(|_| options.wait_after(asked, 600 * second)).collect();
            let longest = asked + (asked / 4).clamp(options.base, options.cap);
            assert!(waits.iter().all(|wait| (asked..=longest).contains(wait)), "{asked:?}");
            assert!(waits.iter().any(|wait| *wait != waits[0]), "{asked:?}");
            assert!((0..100).all(|_| options.wait_after(asked, asked + second / 100) < asked + second / 100));
        }
        assert_eq!(options.wait_after(Duration::MAX, second), Duration::MAX);
    }

    #[test]
    fn budget_limits_retries_to_a_fifth_of_requests() {
        let budget = RetryBudget::new();
        while budget.withdraw() {}
        let mut retries = 0;
        for _ in 0..1000 {
            budget.deposit();
            retries += u32::from(budget.withdraw());
        }
        assert_eq!(retries, 200);
    }

    proptest! {
        #[test]
        fn parsing_retry_after_never_panics(text in "\\PC{0,60}") {
            let _ = parse_retry_after(&text, NOW);
        }

        #[test]
        fn whole_seconds_are_parsed_exactly(seconds in 0_u64..10_000_000) {
            prop_assert_eq!(parse_retry_after(&seconds.to_string(), NOW), Some(Duration::from_secs(seconds)));
        }

        #[test]
        fn wait_is_within_its_bound(retry in 0_u32..70) {
            let options = RetryOptions::default();
            let bound = Duration::from_millis(500) * 2_u32.pow(retry.min(4));
            prop_assert!(options.wait(retry) <= bound.min(options.cap));
        }
    }
}
