#![no_main]
//! An id from any Location is one plain path segment.

use kopokopo::{ErrorKind, types::ResourceId};
use libfuzzer_sys::fuzz_target;

const COLLECTION: &str = "/api/v2/incoming_payments";

fuzz_target!(|text: &str| {
    match ResourceId::from_location(text, COLLECTION) {
        Ok(id) => check(&id),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Decode),
    }
    match ResourceId::parse(text) {
        Ok(id) => check(&id),
        Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidRequest),
    }
});

fn check(id: &ResourceId) {
    let text = id.as_str();
    assert!(
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_graphic()) && !text.contains(['/', '\\', '%', '?', '#'])
    );
    assert!(text.bytes().any(|b| b != b'.'));
    let location = format!("{COLLECTION}/{text}");
    if let Ok(again) = ResourceId::from_location(&location, COLLECTION) {
        assert_eq!(&again, id);
    }
}
