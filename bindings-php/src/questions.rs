//! What the library asks of the program: tokens, and requests of a journal's store. The library's thread may not run PHP,
//! so a question waits here until PHP, in a call, takes it and replies on its own thread.

use std::{
    collections::VecDeque,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    thread::Thread,
};

use ext_php_rs::{binary_slice::BinarySlice, prelude::*};
use futures_util::{FutureExt, future::BoxFuture};
use kopokopo::{AccessToken, KopoKopoError, PerProcess, TokenSource};
use kopokopo_ffi::{error::Error, journal::HostStore, reply::Reply, value::duration};

/// Each process has its own: a fork may come while the library's thread adds a question.
static QUEUE: PerProcess<Mutex<Queue>> = PerProcess::new();

#[derive(Default)]
struct Queue {
    questions: VecDeque<Question>,
    /// PHP's thread, while it waits.
    waiting: Option<Thread>,
}

fn with_queue<T>(work: impl FnOnce(&mut Queue) -> T) -> Option<T> {
    let queue = QUEUE.get(|| Ok::<_, Error>(Mutex::default())).ok()?;
    let mut queue = queue.lock().unwrap_or_else(PoisonError::into_inner);
    Some(work(&mut queue))
}

/// A number that no function of the program had before.
pub(crate) fn number() -> i64 {
    static LAST: AtomicI64 = AtomicI64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}

/// Wakes this thread when there is a question.
pub(crate) fn wake(thread: Thread) {
    with_queue(|queue| queue.waiting = Some(thread));
}

/// The oldest question.
pub(crate) fn next() -> Option<Question> {
    with_queue(|queue| queue.questions.pop_front()).flatten()
}

fn ask(question: Question) {
    with_queue(|queue| {
        queue.questions.push_back(question);
        if let Some(thread) = &queue.waiting {
            thread.unpark();
        }
    });
}

enum Pending {
    Token(Reply<kopokopo::Result<AccessToken>>),
    Text(Reply<Result<String, String>>),
    Warning(Reply<()>),
}

/// A question for the program's function with this number. Later replies have no effect.
#[php_class]
#[php(name = "KopoKopo\\Internal\\Question")]
pub struct Question {
    number: i64,
    /// The store's request, or the text of a warning.
    text: Option<String>,
    reply: Pending,
}

#[php_impl]
impl Question {
    /// The number of the program's function.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// The store's request as JSON. Null: the question is another one.
    pub fn request(&self) -> Option<String> {
        if self.is_warning() { None } else { self.text.clone() }
    }

    /// A warning for the program's log. Null: the question is another one.
    pub fn warning(&self) -> Option<String> {
        if self.is_warning() { self.text.clone() } else { None }
    }

    /// The warning was written.
    pub fn warned(&self) {
        if let Pending::Warning(reply) = &self.reply {
            reply.send(());
        }
    }

    /// A token, and how many seconds it works.
    pub fn token(&self, token: BinarySlice<'_, u8>, expires_in: Option<f64>) {
        let Pending::Token(reply) = &self.reply else { return };
        reply.send(match (std::str::from_utf8(&token), expires_in.map(duration).transpose()) {
            (Ok(token), Ok(expires_in)) => Ok(AccessToken { token: token.into(), expires_in }),
            (Err(_), _) => Err(KopoKopoError::token_source("the token must be text in UTF-8")),
            (_, Err(remedy)) => Err(KopoKopoError::token_source(format!("expires_in {remedy}"))),
        });
    }

    /// The store's result, as JSON.
    pub fn result(&self, text: BinarySlice<'_, u8>) {
        if let Pending::Text(reply) = &self.reply {
            let text = std::str::from_utf8(&text).map(str::to_owned);
            reply.send(text.map_err(|_| "its store returned bytes that are no text in UTF-8".to_owned()));
        }
    }

    /// The reason why there is no result. It comes from an exception, so it may be any bytes.
    pub fn fail(&self, detail: BinarySlice<'_, u8>) {
        let detail = String::from_utf8_lossy(&detail).into_owned();
        match &self.reply {
            Pending::Token(reply) => reply.send(Err(KopoKopoError::token_source(detail))),
            Pending::Text(reply) => reply.send(Err(detail)),
            Pending::Warning(reply) => reply.send(()),
        }
    }
}

impl Question {
    fn is_warning(&self) -> bool {
        matches!(self.reply, Pending::Warning(_))
    }
}

/// The program's token source.
pub(crate) struct Source(pub(crate) i64);

impl TokenSource for Source {
    fn token(&self) -> BoxFuture<'static, kopokopo::Result<AccessToken>> {
        let number = self.0;
        async move {
            let (reply, receiver) = Reply::new();
            ask(Question { number, text: None, reply: Pending::Token(reply) });
            receiver.await.unwrap_or_else(|_| Err(KopoKopoError::token_source("it ended without a token")))
        }
        .boxed()
    }
}

/// The program's store.
pub(crate) struct Store(pub(crate) i64);

impl HostStore for Store {
    fn execute(&self, request: String) -> BoxFuture<'static, Result<String, String>> {
        let number = self.0;
        async move {
            let (reply, receiver) = Reply::new();
            ask(Question { number, text: Some(request), reply: Pending::Text(reply) });
            receiver.await.unwrap_or_else(|_| Err("its store ended without a result".to_owned()))
        }
        .boxed()
    }

    fn warn(&self, warning: String) -> BoxFuture<'static, ()> {
        let number = self.0;
        async move {
            let (reply, receiver) = Reply::new();
            ask(Question { number, text: Some(warning), reply: Pending::Warning(reply) });
            let _ = receiver.await;
        }
        .boxed()
    }
}
