//! Objects of the contract, and what they do without sending requests.

use std::ffi::c_char;

use kopokopo_ffi::operations;
#[cfg(not(feature = "apps"))]
use kopokopo_ffi::operations::Object;

#[cfg(not(feature = "apps"))]
use crate::{input::options, process};
use crate::{
    input::{arguments, text},
    registry,
    result::{KopokopoResult, guard},
    status::KopokopoStatus,
};

/// Makes an object of the contract: a client (`KopoKopo`, with `new` or `from_env`) or a verifier of webhooks
/// (`WebhookVerifier`, `new`). Not in the library for apps: use `kopokopo_with_token_source`.
///
/// - `object`, `constructor`: the names in the contract.
/// - `arguments`: the text of a JSON object with the options, or null. It is read before the function returns.
/// - `out`: receives the object, which the caller frees.
///
/// Threads: any. It does not wait.
///
/// Errors: `KOPOKOPO_STATUS_ERROR` with the kind `configuration`, which names the option; with `invalid_request` if the contract has no
/// such object or constructor.
///
/// # Safety
/// Pointers that are not null can be read for their lengths, and `out` can be written.
#[cfg(not(feature = "apps"))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_make(
    object: *const c_char,
    object_length: usize,
    constructor: *const c_char,
    constructor_length: usize,
    arguments: *const c_char,
    arguments_length: usize,
    out: *mut KopokopoResult,
) -> KopokopoStatus {
    let work = || {
        process::name_language();
        // SAFETY: the caller promises it.
        let (object, constructor, options) = unsafe {
            (
                text(object, object_length, "object")?,
                text(constructor, constructor_length, "constructor")?,
                options(arguments, arguments_length)?,
            )
        };
        Ok(KopokopoResult::object(Object::new(object, constructor, options)?))
    };
    // SAFETY: the caller promises it.
    unsafe { guard(out, work) }
}

/// Calls a method that sends nothing: it leads to a section (`incoming_payments`), returns a client with other options
/// (`with_options`), or a property of an object (`id`).
///
/// - `object`: the handle of the object.
/// - `method`: the method's name in the contract. `arguments`: the text of a JSON object, or null. Both are read before the function
///   returns.
/// - `out`: receives the result, an object or data, which the caller frees. A new object does not need the old one.
///
/// Threads: any. It does not wait.
///
/// Errors: `KOPOKOPO_STATUS_ERROR` with the method's error. A method that sends requests is unknown here.
///
/// # Safety
/// Pointers that are not null can be read for their lengths, and `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_call_sync(
    object: u64,
    method: *const c_char,
    method_length: usize,
    arguments: *const c_char,
    arguments_length: usize,
    out: *mut KopokopoResult,
) -> KopokopoStatus {
    let work = || {
        let object = registry::object(object)?;
        // SAFETY: the caller promises it.
        let (method, given) =
            unsafe { (text(method, method_length, "method")?, self::arguments(arguments, arguments_length)?) };
        KopokopoResult::value(object.call_sync(method, given)?.view())
    };
    // SAFETY: the caller promises it.
    unsafe { guard(out, work) }
}

/// Calls a function of no object, such as `hash_phone`.
///
/// - `name`: the function's name in the contract. `arguments`: the text of a JSON object, or null. Both are read before the function
///   returns.
/// - `out`: receives the result, which the caller frees.
///
/// Threads: any. It does not wait.
///
/// Errors: `KOPOKOPO_STATUS_ERROR` with the function's error.
///
/// # Safety
/// Pointers that are not null can be read for their lengths, and `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_function(
    name: *const c_char,
    name_length: usize,
    arguments: *const c_char,
    arguments_length: usize,
    out: *mut KopokopoResult,
) -> KopokopoStatus {
    let work = || {
        // SAFETY: the caller promises it.
        let (name, given) =
            unsafe { (text(name, name_length, "name")?, self::arguments(arguments, arguments_length)?) };
        KopokopoResult::value(operations::function(name, given)?.view())
    };
    // SAFETY: the caller promises it.
    unsafe { guard(out, work) }
}
