//! What goes back to JavaScript.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
};

use kopokopo::types::Raw;
use kopokopo_ffi::{
    error::{self, Error, Result},
    operations::Object,
    value::{
        View,
        codec::{self, Moments},
    },
};
use napi::{
    Env,
    bindgen_prelude::{Null, ToNapiValue, TypeName},
    check_status, sys,
};

use crate::native::Native;

/// Whatever JavaScript calls goes through here. Errors are data, and so is a panic.
pub(crate) fn guard(work: impl FnOnce() -> Result<Answered>) -> Answered {
    // What a panic leaves half-done is dropped with the closure.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Answered::failure(&error),
        Err(_) => Answered::failure(&error::internal()),
    }
}

/// A value of the contract, or an error, on its way to JavaScript.
pub enum Answered {
    /// A row of values and its raw texts, or the fields of an error.
    Row(Vec<u8>, Vec<Raw>),
    /// An object with methods.
    Object(Object),
    /// A cancelled call whose result is on its way already: `true`.
    Delivered,
    /// A cancelled call that sent nothing which creates something: null.
    NotSent,
}

impl Answered {
    pub(crate) fn of(view: View<'_>) -> Self {
        if let View::Object(object) = view {
            return Self::Object(object.clone());
        }
        let mut raws = Vec::new();
        let out = codec::encode(view, Moments::Milliseconds, &mut raws);
        Self::Row(out, raws)
    }

    /// What was read from a body that JavaScript has: that is not handed back to it.
    pub(crate) fn of_body(view: View<'_>, body: &[u8]) -> Self {
        let mut raws = Vec::new();
        let out = codec::encode(view, Moments::Milliseconds, &mut raws);
        if raws.iter().all(|raw| raw.as_str().as_bytes() == body) {
            raws.clear();
        }
        Self::Row(out, raws)
    }

    pub(crate) fn failure(error: &Error) -> Self {
        Self::Row(codec::encode_error(error), Vec::new())
    }
}

/// A JavaScript string. Most are plain ASCII, which V8 takes over without decoding it.
fn string(env: sys::napi_env, text: &[u8]) -> napi::Result<sys::napi_value> {
    let create = if text.is_ascii() { sys::napi_create_string_latin1 } else { sys::napi_create_string_utf8 };
    let mut value = ptr::null_mut();
    let length = isize::try_from(text.len()).unwrap_or(isize::MAX);
    // SAFETY: the text lives longer than the call, which copies so many bytes of it.
    check_status!(unsafe { create(env, text.as_ptr().cast(), length, &raw mut value) })?;
    Ok(value)
}

impl TypeName for Answered {
    fn type_name() -> &'static str {
        "Answered"
    }

    fn value_type() -> napi::ValueType {
        napi::ValueType::Unknown
    }
}

/// A row is a string. With raw texts it is an array of the row and the raw texts.
impl ToNapiValue for Answered {
    unsafe fn to_napi_value(env: sys::napi_env, own: Self) -> napi::Result<sys::napi_value> {
        let (text, raws) = match own {
            Self::Object(object) => return Native::shown(Env::from_raw(env), object),
            // SAFETY: the environment is the caller's.
            Self::Delivered => return unsafe { bool::to_napi_value(env, true) },
            // SAFETY: as above.
            Self::NotSent => return unsafe { Null::to_napi_value(env, Null) },
            Self::Row(text, raws) => (text, raws),
        };
        let text = string(env, &text)?;
        if raws.is_empty() {
            return Ok(text);
        }
        let mut array = ptr::null_mut();
        // SAFETY: the environment is the caller's, and so is the scope that the values live in.
        check_status!(unsafe { sys::napi_create_array_with_length(env, raws.len() + 1, &raw mut array) })?;
        check_status!(unsafe { sys::napi_set_element(env, array, 0, text) })?;
        for (at, raw) in (1..).zip(&raws) {
            let raw = string(env, raw.as_str().as_bytes())?;
            check_status!(unsafe { sys::napi_set_element(env, array, at, raw) })?;
        }
        Ok(array)
    }
}
