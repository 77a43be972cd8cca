//! Webhooks. The library for apps has none of this, because apps have no API key.

use std::ffi::c_char;

use kopokopo::webhooks::{Event, Webhooks};
use kopokopo_ffi::{error::Result, operations, value::Reflect};

use crate::{
    input::{bytes, text},
    registry,
    result::{KopokopoResult, guard},
    status::KopokopoStatus,
};

/// Verifies a webhook, and returns its event.
///
/// - `verifier`: the handle of a `WebhookVerifier`, of `kopokopo_make` or of the client's method `webhooks`.
/// - `body`: the bytes of the request's body, exactly as received.
/// - `signature`: the value of the header `X-KopoKopo-Signature`. Null: the request has no such header.
/// - `out`: receives the event, which the caller frees.
///
/// Threads: any. It does not wait.
///
/// Errors: `KOPOKOPO_STATUS_ERROR` with the kind `signature` if the signature is not that of the body, with `decode` if the body of a valid
/// signature cannot be read. Everything but `KOPOKOPO_STATUS_OK` means: not verified.
///
/// # Safety
/// Pointers that are not null can be read for their lengths, and `out` can be written.
#[cfg(not(feature = "apps"))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_verify(
    verifier: u64,
    body: *const u8,
    body_length: usize,
    signature: *const c_char,
    signature_length: usize,
    out: *mut KopokopoResult,
) -> KopokopoStatus {
    // SAFETY: the caller promises it.
    unsafe {
        check(verifier, (body, body_length), (signature, signature_length), out, |verifier, body, signature| {
            verifier.verify(body, signature)
        })
    }
}

/// Verifies a webhook without reading it. The result is the absent value.
///
/// The rest is as for `kopokopo_verify`.
///
/// # Safety
/// As for `kopokopo_verify`.
#[cfg(not(feature = "apps"))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_verify_signature(
    verifier: u64,
    body: *const u8,
    body_length: usize,
    signature: *const c_char,
    signature_length: usize,
    out: *mut KopokopoResult,
) -> KopokopoStatus {
    // SAFETY: the caller promises it.
    unsafe {
        check(verifier, (body, body_length), (signature, signature_length), out, |verifier, body, signature| {
            verifier.verify_signature(body, signature)
        })
    }
}

/// Reads the event of a body **without verifying it**: anyone can have sent it. For bodies that the program verified before, such
/// as those of a queue.
///
/// The rest is as for `kopokopo_verify`, without a signature.
///
/// # Safety
/// As for `kopokopo_verify`.
#[cfg(not(feature = "apps"))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_parse_unverified(
    verifier: u64,
    body: *const u8,
    body_length: usize,
    out: *mut KopokopoResult,
) -> KopokopoStatus {
    let read = |verifier: &Webhooks, body: &[u8], _: Option<&str>| -> Result<Event> { verifier.parse_unverified(body) };
    // SAFETY: the caller promises it.
    unsafe { check(verifier, (body, body_length), (std::ptr::null(), 0), out, read) }
}

/// # Safety
/// As for `kopokopo_verify`.
unsafe fn check<T: Reflect>(
    verifier: u64,
    (body, body_length): (*const u8, usize),
    (signature, signature_length): (*const c_char, usize),
    out: *mut KopokopoResult,
    check: impl FnOnce(&Webhooks, &[u8], Option<&str>) -> Result<T>,
) -> KopokopoStatus {
    let work = || {
        let object = registry::object(verifier)?;
        // The handle of an object of another type is one that is not valid here.
        let verifier = object.verifier().map_err(|_| KopokopoStatus::InvalidHandle)?;
        // SAFETY: the caller promises it.
        let (body, header) = unsafe { (bytes(body, body_length)?, bytes(signature.cast(), signature_length)?) };
        // A signature that is not UTF-8 is a wrong one.
        let signature = (!signature.is_null()).then(|| String::from_utf8_lossy(header));
        KopokopoResult::value(check(verifier, body, signature.as_deref())?.view())
    };
    // SAFETY: the caller promises it.
    unsafe { guard(out, work) }
}

/// Signs a body as Kopo Kopo does: the value of the header `X-KopoKopo-Signature`. For tests and simulators. It is the function
/// `sign_webhook` of the contract.
///
/// - `api_key`: UTF-8. `body`: any bytes. Both are read before the function returns.
/// - `out`: receives the signature, a text, which the caller frees.
///
/// Threads: any. It does not wait.
///
/// Errors: `KOPOKOPO_STATUS_ERROR` with the kind `configuration` if the key cannot be an API key.
///
/// # Safety
/// Pointers that are not null can be read for their lengths, and `out` can be written.
#[cfg(not(feature = "apps"))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_sign_webhook(
    api_key: *const c_char,
    api_key_length: usize,
    body: *const u8,
    body_length: usize,
    out: *mut KopokopoResult,
) -> KopokopoStatus {
    let work = || {
        // SAFETY: the caller promises it.
        let (api_key, body) = unsafe { (text(api_key, api_key_length, "api_key")?, bytes(body, body_length)?) };
        KopokopoResult::value(operations::sign_webhook(api_key, body)?.view())
    };
    // SAFETY: the caller promises it.
    unsafe { guard(out, work) }
}
