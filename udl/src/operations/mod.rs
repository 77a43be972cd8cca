//! Every operation of the contract by its name, over the core's own types.
//!
//! A host makes an `Object`, calls its methods by name with [`Arguments`](crate::value::Arguments), and makes its own
//! values from the [`View`](crate::value::View) of the [`Output`]. It knows no type of the contract.
//!
//! An argument that is a record is flattened: its fields are arguments like the others.
//!
//! Without the feature `client` there are only functions, webhooks and their records.

#[cfg(feature = "client")]
mod client;
pub(crate) mod functions;
mod generated;
#[cfg(feature = "client")]
mod journal;
#[cfg(feature = "client")]
mod methods;
#[cfg(feature = "client")]
mod object;
#[cfg(feature = "client")]
mod sections;
#[cfg(all(test, feature = "client"))]
mod tests;
pub(crate) mod verifier;

pub use functions::{contract_hash, function, sign_webhook, version};
pub use generated::CONTRACT_HASH;
pub use verifier::webhook_verifier;

#[cfg(feature = "client")]
pub use self::{
    client::with_token_source,
    journal::with_journal,
    object::{Call, Methods, Object, Operation},
    sections::OPERATIONS,
};

use crate::{
    api,
    error::{self, Error},
    value::Reflect,
};

/// The result of a call: look at its [`View`](crate::value::View).
pub type Output = Box<dyn Reflect>;

fn output<T: Reflect + 'static>(value: T) -> Output {
    Box::new(value)
}

fn unknown(object: &str, name: &str) -> Error {
    error::error(api::ErrorKind::InvalidRequest, format!("{object}: the contract has no `{name}` of this kind"))
}
