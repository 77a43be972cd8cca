//! A call takes one step into the library and one back, where UniFFI's takes some thirty through JNA, each of which costs
//! more than the library's own share of the work.
//!
//! Arguments and results are in the bytes of UniFFI's converters. The names are those of the Kotlin object
//! `dev.kopokopo.NativeCalls`, which numbers its calls with tickets.

mod generated;

use std::{
    collections::HashMap,
    ffi::c_void,
    panic::{AssertUnwindSafe, catch_unwind},
    ptr,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use futures_util::FutureExt;
use jni::sys::{JNI_OK, JNIEnv, JavaVM, jbyteArray, jclass, jint, jlong, jmethodID, jsize, jvalue};
use tokio::task::AbortHandle;
use uniffi::{Lift, Lower};

use super::{DONE, REFUSED};
use crate::{
    KopoKopoError, Result, UniFfiTag, api, error,
    runtime::{self, Cancel, Work},
};

/// The receiver of results: a static method of a class that is never released.
struct Receiver {
    vm: *mut JavaVM,
    class: jclass,
    complete: jmethodID,
}

// SAFETY: a JVM, a global reference and a method's id are good on every thread.
unsafe impl Send for Receiver {}
// SAFETY: as above.
unsafe impl Sync for Receiver {}

static RECEIVER: OnceLock<Receiver> = OnceLock::new();

/// A call that can be cancelled.
struct Entry {
    task: AbortHandle,
    cancel: Cancel,
    /// The call created something, and its result is on its way to Kotlin or was received there.
    is_created: bool,
}

/// The calls under way, by their tickets. The side that takes a call out of here decides how it ends. A create stays
/// until Kotlin has delivered its result (`NativeCalls.forget`).
static CALLS: Mutex<Option<HashMap<jlong, Entry>>> = Mutex::new(None);

fn calls() -> MutexGuard<'static, Option<HashMap<jlong, Entry>>> {
    CALLS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The first byte of the result of `cancel`: no result of the call comes.
const NO_RESULT: u8 = 0;
/// The call created something, and its result comes too.
const RESULT: u8 = 1;

/// `NativeCalls.prepare`: the calling class receives the results.
///
/// # Safety
/// The JVM calls it, with the environment of the thread.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_dev_kopokopo_NativeCalls_prepare(env: *mut JNIEnv, class: jclass) {
    let mut vm = ptr::null_mut();
    // SAFETY: the environment is the caller's, its table has had these functions since version 1.2, and the method is
    // there: where it is not, an exception is left for the caller, and nothing is kept.
    unsafe {
        let table = &(**env).v1_2;
        let complete = (table.GetStaticMethodID)(env, class, c"complete".as_ptr(), c"(J[B)V".as_ptr());
        if !complete.is_null() && (table.GetJavaVM)(env, &raw mut vm) == JNI_OK {
            RECEIVER.get_or_init(|| Receiver { vm, class: (table.NewGlobalRef)(env, class), complete });
        }
    }
}

/// `NativeCalls.start`: the result is passed to the callback of `NativeCalls` with the ticket. The owner's share that the handle
/// has is taken over.
///
/// # Safety
/// The JVM calls it, with the environment of the thread, and the handle is one of the method's object.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_dev_kopokopo_NativeCalls_start(
    env: *mut JNIEnv,
    _class: jclass,
    method: jint,
    handle: jlong,
    given: jbyteArray,
    ticket: jlong,
) {
    // SAFETY: the environment and the array are the caller's. The region is the whole of it.
    let bytes = unsafe {
        let table = &(**env).v1_1;
        let length = (table.GetArrayLength)(env, given);
        let mut bytes = vec![0_u8; usize::try_from(length).unwrap_or_default()];
        (table.GetByteArrayRegion)(env, given, 0, length, bytes.as_mut_ptr().cast());
        bytes
    };
    // Nothing that unwinds may get into the JVM.
    if catch_unwind(|| generated::start(method, handle, &bytes, ticket)).is_err() {
        tell(ticket, Err(error::internal().into()), |(), _| ());
    }
}

/// `NativeCalls.cancel`: null if the call is over and its result comes or came. Otherwise a byte, `NO_RESULT` or `RESULT`,
/// and then nothing if no request that creates something was sent, else the error of kind `outcome_unknown`.
///
/// # Safety
/// The JVM calls it, with the environment of the thread.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_dev_kopokopo_NativeCalls_cancel(
    env: *mut JNIEnv,
    _class: jclass,
    ticket: jlong,
) -> jbyteArray {
    let cancelled = catch_unwind(|| {
        let Entry { task, cancel, is_created } = calls().as_mut().and_then(|calls| calls.remove(&ticket))?;
        let mut bytes = vec![if is_created { RESULT } else { NO_RESULT }];
        if let Some(error) = cancel.cancel() {
            <KopoKopoError as Lower<UniFfiTag>>::write(error.into(), &mut bytes);
        }
        if !is_created {
            task.abort();
        }
        Some(bytes)
    });
    let Ok(Some(bytes)) = cancelled else { return ptr::null_mut() };
    // SAFETY: the environment is the caller's.
    unsafe { array(env, &bytes) }
}

/// `NativeCalls.forget`: the result of a create was delivered, and cancelling the call does nothing any more.
///
/// # Safety
/// The JVM calls it.
#[unsafe(no_mangle)]
pub unsafe extern "system" fn Java_dev_kopokopo_NativeCalls_forget(_env: *mut JNIEnv, _class: jclass, ticket: jlong) {
    // A map's removal does not unwind, but a lock may.
    let _ = catch_unwind(|| calls().as_mut().and_then(|calls| calls.remove(&ticket)));
}

/// A byte array of the JVM, or null where it has no memory for one: then an exception waits for the caller.
///
/// # Safety
/// The environment is the thread's.
unsafe fn array(env: *mut JNIEnv, bytes: &[u8]) -> jbyteArray {
    let Ok(length) = jsize::try_from(bytes.len()) else { return ptr::null_mut() };
    // SAFETY: the environment is the thread's, and the region is the whole array.
    unsafe {
        let table = &(**env).v1_2;
        let array = (table.NewByteArray)(env, length);
        if !array.is_null() {
            (table.SetByteArrayRegion)(env, array, 0, length, bytes.as_ptr().cast());
        }
        array
    }
}

/// The object that a handle is of.
fn owner<T>(handle: jlong) -> Result<Arc<T>>
where
    Arc<T>: Lift<UniFfiTag, FfiType = uniffi::Handle>,
{
    <Arc<T> as Lift<UniFfiTag>>::try_lift(uniffi::Handle::from_raw_unchecked(handle.cast_unsigned())).map_err(unread)
}

/// The next argument.
fn read<T: Lift<UniFfiTag>>(given: &mut &[u8]) -> Result<T> {
    T::try_read(given).map_err(unread)
}

/// Refuses what is left over of the arguments, before anything is sent.
fn whole(given: &[u8]) -> Result<()> {
    if given.is_empty() { Ok(()) } else { Err(unread(())) }
}

fn unread(_: impl Sized) -> KopoKopoError {
    error::at(api::ErrorKind::Internal, "arguments", "cannot be read: the Kotlin code is of another version").into()
}

fn write<T: Lower<UniFfiTag>>(value: T, bytes: &mut Vec<u8>) {
    T::write(value, bytes);
}

/// Starts a call, and delivers its result. `creates`: the call creates something on the server.
fn run<T: Send + 'static>(ticket: jlong, creates: bool, call: Result<Work<Result<T>>>, write: fn(T, &mut Vec<u8>)) {
    // Until it is on the list nothing can take it out again.
    let mut calls = calls();
    let spawned = call.and_then(|call| {
        let cancel = call.cancel();
        let task = runtime::spawn(async move {
            let outcome = AssertUnwindSafe(call).catch_unwind().await.unwrap_or_else(|_| Err(error::internal().into()));
            // A cancelled call has no result.
            if conclude(ticket, creates && outcome.is_ok()) {
                tell(ticket, outcome, write);
            }
        });
        Ok(Entry { task: task.map_err(KopoKopoError::from)?, cancel, is_created: false })
    });
    match spawned {
        Ok(entry) => {
            calls.get_or_insert_default().insert(ticket, entry);
        }
        Err(refused) => {
            drop(calls);
            tell(ticket, Err(refused), write);
        }
    }
}

/// The call has its result. False if it was cancelled before.
fn conclude(ticket: jlong, is_created: bool) -> bool {
    let mut calls = calls();
    let Some(calls) = calls.as_mut() else { return false };
    if !is_created {
        return calls.remove(&ticket).is_some();
    }
    calls.get_mut(&ticket).is_some_and(|entry| {
        entry.is_created = true;
        true
    })
}

fn tell<T>(ticket: jlong, outcome: Result<T>, write: fn(T, &mut Vec<u8>)) {
    let refusal = |error| {
        let mut bytes = vec![REFUSED];
        <KopoKopoError as Lower<UniFfiTag>>::write(error, &mut bytes);
        bytes
    };
    let written = outcome.and_then(|answer| {
        let mut bytes = Vec::with_capacity(1024);
        bytes.push(DONE);
        // The caller gets a result in any case.
        let done = catch_unwind(AssertUnwindSafe(|| write(answer, &mut bytes)));
        done.map(|()| bytes).map_err(|_| error::internal().into())
    });
    let bytes = written.unwrap_or_else(refusal);
    let Some(receiver) = RECEIVER.get() else { return };
    let mut env: *mut c_void = ptr::null_mut();
    // SAFETY: the JVM is there for as long as the process is. A thread that it knows is not made known again; as a
    // daemon's it keeps no program from ending. The array is this thread's, the method takes what it is given here, and
    // what it throws has no receiver.
    unsafe {
        if ((**receiver.vm).v1_4.AttachCurrentThreadAsDaemon)(receiver.vm, &raw mut env, ptr::null_mut()) != JNI_OK {
            return;
        }
        let env: *mut JNIEnv = env.cast();
        let table = &(**env).v1_2;
        let array = array(env, &bytes);
        if !array.is_null() {
            let given = [jvalue { j: ticket }, jvalue { l: array }];
            (table.CallStaticVoidMethodA)(env, receiver.class, receiver.complete, given.as_ptr());
            (table.DeleteLocalRef)(env, array);
        }
        (table.ExceptionClear)(env);
    }
}
