//! Tokens that the program brings.

use std::sync::{Mutex, PoisonError};

use kopokopo_ffi::{AccessToken, Result, Secret, TokenSource};
use napi::{
    Status,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;
use tokio::sync::oneshot;

use crate::answer::error;

/// `ask(reply)`, called on JavaScript's thread. It does not keep the event loop alive: the call that needs the token does.
pub(crate) type Ask = ThreadsafeFunction<Reply, (), Reply, Status, false, true>;

/// The program's function.
pub(crate) struct Source(pub(crate) Ask);

#[async_trait::async_trait]
impl TokenSource for Source {
    async fn token(&self) -> Result<AccessToken> {
        let (sender, receiver) = oneshot::channel();
        self.0.call(Reply(Mutex::new(Some(sender))), ThreadsafeFunctionCallMode::NonBlocking);
        receiver.await.unwrap_or_else(|_| Err(error!(Authentication, "it ended without a token")))
    }
}

/// Takes the program's answer. Only the first counts.
#[napi]
pub struct Reply(Mutex<Option<oneshot::Sender<Result<AccessToken>>>>);

impl Reply {
    fn send(&self, answer: Result<AccessToken>) {
        let sender = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(sender) = sender {
            // Whoever asked may have gone.
            let _ = sender.send(answer);
        }
    }
}

#[napi]
impl Reply {
    /// A token, and how many seconds it works.
    #[napi]
    pub fn token(&self, token: String, expires_in: Option<f64>) {
        self.send(Ok(AccessToken { token: Secret::from(token), expires_in }));
    }

    /// Why there is none.
    #[napi]
    pub fn fail(&self, detail: String) {
        self.send(Err(error!(Authentication, detail)));
    }
}
