#![no_main]
//! A time is read or refused, and its text is read as the same time.

use kopokopo::{ErrorKind, types::Timestamp};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match text.parse::<Timestamp>() {
        Ok(moment) => {
            let shown = moment.to_string();
            let again: Timestamp = shown.parse().expect("a formatted time is valid");
            assert_eq!(again, moment);
            assert_eq!(again.to_string(), shown);
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidRequest),
    }
    if let Some(moment) = Timestamp::from_daraja(text) {
        assert_eq!(moment.to_string().parse::<Timestamp>().ok(), Some(moment));
    }
    let _ = serde_json::from_str::<Timestamp>(text);
});
