//! Metadata: a JSON object as a dictionary. Python's own reader would have to be imported first, which takes long, and
//! which a fork must not interrupt.

use std::fmt;

use kopokopo::types::{Metadata, MetadataValue};
use pyo3::{
    IntoPyObjectExt,
    prelude::*,
    types::{PyDict, PyFloat, PyInt, PyList, PyString},
};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Names and values in their order.
struct Pairs(Vec<(String, Box<RawValue>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// Metadata as a dictionary, in its order.
pub(crate) fn dict<'py>(py: Python<'py>, metadata: &Metadata) -> PyResult<Bound<'py, PyAny>> {
    let dict = PyDict::new(py);
    for (name, value) in metadata.iter() {
        match value {
            MetadataValue::Text(text) => dict.set_item(name, text)?,
            MetadataValue::Bool(value) => dict.set_item(name, value)?,
            MetadataValue::Number(json) | MetadataValue::Json(json) => dict.set_item(name, read(py, json)?)?,
        }
    }
    Ok(dict.into_any())
}

/// What the JSON says. Whole numbers keep all their digits. What cannot be read stays as it is written.
fn read<'py>(py: Python<'py>, json: &str) -> PyResult<Bound<'py, PyAny>> {
    let as_written = || Ok(PyString::new(py, json).into_any());
    match json.as_bytes().first() {
        Some(b'n') => Ok(py.None().into_bound(py)),
        Some(b't') => true.into_bound_py_any(py),
        Some(b'f') => false.into_bound_py_any(py),
        Some(b'-' | b'0'..=b'9') if json.contains(['.', 'e', 'E']) => {
            json.parse().map_or_else(|_| as_written(), |number| Ok(PyFloat::new(py, number).into_any()))
        }
        Some(b'-' | b'0'..=b'9') => py.get_type::<PyInt>().call1((json,)).or_else(|_| as_written()),
        Some(b'"') => match serde_json::from_str::<String>(json) {
            Ok(text) => text.into_bound_py_any(py),
            Err(_) => as_written(),
        },
        Some(b'[') => match serde_json::from_str::<Vec<Box<RawValue>>>(json) {
            Ok(items) => {
                let items = items.iter().map(|item| read(py, item.get())).collect::<PyResult<Vec<_>>>()?;
                PyList::new(py, items).map(Bound::into_any)
            }
            Err(_) => as_written(),
        },
        _ => match serde_json::from_str(json) {
            Ok(Pairs(pairs)) => {
                let dict = PyDict::new(py);
                pairs.iter().try_for_each(|(name, value)| dict.set_item(name, read(py, value.get())?))?;
                Ok(dict.into_any())
            }
            Err(_) => as_written(),
        },
    }
}
