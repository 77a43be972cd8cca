//! Metadata: a JSON object as a dictionary. Python's own reader would have to be imported first, which takes long, and
//! which a fork must not interrupt.

use kopokopo::types::Metadata;
use kopokopo_ffi::value::Json;
use pyo3::{
    IntoPyObjectExt,
    prelude::*,
    types::{PyDict, PyFloat, PyInt, PyList, PyString},
};

/// Metadata as a dictionary, in its order.
pub(crate) fn dict<'py>(py: Python<'py>, metadata: &Metadata) -> PyResult<Bound<'py, PyAny>> {
    let dict = PyDict::new(py);
    for (name, value) in metadata.iter() {
        dict.set_item(name, show(py, Json::of(value))?)?;
    }
    Ok(dict.into_any())
}

/// Whole numbers keep all their digits. What cannot be read stays as it is written.
fn show<'py>(py: Python<'py>, json: Json<'_>) -> PyResult<Bound<'py, PyAny>> {
    let text = |text: &str| PyString::new(py, text).into_any();
    Ok(match json {
        Json::Null => py.None().into_bound(py),
        Json::Bool(value) => value.into_bound_py_any(py)?,
        Json::Integer(digits) => py.get_type::<PyInt>().call1((digits,)).unwrap_or_else(|_| text(digits)),
        Json::Decimal(digits) => {
            digits.parse().map_or_else(|_| text(digits), |number| PyFloat::new(py, number).into_any())
        }
        Json::Text(own) => text(&own),
        Json::List(items) => {
            let items = items.iter().map(|item| show(py, Json::read(item.get()))).collect::<PyResult<Vec<_>>>()?;
            PyList::new(py, items)?.into_any()
        }
        Json::Object(pairs) => {
            let dict = PyDict::new(py);
            pairs.iter().try_for_each(|(name, value)| dict.set_item(name, show(py, Json::read(value.get()))?))?;
            dict.into_any()
        }
        Json::Unreadable(written) => text(written),
    })
}
