//! Client for the Kopo Kopo API (K2 Connect): M-PESA payments in Kenya.
//!
//! Not affiliated with Kopo Kopo Inc.

#![forbid(unsafe_code)]

mod answer;
mod auth;
mod builder;
mod cancel;
mod client;
mod created;
mod detail;
mod endpoint;
mod environment_proxy;
mod error;
mod failure;
mod options;
mod origin;
mod pipeline;
mod process;
mod redact;
pub mod resources;
mod retry;
pub mod transport;
pub mod types;
mod validate;
mod watch;
pub mod webhooks;

pub use auth::{AccessToken, Introspection, OAuth, Token, TokenApplication, TokenInfo, TokenSource};
pub use builder::{Builder, Environment};
pub use cancel::{CancelHandle, Cancelled, cancellable};
pub use client::KopoKopo;
pub use created::Created;
pub use endpoint::{Endpoint, Safety};
pub use error::{ErrorKind, KopoKopoError, Result};
pub use options::{CallOptions, Timeouts};
#[doc(hidden)]
pub use redact::redact_all;
pub use retry::RetryOptions;
#[doc(hidden)]
pub use retry::parse_retry_after;
pub use watch::{WaitOptions, Watch};
