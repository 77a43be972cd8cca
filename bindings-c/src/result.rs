//! What a function returns: a status, and a result in the caller's memory.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
};

use kopokopo_ffi::{
    error::{self, Error},
    operations::Object,
    value::{
        View,
        codec::{self, Moments},
    },
};
use serde::Serialize;

use crate::{
    process,
    registry::{self, Entry},
    status::KopokopoStatus,
};

/// A result, in memory of the caller. A function that takes a pointer to one writes all its members, whatever its status is.
///
/// With `KOPOKOPO_STATUS_OK` it is an object or data. With `KOPOKOPO_STATUS_ERROR` it is data: the error. Else all members are zero.
#[repr(C)]
#[derive(Debug)]
pub struct KopokopoResult {
    /// The handle of the data, or zero if there is no data. The caller frees it once, with `kopokopo_free`.
    pub handle: u64,
    /// The data. It can be read by any thread until `handle` is freed, and must not be changed. It is not terminated.
    pub data: *const u8,
    /// The number of bytes of the data.
    pub length: usize,
    /// The handle of an object, or zero if the result is none. The caller frees it once, with `kopokopo_free`.
    pub object: u64,
}

impl KopokopoResult {
    /// No result.
    pub(crate) const NONE: Self = Self { handle: 0, data: ptr::null(), length: 0, object: 0 };

    pub(crate) fn object(object: Object) -> Self {
        Self { object: registry::insert(Entry::Object(object)), ..Self::NONE }
    }

    fn data(data: Vec<u8>) -> Self {
        let data = data.into_boxed_slice();
        let (start, length) = (data.as_ptr(), data.len());
        Self { handle: registry::insert(Entry::Data(data)), data: start, length, object: 0 }
    }

    /// A value: the length of its text, the text, and the same for each raw text. Lengths have four bytes, the lowest first.
    pub(crate) fn value(view: View<'_>) -> Result<Self, Failure> {
        if let View::Object(object) = view {
            return Ok(Self::object(object.clone()));
        }
        let mut raws = Vec::new();
        let text = codec::encode(view, Moments::Text, &mut raws);
        let parts = || std::iter::once(&text[..]).chain(raws.iter().map(|raw| raw.as_str().as_bytes()));
        let mut data = Vec::with_capacity(parts().map(|part| part.len() + 4).sum());
        for part in parts() {
            let length = u32::try_from(part.len()).map_err(|_| error::internal())?;
            data.extend_from_slice(&length.to_le_bytes());
            data.extend_from_slice(part);
        }
        Ok(Self::data(data))
    }

    fn error(error: &Error) -> Self {
        // Writing into memory fails only where memory ends.
        Self::data(serde_json::to_vec(&Fields::of(error)).unwrap_or_default())
    }
}

/// An error as JSON. Every field of the contract is there, null if it is absent.
#[derive(Serialize)]
struct Fields<'a> {
    kind: &'a str,
    detail: &'a str,
    operation: Option<&'a str>,
    field: Option<&'a str>,
    status: Option<u16>,
    server_code: Option<&'a str>,
    messages: &'a [String],
    retry_after: Option<f64>,
    attempts: u32,
    body: Option<&'a str>,
    id: Option<&'a str>,
    location: Option<&'a str>,
    state: Option<&'a str>,
    request_id: Option<&'a str>,
    sent_at: Option<String>,
    idempotency_key: Option<&'a str>,
    fingerprint: Option<&'a str>,
}

impl<'a> Fields<'a> {
    fn of(error: &'a Error) -> Self {
        Self {
            kind: error.kind().as_str(),
            detail: error.detail(),
            operation: error.operation(),
            field: error.field(),
            status: error.status(),
            server_code: error.server_code(),
            messages: error.messages(),
            retry_after: error.retry_after().map(|wait| wait.as_secs_f64()),
            attempts: error.attempts(),
            body: error.body(),
            id: error.id(),
            location: error.location(),
            state: error.state(),
            request_id: error.request_id(),
            sent_at: error.sent_at().map(|moment| moment.to_string()),
            idempotency_key: error.idempotency_key(),
            fingerprint: error.fingerprint(),
        }
    }
}

/// Why there is no value.
pub(crate) enum Failure {
    /// A mistake of the caller.
    Misuse(KopokopoStatus),
    /// An error of the library.
    Error(Box<Error>),
}

impl From<KopokopoStatus> for Failure {
    fn from(status: KopokopoStatus) -> Self {
        Self::Misuse(status)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(Box::new(error))
    }
}

/// Runs what makes a result. A panic is an error too.
pub(crate) fn caught(work: impl FnOnce() -> Result<KopokopoResult, Failure>) -> (KopokopoStatus, KopokopoResult) {
    // What a panic leaves half-done is dropped with the closure.
    let failure = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(result)) => return (KopokopoStatus::Ok, result),
        Ok(Err(failure)) => failure,
        Err(_) => error::internal().into(),
    };
    match failure {
        Failure::Misuse(status) => (status, KopokopoResult::NONE),
        Failure::Error(error) => (KopokopoStatus::Error, KopokopoResult::error(&error)),
    }
}

/// Every function that makes a result goes through here.
///
/// # Safety
/// If `out` is not null, a result can be written there.
pub(crate) unsafe fn guard(
    out: *mut KopokopoResult,
    work: impl FnOnce() -> Result<KopokopoResult, Failure>,
) -> KopokopoStatus {
    if out.is_null() {
        return KopokopoStatus::InvalidPointer;
    }
    let (status, result) = caught(|| {
        process::check_running()?;
        work()
    });
    // SAFETY: it is not null, and the rest is the caller's promise. What was there is not read.
    unsafe { out.write(result) };
    status
}

/// Every function without a result goes through here.
pub(crate) fn guard_status(work: impl FnOnce() -> Result<(), KopokopoStatus>) -> KopokopoStatus {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => KopokopoStatus::Ok,
        Ok(Err(status)) => status,
        Err(_) => KopokopoStatus::Error,
    }
}
