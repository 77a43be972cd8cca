//! An object of the contract, for the Python class that wraps it.

use std::{panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use kopokopo::ErrorKind;
use kopokopo_ffi::{
    KopoKopo, TokenSourceOptions,
    dynamic::{self, Answer},
    runtime,
};
use pyo3::{IntoPyObjectExt, intern, prelude::*, types::PyDict};
use tokio::task::AbortHandle;

use crate::{
    arguments,
    errors::{defect, guard, raise},
    token_source::Source,
    views::show,
    webhooks,
};

/// How often a waiting call looks whether somebody pressed Ctrl-C.
const LOOK: Duration = Duration::from_millis(100);

/// An object of the contract.
#[pyclass(frozen, module = "kopokopo._native")]
pub(crate) struct Object(dynamic::Object);

impl Object {
    pub(crate) fn of(object: dynamic::Object) -> Self {
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
            dynamic::Object::new(name, constructor, arguments).map(Self).map_err(|error| raise(py, error))
        })
    }

    /// Makes a client that asks a program for its tokens.
    #[staticmethod]
    fn with_token_source(source: Py<PyAny>, arguments: &Bound<'_, PyDict>) -> PyResult<Self> {
        let py = arguments.py();
        guard(py, || {
            let arguments = arguments::read(arguments, ErrorKind::Configuration)?;
            let client = dynamic::read::<TokenSourceOptions>(arguments, ErrorKind::Configuration)
                .and_then(|options| KopoKopo::with_token_source(Arc::new(Source(source)), options));
            client.map(|client| Self(dynamic::Object::KopoKopo(Arc::new(client)))).map_err(|error| raise(py, error))
        })
    }

    /// Calls a method that answers at once.
    fn ask<'py>(&self, method: &str, arguments: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let py = arguments.py();
        guard(py, || {
            let answer = self
                .0
                .ask(method, arguments::read(arguments, ErrorKind::Configuration)?)
                .map_err(|error| raise(py, error))?;
            show(py, answer.view())
        })
    }

    /// Calls a method that asks the server, and waits.
    fn call<'py>(&self, method: &str, arguments: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
        let py = arguments.py();
        guard(py, || {
            let call = self.0.call(method, arguments::of_call(arguments, &self.0, method)?);
            let go_on = || Python::attach(|py| -> PyResult<()> { py.check_signals() });
            let answer = py.detach(|| runtime::block_on_while(call, LOOK, go_on))?;
            show(py, answer.map_err(|error| raise(py, error))?.view())
        })
    }

    /// Begins a call for an event loop. `settle(future, answer, error)` is called there when it is over.
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
            let future = event_loop.call_method0(intern!(py, "create_future"))?;
            let waiting = Waiting { event_loop: event_loop.unbind(), future: future.clone().unbind(), settle };
            let call = runtime::spawn(async move {
                // A panic before the call is under way, as while its arguments are read.
                let answer = AssertUnwindSafe(call).catch_unwind().await;
                waiting.tell(answer.ok());
            });
            Ok((future, Call(call.map_err(|error| raise(py, error))?)))
        })
    }

    /// Verifies a body and says what it tells of.
    fn verify<'py>(&self, body: &Bound<'py, PyAny>, signature: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = body.py();
        guard(py, || {
            let verifier = webhooks::verifier(py, &self.0)?;
            let event = webhooks::look(body, signature, |body, signature| verifier.verify_slice(body, signature))?;
            show(py, dynamic::Reflect::view(&event))
        })
    }

    /// Verifies a body.
    fn verify_signature(&self, body: &Bound<'_, PyAny>, signature: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = body.py();
        guard(py, || {
            let verifier = webhooks::verifier(py, &self.0)?;
            webhooks::look(body, signature, |body, signature| verifier.verify_signature_slice(body, signature))
        })
    }

    /// Says what a body tells of.
    fn parse_unverified<'py>(&self, body: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = body.py();
        guard(py, || {
            let verifier = webhooks::verifier(py, &self.0)?;
            let nothing = py.None().into_bound(py);
            let event = webhooks::look(body, &nothing, |body, _| verifier.parse_unverified_slice(body))?;
            show(py, dynamic::Reflect::view(&event))
        })
    }
}

/// A call under way for an event loop.
#[pyclass(frozen, module = "kopokopo._native")]
pub(crate) struct Call(AbortHandle);

#[pymethods]
impl Call {
    /// Stops waiting for it. A request that is on its way still finishes. Does nothing once it is over.
    fn abort(&self) {
        self.0.abort();
    }
}

/// Who waits for a call.
struct Waiting {
    event_loop: Py<PyAny>,
    future: Py<PyAny>,
    settle: Py<PyAny>,
}

impl Waiting {
    /// None: a panic. Where the loop is closed, or the interpreter ends, nobody waits any more.
    fn tell(self, answer: Option<kopokopo_ffi::Result<Answer>>) {
        Python::try_attach(|py| {
            let shown = guard(py, || match answer {
                Some(answer) => show(py, answer.map_err(|error| raise(py, error))?.view()),
                None => Err(defect(py)),
            });
            let (answer, error) = match shown {
                Ok(answer) => (Some(answer), None),
                Err(error) => (None, error.into_bound_py_any(py).ok()),
            };
            let _ = self.event_loop.call_method1(
                py,
                intern!(py, "call_soon_threadsafe"),
                (self.settle, self.future, answer, error),
            );
        });
    }
}
