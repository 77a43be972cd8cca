//! What the JVM calls past JNA: the handshake, and the webhooks, for which JNA alone takes twenty times as long as a
//! signature. Apps verify no webhooks, so the mobile library has the handshake alone.

#![allow(non_snake_case, unreachable_pub, reason = "the JVM finds these by their names")]

#[cfg(not(feature = "mobile"))]
mod webhooks;

use jni::{
    EnvUnowned,
    errors::ThrowRuntimeExAndDefault,
    objects::{JClass, JString},
};

use crate::generated::CONTRACT_HASH;

/// What this library was built from. It is asked before anything else is called. The name is that of a function of the
/// Kotlin object `dev.kopokopo.Native`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_dev_kopokopo_Native_contractHash<'local>(
    mut env: EnvUnowned<'local>,
    _class: JClass<'local>,
) -> JString<'local> {
    env.with_env(|env| env.new_string(CONTRACT_HASH)).resolve::<ThrowRuntimeExAndDefault>()
}
