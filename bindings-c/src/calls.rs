//! Calls that send requests: each of them tells its end to a function of the program, exactly once.

use std::ffi::{c_char, c_void};

use kopokopo::ErrorKind;
use kopokopo_ffi::{
    error::{self, Error},
    operations::{Call, Object, Output},
    runtime::{self, Cancel},
};
use tokio::{runtime::Handle, sync::oneshot};

use crate::{
    input::{arguments, text},
    process,
    registry::{self, Entry},
    result::{Failure, KopokopoResult, caught, guard, guard_status},
    status::KopokopoStatus,
};

/// Receives the end of a call. The library calls it exactly once for each `kopokopo_call` that returned `KOPOKOPO_STATUS_OK`: also if the
/// call was cancelled, and if the library was shut down.
///
/// `status` is `KOPOKOPO_STATUS_OK`, `KOPOKOPO_STATUS_ERROR` or `KOPOKOPO_STATUS_CANCELLED`. `result` can be read only during the function, but the
/// handles in it belong to the program, which frees them. `user` is what the program passed.
///
/// It is called by a thread of the library, maybe before `kopokopo_call` returns; if the library is being shut down, maybe by the
/// thread of `kopokopo_call`. It must return soon, because other calls wait for that thread, and must not unwind. It may call every
/// function of the library except `kopokopo_call_wait`.
pub type KopokopoDone =
    Option<unsafe extern "C" fn(user: *mut c_void, status: KopokopoStatus, result: *const KopokopoResult)>;

/// As `KopokopoDone`, with the members of the result in place of a pointer to it. For languages that run the function after it has
/// returned to the library, such as Dart: its listeners get copies of the arguments as a message.
///
/// `data` can be read until `handle` is freed.
pub type KopokopoEnded = Option<
    unsafe extern "C" fn(
        user: *mut c_void,
        status: KopokopoStatus,
        handle: u64,
        data: *const u8,
        length: usize,
        object: u64,
    ),
>;

/// How a call is cancelled.
pub(crate) struct Running {
    cancel: Cancel,
    /// Takes what the caller learns.
    cancelled: oneshot::Sender<Option<Error>>,
}

/// Why a call ended.
enum End {
    Result(Result<Output, Error>),
    Cancelled(Option<Error>),
}

/// A function of the program.
#[derive(Clone, Copy)]
enum Told {
    ByPointer(unsafe extern "C" fn(*mut c_void, KopokopoStatus, *const KopokopoResult)),
    ByValue(unsafe extern "C" fn(*mut c_void, KopokopoStatus, u64, *const u8, usize, u64)),
}

/// A function of the program and its argument.
struct Listener {
    told: Told,
    user: *mut c_void,
}

// SAFETY: the documentation of `KopokopoDone` says that another thread calls it, with this argument.
unsafe impl Send for Listener {}

impl Listener {
    /// # Safety
    /// The function can be called with this argument.
    unsafe fn tell(&self, status: KopokopoStatus, result: &KopokopoResult) {
        let KopokopoResult { handle, data, length, object } = *result;
        // SAFETY: the caller promises it.
        unsafe {
            match self.told {
                Told::ByPointer(done) => done(self.user, status, result),
                Told::ByValue(ended) => ended(self.user, status, handle, data, length, object),
            }
        }
    }
}

/// A call that the program waits for. If it is dropped before its end, that is its end.
struct Pending {
    listener: Option<Listener>,
    handle: u64,
    call: Call,
    cancel: Cancel,
    cancelled: oneshot::Receiver<Option<Error>>,
}

impl Pending {
    async fn run(mut self) {
        let end = tokio::select! {
            biased;
            result = &mut self.call => End::Result(result),
            // If the handle was freed, the call goes on.
            Ok(error) = &mut self.cancelled => End::Cancelled(error),
        };
        self.finish(end);
    }

    fn finish(&mut self, end: End) {
        let Some(listener) = self.listener.take() else { return };
        // It is used up if the program freed or cancelled it.
        drop(registry::take(self.handle));
        let (status, result) = match end {
            End::Result(output) => caught(|| KopokopoResult::value(output?.view())),
            End::Cancelled(Some(error)) => caught(|| Err(error.into())),
            End::Cancelled(None) => (KopokopoStatus::Cancelled, KopokopoResult::NONE),
        };
        // SAFETY: the caller of `kopokopo_call` promises that it can be called with this argument.
        unsafe { listener.tell(status, &result) };
    }
}

impl Drop for Pending {
    /// The runtime ended, or something panicked. A create that was sent has an unknown outcome.
    fn drop(&mut self) {
        if self.listener.is_none() {
            return;
        }
        let is_panic = std::thread::panicking();
        let error = self.cancel.cancel().unwrap_or_else(|| if is_panic { error::internal() } else { ended() });
        self.finish(End::Result(Err(error)));
    }
}

fn ended() -> Error {
    error::at(ErrorKind::Configuration, "runtime", "was shut down, because the program is ending")
}

/// Begins a method that sends requests, and returns at once. `done` receives its end.
///
/// - `object`: the handle of the object. It may be freed while the call is under way.
/// - `method`: the method's name in the contract, such as `create`.
/// - `arguments`: the text of a JSON object, or null. All texts are read before the function returns.
/// - `user`: is passed to `done`. The library does nothing else with it.
/// - `call`: receives a handle, with which the call can be cancelled, before `done` can be called. It ends with the call: nothing
///   needs to free it. It may be null.
///
/// Threads: any. It does not wait.
///
/// Errors: with a status other than `KOPOKOPO_STATUS_OK` there is no call, and `done` is never called. Wrong arguments are errors of the
/// call, which `done` receives.
///
/// # Safety
/// Pointers that are not null can be read for their lengths, `call` can be written, and `done` can be called once.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_call(
    object: u64,
    method: *const c_char,
    method_length: usize,
    arguments: *const c_char,
    arguments_length: usize,
    done: KopokopoDone,
    user: *mut c_void,
    call: *mut u64,
) -> KopokopoStatus {
    let told = done.map(Told::ByPointer);
    // SAFETY: the caller promises it.
    unsafe { listen(object, (method, method_length), (arguments, arguments_length), told, user, call) }
}

/// As `kopokopo_call`, with a function that may run after it has returned to the library: see `KopokopoEnded`.
///
/// Threads: any. It does not wait.
///
/// Errors: those of `kopokopo_call`.
///
/// # Safety
/// As for `kopokopo_call`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_call_by_value(
    object: u64,
    method: *const c_char,
    method_length: usize,
    arguments: *const c_char,
    arguments_length: usize,
    ended: KopokopoEnded,
    user: *mut c_void,
    call: *mut u64,
) -> KopokopoStatus {
    let told = ended.map(Told::ByValue);
    // SAFETY: the caller promises it.
    unsafe { listen(object, (method, method_length), (arguments, arguments_length), told, user, call) }
}

/// # Safety
/// As for `kopokopo_call`.
unsafe fn listen(
    object: u64,
    method: (*const c_char, usize),
    arguments: (*const c_char, usize),
    told: Option<Told>,
    user: *mut c_void,
    call: *mut u64,
) -> KopokopoStatus {
    guard_status(|| {
        process::check_running()?;
        let told = told.ok_or(KopokopoStatus::InvalidPointer)?;
        let object = registry::object(object)?;
        // SAFETY: the caller promises it.
        let begun = match unsafe { begin(&object, method, arguments) } {
            Ok(begun) => begun,
            Err(Failure::Misuse(status)) => return Err(status),
            Err(Failure::Error(error)) => Call::failed(*error),
        };
        let (sender, receiver) = oneshot::channel();
        let cancel = begun.cancel();
        let handle = registry::insert(Entry::Call(Running { cancel: cancel.clone(), cancelled: sender }));
        if !call.is_null() {
            // SAFETY: it is not null, and the caller promises that it can be written.
            unsafe { call.write(handle) };
        }
        let listener = Some(Listener { told, user });
        let pending = Pending { listener, handle, call: begun, cancel, cancelled: receiver };
        // If the runtime has ended, the call is dropped, and that is its end.
        drop(runtime::spawn(pending.run()));
        Ok(())
    })
}

/// # Safety
/// As for `kopokopo_call`.
unsafe fn begin(
    object: &Object,
    (method, method_length): (*const c_char, usize),
    (given, given_length): (*const c_char, usize),
) -> Result<Call, Failure> {
    // SAFETY: the caller promises it.
    let (method, given) = unsafe { (text(method, method_length, "method")?, arguments(given, given_length)?) };
    Ok(object.call(method, given))
}

/// Calls a method that sends requests, and waits for its result. It cannot be cancelled: use `kopokopo_call` for that.
///
/// The arguments are those of `kopokopo_call`. The result belongs to the caller.
///
/// Threads: any but those of the library, so not within `KopokopoDone`, `KopokopoAsk` and the like. It waits at most for the
/// timeouts of the client.
///
/// Errors: `KOPOKOPO_STATUS_ERROR` with the error of the call.
///
/// # Safety
/// Pointers that are not null can be read for their lengths, and `out` can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn kopokopo_call_wait(
    object: u64,
    method: *const c_char,
    method_length: usize,
    arguments: *const c_char,
    arguments_length: usize,
    out: *mut KopokopoResult,
) -> KopokopoStatus {
    let work = || {
        if Handle::try_current().is_ok() {
            return Err(KopokopoStatus::WrongThread.into());
        }
        let object = registry::object(object)?;
        // SAFETY: the caller promises it.
        let call = unsafe { begin(&object, (method, method_length), (arguments, arguments_length)) }?;
        KopokopoResult::value(runtime::block_on(call)?.view())
    };
    // SAFETY: the caller promises it.
    unsafe { guard(out, work) }
}

/// Cancels a call, and ends its handle. `done` receives what the program must know, soon after:
///
/// - `KOPOKOPO_STATUS_CANCELLED`: no request that creates something was sent, and none will be.
/// - `KOPOKOPO_STATUS_ERROR` with the kind `outcome_unknown`: a request that creates something was sent. It is not aborted, and the program must
///   not send it again.
/// - the call's own result, if it was there already.
///
/// Threads: any, also within `done` of another call. It does not wait.
///
/// Errors: `KOPOKOPO_STATUS_INVALID_HANDLE` if the call has ended or was cancelled before, which does no harm. `KOPOKOPO_STATUS_SHUT_DOWN`.
#[unsafe(no_mangle)]
pub extern "C" fn kopokopo_cancel(call: u64) -> KopokopoStatus {
    guard_status(|| {
        process::check_running()?;
        let entry = registry::take_if(call, |entry| matches!(entry, Entry::Call(_)))?;
        if let Entry::Call(Running { cancel, cancelled }) = entry {
            // Decided before the call learns of it. If that has ended meanwhile, it has its result.
            drop(cancelled.send(cancel.cancel()));
        }
        Ok(())
    })
}
