//! Errors as Python's exceptions.

use std::{
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
};

use kopokopo::ErrorKind;
use kopokopo_ffi::{ErrorFields, KopoKopoError, dynamic::Reflect as _};
use pyo3::{IntoPyObjectExt, exceptions::PyRuntimeError, prelude::*, types::PyDict};

use crate::{classes, views::show};

const DEFECT: &str =
    "a defect in this library: please report what was called; a request that was sent may have taken effect";

/// The exception for an error.
pub(crate) fn raise(py: Python<'_>, error: KopoKopoError) -> PyErr {
    let kind = error.kind();
    of_kind(py, kind, error.into_fields())
}

/// The exception for what goes in and is wrong.
pub(crate) fn refusal(
    py: Python<'_>,
    kind: ErrorKind,
    operation: Option<String>,
    field: impl Display,
    remedy: &str,
) -> PyErr {
    let field = field.to_string();
    let detail = format!("{field}: {remedy}");
    let fields = ErrorFields { detail, operation, field: Some(field), ..ErrorFields::default() };
    of_kind(py, kind.as_str(), fields)
}

/// The exception for a panic. What that says may hold anything, so nothing of it is passed on.
pub(crate) fn defect(py: Python<'_>) -> PyErr {
    of_kind(py, ErrorKind::Internal.as_str(), ErrorFields { detail: DEFECT.to_owned(), ..ErrorFields::default() })
}

/// Whatever Python calls goes through here: a panic would be an exception that nobody catches.
pub(crate) fn guard<T>(py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    // What a panic leaves half-done is dropped with the closure.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(defect(py)))
}

fn of_kind(py: Python<'_>, kind: &str, fields: ErrorFields) -> PyErr {
    make(py, kind, fields).map_or_else(|failed| failed, PyErr::from_value)
}

fn make<'py>(py: Python<'py>, kind: &str, fields: ErrorFields) -> PyResult<Bound<'py, PyAny>> {
    let ErrorFields {
        detail,
        operation,
        field,
        status,
        code,
        messages,
        retry_after,
        attempts,
        body,
        id,
        location,
        state,
        request_id,
        sent_at,
    } = fields;
    let class = classes::of(py)?.error(py, kind).ok_or_else(|| PyRuntimeError::new_err(detail.clone()))?;
    let named = PyDict::new(py);
    named.set_item("operation", operation)?;
    named.set_item("field", field)?;
    named.set_item("status", status)?;
    named.set_item("code", code)?;
    named.set_item("messages", messages)?;
    named.set_item("retry_after", retry_after)?;
    named.set_item("attempts", attempts)?;
    named.set_item("body", body)?;
    named.set_item("id", id)?;
    named.set_item("location", location)?;
    named.set_item("state", state)?;
    named.set_item("request_id", request_id)?;
    if let Some(sent_at) = sent_at {
        named.set_item("sent_at", show(py, sent_at.view())?)?;
    }
    class.call((detail.into_bound_py_any(py)?,), Some(&named))
}
