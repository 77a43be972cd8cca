//! The native part of the Ruby gem: it turns Ruby's values into arguments, and what comes back into Ruby's values. It
//! knows no type of the contract: the classes that people see are written in Ruby, from the contract.

#![allow(clippy::needless_pass_by_value, reason = "magnus passes arguments by value")]
#![allow(missing_docs, reason = "the only item that is visible is what magnus makes for Ruby")]

mod arguments;
mod classes;
mod errors;
mod gvl;
mod metadata;
mod object;
mod questions;
mod views;
mod webhooks;

use kopokopo::ErrorKind;
use kopokopo_ffi::operations;
use magnus::{Error, RHash, Ruby, Value, function, prelude::*};

use crate::errors::{guard, raise};

fn contract_hash() -> String {
    operations::contract_hash()
}

fn call_function(ruby: &Ruby, name: String, given: RHash) -> Result<Value, Error> {
    guard(ruby, || {
        let given = arguments::read(ruby, given, ErrorKind::InvalidRequest)?;
        let output = operations::function(&name, given).map_err(|error| raise(ruby, &error))?;
        views::show(ruby, output.view())
    })
}

#[magnus::init(name = "kopokopo_native")]
fn init(ruby: &Ruby) -> Result<(), Error> {
    kopokopo_ffi::set_language("ruby");
    let native = ruby.define_module("KopoKopo")?.define_module("Native")?;
    native.define_singleton_method("contract_hash", function!(contract_hash, 0))?;
    native.define_singleton_method("function", function!(call_function, 2))?;
    native.define_singleton_method("sign_webhook", function!(webhooks::sign, 2))?;
    questions::define(ruby, native)?;
    object::define(ruby, native)
}
