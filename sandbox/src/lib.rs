//! The whole Kopo Kopo API, simulated offline with state: it checks what it gets, moves requests through their life
//! cycles, keeps money, signs and delivers callbacks and webhooks, and fails on demand.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let sandbox = kopokopo_sandbox::Sandbox::start().await?;
//! let k2 = kopokopo::KopoKopo::builder()
//!     .base_url(sandbox.base_url())
//!     .client_id(sandbox.client_id())
//!     .client_secret(sandbox.client_secret())
//!     .build()
//!     .expect("the sandbox's own credentials");
//! assert!(k2.oauth().token().await.is_ok());
//! # std::io::Result::Ok(()) }).unwrap();
//! ```
//!
//! Not affiliated with Kopo Kopo Inc.

#![forbid(unsafe_code)]

/// The snippets of the documents compile and run.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../../core/README.md")]
    struct Readme;
    #[doc = include_str!("../../docs/sandbox.md")]
    struct Sandbox;
}

mod api;
mod app;
mod body;
mod builder;
mod clock;
mod control;
mod deliveries;
mod delivery_worker;
#[doc(hidden)]
pub mod direct;
mod events;
mod faults;
mod guard;
mod handle;
mod health;
mod json;
mod log;
mod page;
mod params;
mod refusals;
mod reply;
mod requests;
mod routes;
mod rules;
pub mod samples;
mod sandbox;
mod saved;
mod scheduler;
mod server;
mod settings;
mod simulation;
mod snapshot;
mod state_file;
mod table;

/// The description of the API in OpenAPI 3.1. The sandbox serves it at `/openapi.yaml`.
pub const OPENAPI: &str = include_str!("../../docs/openapi/kopokopo.yaml");

pub use builder::Builder;
pub use deliveries::{Attempt, Delivery};
pub use faults::{Fault, FaultKind};
pub use health::Failure;
pub use log::{Log, LogEntry};
pub use requests::RecordedRequest;
pub use rules::{Evidence, MAGIC, Magic, RULES, Rule};
pub use sandbox::Sandbox;
pub use settings::Settings;
pub use simulation::checks::is_loopback;
pub use simulation::{
    Account, CustomerAction, CustomerData, Data, Pace, PaymentLinkShape, ReversalType, TillData, TransactionData,
};
