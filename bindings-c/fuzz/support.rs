//! What the targets share.

use std::{ffi::c_char, ptr, slice};

use kopokopo_c::{KopokopoResult, KopokopoStatus, kopokopo_free};

pub const NONE: KopokopoResult = KopokopoResult { handle: 0, data: ptr::null(), length: 0, object: 0 };

/// The two arguments of a text.
pub fn text(bytes: &[u8]) -> (*const c_char, usize) {
    (bytes.as_ptr().cast(), bytes.len())
}

/// Checks the form of a result, and frees its data.
pub fn checked(status: KopokopoStatus, out: &KopokopoResult) {
    if out.handle == 0 {
        assert!(out.data.is_null() && out.length == 0);
        assert_eq!(out.object != 0, status == KopokopoStatus::Ok);
        return;
    }
    assert_eq!(out.object, 0);
    let data = unsafe { slice::from_raw_parts(out.data, out.length) };
    match status {
        KopokopoStatus::Ok => blocks(data),
        KopokopoStatus::Error => {
            let error: serde_json::Value = serde_json::from_slice(data).expect("an error is JSON");
            assert!(error["kind"].is_string() && error["detail"].is_string() && error["kind"] != "internal", "{error}");
        }
        other => panic!("data with {other:?}"),
    }
    assert_eq!(kopokopo_free(out.handle), KopokopoStatus::Ok);
    assert_eq!(kopokopo_free(out.handle), KopokopoStatus::InvalidHandle);
}

/// The text begins and ends with the mark, and blocks fill the data.
fn blocks(mut data: &[u8]) {
    let mut count = 0;
    while let Some((length, rest)) = data.split_first_chunk::<4>() {
        let (block, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        assert!(std::str::from_utf8(block).is_ok());
        assert!(count > 0 || block.first() == Some(&1) && block.last() == Some(&1));
        (data, count) = (rest, count + 1);
    }
    assert!(data.is_empty() && count > 0);
}
