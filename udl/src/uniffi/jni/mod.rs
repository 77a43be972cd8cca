//! What the JVM calls past JNA: the handshake and the calls, and on servers the webhooks.
//!
//! JNA takes many times as long as the library does. UniFFI's futures also cannot report how a cancelled create ended.

#![allow(non_snake_case, unreachable_pub, reason = "the JVM finds these by their names")]

mod calls;
#[cfg(not(feature = "mobile"))]
mod webhooks;

use std::ffi::CString;

use jni::sys::{JNIEnv, jclass, jstring};

use crate::operations::CONTRACT_HASH;

/// The first byte of a result: it says which value follows.
const DONE: u8 = 0;
/// An error follows.
const REFUSED: u8 = 1;

/// What this library was built from. It is asked before anything else is called. The name is that of a function of the
/// Kotlin object `dev.kopokopo.Native`.
///
/// Attaching threads and looking up classes would be most of what the mobile library has of the JVM, for a text.
///
/// # Safety
/// The JVM calls it, with the environment of the thread.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_dev_kopokopo_Native_contractHash(env: *mut JNIEnv, _class: jclass) -> jstring {
    crate::set_language("kotlin");
    let hash = CString::new(CONTRACT_HASH).unwrap_or_default();
    // SAFETY: the environment is the caller's, and its table has had this function since the first version.
    unsafe { ((**env).v1_1.NewStringUTF)(env, hash.as_ptr()) }
}
