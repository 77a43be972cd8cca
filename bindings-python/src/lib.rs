//! The native part of the Python package: it turns Python's values into arguments, and what comes back into Python's
//! values. It knows no type of the contract: the classes that people see are written in Python, from the contract.

mod arguments;
mod classes;
mod errors;
mod journal_store;
mod metadata;
mod object;
mod token_source;
mod views;
mod webhooks;

use pyo3::prelude::*;

/// Calls into the core.
#[pymodule(gil_used = false)]
mod _native {
    use kopokopo::ErrorKind;
    use kopokopo_ffi::{operations, runtime};
    use pyo3::{
        prelude::*,
        types::{PyDict, PyString},
    };

    use crate::{
        arguments,
        errors::{guard, raise},
        views, webhooks,
    };
    #[pymodule_export]
    use crate::{
        classes::set_up,
        journal_store::JournalReply,
        object::{Call, Object},
        token_source::Reply,
    };

    /// A digest of the contract that this module was built from.
    #[pyfunction]
    fn contract_hash() -> String {
        // The package asks for this when it is imported, before anything else.
        kopokopo_ffi::set_language("python");
        operations::contract_hash()
    }

    /// Calls a function of no object.
    #[pyfunction]
    fn function<'py>(name: &str, arguments: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let py = arguments.py();
        guard(py, || {
            let given = arguments::read(arguments, ErrorKind::InvalidRequest)?;
            let output = operations::function(name, given).map_err(|error| raise(py, &error))?;
            views::show(py, output.view())
        })
    }

    /// Signs a body.
    #[pyfunction]
    fn sign_webhook<'py>(api_key: &Bound<'py, PyAny>, body: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyString>> {
        webhooks::sign(api_key, body)
    }

    /// Ends the runtime, because the program is ending.
    #[pyfunction]
    fn shutdown(py: Python<'_>) -> PyResult<()> {
        guard(py, || {
            py.detach(runtime::shutdown);
            Ok(())
        })
    }
}
