//! The native part of the Node package: arguments come as one JSON text, and what comes back goes as one text of values.
//! It knows no type of the contract: the classes that people see are written in JavaScript, from the contract.

#![allow(clippy::needless_pass_by_value, reason = "it comes from another language")]

mod answer;
mod body;
mod journal_store;
mod line;
mod native;
mod token_source;

use kopokopo_ffi::{
    operations,
    value::{Reflect as _, Value},
};
use napi_derive::napi;

use crate::{
    answer::{Answered, guard},
    body::Body,
};

/// A digest of the contract that this module was built from.
#[napi]
#[must_use]
pub fn contract_hash() -> String {
    // The package asks for this when it is loaded, before anything else.
    kopokopo_ffi::set_language("node");
    operations::contract_hash()
}

/// Calls a function of no object.
#[napi]
#[must_use]
pub fn call_function(name: String, given: String) -> Answered {
    guard(|| operations::function(&name, Value::arguments(&given)?).map(|answer| Answered::of(answer.view())))
}

/// Signs a body.
#[napi]
#[must_use]
pub fn sign_webhook(api_key: String, body: Body) -> Answered {
    guard(|| {
        let signature = operations::sign_webhook(&api_key, body.bytes())?;
        Ok(Answered::of(signature.view()))
    })
}
