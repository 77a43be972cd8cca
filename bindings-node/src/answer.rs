//! What goes back to JavaScript.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
};

use kopokopo::types::Timestamp;
use kopokopo_ffi::{
    ErrorFields, KopoKopoError, Result,
    dynamic::{Alternative, Arguments, Object, Text, View},
};
use napi::{
    Env,
    bindgen_prelude::{ToNapiValue, TypeName},
    check_status, sys,
};
use serde::Serialize;

use crate::native::Native;

const DEFECT: &str =
    "a defect in this library: please report what was called; a request that was sent may have taken effect";

/// An error of the glue's own: its kind and its detail.
macro_rules! error {
    ($kind:ident, $detail:expr) => {
        kopokopo_ffi::KopoKopoError::$kind {
            detail: $detail.into(),
            operation: None,
            field: None,
            status: None,
            code: None,
            messages: Vec::new(),
            retry_after: None,
            attempts: 0,
            body: None,
        }
    };
}
pub(crate) use error;

/// The arguments in a JSON text.
pub(crate) fn arguments(given: &str) -> Result<Arguments> {
    serde_json::from_str(given).map_err(|_| error!(InvalidRequest, "the arguments must be JSON"))
}

/// Whatever JavaScript calls goes through here. Errors are data, and so is a panic: what that says may hold anything, so
/// nothing of it is passed on.
pub(crate) fn guard(work: impl FnOnce() -> Result<Answered>) -> Answered {
    // What a panic leaves half-done is dropped with the closure.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => Answered::failure(error),
        Err(_) => Answered::defect(),
    }
}

/// A value of the contract, or an error, on its way to JavaScript.
pub enum Answered {
    /// JSON: a record is the array of its fields in the contract's order, an alternative of a union is its word and its
    /// content. Raw text stands beside it, because it would be escaped there: in its place is its position, from 1.
    /// Equal ones are there once.
    Json(Vec<u8>, Vec<String>),
    /// A thing with methods.
    Object(Object),
}

impl Answered {
    pub(crate) fn of(view: View<'_>) -> Self {
        if let View::Object(object) = view {
            return Self::Object(object.clone());
        }
        let mut raws = Vec::new();
        let out = written(view, &mut raws);
        Self::Json(out, raws.into_iter().map(str::to_owned).collect())
    }

    /// What was read from a body that JavaScript has: that is not handed back to it.
    pub(crate) fn of_body(view: View<'_>, body: &[u8]) -> Self {
        let mut raws = Vec::new();
        let out = written(view, &mut raws);
        if raws.iter().all(|raw| raw.as_bytes() == body) {
            raws.clear();
        }
        Self::Json(out, raws.into_iter().map(str::to_owned).collect())
    }

    /// `!`, with which no JSON begins, and the fields of an error.
    pub(crate) fn failure(error: KopoKopoError) -> Self {
        let kind = error.kind();
        let ErrorFields { detail, operation, field, status, code, messages, retry_after, attempts, body } =
            error.into_fields();
        let fields = (kind, detail, operation, field, status, code, messages, retry_after, attempts, body);
        let mut out = vec![b'!'];
        json(&mut out, &fields);
        Self::Json(out, Vec::new())
    }

    pub(crate) fn defect() -> Self {
        Self::failure(error!(Internal, DEFECT))
    }
}

/// Writing into memory fails only where memory ends.
fn json(out: &mut Vec<u8>, value: &impl Serialize) {
    let _ = serde_json::to_writer(out, value);
}

fn written<'a>(view: View<'a>, raws: &mut Vec<&'a str>) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    write(&mut out, raws, view);
    out
}

fn write<'a>(out: &mut Vec<u8>, raws: &mut Vec<&'a str>, view: View<'a>) {
    match view {
        View::Nothing | View::Object(_) => out.extend_from_slice(b"null"),
        View::Bool(value) => json(out, &value),
        View::Integer(value) => json(out, &value),
        View::Seconds(value) => json(out, &value),
        // A number of milliseconds, which JavaScript need not read again.
        View::Text(Text::Timestamp, text) => match text.parse::<Timestamp>() {
            Ok(moment) => json(out, &(moment.unix_timestamp() * 1000 + i64::from(moment.instant().millisecond()))),
            Err(_) => json(out, &text),
        },
        View::Text(Text::Metadata, text) => out.extend_from_slice(text.as_bytes()),
        View::Text(Text::Raw, text) => {
            let at = raws.iter().position(|known| *known == text).unwrap_or(raws.len());
            if at == raws.len() {
                raws.push(text);
            }
            json(out, &(at + 1));
        }
        View::Text(_, text) | View::String(text) | View::Word(_, text) => json(out, &text),
        View::List(items) => list(out, items.count(), |out, at| write(out, raws, items.item(at))),
        View::Record(record) => list(out, record.shape().fields.len(), |out, at| write(out, raws, record.field(at))),
        View::Variant(Alternative { word, field, .. }) => {
            out.push(b'[');
            json(out, &word);
            if let Some((_, content)) = field {
                out.push(b',');
                write(out, raws, content.view());
            }
            out.push(b']');
        }
    }
}

fn list(out: &mut Vec<u8>, count: usize, mut item: impl FnMut(&mut Vec<u8>, usize)) {
    out.push(b'[');
    for at in 0..count {
        if at > 0 {
            out.push(b',');
        }
        item(out, at);
    }
    out.push(b']');
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

/// JSON is a string; with raw text beside it, an array of that and of the raw texts.
impl ToNapiValue for Answered {
    unsafe fn to_napi_value(env: sys::napi_env, own: Self) -> napi::Result<sys::napi_value> {
        let (text, raws) = match own {
            Self::Object(object) => return Native::shown(Env::from_raw(env), object),
            Self::Json(text, raws) => (text, raws),
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
            let raw = string(env, raw.as_bytes())?;
            check_status!(unsafe { sys::napi_set_element(env, array, at, raw) })?;
        }
        Ok(array)
    }
}
