//! How a function ended.

/// How a function or a call ended. Statuses other than `KOPOKOPO_STATUS_OK`, `KOPOKOPO_STATUS_ERROR` and `KOPOKOPO_STATUS_CANCELLED` are mistakes
/// of the caller: nothing was done, and there is no result.
#[repr(i32)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KopokopoStatus {
    /// The result is a value.
    Ok = 0,
    /// The result is an error of the library.
    Error = 1,
    /// Only for `KopokopoDone`: the call was cancelled. No request that creates something was sent, and none will be.
    Cancelled = 2,
    /// A pointer is null that must not be, or no memory has the length that belongs to it.
    InvalidPointer = 3,
    /// The handle is zero, was freed or used up, or belongs to something of another type.
    InvalidHandle = 4,
    /// `kopokopo_shutdown` was called.
    ShutDown = 5,
    /// The function waits, and was called by a thread of the library, which would wait for itself.
    WrongThread = 6,
    /// It can be set once, and was set before.
    AlreadySet = 7,
}
