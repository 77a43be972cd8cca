//! What the core asks a program: a token, or a statement of its journal. A thread that Ruby does not know must not call
//! into Ruby, so questions wait in a queue, and a Ruby thread of the package takes them (`lib/kopokopo/questions.rb`).

use std::time::Duration;

use futures_util::{FutureExt, future::BoxFuture};
use kopokopo::{AccessToken, KopoKopoError, PerProcess, Result as CoreResult, TokenSource};
use kopokopo_ffi::{journal::HostStore, reply, value::duration};
use magnus::{Error, IntoValue, RArray, RModule, Ruby, function, method, prelude::*};
use tokio::sync::{
    Mutex,
    mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
};

use crate::{
    errors::{guard, internal, raise},
    gvl::{self, Waited},
};

/// Each process has its own: the threads that a fork leaves behind take nothing more.
static QUEUE: PerProcess<Queue> = PerProcess::new();

struct Queue {
    sender: UnboundedSender<Question>,
    receiver: Mutex<UnboundedReceiver<Question>>,
}

enum Question {
    Token(u64, Reply),
    Statement(u64, String, Reply),
    /// A sentence for the program's log.
    Warning(String, Reply),
    /// The core holds it no more.
    Forget(u64),
}

fn queue() -> CoreResult<impl std::ops::Deref<Target = impl std::ops::Deref<Target = Queue>>> {
    QUEUE.get(|| {
        let (sender, receiver) = unbounded_channel();
        Ok(Queue { sender, receiver: Mutex::new(receiver) })
    })
}

fn send(question: Question) {
    // Without a queue or its receiver the process is ending, and the question is dropped: that is its result.
    if let Ok(queue) = queue() {
        let _ = queue.sender.send(question);
    }
}

/// A token source or a store of Ruby, by its number there.
pub(crate) struct Source(u64);

impl Source {
    pub(crate) fn new(number: u64) -> Self {
        Self(number)
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        send(Question::Forget(self.0));
    }
}

impl TokenSource for Source {
    fn token(&self) -> BoxFuture<'static, CoreResult<AccessToken>> {
        let number = self.0;
        async move {
            let (reply, receiver) = reply::Reply::new();
            send(Question::Token(number, Reply::Token(reply)));
            receiver.await.unwrap_or_else(|_| Err(KopoKopoError::token_source("it ended without a token")))
        }
        .boxed()
    }
}

impl HostStore for Source {
    fn execute(&self, request: String) -> BoxFuture<'static, Result<String, String>> {
        let number = self.0;
        async move {
            let (reply, receiver) = reply::Reply::new();
            send(Question::Statement(number, request, Reply::Journal(reply)));
            receiver.await.unwrap_or_else(|_| Err("its store ended without a result".to_owned()))
        }
        .boxed()
    }

    fn warn(&self, warning: String) -> BoxFuture<'static, ()> {
        async move {
            let (reply, receiver) = reply::Reply::new();
            send(Question::Warning(warning, Reply::Warning(reply)));
            let _ = receiver.await;
        }
        .boxed()
    }
}

/// Takes the program's result. Later calls have no effect.
#[magnus::wrap(class = "KopoKopo::Native::Reply", free_immediately)]
enum Reply {
    Token(reply::Reply<CoreResult<AccessToken>>),
    Journal(reply::Reply<Result<String, String>>),
    Warning(reply::Reply<()>),
}

impl Reply {
    /// A token, and how many seconds it works.
    fn token(&self, token: String, expires_in: Option<f64>) {
        let Self::Token(reply) = self else { return };
        let expires_in: Result<Option<Duration>, _> = expires_in.map(duration).transpose();
        reply.send(match expires_in {
            Ok(expires_in) => Ok(AccessToken { token: token.as_str().into(), expires_in }),
            Err(remedy) => Err(KopoKopoError::token_source(format!("expires_in {remedy}"))),
        });
    }

    /// A store's result, as JSON.
    fn result(&self, text: String) {
        if let Self::Journal(reply) = self {
            reply.send(Ok(text));
        }
    }

    fn is_warning(&self) -> bool {
        matches!(self, Self::Warning(_))
    }

    /// The reason why there is no result.
    fn fail(&self, detail: String) {
        match self {
            Self::Warning(reply) => reply.send(()),
            Self::Token(reply) => reply.send(Err(KopoKopoError::token_source(detail))),
            Self::Journal(reply) => reply.send(Err(detail)),
        }
    }
}

/// Waits for the next question: the number of the source, the request of a journal or a sentence for the log, and who takes the
/// reply. Without a reply the source is not asked any more.
fn next(ruby: &Ruby) -> Result<RArray, Error> {
    guard(ruby, || {
        let queue = queue().map_err(|error| raise(ruby, &error))?;
        let mut question = Box::pin(async { queue.receiver.lock().await.recv().await });
        let question = match gvl::wait(&mut question) {
            Waited::Ready(Some(question)) => question,
            Waited::Interrupted(raised) => return Err(raised),
            Waited::Ready(None) | Waited::Panicked => return Err(internal(ruby)),
        };
        let (number, request, reply) = match question {
            Question::Token(number, reply) => (number, None, Some(reply)),
            Question::Statement(number, request, reply) => (number, Some(request), Some(reply)),
            Question::Warning(text, reply) => (0, Some(text), Some(reply)),
            Question::Forget(number) => (number, None, None),
        };
        let reply = reply.map(|reply| ruby.obj_wrap(reply));
        Ok(ruby.ary_new_from_values(&[
            number.into_value_with(ruby),
            request.into_value_with(ruby),
            reply.into_value_with(ruby),
        ]))
    })
}

pub(crate) fn define(ruby: &Ruby, native: RModule) -> Result<(), Error> {
    native.define_singleton_method("next_question", function!(next, 0))?;
    let class = native.define_class("Reply", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.define_method("token", method!(Reply::token, 2))?;
    class.define_method("warning?", method!(Reply::is_warning, 0))?;
    class.define_method("result", method!(Reply::result, 1))?;
    class.define_method("fail", method!(Reply::fail, 1))
}
