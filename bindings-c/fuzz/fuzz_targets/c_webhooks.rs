#![no_main]
//! Any key, signature and body: a body without the signature of its key is refused, and every result has its form. The input is
//! a key, a line break, a signature, a line break, and a body.

use kopokopo_c::{
    KopokopoStatus, kopokopo_free, kopokopo_make, kopokopo_parse_unverified, kopokopo_sign_webhook, kopokopo_verify,
    kopokopo_verify_signature,
};
use libfuzzer_sys::fuzz_target;

#[path = "../support.rs"]
mod support;
use support::{NONE, checked, text};

fuzz_target!(|input: &[u8]| {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let mut next = || lines.next().unwrap_or_default();
    let (key, signature, body) = (next(), next(), next());
    let (mut out, mut made) = (NONE, NONE);
    let (options, (key_text, key_length)) =
        (serde_json::json!({ "api_keys": [String::from_utf8_lossy(key)] }), text(key));
    let options = options.to_string();
    let ((object, object_length), (new, new_length), (options, options_length)) =
        (text(b"WebhookVerifier"), text(b"new"), text(options.as_bytes()));
    let status =
        unsafe { kopokopo_make(object, object_length, new, new_length, options, options_length, &raw mut made) };
    let signed = unsafe { kopokopo_sign_webhook(key_text, key_length, body.as_ptr(), body.len(), &raw mut out) };
    if status != KopokopoStatus::Ok {
        assert_ne!(signed, KopokopoStatus::Ok, "a key that no verifier accepts signs");
        checked(status, &made);
        checked(signed, &out);
        return;
    }
    let verifier = made.object;
    let right = if signed == KopokopoStatus::Ok {
        // The length of the text, and the mark before and after it.
        unsafe { std::slice::from_raw_parts(out.data.add(5), 64) }.to_vec()
    } else {
        Vec::new()
    };
    checked(signed, &out);
    let verify = |signature: &[u8]| {
        let (signature, signature_length) = text(signature);
        let mut out = NONE;
        let given = (body.as_ptr(), body.len(), signature, signature_length);
        let status = unsafe { kopokopo_verify_signature(verifier, given.0, given.1, given.2, given.3, &raw mut out) };
        checked(status, &out);
        let read = unsafe { kopokopo_verify(verifier, given.0, given.1, given.2, given.3, &raw mut out) };
        checked(read, &out);
        assert!(status == KopokopoStatus::Ok || read != KopokopoStatus::Ok, "an invalid signature was accepted");
        status
    };
    let claimed = String::from_utf8_lossy(signature);
    if claimed.trim().as_bytes() != right {
        assert_eq!(verify(signature), KopokopoStatus::Error);
    }
    if !right.is_empty() {
        assert_eq!(verify(&right), KopokopoStatus::Ok);
    }
    let status = unsafe { kopokopo_parse_unverified(verifier, body.as_ptr(), body.len(), &raw mut out) };
    checked(status, &out);
    assert_eq!(kopokopo_free(verifier), KopokopoStatus::Ok);
});
