//! An object of the contract, for the JavaScript class that wraps it.

use std::sync::Arc;

use kopokopo::ErrorKind;
use kopokopo_ffi::{
    KopoKopo, KopoKopoError, Result, TokenSourceOptions, WebhookVerifier,
    dynamic::{self, Call, Object, Reflect},
};
use napi::{
    Env, JsValue, Unknown,
    bindgen_prelude::{FnArgs, Function, FunctionCallContext, ToNapiValue},
    check_status, sys,
};
use napi_derive::napi;

use crate::{
    answer::{Answered, arguments, error, guard},
    body::Body,
    token_source::{Ask, Source},
};

/// This package's name in the `User-Agent` header.
const LANGUAGE: &str = "node";

/// An object of the contract.
#[napi]
pub struct Native(Object);

impl Native {
    pub(crate) fn begin(&self, method: &str, given: &str) -> Result<Call> {
        Ok(self.0.call(method, arguments(given)?))
    }

    /// An object as JavaScript has it. A verifier's `verify(body, signature)` is a function of its own, because a webhook
    /// costs less than finding out whose method was called.
    pub(crate) fn shown(env: Env, object: Object) -> napi::Result<sys::napi_value> {
        let verifier = if let Object::WebhookVerifier(verifier) = &object { Some(Arc::clone(verifier)) } else { None };
        // SAFETY: the environment is the caller's.
        let shown = unsafe { Self::to_napi_value(env.raw(), Self(object)) }?;
        let Some(verifier) = verifier else { return Ok(shown) };
        let verify = move |call: FunctionCallContext<'_>| {
            let (body, signature): (Body, Option<String>) = (call.get(0)?, call.get(1)?);
            Ok(guard(|| {
                let event = verifier.verify_slice(body.bytes(), signature.as_deref())?;
                Ok(Answered::of_body(event.view(), body.bytes()))
            }))
        };
        let verify: Function<'_, FnArgs<(Unknown<'_>, Unknown<'_>)>, Answered> =
            env.create_function_from_closure("verify", verify)?;
        // SAFETY: both values are this call's.
        check_status!(unsafe { sys::napi_set_named_property(env.raw(), shown, c"verify".as_ptr(), verify.raw()) })?;
        Ok(shown)
    }

    fn verifier(&self) -> Result<&WebhookVerifier> {
        match &self.0 {
            Object::WebhookVerifier(verifier) => Ok(verifier),
            other => Err(error!(Internal, format!("{} verifies nothing", other.name()))),
        }
    }
}

/// Makes an object with a constructor of the contract. Whatever is wrong with its options is an error of the
/// configuration.
#[napi]
#[must_use]
pub(crate) fn make(name: String, constructor: String, given: String) -> Answered {
    kopokopo_ffi::set_language(LANGUAGE);
    guard(|| match Object::new(&name, &constructor, arguments(&given)?) {
        Ok(object) => Ok(Answered::Object(object)),
        Err(refused @ KopoKopoError::InvalidRequest { .. }) => Err(refused.with_kind(ErrorKind::Configuration)),
        Err(error) => Err(error),
    })
}

/// Makes a client that asks the program for its tokens.
#[napi]
#[must_use]
pub(crate) fn with_token_source(ask: Ask, given: String) -> Answered {
    kopokopo_ffi::set_language(LANGUAGE);
    guard(|| {
        let options: TokenSourceOptions = dynamic::read(arguments(&given)?, ErrorKind::Configuration)?;
        let client = KopoKopo::with_token_source(Arc::new(Source(ask)), options)?;
        Ok(Answered::Object(Object::KopoKopo(Arc::new(client))))
    })
}

#[napi]
impl Native {
    /// Calls a method that answers at once.
    #[napi]
    #[must_use]
    pub fn ask(&self, method: String, given: String) -> Answered {
        guard(|| self.0.ask(&method, arguments(&given)?).map(|answer| Answered::of(answer.view())))
    }

    /// Verifies a body.
    #[napi]
    #[must_use]
    pub fn verify_signature(&self, body: Body, signature: Option<String>) -> Answered {
        guard(|| {
            self.verifier()?.verify_signature_slice(body.bytes(), signature.as_deref())?;
            Ok(Answered::of(().view()))
        })
    }

    /// Says what a body tells of.
    #[napi]
    #[must_use]
    pub fn parse_unverified(&self, body: Body) -> Answered {
        guard(|| {
            let event = self.verifier()?.parse_unverified_slice(body.bytes())?;
            Ok(Answered::of_body(event.view(), body.bytes()))
        })
    }
}
