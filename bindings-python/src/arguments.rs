//! What a program hands in: Python's values as arguments.

use kopokopo::ErrorKind;
use kopokopo_ffi::{
    operations::Object,
    value::{Arguments, FieldPath, MAX_DEPTH, Value},
};
use pyo3::{
    exceptions::PyUnicodeEncodeError,
    intern,
    prelude::*,
    types::{PyBool, PyDict, PyFloat, PyInt, PyMapping, PySequence, PyString},
};

use crate::{classes, errors::refusal};

/// Arguments by name. A value that does not fit is an error of this kind.
pub(crate) fn read(given: &Bound<'_, PyDict>, kind: ErrorKind) -> PyResult<Arguments> {
    Reader { kind, operation: None }.named(given, &FieldPath::Root, 0)
}

/// Arguments of an object's method.
pub(crate) fn of_call(given: &Bound<'_, PyDict>, own: &Object, method: &str) -> PyResult<Arguments> {
    Reader { kind: own.argument_error_kind(), operation: own.operation(method) }.named(given, &FieldPath::Root, 0)
}

struct Reader {
    kind: ErrorKind,
    /// What is called, where errors say it.
    operation: Option<&'static str>,
}

impl Reader {
    fn named(&self, given: &Bound<'_, PyDict>, path: &FieldPath<'_>, depth: u8) -> PyResult<Arguments> {
        given
            .iter()
            .map(|(name, value)| {
                let name = match name.cast::<PyString>() {
                    Ok(name) => self.text(name, path)?,
                    Err(_) => return Err(self.refuse(given.py(), path, "must have names that are text")),
                };
                let value = self.read_value(&value, &path.field(&name), depth)?;
                Ok((name, value))
            })
            .collect()
    }

    fn read_value(&self, given: &Bound<'_, PyAny>, path: &FieldPath<'_>, depth: u8) -> PyResult<Value> {
        let py = given.py();
        let classes = classes::of(py)?;
        if given.is_none() {
            return Ok(Value::Null);
        }
        // Enumerations of words are text.
        if let Ok(given) = given.cast::<PyString>() {
            return self.text(given, path).map(Value::Text);
        }
        if let Ok(given) = given.cast::<PyBool>() {
            return Ok(Value::Bool(given.is_true()));
        }
        if given.is_instance_of::<PyInt>() {
            return self.whole(given, path);
        }
        if let Ok(given) = given.cast::<PyFloat>() {
            let number = given.value();
            if !number.is_finite() {
                return Err(self.refuse(py, path, "must be a number, neither nan nor infinite"));
            }
            return Ok(Value::Float(number));
        }
        if depth == MAX_DEPTH {
            return Err(self.refuse(py, path, "is nested too deeply"));
        }
        if classes.is_record(given)? {
            let given = given.call_method0(intern!(py, "_given"))?;
            return self.named(given.cast::<PyDict>()?, path, depth + 1).map(Value::Record);
        }
        if let Ok(given) = given.cast::<PyDict>() {
            return self.named(given, path, depth + 1).map(Value::Record);
        }
        if classes.is_word(given)? {
            return self.read_value(&given.getattr(intern!(py, "value"))?, path, depth + 1);
        }
        if classes.is_decimal(given)? {
            return self.decimal(given, path).map(Value::Text);
        }
        if classes.is_datetime(given)? {
            return self.moment(given, path);
        }
        if !is_bytes(given)?
            && let Ok(given) = given.cast::<PySequence>()
        {
            let items = given.try_iter()?.enumerate();
            let items = items.map(|(at, item)| self.read_value(&item?, &FieldPath::Item(path, at), depth + 1));
            return items.collect::<PyResult<_>>().map(Value::List);
        }
        if let Ok(given) = given.cast::<PyMapping>() {
            let copied = PyDict::new(py);
            copied.update(given)?;
            return self.named(&copied, path, depth + 1).map(Value::Record);
        }
        let name = given.get_type().name()?;
        Err(self.refuse(py, path, &format!("cannot be {}", name.to_cow()?)))
    }

    fn text(&self, given: &Bound<'_, PyString>, path: &FieldPath<'_>) -> PyResult<String> {
        match given.to_cow() {
            Ok(text) => Ok(text.into_owned()),
            // What Python says of it repeats the text.
            Err(error) if error.is_instance_of::<PyUnicodeEncodeError>(given.py()) => {
                Err(self.refuse(given.py(), path, "is no text that can be sent: it holds half of a surrogate pair"))
            }
            Err(error) => Err(error),
        }
    }

    /// A decimal as plain digits: `Decimal("1E+2")` is 100. An exponent beyond any amount is left for the core to refuse.
    fn decimal(&self, given: &Bound<'_, PyAny>, path: &FieldPath<'_>) -> PyResult<String> {
        let py = given.py();
        let is_amount = given.call_method0(intern!(py, "adjusted"))?.extract::<i64>().is_ok_and(|at| at.abs() < 64);
        let exponent = given.call_method0(intern!(py, "as_tuple"))?.getattr(intern!(py, "exponent"))?;
        let is_short = exponent.extract::<i64>().is_ok_and(|at| at.abs() < 64);
        if is_amount && is_short {
            return self.text(given.call_method1(intern!(py, "__format__"), ("f",))?.cast::<PyString>()?, path);
        }
        self.text(&given.str()?, path)
    }

    fn whole(&self, given: &Bound<'_, PyAny>, path: &FieldPath<'_>) -> PyResult<Value> {
        let number = given.extract::<u64>().map(i128::from).or_else(|_| given.extract::<i64>().map(i128::from));
        number.map(Value::Integer).map_err(|_| self.refuse(given.py(), path, "must be a smaller number"))
    }

    fn moment(&self, given: &Bound<'_, PyAny>, path: &FieldPath<'_>) -> PyResult<Value> {
        let py = given.py();
        if given.call_method0(intern!(py, "utcoffset"))?.is_none() {
            let remedy =
                "must say its time zone: give it one, as with tzinfo=ZoneInfo(\"Africa/Nairobi\") or timezone.utc";
            return Err(self.refuse(py, path, remedy));
        }
        self.text(given.call_method0(intern!(py, "isoformat"))?.cast()?, path).map(Value::Text)
    }

    fn refuse(&self, py: Python<'_>, path: &FieldPath<'_>, remedy: &str) -> PyErr {
        refusal(py, self.kind, self.operation, path, remedy)
    }
}

/// Whatever has bytes is a sequence too, of small numbers.
fn is_bytes(given: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(given.get_type().name()?.to_cow().is_ok_and(|name| matches!(&*name, "bytes" | "bytearray" | "memoryview")))
}
