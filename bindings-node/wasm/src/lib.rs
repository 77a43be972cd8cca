//! Webhooks as WebAssembly, for runtimes that cannot load the Node package's native part.
//!
//! A function takes the addresses of blocks that JavaScript filled (`memory`), and returns the address of a result
//! (`result`), which JavaScript gives back with `release`. Nothing is kept between two calls: JavaScript may drop an
//! instance at any time and make another, as it does after a trap.

mod memory;
mod result;

use kopokopo::webhooks::Webhooks;
use kopokopo_ffi::{
    error::{self, Result},
    operations,
    value::{Reflect as _, Value},
};

use crate::{
    memory::{Block, Given},
    result::{of, of_body, respond},
};

/// A digest of the contract that this module was built from.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn contract_hash() -> *mut u8 {
    respond(|| Ok(of(operations::contract_hash().view())))
}

/// Calls a function of no object.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn call_function(name: Given, given: Given) -> *mut u8 {
    respond(|| {
        let (name, given) = (name.block(), given.block());
        let output = operations::function(text(name.as_ref())?, Value::arguments(text(given.as_ref())?)?)?;
        Ok(of(output.view()))
    })
}

/// Signs a body.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn sign_webhook(api_key: Given, body: Given) -> *mut u8 {
    respond(|| {
        let (api_key, body) = (api_key.block(), body.block());
        Ok(of(operations::sign_webhook(text(api_key.as_ref())?, bytes(body.as_ref()))?.view()))
    })
}

/// Checks the options of a verifier, and returns the largest body that it accepts.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn check_verifier(options: Given) -> *mut u8 {
    respond(|| Ok(of(u64::try_from(verifier(options)?.max_body()).unwrap_or(u64::MAX).view())))
}

/// Verifies a body, and returns its event.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn verify(options: Given, body: Given, signature: Given) -> *mut u8 {
    respond(|| {
        let (body, signature) = (body.block(), signature.block());
        let event = verifier(options)?.verify(bytes(body.as_ref()), optional(signature.as_ref())?)?;
        Ok(of_body(event.view(), bytes(body.as_ref())))
    })
}

/// Verifies a body.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn verify_signature(options: Given, body: Given, signature: Given) -> *mut u8 {
    respond(|| {
        let (body, signature) = (body.block(), signature.block());
        verifier(options)?.verify_signature(bytes(body.as_ref()), optional(signature.as_ref())?)?;
        Ok(of(().view()))
    })
}

/// Reads the event of a body, without verifying it.
#[unsafe(no_mangle)]
pub(crate) extern "C" fn parse_unverified(body: Given) -> *mut u8 {
    respond(|| {
        let body = body.block();
        let event = Webhooks::new(Vec::<String>::new()).parse_unverified(bytes(body.as_ref()))?;
        Ok(of_body(event.view(), bytes(body.as_ref())))
    })
}

/// A verifier for one call. Making it costs less than JavaScript pays to keep one here and to tell when it is garbage.
fn verifier(options: Given) -> Result<Webhooks> {
    operations::webhook_verifier(Value::arguments(text(options.block().as_ref())?)?)
}

fn bytes(block: Option<&Block>) -> &[u8] {
    block.map_or(&[], Block::bytes)
}

/// JavaScript encodes every text as UTF-8, so another one is a defect.
fn optional(block: Option<&Block>) -> Result<Option<&str>> {
    let text = block.map(|block| std::str::from_utf8(block.bytes()));
    text.transpose().map_err(|_| error::internal())
}

fn text(block: Option<&Block>) -> Result<&str> {
    Ok(optional(block)?.unwrap_or_default())
}
