//! Client for the Kopo Kopo API (K2 Connect): M-PESA payments in Kenya.
//!
//! Not affiliated with Kopo Kopo Inc.
//!
//! Without the default feature `client` the crate has only types, [`webhooks`] and errors, which need no network, no
//! clock and no entropy. So it compiles for `wasm32-unknown-unknown`.

#![forbid(unsafe_code)]
// Code that only the client calls stays next to its types. A build with the client reports code that is never called.
#![cfg_attr(not(feature = "client"), allow(dead_code))]

mod auth;
#[cfg(feature = "client")]
mod builder;
#[cfg(feature = "client")]
mod cancel;
#[cfg(feature = "client")]
mod client;
#[cfg(feature = "client")]
mod created;
mod detail;
mod endpoint;
#[cfg(feature = "client")]
mod environment_proxy;
mod error;
#[cfg(feature = "client")]
mod failure;
pub mod journal;
mod options;
#[cfg(feature = "client")]
mod origin;
#[cfg(feature = "client")]
mod pipeline;
#[cfg(feature = "client")]
mod process;
mod redact;
pub mod resources;
#[cfg(feature = "client")]
mod response;
#[cfg(feature = "client")]
mod retry;
#[cfg(feature = "client")]
pub mod transport;
pub mod types;
mod validate;
#[cfg(feature = "client")]
mod watch;
pub mod webhooks;

pub use auth::{Introspection, Token, TokenApplication, TokenInfo};
pub use endpoint::{Endpoint, RetrySafety};
pub use error::{ErrorKind, KopoKopoError, Result};
pub use options::{CallOptions, Timeouts};
#[doc(hidden)]
pub use redact::{redact_all, redact_name};
#[doc(hidden)]
pub use resources::document::is_deeper;

#[cfg(feature = "client")]
pub use self::{
    auth::{AccessToken, OAuth, TokenSource},
    builder::{Builder, Environment},
    cancel::{CancelHandle, Cancelled, cancellable},
    client::KopoKopo,
    created::Created,
    retry::RetryOptions,
    watch::{WaitOptions, Watch},
};
#[cfg(feature = "client")]
#[doc(hidden)]
pub use self::{
    process::{PerProcess, PerProcessValue},
    retry::parse_retry_after,
};
