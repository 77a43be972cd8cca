//! What comes out: views as Python's values.

use kopokopo_ffi::value::{List, Record, Variant, View};
use pyo3::{
    IntoPyObjectExt,
    prelude::*,
    types::{PyString, PyTuple},
};

use crate::{
    classes::{self, Classes},
    metadata,
    object::Object,
};

/// The value that is seen.
pub(crate) fn show<'py>(py: Python<'py>, view: View<'_>) -> PyResult<Bound<'py, PyAny>> {
    shown(py, classes::of(py)?, view)
}

fn shown<'py>(py: Python<'py>, classes: &Classes, view: View<'_>) -> PyResult<Bound<'py, PyAny>> {
    match view {
        View::Null => Ok(py.None().into_bound(py)),
        View::Bool(value) => value.into_bound_py_any(py),
        View::Integer(value) => value.into_bound_py_any(py),
        View::Seconds(value) => value.into_bound_py_any(py),
        View::Amount(amount) => classes.decimal(py, &amount.to_string()),
        View::Timestamp(moment) => self::moment(py, classes, &moment.to_string()),
        View::Metadata(metadata) => metadata::dict(py, metadata),
        View::Text(text) | View::Currency(text) | View::Personal(text) | View::Secret(text) => {
            Ok(PyString::new(py, text).into_any())
        }
        View::Raw(raw) => Ok(PyString::new(py, raw.as_str()).into_any()),
        View::OpenEnum(name, word) => classes.word(py, name, word),
        View::List(items) => list(py, classes, items),
        View::Record(record) => self::record(py, classes, record),
        View::Variant(Variant { union, word, field }) => {
            let held = field.map(|(_, held)| shown(py, classes, held.view())).transpose()?;
            classes.variant(union, word, PyTuple::new(py, held)?)
        }
        View::Object(object) => Object::of(object.clone()).into_bound_py_any(py),
    }
}

fn list<'py>(py: Python<'py>, classes: &Classes, items: &dyn List) -> PyResult<Bound<'py, PyAny>> {
    Ok(tuple(py, classes, items.count(), |visit| items.each(visit))?.into_any())
}

fn record<'py>(py: Python<'py>, classes: &Classes, record: &dyn Record) -> PyResult<Bound<'py, PyAny>> {
    let shape = record.shape();
    classes.record(shape.index, tuple(py, classes, shape.fields.len(), |visit| record.each(visit))?)
}

/// The values that are visited, up to the first that cannot be shown.
fn tuple<'py>(
    py: Python<'py>,
    classes: &Classes,
    count: usize,
    each: impl FnOnce(&mut dyn FnMut(View<'_>)),
) -> PyResult<Bound<'py, PyTuple>> {
    let mut values = Vec::with_capacity(count);
    let mut failure = None;
    each(&mut |view| {
        if failure.is_none() {
            match shown(py, classes, view) {
                Ok(value) => values.push(value),
                Err(error) => failure = Some(error),
            }
        }
    });
    failure.map_or_else(|| PyTuple::new(py, values), Err)
}

/// Python counts microseconds, and its older versions read nothing but three or six digits of them, and no `Z`.
fn moment<'py>(py: Python<'py>, classes: &Classes, text: &str) -> PyResult<Bound<'py, PyAny>> {
    if text.len() == 25 {
        return classes.moment(py, text);
    }
    let (local, offset) = match text.strip_suffix('Z') {
        Some(local) => (local, "+00:00"),
        None => text.split_at_checked(text.len().saturating_sub(6)).unwrap_or((text, "")),
    };
    let (seconds, fraction) = local.split_once('.').unwrap_or((local, "0"));
    let digits: String = fraction.chars().chain("000000".chars()).take(6).collect();
    classes.moment(py, &format!("{seconds}.{digits}{offset}"))
}
