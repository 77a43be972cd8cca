//! An object of the contract, for the Ruby class that wraps it.

use kopokopo::ErrorKind;
use kopokopo_ffi::{operations, value::Reflect as _};
use magnus::{Error, RHash, RModule, Ruby, Value, function, method, prelude::*};

use crate::{
    arguments,
    errors::{guard, internal, interrupted, raise},
    gvl::{self, Waited},
    questions::Source,
    views::show,
    webhooks,
};

/// An object of the contract.
#[magnus::wrap(class = "KopoKopo::Native::Object", free_immediately)]
pub(crate) struct Native(pub(crate) operations::Object);

impl Native {
    /// Makes one with a constructor of the contract.
    fn make(ruby: &Ruby, name: String, constructor: String, given: RHash) -> Result<Self, Error> {
        guard(ruby, || {
            let given = arguments::read(ruby, given, ErrorKind::Configuration)?;
            operations::Object::new(&name, &constructor, given).map(Self).map_err(|error| raise(ruby, &error))
        })
    }

    /// Makes a client that asks a program for its tokens.
    fn with_token_source(ruby: &Ruby, source: u64, given: RHash) -> Result<Self, Error> {
        guard(ruby, || {
            let given = arguments::read(ruby, given, ErrorKind::Configuration)?;
            let client = operations::with_token_source(Source::new(source), given);
            client.map(Self).map_err(|error| raise(ruby, &error))
        })
    }

    /// Makes a client with a journal, whose store a program brings.
    fn with_journal(ruby: &Ruby, own: &Self, store: u64, given: RHash) -> Result<Self, Error> {
        guard(ruby, || {
            let given = arguments::read(ruby, given, ErrorKind::Configuration)?;
            let client = operations::with_journal(&own.0, Source::new(store), given);
            client.map(Self).map_err(|error| raise(ruby, &error))
        })
    }

    /// Calls a method that does not wait.
    fn ask(ruby: &Ruby, own: &Self, method: String, given: RHash) -> Result<Value, Error> {
        guard(ruby, || {
            let given = arguments::of_call(ruby, given, &own.0, &method)?;
            let output = own.0.call_sync(&method, given).map_err(|error| raise(ruby, &error))?;
            show(ruby, output.view())
        })
    }

    /// Calls a method that asks the server, and waits.
    fn call(ruby: &Ruby, own: &Self, method: String, given: RHash) -> Result<Value, Error> {
        guard(ruby, || {
            let given = arguments::of_call(ruby, given, &own.0, &method)?;
            let mut call = own.0.call(&method, given);
            let cancel = call.cancel();
            // The call is cancelled before its future is dropped: docs/adr/0010-cancelling-a-create.md.
            let output = match gvl::wait(&mut call) {
                Waited::Ready(output) => output,
                Waited::Interrupted(raised) => return Err(interrupted(ruby, raised, cancel.cancel())),
                Waited::Panicked => return Err(internal(ruby)),
            };
            let shown = show(ruby, output.map_err(|error| raise(ruby, &error))?.view())?;
            // What is pending would be raised as soon as Ruby goes on, and the result would be lost.
            gvl::check_interrupts().map_err(|raised| interrupted(ruby, raised, cancel.cancel()))?;
            Ok(shown)
        })
    }

    fn verify(ruby: &Ruby, own: &Self, body: Value, signature: Value) -> Result<Value, Error> {
        guard(ruby, || {
            let verifier = webhooks::verifier(ruby, &own.0)?;
            let event = webhooks::look(ruby, body, signature, |body, signature| verifier.verify(body, signature))?;
            show(ruby, event.view())
        })
    }

    fn verify_signature(ruby: &Ruby, own: &Self, body: Value, signature: Value) -> Result<(), Error> {
        guard(ruby, || {
            let verifier = webhooks::verifier(ruby, &own.0)?;
            webhooks::look(ruby, body, signature, |body, signature| verifier.verify_signature(body, signature))
        })
    }

    fn parse_unverified(ruby: &Ruby, own: &Self, body: Value) -> Result<Value, Error> {
        guard(ruby, || {
            let verifier = webhooks::verifier(ruby, &own.0)?;
            let nothing = ruby.qnil().as_value();
            let event = webhooks::look(ruby, body, nothing, |body, _| verifier.parse_unverified(body))?;
            show(ruby, event.view())
        })
    }
}

pub(crate) fn define(ruby: &Ruby, native: RModule) -> Result<(), Error> {
    let class = native.define_class("Object", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.define_singleton_method("make", function!(Native::make, 3))?;
    class.define_singleton_method("with_token_source", function!(Native::with_token_source, 2))?;
    class.define_method("with_journal", method!(Native::with_journal, 2))?;
    class.define_method("ask", method!(Native::ask, 2))?;
    class.define_method("call", method!(Native::call, 2))?;
    class.define_method("verify", method!(Native::verify, 2))?;
    class.define_method("verify_signature", method!(Native::verify_signature, 2))?;
    class.define_method("parse_unverified", method!(Native::parse_unverified, 1))?;
    Ok(())
}
