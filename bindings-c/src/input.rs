//! Pointers and lengths of the caller. What they point to is read only during the call.

use std::{ffi::c_char, slice};

use kopokopo::ErrorKind;
use kopokopo_ffi::{
    error::{self, Error},
    value::{Arguments, Value},
};

use crate::{result::Failure, status::KopokopoStatus};

/// Bytes of the caller. A null pointer has no bytes.
///
/// # Safety
/// If it is not null, so many bytes can be read there until the caller's call ends.
pub(crate) unsafe fn bytes<'a>(data: *const u8, length: usize) -> Result<&'a [u8], KopokopoStatus> {
    if data.is_null() {
        return if length == 0 { Ok(&[]) } else { Err(KopokopoStatus::InvalidPointer) };
    }
    if isize::try_from(length).is_err() {
        return Err(KopokopoStatus::InvalidPointer);
    }
    // SAFETY: it is not null, bytes have no alignment, the length fits, and the rest is the caller's promise.
    Ok(unsafe { slice::from_raw_parts(data, length) })
}

/// Text of the caller.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn text<'a>(data: *const c_char, length: usize, name: &str) -> Result<&'a str, Failure> {
    // SAFETY: as for the caller.
    let bytes = unsafe { bytes(data.cast(), length) }?;
    std::str::from_utf8(bytes).map_err(|_| error::at(ErrorKind::InvalidRequest, name, "must be text in UTF-8").into())
}

/// Arguments of the caller: the text of a JSON object, or nothing.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn arguments(data: *const c_char, length: usize) -> Result<Arguments, Failure> {
    // SAFETY: as for the caller.
    let json = unsafe { text(data, length, "arguments") }?;
    if json.is_empty() {
        return Ok(Arguments::new());
    }
    Ok(Value::arguments(json)?)
}

/// Arguments of something that is made: one that does not fit is an error of the configuration.
///
/// # Safety
/// As for [`bytes`].
pub(crate) unsafe fn options(data: *const c_char, length: usize) -> Result<Arguments, Failure> {
    // SAFETY: as for the caller.
    unsafe { arguments(data, length) }.map_err(|failure| match failure {
        Failure::Error(error) => Failure::Error(Box::new(as_configuration(*error))),
        misuse @ Failure::Misuse(_) => misuse,
    })
}

fn as_configuration(error: Error) -> Error {
    error.with_kind(ErrorKind::Configuration)
}
