//! What went wrong inside the sandbox itself: a defect in one task must not stop the others, and must be seen.

use std::{
    any::Any,
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use serde::Serialize;

use crate::{app::App, clock::iso};

/// The task that writes the state file.
pub(crate) const STATE_FILE: &str = "the state file";

/// How many failures are kept. The oldest are forgotten first.
const KEPT: usize = 100;

/// A task that failed because of a defect in the sandbox. Please report it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Failure {
    /// What failed: `money is sent`, `incoming_payments.create`.
    pub task: String,
    /// When, by the sandbox's clock.
    pub at: String,
    /// What the defect says.
    pub message: String,
}

/// The latest failures. A reset forgets them.
#[derive(Debug, Default)]
pub(crate) struct Health(Mutex<VecDeque<Failure>>);

impl Health {
    fn failures(&self) -> MutexGuard<'_, VecDeque<Failure>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn list(&self) -> Vec<Failure> {
        self.failures().iter().cloned().collect()
    }

    pub(crate) fn clear(&self) {
        self.failures().clear();
    }

    pub(crate) fn note(&self, failure: Failure) {
        let mut failures = self.failures();
        if failures.len() == KEPT {
            failures.pop_front();
        }
        failures.push_back(failure);
    }
}

/// Runs something. Where it panics, returns what the panic says.
pub(crate) fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| words(panic.as_ref()))
}

fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}

impl App {
    pub(crate) fn fail(&self, task: &str, message: String) {
        let at = iso(self.simulation().now());
        self.health.note(Failure { task: task.to_owned(), at, message });
    }
}

/// Runs one of the sandbox's own tasks for ever. One that fails is noted and begins again.
pub(crate) async fn supervise<F: Future<Output = ()>>(app: Arc<App>, task: &'static str, run: impl Fn(Arc<App>) -> F) {
    loop {
        match AssertUnwindSafe(run(Arc::clone(&app))).catch_unwind().await {
            Ok(()) => return,
            Err(panic) => app.fail(task, words(panic.as_ref())),
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
