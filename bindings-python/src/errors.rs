//! Errors as Python's exceptions.

use std::{
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
};

use kopokopo::ErrorKind;
use kopokopo_ffi::{
    error::{self, Error},
    value::Reflect as _,
};
use pyo3::{IntoPyObjectExt, exceptions::PyRuntimeError, prelude::*, types::PyDict};

use crate::{classes, views::show};

/// The exception for an error.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    make(py, error).map_or_else(|failed| failed, PyErr::from_value)
}

/// The exception for an argument that does not fit.
pub(crate) fn refusal(
    py: Python<'_>,
    kind: ErrorKind,
    operation: Option<&'static str>,
    field: impl Display,
    remedy: &str,
) -> PyErr {
    raise(py, &error::at(kind, field, remedy).in_operation(operation))
}

/// The exception for a panic.
pub(crate) fn internal(py: Python<'_>) -> PyErr {
    raise(py, &error::internal())
}

/// All calls from Python go through here: an exception for a panic would not be caught.
pub(crate) fn guard<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    // What a panic leaves half-done is dropped with the closure.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(internal(py)))
}

fn make<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let detail = error.detail();
    let class = classes::of(py)?.error(py, error.kind().as_str());
    let class = class.ok_or_else(|| PyRuntimeError::new_err(detail.to_owned()))?;
    let named = PyDict::new(py);
    named.set_item("operation", error.operation())?;
    named.set_item("field", error.field())?;
    named.set_item("status", error.status())?;
    named.set_item("server_code", error.server_code())?;
    named.set_item("messages", error.messages().to_vec())?;
    named.set_item("retry_after", error.retry_after().map(|wait| wait.as_secs_f64()))?;
    named.set_item("attempts", error.attempts())?;
    named.set_item("body", error.body())?;
    named.set_item("id", error.id())?;
    named.set_item("location", error.location())?;
    named.set_item("state", error.state())?;
    named.set_item("request_id", error.request_id())?;
    named.set_item("idempotency_key", error.idempotency_key())?;
    named.set_item("fingerprint", error.fingerprint())?;
    if let Some(sent_at) = error.sent_at() {
        named.set_item("sent_at", show(py, sent_at.view())?)?;
    }
    class.call((detail.into_bound_py_any(py)?,), Some(&named))
}
