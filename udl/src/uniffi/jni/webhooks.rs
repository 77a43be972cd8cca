//! UniFFI's objects and bytes are used as they are: the verifier is the one behind a `WebhookVerifier` of its Kotlin
//! code, and a result is in the format of its converters, after one byte that says which of two it is.
//!
//! The names are those of the Kotlin object `dev.kopokopo.NativeWebhooks`.

use jni::{
    Env, EnvUnowned,
    errors::{Error, ThrowRuntimeExAndDefault},
    objects::{JByteArray, JClass, JObject},
    sys::jlong,
};
use uniffi::Lower;

use super::{DONE, REFUSED};
use crate::{Event, KopoKopoError, Result, UniFfiTag, WebhookVerifier};

/// `WebhookVerifier.verify`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_dev_kopokopo_NativeWebhooks_verify<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    _owner: JObject<'local>,
    verifier: jlong,
    body: JByteArray<'local>,
    signature: JByteArray<'local>,
) -> JByteArray<'local> {
    env.with_env(|env| {
        let (body, signature) = (env.convert_byte_array(body)?, header(env, signature)?);
        // SAFETY: see `borrowed`; the owner is an argument.
        let verifier = unsafe { borrowed(&verifier) };
        output(env, verifier.verify_slice(&body, signature.as_deref()).map(Some))
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// `WebhookVerifier.verify_signature`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_dev_kopokopo_NativeWebhooks_verifySignature<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    _owner: JObject<'local>,
    verifier: jlong,
    body: JByteArray<'local>,
    signature: JByteArray<'local>,
) -> JByteArray<'local> {
    env.with_env(|env| {
        let (body, signature) = (env.convert_byte_array(body)?, header(env, signature)?);
        // SAFETY: see `borrowed`; the owner is an argument.
        let verifier = unsafe { borrowed(&verifier) };
        output(env, verifier.verify_signature_slice(&body, signature.as_deref()).map(|()| None))
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// `WebhookVerifier.parse_unverified`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_dev_kopokopo_NativeWebhooks_parseUnverified<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
    _owner: JObject<'local>,
    verifier: jlong,
    body: JByteArray<'local>,
) -> JByteArray<'local> {
    env.with_env(|env| {
        let body = env.convert_byte_array(body)?;
        // SAFETY: see `borrowed`; the owner is an argument.
        let verifier = unsafe { borrowed(&verifier) };
        output(env, verifier.parse_unverified_slice(&body).map(Some))
    })
    .resolve::<ThrowRuntimeExAndDefault>()
}

/// The verifier that a handle of UniFFI's is of, for the length of a call.
///
/// # Safety
/// The handle must be one of a `WebhookVerifier`, and the Kotlin object that owns it must be reachable until the call
/// ends: an argument of the call is.
unsafe fn borrowed(handle: &jlong) -> &WebhookVerifier {
    let handle = uniffi::Handle::from_raw_unchecked(handle.cast_unsigned());
    // SAFETY: UniFFI's handles are pointers to what their owner holds a share of.
    unsafe { &*handle.as_pointer::<WebhookVerifier>() }
}

/// The header's text, where there is one.
fn header(env: &Env<'_>, signature: JByteArray<'_>) -> Result<Option<String>, Error> {
    if signature.is_null() {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&env.convert_byte_array(signature)?).into_owned()))
}

/// The bytes of the result. Null for a success without a value.
fn output<'local>(env: &mut Env<'local>, outcome: Result<Option<Event>>) -> Result<JByteArray<'local>, Error> {
    let bytes = match outcome {
        Ok(None) => return Ok(JByteArray::null()),
        Ok(Some(event)) => {
            let mut bytes = Vec::with_capacity(4096);
            bytes.push(DONE);
            <Event as Lower<UniFfiTag>>::write(event, &mut bytes);
            bytes
        }
        Err(error) => {
            let mut bytes = vec![REFUSED];
            <KopoKopoError as Lower<UniFfiTag>>::write(error, &mut bytes);
            bytes
        }
    };
    env.byte_array_from_slice(&bytes)
}
