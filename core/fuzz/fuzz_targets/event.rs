#![no_main]
//! Any body is an event or a `decode` error, and an event keeps its whole text.

use kopokopo::{ErrorKind, webhooks::Webhooks};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|body: &[u8]| {
    match Webhooks::new(["key"]).parse_unverified(body) {
        Ok(event) => {
            assert_eq!(event.raw.as_str().as_bytes(), body);
            let _ = (format!("{event:?}"), event.dedupe_key());
            serde_json::to_string(&event).expect("an event is JSON");
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Decode);
            let _ = format!("{error} {error:?}");
        }
    }
});
