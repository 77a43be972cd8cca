//! Webhooks: bodies as Ruby has them.

use kopokopo::{ErrorKind, webhooks::Webhooks};
use kopokopo_ffi::{error::Result as CoreResult, operations};
use magnus::{Error, RString, Ruby, Value, prelude::*};

use crate::{
    arguments,
    errors::{guard, internal, raise, refusal},
    gvl::{self, Waited},
};

/// A body from here on is hashed without Ruby's lock.
const LARGE: usize = 64 * 1024;

const RAW_ONLY: &str = "must be the raw body, as a String and exactly as it was received, because the signature covers \
    those bytes: request.raw_post in Rails, request.body.read in Sinatra and Rack";

/// Reads a body, and verifies the signature if it is given.
pub(crate) fn look<T: Send>(
    ruby: &Ruby,
    body: Value,
    signature: Value,
    look: impl Fn(&[u8], Option<&str>) -> CoreResult<T> + Send + Sync,
) -> Result<T, Error> {
    let body = string(ruby, body)?;
    let signature = match RString::from_value(signature) {
        // SAFETY: copied at once.
        Some(text) => Some(String::from_utf8_lossy(unsafe { text.as_slice() }).into_owned()),
        None if signature.is_nil() => None,
        None => {
            let remedy = "must be the text of the header X-KopoKopo-Signature, or nil";
            return Err(refusal(ruby, ErrorKind::InvalidRequest, None, "signature", remedy));
        }
    };
    let found = if body.len() < LARGE {
        // SAFETY: nothing of Ruby runs while it is read.
        look(unsafe { body.as_slice() }, signature.as_deref())
    } else {
        // SAFETY: copied at once. Another thread could change the string while the lock is released.
        let body = unsafe { body.as_slice() }.to_vec();
        let mut work = Box::pin(async { look(&body, signature.as_deref()) });
        match gvl::wait(&mut work) {
            Waited::Ready(found) => found,
            Waited::Interrupted(raised) => return Err(raised),
            Waited::Panicked => return Err(internal(ruby)),
        }
    };
    found.map_err(|error| raise(ruby, &error))
}

/// What the header carries.
pub(crate) fn sign(ruby: &Ruby, api_key: Value, body: Value) -> Result<String, Error> {
    guard(ruby, || {
        let key = RString::from_value(api_key).and_then(arguments::text);
        let key = key.ok_or_else(|| {
            refusal(ruby, ErrorKind::InvalidRequest, None, "api_key", "must be the text of the API key")
        })?;
        let body = string(ruby, body)?;
        // SAFETY: nothing of Ruby runs while it is read.
        operations::sign_webhook(&key, unsafe { body.as_slice() }).map_err(|error| raise(ruby, &error))
    })
}

fn string(ruby: &Ruby, body: Value) -> Result<RString, Error> {
    RString::from_value(body).ok_or_else(|| {
        // SAFETY: copied at once.
        let name = if body.is_nil() { "nil".to_owned() } else { unsafe { body.classname() }.into_owned() };
        refusal(ruby, ErrorKind::InvalidRequest, None, "body", &format!("is {name}; it {RAW_ONLY}"))
    })
}

/// The verifier behind an object.
pub(crate) fn verifier<'a>(ruby: &Ruby, object: &'a operations::Object) -> Result<&'a Webhooks, Error> {
    object.verifier().map_err(|error| raise(ruby, &error))
}
