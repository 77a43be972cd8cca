//! What the JVM calls past JNA: the handshake, and the webhooks, for which JNA alone takes twenty times as long as a
//! signature. Apps verify no webhooks, so the mobile library has the handshake alone.

#![allow(non_snake_case, unreachable_pub, reason = "the JVM finds these by their names")]

#[cfg(not(feature = "mobile"))]
mod webhooks;

use std::ffi::CString;

use jni::sys::{JNIEnv, jclass, jstring};

use crate::generated::CONTRACT_HASH;

/// What this library was built from. It is asked before anything else is called. The name is that of a function of the
/// Kotlin object `dev.kopokopo.Native`.
///
/// Attaching threads and looking up classes would be most of what the mobile library has of the JVM, for a text.
///
/// # Safety
/// The JVM calls it, with the environment of the thread.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_dev_kopokopo_Native_contractHash(env: *mut JNIEnv, _class: jclass) -> jstring {
    let hash = CString::new(CONTRACT_HASH).unwrap_or_default();
    // SAFETY: the environment is the caller's, and its table has had this function since the first version.
    unsafe { ((**env).v1_1.NewStringUTF)(env, hash.as_ptr()) }
}
