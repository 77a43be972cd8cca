#![no_main]
//! The redacted text of any external text has no secret of this client and no usual credentials. Redacting twice
//! changes nothing.

use kopokopo::{redact_all, types::Secret};
use libfuzzer_sys::fuzz_target;

const SECRET: &str = "canary-7f3b9c";

fuzz_target!(|text: &str| {
    let secrets = [Secret::from(SECRET)];
    let redacted = redact_all(text, &secrets);
    assert_eq!(redact_all(&redacted, &secrets), redacted);
    assert!(redacted.len() <= text.len() * 12 + 12);
    // The secret between two halves of any text.
    let at = (0..=text.len() / 2).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let (before, after) = text.split_at(at);
    let around = redact_all(&format!("{before}{SECRET}{after}"), &secrets);
    assert!(!around.contains(SECRET));
    for planted in [" +254712345678 ", " bearer canarycanarycanary\n", " canary@shop.example "] {
        let around = redact_all(&format!("{before}{planted}{after}"), &secrets);
        let kept = redact_all(&format!("{before} {after}"), &secrets).matches(planted.trim()).count();
        assert!(around.matches(planted.trim()).count() <= kept, "a planted text was not redacted");
    }
});
