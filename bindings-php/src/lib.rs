//! The native part of the PHP package: arguments come as arrays, and results go as arrays of values in the contract's
//! order. It knows no type of the contract: the classes that people see are PHP, generated from the contract.
//!
//! Each function returns a list of one value, or the text of an error (`udl/src/value/codec.rs`), which PHP throws.

#![allow(clippy::needless_pass_by_value, reason = "it comes from another language")]
#![allow(missing_docs, reason = "the macros make functions without documentation")]
// The macros make these.
#![allow(clippy::pedantic)]

mod arguments;
mod call;
mod clients;
mod digest;
mod questions;
mod values;

use ext_php_rs::{binary_slice::BinarySlice, prelude::*, types::Zval};
use kopokopo::ErrorKind;
use kopokopo_ffi::{
    error::{self, Error, Result},
    operations::{self, Object},
    runtime,
    value::Reflect as _,
};

use crate::{
    questions::{Source, Store},
    values::{guard, show},
};

/// An object of the contract.
#[php_class]
#[php(name = "KopoKopo\\Internal\\NativeObject")]
pub struct Native(Object);

impl Native {
    /// Arguments of a method. What does not fit is an error of that method.
    fn arguments(&self, method: &str, given: &Zval) -> Result<kopokopo_ffi::value::Arguments> {
        arguments::read(given)
            .map_err(|error| error.with_kind(self.0.argument_error_kind()).in_operation(self.0.operation(method)))
    }
}

#[php_impl]
impl Native {
    /// Calls a method that does not wait.
    pub fn ask(&self, method: &str, given: &Zval) -> Zval {
        guard(|| Ok(show(self.0.call_sync(method, self.arguments(method, given)?)?.view())))
    }

    /// Begins a call. `NativeCall::wait` has its result.
    pub fn begin(&self, method: &str, given: &Zval) -> Zval {
        guard(|| Ok(values::object(call::NativeCall::new(self.0.call(method, self.arguments(method, given)?)))))
    }

    /// Makes a client with a journal, whose store has this number in PHP.
    pub fn with_journal(&self, store: i64, given: &Zval) -> Zval {
        guard(|| {
            let given = arguments::read(given).map_err(as_configuration)?;
            operations::with_journal(&self.0, Store(store), given).map(|client| values::object(Native(client)))
        })
    }

    /// Verifies a body and returns its event. A signature that is not UTF-8 is a wrong one.
    pub fn verify(&self, body: BinarySlice<'_, u8>, signature: Option<BinarySlice<'_, u8>>) -> Zval {
        let signature = signature.as_deref().map(|signature| String::from_utf8_lossy(signature));
        guard(|| Ok(show(self.0.verifier()?.verify(&body, signature.as_deref())?.view())))
    }

    /// Verifies a body, as `verify` does.
    pub fn verify_signature(&self, body: BinarySlice<'_, u8>, signature: Option<BinarySlice<'_, u8>>) -> Zval {
        let signature = signature.as_deref().map(|signature| String::from_utf8_lossy(signature));
        guard(|| self.0.verifier()?.verify_signature(&body, signature.as_deref()).map(|()| Zval::null()))
    }

    /// Reads the event of a body, without verifying it.
    pub fn parse_unverified(&self, body: BinarySlice<'_, u8>) -> Zval {
        guard(|| Ok(show(self.0.verifier()?.parse_unverified(&body)?.view())))
    }
}

fn as_configuration(error: Error) -> Error {
    error.with_kind(ErrorKind::Configuration)
}

/// Makes an object with a constructor of the contract.
#[php_function]
#[php(name = "KopoKopo\\Internal\\native_make")]
pub fn make(object: &str, constructor: &str, given: &Zval) -> Zval {
    kopokopo_ffi::set_language("php");
    guard(|| {
        let given = arguments::read(given).map_err(as_configuration)?;
        clients::make(object, constructor, given).map(|object| values::object(Native(object)))
    })
}

/// Makes a client whose token source has this number in PHP.
#[php_function]
#[php(name = "KopoKopo\\Internal\\native_with_token_source")]
pub fn with_token_source(source: i64, given: &Zval) -> Zval {
    kopokopo_ffi::set_language("php");
    guard(|| {
        let given = arguments::read(given).map_err(as_configuration)?;
        operations::with_token_source(Source(source), given).map(|client| values::object(Native(client)))
    })
}

/// A number for a function of the program. No other one of the process has it: a question for a function of an earlier web
/// request must not reach one of a later request.
#[php_function]
#[php(name = "KopoKopo\\Internal\\native_number")]
pub fn number() -> i64 {
    questions::number()
}

/// The flags of an object whose destructor and release have run: `IS_OBJ_DESTRUCTOR_CALLED` and `IS_OBJ_FREE_CALLED` of
/// `zend_types.h`.
const IS_RELEASED: u32 = 1 << 8 | 1 << 9;

/// Lets PHP forget an object without its destructor, in a fork: the end of a database connection there would end the
/// session of the parent process, which has the same socket.
#[php_function]
#[php(name = "KopoKopo\\Internal\\native_abandon")]
pub fn abandon(object: &Zval) {
    if let Some(object) = object.object() {
        // SAFETY: the object lives, and PHP has one thread. PHP reads the flags before it releases an object.
        unsafe {
            let info = &raw const object.gc.u.type_info;
            *info.cast_mut() |= IS_RELEASED;
        }
    }
}

/// Calls a function of no object.
#[php_function]
#[php(name = "KopoKopo\\Internal\\native_function")]
pub fn function(name: &str, given: &Zval) -> Zval {
    guard(|| Ok(show(operations::function(name, arguments::read(given)?)?.view())))
}

/// Signs a body.
#[php_function]
#[php(name = "KopoKopo\\Internal\\native_sign_webhook")]
pub fn sign_webhook(api_key: BinarySlice<'_, u8>, body: BinarySlice<'_, u8>) -> Zval {
    let refused = || error::at(ErrorKind::Configuration, "api_key", "must be text in UTF-8");
    guard(|| {
        let api_key = std::str::from_utf8(&api_key).map_err(|_| refused())?;
        Ok(values::text(operations::sign_webhook(api_key, &body)?.as_bytes()))
    })
}

/// PHP unloads the extension when the process ends: no thread may run its code after that.
extern "C" fn shut_down(_kind: i32, _module: i32) -> i32 {
    // A panic must not unwind into PHP.
    let _ = std::panic::catch_unwind(runtime::shutdown);
    0
}

#[php_module]
pub fn get_module(module: ModuleBuilder) -> ModuleBuilder {
    module
        .name("kopokopo")
        .version(env!("CARGO_PKG_VERSION"))
        .shutdown_function(shut_down)
        .class::<Native>()
        .class::<call::NativeCall>()
        .class::<questions::Question>()
        .function(wrap_function!(make))
        .function(wrap_function!(with_token_source))
        .function(wrap_function!(number))
        .function(wrap_function!(abandon))
        .function(wrap_function!(function))
        .function(wrap_function!(sign_webhook))
}
