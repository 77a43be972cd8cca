//! The C ABI: the contract's operations by their names, for any language that can call C. `include/kopokopo.h` is made of
//! this crate by `cargo xtask gen`. `README.md` describes the form of arguments and results.
//!
//! Everything that crosses is a number, a pointer with a length, or a handle: a number that the library never uses twice. So
//! a handle that was freed, or that belongs to something else, is an error and no access to freed memory.
//!
//! A function reads its pointers first (`input`), works inside of `result::guard`, which catches panics, and writes its result
//! to the caller's `KopokopoResult`. `registry` has what the handles mean. `done` functions of calls are called exactly once
//! (`calls`).

mod calls;
mod input;
mod log;
mod objects;
mod process;
mod questions;
mod registry;
mod result;
mod status;
#[cfg(not(feature = "apps"))]
mod webhooks;

pub use calls::{
    KopokopoDone, KopokopoEnded, kopokopo_call, kopokopo_call_by_value, kopokopo_call_wait, kopokopo_cancel,
};
pub use log::{KopokopoLog, kopokopo_set_log};
#[cfg(not(feature = "apps"))]
pub use objects::kopokopo_make;
pub use objects::{kopokopo_call_sync, kopokopo_function};
pub use process::{
    kopokopo_contract, kopokopo_finalize, kopokopo_free, kopokopo_set_language, kopokopo_shutdown, kopokopo_version,
};
pub use questions::{
    KopokopoAsk, KopokopoRelease, kopokopo_reply_error, kopokopo_reply_token, kopokopo_with_token_source,
};
#[cfg(not(feature = "apps"))]
pub use questions::{KopokopoExecute, kopokopo_reply_text, kopokopo_with_journal};
pub use result::KopokopoResult;
pub use status::KopokopoStatus;
#[cfg(not(feature = "apps"))]
pub use webhooks::{kopokopo_parse_unverified, kopokopo_sign_webhook, kopokopo_verify, kopokopo_verify_signature};
