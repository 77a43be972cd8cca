#![no_main]
//! Any Retry-After header is read as a wait or counts as absent.

use kopokopo::parse_retry_after;
use libfuzzer_sys::fuzz_target;
use time::OffsetDateTime;

fuzz_target!(|text: &str| {
    let wait = parse_retry_after(text, OffsetDateTime::UNIX_EPOCH);
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = text.parse().unwrap_or(u64::MAX);
        assert_eq!(wait.map(|wait| wait.as_secs()), Some(seconds));
    }
});
