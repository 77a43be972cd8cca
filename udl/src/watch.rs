//! The states of a resource as they change, whatever the resource.

use std::{fmt, sync::Arc};

use kopokopo::{Watch, resources::Resource};
use tokio::sync::Mutex;

use crate::error::Result;

/// One watch of the core. Two polls at a time come one after the other.
pub(crate) struct Watching<R>(Arc<Mutex<Watch<R>>>);

impl<R: Resource> Watching<R> {
    pub(crate) fn new(watch: Watch<R>) -> Self {
        Self(Arc::new(Mutex::new(watch)))
    }

    pub(crate) async fn poll(&self) -> Result<Option<R>> {
        self.0.lock().await.poll().await
    }

    /// In seconds. While a poll is under way there is nothing to pause for: the next one waits for it.
    pub(crate) fn pause(&self) -> Option<f64> {
        self.0.try_lock().map_or(Some(0.0), |watch| watch.pause().map(|pause| pause.as_secs_f64()))
    }
}

impl<R> Clone for Watching<R> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<R> fmt::Debug for Watching<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watching")
    }
}
