#![no_main]
//! A body without a valid signature is refused, and a signed body is read. The input is used twice: as a body with a
//! valid signature, and as a first line that is the claimed signature of the rest.

use std::sync::LazyLock;

use kopokopo::{
    ErrorKind,
    webhooks::{Webhooks, sign},
};
use libfuzzer_sys::fuzz_target;

static WEBHOOKS: LazyLock<Webhooks> =
    LazyLock::new(|| Webhooks::new(["old-key", "key"]).with_client_secret("secret").with_max_body(2048));

fuzz_target!(|input: &[u8]| {
    let right = sign("key", input);
    match WEBHOOKS.verify(input, Some(&right)) {
        Ok(event) => assert_eq!(event.raw.as_str().as_bytes(), input),
        Err(error) if input.len() > 2048 => assert_eq!(error.kind(), ErrorKind::Signature),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Decode),
    }
    for wrong in [None, Some(sign("secret", input)), Some(right.to_uppercase()), Some(right[1..].to_owned())] {
        // A signature that has only digits does not change in upper case.
        if wrong.as_ref() != Some(&right) {
            refused(input, wrong.as_deref());
        }
    }
    let (claim, body) = input.split_at(input.iter().position(|b| *b == b'\n').unwrap_or(0));
    if let Ok(claim) = std::str::from_utf8(claim)
        && ["old-key", "key"].iter().all(|key| sign(key, body) != claim.trim())
    {
        refused(body, Some(claim));
    }
});

fn refused(body: &[u8], signature: Option<&str>) {
    match WEBHOOKS.verify(body, signature) {
        Ok(_) => panic!("an invalid signature was accepted"),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Signature);
            let _ = format!("{error} {error:?}");
        }
    }
}
