//! Errors as Ruby's exceptions.

use std::{
    fmt::Display,
    panic::{AssertUnwindSafe, catch_unwind},
};

use kopokopo::ErrorKind;
use kopokopo_ffi::{
    error::{self, Error as CoreError},
    value::Reflect as _,
};
use magnus::{
    Error, Exception, IntoValue, KwArgs, Ruby, TryConvert, Value,
    error::{ErrorType, Tag},
    prelude::*,
};

use crate::{classes, views::show};

/// The exception for an error.
pub(crate) fn raise(ruby: &Ruby, error: &CoreError) -> Error {
    make(ruby, error).map_or_else(|failed| failed, Error::from)
}

/// The exception for an argument that does not fit.
pub(crate) fn refusal(
    ruby: &Ruby,
    kind: ErrorKind,
    operation: Option<&'static str>,
    field: impl Display,
    remedy: &str,
) -> Error {
    raise(ruby, &error::at(kind, field, remedy).in_operation(operation))
}

/// The exception for a panic.
pub(crate) fn internal(ruby: &Ruby) -> Error {
    raise(ruby, &error::internal())
}

/// All calls from Ruby go through here: magnus makes of a panic an exception that ends the program.
pub(crate) fn guard<T>(ruby: &Ruby, work: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    // What a panic leaves half-done is dropped with the closure.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(internal(ruby)))
}

/// What to raise if an interrupt ended a call: `unknown` is the error to report if the request of a create was sent. A
/// retry of the program must not send it again, so `outcome_unknown` replaces what `rescue => error` catches, and the
/// throw of `Timeout`. `Interrupt` and `SystemExit` still end the program, and `Thread#kill` the thread.
/// See docs/adr/0010-cancelling-a-create.md.
pub(crate) fn interrupted(ruby: &Ruby, raised: Error, unknown: Option<CoreError>) -> Error {
    let Some(unknown) = unknown else { return raised };
    match raised.error_type() {
        ErrorType::Exception(raised) => {
            let chained = || {
                let unknown = make(ruby, &unknown)?;
                classes::native(ruby)?.funcall::<_, _, Value>("raise_interrupted", (*raised, unknown))
            };
            chained().err().unwrap_or((*raised).into())
        }
        ErrorType::Jump(Tag::Throw) => {
            // What the throw left there would become the cause of the exception.
            // SAFETY: this thread holds the lock.
            unsafe { rb_sys::rb_set_errinfo(rb_sys::Qnil.into()) };
            raise(ruby, &unknown)
        }
        // Ruby's own state must stay as it is for a kill, so Ruby's part of the package logs it.
        _ => raised,
    }
}

fn make(ruby: &Ruby, error: &CoreError) -> Result<Exception, Error> {
    let class = classes::error(ruby, error.kind().as_str())?;
    let named = ruby.hash_new();
    let set = |name: &str, value: Value| named.aset(ruby.to_symbol(name), value);
    set("operation", error.operation().into_value_with(ruby))?;
    set("field", error.field().into_value_with(ruby))?;
    set("status", error.status().into_value_with(ruby))?;
    set("server_code", error.server_code().into_value_with(ruby))?;
    set("messages", error.messages().to_vec().into_value_with(ruby))?;
    set("retry_after", error.retry_after().map(|wait| wait.as_secs_f64()).into_value_with(ruby))?;
    set("attempts", error.attempts().into_value_with(ruby))?;
    set("body", error.body().into_value_with(ruby))?;
    set("id", error.id().into_value_with(ruby))?;
    set("location", error.location().into_value_with(ruby))?;
    set("state", error.state().into_value_with(ruby))?;
    set("request_id", error.request_id().into_value_with(ruby))?;
    set("idempotency_key", error.idempotency_key().into_value_with(ruby))?;
    set("fingerprint", error.fingerprint().into_value_with(ruby))?;
    if let Some(sent_at) = error.sent_at() {
        set("sent_at", show(ruby, sent_at.view())?)?;
    }
    Exception::try_convert(class.funcall::<_, _, Value>("new", (error.detail(), KwArgs(named)))?)
}
