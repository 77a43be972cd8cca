#![no_main]
//! Any names, arguments and handles: each function returns a status, and a result that is data in its form, an error with its
//! fields, or nothing. The input is lines: the number of a function, a handle, an object or method, and the arguments.

use std::sync::LazyLock;

use kopokopo_c::{KopokopoResult, KopokopoStatus, kopokopo_call_sync, kopokopo_free, kopokopo_function, kopokopo_make};
use libfuzzer_sys::fuzz_target;

#[path = "../support.rs"]
mod support;
use support::{NONE, checked, text};

static CLIENT: LazyLock<u64> = LazyLock::new(|| {
    let options = br#"{"client_id":"x","client_secret":"y","api_key":"z","base_url":"http://127.0.0.1:9"}"#;
    let (mut out, (object, object_length), (new, new_length)) = (NONE, text(b"KopoKopo"), text(b"new"));
    let (options, options_length) = text(options);
    let status =
        unsafe { kopokopo_make(object, object_length, new, new_length, options, options_length, &raw mut out) };
    assert_eq!(status, KopokopoStatus::Ok);
    out.object
});

fuzz_target!(|input: &[u8]| {
    let mut handles = vec![*CLIENT];
    for call in input.split(|byte| *byte == 0).take(8) {
        let mut lines = call.splitn(4, |byte| *byte == b'\n');
        let mut next = || lines.next().unwrap_or_default();
        let (function, at, name, given) = (next(), next(), next(), next());
        let at = usize::from(at.first().copied().unwrap_or_default());
        // Some handles are of something else, or of nothing.
        let handle = handles.get(at % (handles.len() + 1)).copied().unwrap_or(at as u64);
        let ((name, name_length), (given, given_length)) = (text(name), text(given));
        let mut out: KopokopoResult = NONE;
        let status = unsafe {
            match function.first().copied().unwrap_or_default() % 3 {
                0 => kopokopo_call_sync(handle, name, name_length, given, given_length, &raw mut out),
                1 => kopokopo_function(name, name_length, given, given_length, &raw mut out),
                _ => {
                    let (new, new_length) = text(b"new");
                    kopokopo_make(name, name_length, new, new_length, given, given_length, &raw mut out)
                }
            }
        };
        checked(status, &out);
        if out.object != 0 {
            handles.push(out.object);
        }
    }
    for handle in handles.split_off(1) {
        assert_eq!(kopokopo_free(handle), KopokopoStatus::Ok);
        assert_eq!(kopokopo_free(handle), KopokopoStatus::InvalidHandle);
    }
});
