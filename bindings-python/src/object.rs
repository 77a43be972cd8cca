//! An object of the contract, for the Python class that wraps it.

use std::{panic::AssertUnwindSafe, time::Duration};

use futures_util::FutureExt;
use kopokopo::ErrorKind;
use kopokopo_ffi::{
    error::Result,
    operations::{self, Output},
    runtime::{self, Cancel},
    value::Reflect,
};
use pyo3::{IntoPyObjectExt, exceptions::PyException, intern, prelude::*, types::PyDict};
use tokio::task::AbortHandle;

use crate::{
    arguments,
    errors::{guard, internal, raise},
    journal_store::Store,
    token_source::Source,
    views::show,
    webhooks,
};

/// How often a blocking call runs Python's signal handlers, such as the one of Ctrl-C.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(100);

/// An object of the contract.
#[pyclass(frozen, module = "kopokopo._native")]
pub(crate) struct Object(operations::Object);

impl Object {
    pub(crate) fn of(object: operations::Object) -> Self {
        Self(object)
    }
}

#[pymethods]
impl Object {
    /// Makes one with a constructor of the contract.
    #[staticmethod]
    fn make(name: &str, constructor: &str, arguments: &Bound<'_, PyDict>) -> PyResult<Self> {
        let py = arguments.py();
        guard(py, || {
            let arguments = arguments::read(arguments, ErrorKind::Configuration)?;
            operations::Object::new(name, constructor, arguments).map(Self).map_err(|error| raise(py, &error))
        })
    }

    /// Makes a client that asks a program for its tokens.
    #[staticmethod]
    fn with_token_source(source: Py<PyAny>, arguments: &Bound<'_, PyDict>) -> PyResult<Self> {
        let py = arguments.py();
        guard(py, || {
            let arguments = arguments::read(arguments, ErrorKind::Configuration)?;
            let client = operations::with_token_source(Source::new(source), arguments);
            client.map(Self).map_err(|error| raise(py, &error))
        })
    }

    /// Makes a client with a journal, whose store a program brings.
    fn with_journal(&self, store: Py<PyAny>, arguments: &Bound<'_, PyDict>) -> PyResult<Self> {
        let py = arguments.py();
        guard(py, || {
            let arguments = arguments::read(arguments, ErrorKind::Configuration)?;
            let client = operations::with_journal(&self.0, Store::new(store), arguments);
            client.map(Self).map_err(|error| raise(py, &error))
        })
    }

    /// Calls a method that does not wait.
    fn ask<'py>(&self, method: &str, arguments: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let py = arguments.py();
        guard(py, || {
            let arguments = arguments::of_call(arguments, &self.0, method)?;
            let output = self.0.call_sync(method, arguments).map_err(|error| raise(py, &error))?;
            show(py, output.view())
        })
    }

    /// Calls a method that asks the server, and waits.
    fn call<'py>(&self, method: &str, arguments: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let py = arguments.py();
        guard(py, || {
            let call = self.0.call(method, arguments::of_call(arguments, &self.0, method)?);
            let cancel = call.cancel();
            // The call is cancelled before its future is dropped: docs/adr/0010-cancelling-a-create.md.
            let check_signals = || Python::attach(|py| -> PyResult<()> { py.check_signals() });
            let go_on = || check_signals().map_err(|raised| (raised, cancel.cancel()));
            match py.detach(|| runtime::block_on_while(call, SIGNAL_INTERVAL, go_on)) {
                Ok(output) => show(py, output.map_err(|error| raise(py, &error))?.view()),
                Err((raised, None)) => Err(raised),
                Err((raised, Some(unknown))) => Err(interrupted(py, raised, raise(py, &unknown))),
            }
        })
    }

    /// Starts a call for an event loop. `settle(future, result, error)` is called there when it ends.
    fn call_async<'py>(
        &self,
        method: &str,
        arguments: &Bound<'py, PyDict>,
        event_loop: Bound<'py, PyAny>,
        settle: Py<PyAny>,
    ) -> PyResult<(Bound<'py, PyAny>, Call)> {
        let py = arguments.py();
        guard(py, || {
            let call = self.0.call(method, arguments::of_call(arguments, &self.0, method)?);
            let cancel = call.cancel();
            let future = event_loop.call_method0(intern!(py, "create_future"))?;
            let waiting = Waiting { event_loop: event_loop.unbind(), future: future.clone().unbind(), settle };
            let task = runtime::spawn(async move {
                // A panic before the call is under way, as while its arguments are read.
                let output = AssertUnwindSafe(call).catch_unwind().await;
                waiting.tell(output.ok());
            });
            Ok((future, Call { task: task.map_err(|error| raise(py, &error))?, cancel }))
        })
    }

    /// Verifies a body and returns its event.
    fn verify<'py>(&self, body: &Bound<'py, PyAny>, signature: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = body.py();
        guard(py, || {
            let verifier = webhooks::verifier(py, &self.0)?;
            let event = webhooks::look(body, signature, |body, signature| verifier.verify(body, signature))?;
            show(py, event.view())
        })
    }

    /// Verifies a body.
    fn verify_signature(&self, body: &Bound<'_, PyAny>, signature: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = body.py();
        guard(py, || {
            let verifier = webhooks::verifier(py, &self.0)?;
            webhooks::look(body, signature, |body, signature| verifier.verify_signature(body, signature))
        })
    }

    /// Reads the event of a body, without verifying it.
    fn parse_unverified<'py>(&self, body: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = body.py();
        guard(py, || {
            let verifier = webhooks::verifier(py, &self.0)?;
            let nothing = py.None().into_bound(py);
            let event = webhooks::look(body, &nothing, |body, _| verifier.parse_unverified(body))?;
            show(py, event.view())
        })
    }
}

/// A call under way for an event loop.
#[pyclass(frozen, module = "kopokopo._native")]
pub(crate) struct Call {
    task: AbortHandle,
    cancel: Cancel,
}

#[pymethods]
impl Call {
    /// Cancels the call. Returns the error to raise if the request of a create was sent, else None. Call it only if the
    /// program has not received the result.
    fn cancel<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        guard(py, || {
            let unknown = self.cancel.cancel();
            self.task.abort();
            unknown.map(|error| raise(py, &error).into_bound_py_any(py)).transpose()
        })
    }
}

/// What to raise if a signal handler raised after the request of a create was sent. A retry of the program must not
/// send it again, so `outcome_unknown` replaces what can be caught as an `Exception` (a `TimeoutError` of an alarm,
/// Celery's `SoftTimeLimitExceeded`). `KeyboardInterrupt` and `SystemExit` still end the program. Each has the other as
/// its cause.
fn interrupted(py: Python<'_>, raised: PyErr, unknown: PyErr) -> PyErr {
    let (error, cause) = if raised.is_instance_of::<PyException>(py) { (unknown, raised) } else { (raised, unknown) };
    error.set_cause(py, Some(cause));
    error
}

/// Who waits for a call.
struct Waiting {
    event_loop: Py<PyAny>,
    future: Py<PyAny>,
    settle: Py<PyAny>,
}

impl Waiting {
    /// None means a panic. If the loop is closed or the interpreter ends, no caller waits any more.
    fn tell(self, output: Option<Result<Output>>) {
        Python::try_attach(|py| {
            let shown = guard(py, || match output {
                Some(output) => show(py, output.map_err(|error| raise(py, &error))?.view()),
                None => Err(internal(py)),
            });
            let (output, error) = match shown {
                Ok(output) => (Some(output), None),
                Err(error) => (None, error.into_bound_py_any(py).ok()),
            };
            let _ = self.event_loop.call_method1(
                py,
                intern!(py, "call_soon_threadsafe"),
                (self.settle, self.future, output, error),
            );
        });
    }
}
