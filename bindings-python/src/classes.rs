//! Python's own classes, which the package hands over once when it is imported.

use std::collections::HashMap;

use pyo3::{
    exceptions::PyImportError,
    prelude::*,
    sync::PyOnceLock,
    types::{PyDict, PyString, PyTuple, PyType},
};

static CLASSES: PyOnceLock<Classes> = PyOnceLock::new();

/// The classes that are written from the contract.
pub(crate) struct Classes {
    /// In the contract's order; None for those that only go in.
    records: Vec<Option<Py<PyType>>>,
    /// For each enumeration: the class, and its members by word.
    words: HashMap<String, (Py<PyAny>, Py<PyDict>)>,
    /// For each union: the alternatives by word.
    variants: HashMap<String, HashMap<String, Py<PyType>>>,
    errors: HashMap<String, Py<PyAny>>,
    /// What all records and alternatives are.
    record: Py<PyType>,
    /// `enum.Enum`.
    enumeration: Py<PyType>,
    /// `object.__new__`
    new: Py<PyAny>,
    decimal: Py<PyType>,
    datetime: Py<PyType>,
    /// `datetime.fromisoformat`
    from_iso: Py<PyAny>,
}

/// Takes the classes over.
#[pyfunction]
pub(crate) fn set_up(
    py: Python<'_>,
    record: Bound<'_, PyType>,
    enumeration: Bound<'_, PyType>,
    records: Vec<Option<Py<PyType>>>,
    words: HashMap<String, Py<PyAny>>,
    variants: HashMap<String, HashMap<String, Py<PyType>>>,
    errors: HashMap<String, Py<PyAny>>,
) -> PyResult<()> {
    let members = |class: Py<PyAny>| -> PyResult<(Py<PyAny>, Py<PyDict>)> {
        let members = class.bind(py).getattr("_value2member_map_")?.cast_into::<PyDict>()?;
        Ok((class, members.unbind()))
    };
    let words = words.into_iter().map(|(name, class)| Ok((name, members(class)?))).collect::<PyResult<_>>()?;
    // Everything is imported here: a fork may come in the midst of a first call, and must find no import half done.
    let datetime = py.import("datetime")?.getattr("datetime")?.cast_into::<PyType>()?;
    let classes = Classes {
        records,
        words,
        variants,
        errors,
        record: record.unbind(),
        enumeration: enumeration.unbind(),
        new: py.import("builtins")?.getattr("object")?.getattr("__new__")?.unbind(),
        decimal: py.import("decimal")?.getattr("Decimal")?.cast_into::<PyType>()?.unbind(),
        from_iso: datetime.getattr("fromisoformat")?.unbind(),
        datetime: datetime.unbind(),
    };
    // Where the package is imported a second time, after it was taken out of sys.modules, the first classes stay.
    let _ = CLASSES.set(py, classes);
    Ok(())
}

pub(crate) fn of(py: Python<'_>) -> PyResult<&Classes> {
    CLASSES.get(py).ok_or_else(|| PyImportError::new_err("import kopokopo, not its native module alone"))
}

impl Classes {
    /// A record by its place in the contract, made of the values of its fields.
    pub(crate) fn record<'py>(&self, at: usize, values: Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let class = self.records.get(at).and_then(Option::as_ref);
        self.made(class.ok_or_else(|| unknown("record"))?, values)
    }

    /// An alternative of a union.
    pub(crate) fn variant<'py>(
        &self,
        union: &str,
        word: &str,
        values: Bound<'py, PyTuple>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let class = self.variants.get(union).and_then(|variants| variants.get(word));
        self.made(class.ok_or_else(|| unknown(union))?, values)
    }

    /// Without its constructor, which is there for people and takes names.
    fn made<'py>(&self, class: &Py<PyType>, values: Bound<'py, PyTuple>) -> PyResult<Bound<'py, PyAny>> {
        let py = values.py();
        let made = self.new.bind(py).call1((class,))?;
        made.setattr(pyo3::intern!(py, "_values"), values)?;
        Ok(made)
    }

    /// A word of an enumeration. One that is not known becomes a member of its own.
    pub(crate) fn word<'py>(&self, py: Python<'py>, name: &str, word: &str) -> PyResult<Bound<'py, PyAny>> {
        let (class, members) = self.words.get(name).ok_or_else(|| unknown(name))?;
        let word = PyString::new(py, word);
        match members.bind(py).get_item(&word)? {
            Some(member) => Ok(member),
            None => class.bind(py).call1((word,)),
        }
    }

    pub(crate) fn error<'py>(&self, py: Python<'py>, kind: &str) -> Option<Bound<'py, PyAny>> {
        self.errors.get(kind).map(|class| class.bind(py).clone())
    }

    pub(crate) fn is_record(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        value.is_instance(self.record.bind(value.py()))
    }

    pub(crate) fn is_decimal(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        value.is_instance(self.decimal.bind(value.py()))
    }

    pub(crate) fn is_datetime(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        value.is_instance(self.datetime.bind(value.py()))
    }

    pub(crate) fn decimal<'py>(&self, py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
        self.decimal.bind(py).call1((text,))
    }

    /// A moment as `isoformat` writes it.
    pub(crate) fn moment<'py>(&self, py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
        self.from_iso.bind(py).call1((text,))
    }

    pub(crate) fn is_word(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        value.is_instance(self.enumeration.bind(value.py()))
    }
}

fn unknown(name: &str) -> PyErr {
    PyImportError::new_err(format!("the contract's {name} has no class in this package: install it again"))
}
