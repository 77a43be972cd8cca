//! What a program's function returns to the core, once, from any thread.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

/// Takes the result of a program's function. Later results have no effect.
pub struct Reply<T>(Mutex<Option<oneshot::Sender<T>>>);

impl<T> Reply<T> {
    /// The reply, and the end that receives it. That fails if the reply is dropped without a result.
    pub fn new() -> (Self, oneshot::Receiver<T>) {
        let (sender, receiver) = oneshot::channel();
        (Self(Mutex::new(Some(sender))), receiver)
    }

    /// Passes the result on.
    pub fn send(&self, result: T) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // The receiver may be gone.
            let _ = sender.send(result);
        }
    }
}
