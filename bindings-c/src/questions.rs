//! What the library asks of the program: tokens, and requests of a journal's store. The program replies from any thread.

use std::{
    ffi::{c_char, c_void},
    sync::Arc,
};

use futures_util::{FutureExt, future::BoxFuture};
use kopokopo::{AccessToken, KopoKopoError, TokenSource};
#[cfg(not(feature = "apps"))]
use kopokopo_ffi::journal::HostStore;
use kopokopo_ffi::{operations, reply, value::duration};

use crate::{
    input::{bytes, options},
    process,
    registry::{self, Entry},
    result::{KopokopoResult, guard, guard_status},
    status::KopokopoStatus,
};

/// Asks the program for a token. The program replies once with `kopokopo_reply_token` or `kopokopo_reply_error` and this `reply`,
/// during the function or later, from any thread. Until then the calls that need a token wait, at most for their timeouts.
///
/// It is called by a thread of the library, must return soon and must not unwind. `user` is what the program passed. The library
/// asks once at a time.
pub type KopokopoAsk = Option<unsafe extern "C" fn(user: *mut c_void, reply: u64)>;

/// Runs a request of the journal: the method `execute` of `JournalStore` in the contract. The program replies once with
/// `kopokopo_reply_text` or `kopokopo_reply_error` and this `reply`, during the function or later, from any thread.
///
/// `request` is JSON. It can be read only during the function, and is not terminated. The function is called by a thread of the
/// library, must return soon, and must not unwind: a program copies the request for a thread of its own, which runs it.
#[cfg(not(feature = "apps"))]
pub type KopokopoExecute =
    Option<unsafe extern "C" fn(user: *mut c_void, reply: u64, request: *const c_char, length: usize)>;

/// Says that the library does not use `user` any more. It is called exactly once, by any thread, also if the function that it
/// was passed to fails.
pub type KopokopoRelease = Option<unsafe extern "C" fn(user: *mut c_void)>;

/// A reply that the library waits for.
pub(crate) enum Reply {
    Token(reply::Reply<kopokopo::Result<AccessToken>>),
    #[cfg(not(feature = "apps"))]
    Text(reply::Reply<Result<String, String>>),
}

/// The program's own pointer.
struct User {
    pointer: *mut c_void,
    release: KopokopoRelease,
}

// SAFETY: the documentation of the functions that take it says that other threads use it, also two at a time.
unsafe impl Send for User {}
// SAFETY: as above.
unsafe impl Sync for User {}

impl Drop for User {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: the caller of the function that took it promises that it can be called once.
            unsafe { release(self.pointer) };
        }
    }
}

struct Source {
    ask: unsafe extern "C" fn(user: *mut c_void, reply: u64),
    user: Arc<User>,
}

impl TokenSource for Source {
    fn token(&self) -> BoxFuture<'static, kopokopo::Result<AccessToken>> {
        let (ask, user) = (self.ask, Arc::clone(&self.user));
        async move {
            let (reply, receiver) = reply::Reply::new();
            let handle = registry::insert(Entry::Reply(Reply::Token(reply)));
            // SAFETY: the caller of `kopokopo_with_token_source` promises it.
            unsafe { ask(user.pointer, handle) };
            receiver.await.unwrap_or_else(|_| Err(KopoKopoError::token_source("it ended without a token")))
        }
        .boxed()
    }
}

#[cfg(not(feature = "apps"))]
struct Store {
    execute: unsafe extern "C" fn(user: *mut c_void, reply: u64, request: *const c_char, length: usize),
    user: Arc<User>,
}

#[cfg(not(feature = "apps"))]
impl HostStore for Store {
    fn execute(&self, request: String) -> BoxFuture<'static, Result<String, String>> {
        let (execute, user) = (self.execute, Arc::clone(&self.user));
        async move {
            let (reply, receiver) = reply::Reply::new();
            let handle = registry::insert(Entry::Reply(Reply::Text(reply)));
            // SAFETY: the caller of `kopokopo_with_journal` promises it. The request lives longer than the call.
            unsafe { execute(user.pointer, handle, request.as_ptr().cast(), request.len()) };
            receiver.await.unwrap_or_else(|_| Err("its store ended without a result".to_owned()))
        }
        .boxed()
    }

    fn warn(&self, warning: String) -> BoxFuture<'static, ()> {
        crate::log::warn(&warning);
        std::future::ready(()).boxed()
    }
}

/// Makes a client that asks the program for its tokens: the constructor `with_token_source` of `KopoKopo` in the contract.
///
/// - `ask`, `user`, `release`: see `KopokopoAsk` and `KopokopoRelease`. `release` may be null.
/// - `options`: the text of a JSON object, or null. It is read before the function returns.
/// - `out`: receives the client, which the caller frees.
///
/// Threads: any. It does not wait, and does not ask.
///
/// Errors: `KOPOKOPO_STATUS_ERROR` with the kind `configuration`, which names the option. `release` is called in any case.
///
/// # Safety
/// Pointers that are not null can be read for their lengths, `out` can be written, and `ask` and `release` can be called with `user`
/// by any thread.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_with_token_source(
    ask: KopokopoAsk,
    user: *mut c_void,
    release: KopokopoRelease,
    options: *const c_char,
    options_length: usize,
    out: *mut KopokopoResult,
) -> KopokopoStatus {
    let user = User { pointer: user, release };
    let work = || {
        process::name_language();
        let ask = ask.ok_or(KopokopoStatus::InvalidPointer)?;
        // SAFETY: the caller promises it.
        let options = unsafe { self::options(options, options_length) }?;
        let source = Source { ask, user: Arc::new(user) };
        Ok(KopokopoResult::object(operations::with_token_source(source, options)?))
    };
    // SAFETY: the caller promises it.
    unsafe { guard(out, work) }
}

/// Returns a client with a journal whose store is the program's: the method `with_journal` of `KopoKopo` in the contract. Not in
/// the library for apps.
///
/// - `client`: the handle of a client, which stays as it is.
/// - `execute`, `user`, `release`: see `KopokopoExecute` and `KopokopoRelease`. `release` may be null.
/// - `options`: the text of a JSON object, or null. It is read before the function returns.
/// - `out`: receives the client with the journal, which the caller frees.
///
/// Threads: any. It does not wait, and runs nothing.
///
/// Errors: `KOPOKOPO_STATUS_ERROR` with the kind `configuration`, which names the option. `release` is called in any case.
///
/// # Safety
/// Pointers that are not null can be read for their lengths, `out` can be written, and `execute` and `release` can be called with
/// `user` by any thread.
#[cfg(not(feature = "apps"))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_with_journal(
    client: u64,
    execute: KopokopoExecute,
    user: *mut c_void,
    release: KopokopoRelease,
    options: *const c_char,
    options_length: usize,
    out: *mut KopokopoResult,
) -> KopokopoStatus {
    let user = User { pointer: user, release };
    let work = || {
        let execute = execute.ok_or(KopokopoStatus::InvalidPointer)?;
        let client = registry::object(client)?;
        // SAFETY: the caller promises it.
        let options = unsafe { self::options(options, options_length) }?;
        let store = Store { execute, user: Arc::new(user) };
        Ok(KopokopoResult::object(operations::with_journal(&client, store, options)?))
    };
    // SAFETY: the caller promises it.
    unsafe { guard(out, work) }
}

/// Replies to `KopokopoAsk` with a token, and ends the reply's handle.
///
/// - `token`: UTF-8. It is copied. Another token is a failure of the token source.
/// - `expires_in`: the number of seconds for which it is valid from now; negative if that is unknown.
///
/// Threads: any, also within `KopokopoAsk`. It does not wait.
///
/// Errors: `KOPOKOPO_STATUS_INVALID_HANDLE` if the reply was given before, or is not for a token.
///
/// # Safety
/// If `token` is not null, so many bytes can be read there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_reply_token(
    reply: u64,
    token: *const c_char,
    token_length: usize,
    expires_in: f64,
) -> KopokopoStatus {
    guard_status(|| {
        process::check_running()?;
        // SAFETY: the caller promises it.
        let token = unsafe { bytes(token.cast(), token_length) }?;
        let entry = registry::take_if(reply, |entry| matches!(entry, Entry::Reply(Reply::Token(_))))?;
        let Entry::Reply(Reply::Token(reply)) = entry else { return Err(KopokopoStatus::InvalidHandle) };
        let expires_in = if expires_in < 0.0 { None } else { Some(expires_in) };
        reply.send(match (std::str::from_utf8(token), expires_in.map(duration).transpose()) {
            (Ok(token), Ok(expires_in)) => Ok(AccessToken { token: token.into(), expires_in }),
            (Err(_), _) => Err(KopoKopoError::token_source("the token must be text in UTF-8")),
            (_, Err(remedy)) => Err(KopoKopoError::token_source(format!("expires_in {remedy}"))),
        });
        Ok(())
    })
}

/// Replies to `KopokopoExecute` with the result of the request, and ends the reply's handle. Not in the library for apps.
///
/// - `text`: JSON, as `JournalStore` in the contract describes it. It is copied. What cannot be read is a failure of the store.
///
/// Threads: any, also within `KopokopoExecute`. It does not wait.
///
/// Errors: `KOPOKOPO_STATUS_INVALID_HANDLE` if the reply was given before, or is for a token.
///
/// # Safety
/// If `text` is not null, so many bytes can be read there.
#[cfg(not(feature = "apps"))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_reply_text(reply: u64, text: *const c_char, text_length: usize) -> KopokopoStatus {
    guard_status(|| {
        process::check_running()?;
        // SAFETY: the caller promises it.
        let text = unsafe { bytes(text.cast(), text_length) }?;
        let entry = registry::take_if(reply, |entry| matches!(entry, Entry::Reply(Reply::Text(_))))?;
        let Entry::Reply(Reply::Text(reply)) = entry else { return Err(KopokopoStatus::InvalidHandle) };
        let text = std::str::from_utf8(text).map(str::to_owned);
        reply.send(text.map_err(|_| "its store returned bytes that are no text in UTF-8".to_owned()));
        Ok(())
    })
}

/// Replies to `KopokopoAsk` or `KopokopoExecute` that there is no result, and ends the reply's handle.
///
/// - `detail`: the reason, a sentence for the error of the call. It is copied, and may be empty. Bytes that are no UTF-8 are
///   replaced.
///
/// Threads: any, also within these functions. It does not wait.
///
/// Errors: `KOPOKOPO_STATUS_INVALID_HANDLE` if the reply was given before.
///
/// # Safety
/// If `detail` is not null, so many bytes can be read there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_reply_error(
    reply: u64,
    detail: *const c_char,
    detail_length: usize,
) -> KopokopoStatus {
    guard_status(|| {
        process::check_running()?;
        // SAFETY: the caller promises it.
        let detail = String::from_utf8_lossy(unsafe { bytes(detail.cast(), detail_length) }?).into_owned();
        match registry::take_if(reply, |entry| matches!(entry, Entry::Reply(_)))? {
            Entry::Reply(Reply::Token(reply)) => reply.send(Err(KopoKopoError::token_source(detail))),
            #[cfg(not(feature = "apps"))]
            Entry::Reply(Reply::Text(reply)) => reply.send(Err(detail)),
            _ => return Err(KopokopoStatus::InvalidHandle),
        }
        Ok(())
    })
}
