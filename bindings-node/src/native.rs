//! An object of the contract, for the JavaScript class that wraps it.

use kopokopo::webhooks::Webhooks;
use kopokopo_ffi::{
    error::Result,
    operations::{self, Call, Object},
    value::{Reflect as _, Value},
};
use napi::{
    Env, JsValue, Unknown,
    bindgen_prelude::{FnArgs, Function, FunctionCallContext, ToNapiValue},
    check_status, sys,
};
use napi_derive::napi;

use crate::{
    answer::{Answered, guard},
    body::Body,
    journal_store::{Run, Store},
    token_source::{Ask, Source},
};

/// This package's name in the `User-Agent` header.
const LANGUAGE: &str = "node";

/// An object of the contract.
#[napi]
pub struct Native(Object);

impl Native {
    pub(crate) fn begin(&self, method: &str, given: &str) -> Result<Call> {
        Ok(self.0.call(method, Value::arguments(given)?))
    }

    /// An object as JavaScript has it. A verifier's `verify(body, signature)` is a function of its own, because a webhook
    /// costs less than finding out whose method was called.
    pub(crate) fn shown(env: Env, object: Object) -> napi::Result<sys::napi_value> {
        let verifier = object.verifier().ok().cloned();
        // SAFETY: the environment is the caller's.
        let shown = unsafe { Self::to_napi_value(env.raw(), Self(object)) }?;
        let Some(verifier) = verifier else { return Ok(shown) };
        let verify = move |call: FunctionCallContext<'_>| {
            let (body, signature): (Body, Option<String>) = (call.get(0)?, call.get(1)?);
            Ok(guard(|| {
                let event = verifier.verify(body.bytes(), signature.as_deref())?;
                Ok(Answered::of_body(event.view(), body.bytes()))
            }))
        };
        let verify: Function<'_, FnArgs<(Unknown<'_>, Unknown<'_>)>, Answered> =
            env.create_function_from_closure("verify", verify)?;
        // SAFETY: both values are this call's.
        check_status!(unsafe { sys::napi_set_named_property(env.raw(), shown, c"verify".as_ptr(), verify.raw()) })?;
        Ok(shown)
    }

    fn verifier(&self) -> Result<&Webhooks> {
        self.0.verifier()
    }
}

/// Makes an object with a constructor of the contract. Whatever is wrong with its options is an error of the
/// configuration.
#[napi]
#[must_use]
pub(crate) fn make(name: String, constructor: String, given: String) -> Answered {
    kopokopo_ffi::set_language(LANGUAGE);
    guard(|| Object::new(&name, &constructor, Value::arguments(&given)?).map(Answered::Object))
}

/// Makes a client that asks the program for its tokens.
#[napi]
#[must_use]
pub(crate) fn with_token_source(ask: Ask, given: String) -> Answered {
    kopokopo_ffi::set_language(LANGUAGE);
    guard(|| operations::with_token_source(Source::new(ask), Value::arguments(&given)?).map(Answered::Object))
}

#[napi]
impl Native {
    /// Calls a method that does not wait.
    #[napi]
    #[must_use]
    pub fn ask(&self, method: String, given: String) -> Answered {
        guard(|| self.0.call_sync(&method, Value::arguments(&given)?).map(|answer| Answered::of(answer.view())))
    }

    /// Makes a client with a journal, whose store the program brings.
    #[napi]
    #[must_use]
    pub fn with_journal(&self, run: Run, given: String) -> Answered {
        guard(|| {
            let client = operations::with_journal(&self.0, Store::new(run), Value::arguments(&given)?)?;
            Ok(Answered::Object(client))
        })
    }

    /// Verifies a body.
    #[napi]
    #[must_use]
    pub fn verify_signature(&self, body: Body, signature: Option<String>) -> Answered {
        guard(|| {
            self.verifier()?.verify_signature(body.bytes(), signature.as_deref())?;
            Ok(Answered::of(().view()))
        })
    }

    /// Reads the event of a body, without verifying it.
    #[napi]
    #[must_use]
    pub fn parse_unverified(&self, body: Body) -> Answered {
        guard(|| {
            let event = self.verifier()?.parse_unverified(body.bytes())?;
            Ok(Answered::of_body(event.view(), body.bytes()))
        })
    }
}
