//! What concerns the whole process.

use std::{
    ffi::{CString, c_char, c_void},
    sync::{
        OnceLock,
        atomic::{AtomicBool, Ordering},
    },
};

use kopokopo_ffi::{operations, runtime, set_language};

use crate::{input::bytes, registry, result::guard_status, status::KopokopoStatus};

static IS_SHUT_DOWN: AtomicBool = AtomicBool::new(false);

static LANGUAGE: OnceLock<String> = OnceLock::new();

/// Whether functions may still do something.
pub(crate) fn check_running() -> Result<(), KopokopoStatus> {
    if IS_SHUT_DOWN.load(Ordering::Acquire) { Err(KopokopoStatus::ShutDown) } else { Ok(()) }
}

/// The name of the language, if the program gives none.
pub(crate) fn name_language() {
    set_language("c");
}

/// A digest of the contract that the library was built from. A language package compares it with its own when it loads the
/// library. That of the library for apps is another one.
///
/// Returns text that ends with a zero byte and lives as long as the library. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn kopokopo_contract() -> *const c_char {
    static TEXT: OnceLock<CString> = OnceLock::new();
    TEXT.get_or_init(|| CString::new(operations::contract_hash()).unwrap_or_default()).as_ptr()
}

/// The version of the library, in the form `1.2.3`.
///
/// Returns text that ends with a zero byte and lives as long as the library. Threads: any. Errors: none.
#[unsafe(no_mangle)]
pub extern "C" fn kopokopo_version() -> *const c_char {
    static TEXT: OnceLock<CString> = OnceLock::new();
    TEXT.get_or_init(|| CString::new(operations::version()).unwrap_or_default()).as_ptr()
}

/// Names the language package that uses the library: the `User-Agent` header of each request has it. Call it before the first
/// client is made. Without it the name is `c`.
///
/// - `name`: 1 to 32 lower case letters and digits. It is copied.
///
/// Threads: any.
///
/// Errors: `KOPOKOPO_STATUS_INVALID_POINTER` for another name, `KOPOKOPO_STATUS_ALREADY_SET` if there is a name.
///
/// # Safety
/// If `name` is not null, so many bytes can be read there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_set_language(name: *const c_char, name_length: usize) -> KopokopoStatus {
    guard_status(|| {
        check_running()?;
        // SAFETY: the caller promises it.
        let name = unsafe { bytes(name.cast(), name_length) }?;
        let is_plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        if name.is_empty() || name.len() > 32 || !name.iter().all(is_plain) {
            return Err(KopokopoStatus::InvalidPointer);
        }
        LANGUAGE.set(String::from_utf8_lossy(name).into_owned()).map_err(|_| KopokopoStatus::AlreadySet)?;
        if let Some(name) = LANGUAGE.get() {
            set_language(name);
        }
        Ok(())
    })
}

/// Ends a handle, whatever it means: an object, the data of a result, a call, or a reply.
///
/// Data cannot be read any more. An object's calls go on. A call goes on too, and cannot be cancelled any more; `done` receives
/// its end. A reply that was not given counts as a failure of the program.
///
/// Threads: any. It works after `kopokopo_shutdown` too.
///
/// Errors: `KOPOKOPO_STATUS_INVALID_HANDLE` for zero and for a handle that was freed or used up, which does no harm: no handle is used
/// twice.
#[unsafe(no_mangle)]
pub extern "C" fn kopokopo_free(handle: u64) -> KopokopoStatus {
    guard_status(|| {
        drop(registry::take(handle)?);
        Ok(())
    })
}

/// As `kopokopo_free`, for finalizers that pass a pointer, such as Dart's `NativeFinalizer`: the handle is the address. Where an
/// address has 32 bits, it is for handles below 2^32.
///
/// Threads: any. Errors: none are reported.
#[unsafe(no_mangle)]
pub extern "C" fn kopokopo_finalize(handle: *mut c_void) {
    let _ = kopokopo_free(handle.addr() as u64);
}

/// Ends the threads of the library, because the program is ending or unloads the library. Calls under way end: a create that
/// was sent with the kind `outcome_unknown`, others with `configuration`. When this returns, `done` was called for each of them, and
/// no thread of the library calls a function of the program any more, unless one took longer than two seconds to return.
///
/// Later calls of other functions return `KOPOKOPO_STATUS_SHUT_DOWN`. Data can still be read, and handles must still be freed.
///
/// Threads: any. It waits for at most two seconds. Called by a thread of the library, it does not wait.
///
/// Errors: `KOPOKOPO_STATUS_SHUT_DOWN` if it was called before.
#[unsafe(no_mangle)]
pub extern "C" fn kopokopo_shutdown() -> KopokopoStatus {
    guard_status(|| {
        if IS_SHUT_DOWN.swap(true, Ordering::AcqRel) {
            return Err(KopokopoStatus::ShutDown);
        }
        runtime::shutdown();
        Ok(())
    })
}
