#![no_main]
//! Any reply of a program: the call that waits for it ends, with a value or an error that has its form. The first byte chooses
//! how the program replies; the rest is the reply.

use std::{ffi::c_void, slice, sync::LazyLock};

use kopokopo_c::{
    KopokopoStatus, kopokopo_call_sync, kopokopo_call_wait, kopokopo_free, kopokopo_reply_error, kopokopo_reply_text,
    kopokopo_reply_token, kopokopo_with_journal, kopokopo_with_token_source,
};
use libfuzzer_sys::fuzz_target;

#[path = "../support.rs"]
mod support;
use support::{NONE, checked, text};

/// The input of the call under way.
struct Reply<'a> {
    how: u8,
    bytes: &'a [u8],
}

/// Replies with the input, and then once too often.
unsafe fn reply(user: *mut c_void, number: u64) {
    let Reply { how, bytes } = unsafe { &*user.cast::<Reply<'_>>() };
    let (given, length) = text(bytes);
    let expires_in = f64::from_be_bytes(bytes.get(..8).and_then(|first| first.try_into().ok()).unwrap_or_default());
    let send = |how: u8| unsafe {
        match how % 4 {
            0 => kopokopo_reply_text(number, given, length),
            1 => kopokopo_reply_token(number, given, length, expires_in),
            2 => kopokopo_reply_error(number, given, length),
            _ => kopokopo_free(number),
        }
    };
    // A reply of another type leaves the question open.
    if send(*how) != KopokopoStatus::Ok {
        assert_eq!(send(2), KopokopoStatus::Ok);
    }
    assert_eq!(send(*how), KopokopoStatus::InvalidHandle);
}

unsafe extern "C" fn ask(user: *mut c_void, number: u64) {
    unsafe { reply(user, number) };
}

unsafe extern "C" fn execute(user: *mut c_void, number: u64, request: *const std::ffi::c_char, length: usize) {
    let request = unsafe { slice::from_raw_parts(request.cast::<u8>(), length) };
    assert!(serde_json::from_slice::<serde_json::Value>(request).is_ok());
    unsafe { reply(user, number) };
}

/// Nothing listens there, so a call ends soon after it has a token.
static OPTIONS: LazyLock<String> = LazyLock::new(|| r#"{"base_url":"http://127.0.0.1:9","max_retries":0}"#.to_owned());

fuzz_target!(|input: &[u8]| {
    let (how, bytes) = input.split_first().map_or((0, input), |(how, bytes)| (*how, bytes));
    let mut asked = Reply { how, bytes };
    let user: *mut c_void = (&raw mut asked).cast();
    let (options, options_length) = text(OPTIONS.as_bytes());
    let mut client = NONE;
    let status = unsafe { kopokopo_with_token_source(Some(ask), user, None, options, options_length, &raw mut client) };
    assert_eq!(status, KopokopoStatus::Ok);
    let mut with_journal = NONE;
    let status = unsafe {
        kopokopo_with_journal(client.object, Some(execute), user, None, std::ptr::null(), 0, &raw mut with_journal)
    };
    assert_eq!(status, KopokopoStatus::Ok);
    for (own, section, given) in [
        (client.object, &b"incoming_payments"[..], &br#"{"id":"1"}"#[..]),
        (with_journal.object, b"journal", br#"{"key":"order-1"}"#),
    ] {
        let ((section, section_length), (get, get_length), (given, given_length)) =
            (text(section), text(b"get"), text(given));
        let (mut found, mut out) = (NONE, NONE);
        let status = unsafe { kopokopo_call_sync(own, section, section_length, std::ptr::null(), 0, &raw mut found) };
        assert_eq!(status, KopokopoStatus::Ok);
        let status = unsafe { kopokopo_call_wait(found.object, get, get_length, given, given_length, &raw mut out) };
        checked(status, &out);
        assert_eq!(kopokopo_free(found.object), KopokopoStatus::Ok);
        assert_eq!(kopokopo_free(own), KopokopoStatus::Ok);
    }
});
