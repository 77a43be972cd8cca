//! What a program hands in: Python's values as arguments.

use kopokopo::ErrorKind;
use kopokopo_ffi::dynamic::{Arguments, Object, Place};
use pyo3::{
    exceptions::PyUnicodeEncodeError,
    intern,
    prelude::*,
    types::{PyBool, PyDict, PyFloat, PyInt, PyMapping, PySequence, PyString},
};
use serde_json::{Number, Value};

use crate::{classes, errors::refusal};

/// Deeper than anything of the contract, and than the metadata that the API takes.
const DEEPEST: u8 = 16;

/// Arguments by name. What is wrong with them is an error of that kind.
pub(crate) fn read(given: &Bound<'_, PyDict>, kind: ErrorKind) -> PyResult<Arguments> {
    Reader { kind, operation: None }.named(given, &Place::Root, 0)
}

/// Arguments of a section's or a handle's method.
pub(crate) fn of_call(given: &Bound<'_, PyDict>, own: &Object, method: &str) -> PyResult<Arguments> {
    Reader { kind: ErrorKind::InvalidRequest, operation: own.operation(method) }.named(given, &Place::Root, 0)
}

struct Reader {
    kind: ErrorKind,
    /// What is called, where errors say it.
    operation: Option<String>,
}

impl Reader {
    fn named(&self, given: &Bound<'_, PyDict>, place: &Place<'_>, depth: u8) -> PyResult<Arguments> {
        given
            .iter()
            .map(|(name, value)| {
                let name = match name.cast::<PyString>() {
                    Ok(name) => self.text(name, place)?,
                    Err(_) => return Err(self.refuse(given.py(), place, "must have names that are text")),
                };
                let value = self.read_value(&value, &place.field(&name), depth)?;
                Ok((name, value))
            })
            .collect()
    }

    fn read_value(&self, given: &Bound<'_, PyAny>, place: &Place<'_>, depth: u8) -> PyResult<Value> {
        let py = given.py();
        let classes = classes::of(py)?;
        if given.is_none() {
            return Ok(Value::Null);
        }
        // Enumerations of words are text.
        if let Ok(given) = given.cast::<PyString>() {
            return self.text(given, place).map(Value::String);
        }
        if let Ok(given) = given.cast::<PyBool>() {
            return Ok(Value::Bool(given.is_true()));
        }
        if given.is_instance_of::<PyInt>() {
            return self.whole(given, place);
        }
        if let Ok(given) = given.cast::<PyFloat>() {
            let number = Number::from_f64(given.value());
            return number
                .map(Value::Number)
                .ok_or_else(|| self.refuse(py, place, "must be a number, neither nan nor infinite"));
        }
        if depth == DEEPEST {
            return Err(self.refuse(py, place, "is nested too deeply"));
        }
        if classes.is_record(given)? {
            let given = given.call_method0(intern!(py, "_given"))?;
            return self.named(given.cast::<PyDict>()?, place, depth + 1).map(Value::Object);
        }
        if let Ok(given) = given.cast::<PyDict>() {
            return self.named(given, place, depth + 1).map(Value::Object);
        }
        if classes.is_word(given)? {
            return self.read_value(&given.getattr(intern!(py, "value"))?, place, depth + 1);
        }
        if classes.is_decimal(given)? {
            return self.text(&given.str()?, place).map(Value::String);
        }
        if classes.is_datetime(given)? {
            return self.moment(given, place);
        }
        if !is_bytes(given)?
            && let Ok(given) = given.cast::<PySequence>()
        {
            let items = given.try_iter()?.enumerate();
            let items = items.map(|(at, item)| self.read_value(&item?, &Place::Item(place, at), depth + 1));
            return items.collect::<PyResult<_>>().map(Value::Array);
        }
        if let Ok(given) = given.cast::<PyMapping>() {
            let copied = PyDict::new(py);
            copied.update(given)?;
            return self.named(&copied, place, depth + 1).map(Value::Object);
        }
        let name = given.get_type().name()?;
        Err(self.refuse(py, place, &format!("cannot be {}", name.to_cow()?)))
    }

    fn text(&self, given: &Bound<'_, PyString>, place: &Place<'_>) -> PyResult<String> {
        match given.to_cow() {
            Ok(text) => Ok(text.into_owned()),
            // What Python says of it repeats the text.
            Err(error) if error.is_instance_of::<PyUnicodeEncodeError>(given.py()) => {
                Err(self.refuse(given.py(), place, "is no text that can be sent: it holds half of a surrogate pair"))
            }
            Err(error) => Err(error),
        }
    }

    fn whole(&self, given: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<Value> {
        if let Ok(number) = given.extract::<u64>() {
            return Ok(number.into());
        }
        let number = given.extract::<i64>().map_err(|_| self.refuse(given.py(), place, "must be a smaller number"))?;
        Ok(number.into())
    }

    fn moment(&self, given: &Bound<'_, PyAny>, place: &Place<'_>) -> PyResult<Value> {
        let py = given.py();
        if given.call_method0(intern!(py, "utcoffset"))?.is_none() {
            let remedy =
                "must say its time zone: give it one, as with tzinfo=ZoneInfo(\"Africa/Nairobi\") or timezone.utc";
            return Err(self.refuse(py, place, remedy));
        }
        self.text(given.call_method0(intern!(py, "isoformat"))?.cast()?, place).map(Value::String)
    }

    fn refuse(&self, py: Python<'_>, place: &Place<'_>, remedy: &str) -> PyErr {
        refusal(py, self.kind, self.operation.clone(), place, remedy)
    }
}

/// Whatever has bytes is a sequence too, of small numbers.
fn is_bytes(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(given.get_type().name()?.to_cow().is_ok_and(|name| matches!(&*name, "bytes" | "bytearray" | "memoryview")))
}
