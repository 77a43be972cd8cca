//! Webhooks: bodies as Python has them.

use kopokopo::{ErrorKind, webhooks::Webhooks};
use kopokopo_ffi::{error::Result, operations};
use pyo3::{
    prelude::*,
    types::{PyByteArray, PyBytes, PyMemoryView, PyString},
};

use crate::errors::{guard, raise, refusal};

/// A body from here on is hashed without the interpreter's lock.
const LARGE: usize = 64 * 1024;

const RAW_ONLY: &str = "must be the raw body, as bytes and exactly as it was received, because the signature covers \
    those bytes: request.body in Django, request.get_data() in Flask, await request.body() in FastAPI and Starlette";

/// Reads a body, and verifies the signature if it is given.
pub(crate) fn look<T: Send>(
    body: &Bound<'_, PyAny>,
    signature: &Bound<'_, PyAny>,
    look: impl FnOnce(&[u8], Option<&str>) -> Result<T> + Send,
) -> PyResult<T> {
    let py = body.py();
    let body = bytes(body)?;
    let signature = match signature.cast::<PyString>() {
        Ok(text) => Some(text.to_string_lossy()),
        Err(_) if signature.is_none() => None,
        Err(_) => {
            return Err(refusal(
                py,
                ErrorKind::InvalidRequest,
                None,
                "signature",
                "must be the text of the header X-KopoKopo-Signature, or None",
            ));
        }
    };
    let (bytes, signature) = (body.as_bytes(), signature.as_deref());
    let found = if bytes.len() < LARGE { look(bytes, signature) } else { py.detach(|| look(bytes, signature)) };
    found.map_err(|error| raise(py, &error))
}

/// What the header carries.
pub(crate) fn sign<'py>(api_key: &Bound<'py, PyAny>, body: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
    let py = body.py();
    guard(py, || {
        let key = api_key.cast::<PyString>().ok().and_then(|key| key.to_cow().ok());
        let key = key.ok_or_else(|| {
            refusal(py, ErrorKind::InvalidRequest, None, "api_key", "must be the text of the API key")
        })?;
        let signature = operations::sign_webhook(&key, bytes(body)?.as_bytes());
        Ok(PyString::new(py, &signature.map_err(|error| raise(py, &error))?))
    })
}

/// Whatever can change meanwhile is copied.
fn bytes<'py>(body: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyBytes>> {
    if let Ok(bytes) = body.cast::<PyBytes>() {
        return Ok(bytes.clone());
    }
    let py = body.py();
    if body.is_instance_of::<PyByteArray>() || body.is_instance_of::<PyMemoryView>() {
        let copied = py.get_type::<PyBytes>().call1((body,))?;
        return Ok(copied.cast_into()?);
    }
    let name = body.get_type().name()?;
    Err(refusal(py, ErrorKind::InvalidRequest, None, "body", &format!("is {}; it {RAW_ONLY}", name.to_cow()?)))
}

/// The verifier behind an object.
pub(crate) fn verifier<'a>(py: Python<'_>, object: &'a operations::Object) -> PyResult<&'a Webhooks> {
    object.verifier().map_err(|error| raise(py, &error))
}
