//! What comes out: views as Python's values.

use kopokopo_ffi::dynamic::{Alternative, Fields, Items, Text, View};
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
        View::Nothing => Ok(py.None().into_bound(py)),
        View::Bool(value) => value.into_bound_py_any(py),
        View::Integer(value) => value.into_bound_py_any(py),
        View::Seconds(value) => value.into_bound_py_any(py),
        View::Text(Text::Amount, text) => classes.decimal(py, text),
        View::Text(Text::Timestamp, text) => moment(py, classes, text),
        View::Text(Text::Metadata, text) => metadata::read(py, text),
        View::Text(Text::Currency | Text::Personal | Text::Secret | Text::Raw, text) | View::String(text) => {
            Ok(PyString::new(py, text).into_any())
        }
        View::Word(name, word) => classes.word(py, name, word),
        View::List(items) => list(py, classes, items),
        View::Record(record) => self::record(py, classes, record),
        View::Variant(Alternative { union, word, field }) => {
            let held = field.map(|(_, held)| shown(py, classes, held.view())).transpose()?;
            classes.variant(union, word, PyTuple::new(py, held)?)
        }
        View::Object(object) => Object::of(object.clone()).into_bound_py_any(py),
    }
}

fn list<'py>(py: Python<'py>, classes: &Classes, items: &dyn Items) -> PyResult<Bound<'py, PyAny>> {
    let items = (0..items.count()).map(|at| shown(py, classes, items.item(at)));
    Ok(PyTuple::new(py, items.collect::<PyResult<Vec<_>>>()?)?.into_any())
}

fn record<'py>(py: Python<'py>, classes: &Classes, record: &dyn Fields) -> PyResult<Bound<'py, PyAny>> {
    let shape = record.shape();
    let fields = (0..shape.fields.len()).map(|at| shown(py, classes, record.field(at)));
    classes.record(shape.index, PyTuple::new(py, fields.collect::<PyResult<Vec<_>>>()?)?)
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
