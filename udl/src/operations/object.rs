//! Objects of the contract, and their methods by name.

use std::sync::Arc;

use super::{Output, unknown};
use crate::{
    api,
    error::{self, Result},
    panic::guard,
    runtime::Work,
    value::Arguments,
};

/// A call under way. Any executor can poll it, or [`crate::runtime::block_on`]. Dropping it cancels the call; a request
/// that was sent still finishes.
pub type Call = Work<Result<Output>>;

/// An object of the contract.
#[derive(Debug, Clone)]
pub enum Object {
    /// `KopoKopo`.
    Client(api::KopoKopo),
    /// `WebhookVerifier`.
    Verifier(api::Webhooks),
    /// A section of the API, a handle or a watch.
    Other(Arc<dyn Methods>),
}

/// The methods of an object, by name.
pub trait Methods: std::fmt::Debug + Send + Sync {
    /// The object's name in the contract: `CreatedIncomingPayment`.
    fn name(&self) -> &'static str;

    /// The operation of a method, as errors name it: `incoming_payments.create`. Handles have none.
    fn operation(&self, _method: &str) -> Option<&'static str> {
        None
    }

    /// Calls a method that sends nothing.
    ///
    /// # Errors
    /// The method's own.
    fn call_sync(&self, method: &str, arguments: Arguments) -> Result<Output>;

    /// Begins a method that sends a request.
    ///
    /// # Errors
    /// `invalid_request` for arguments that do not fit.
    fn begin(&self, method: &str, arguments: Arguments) -> Result<Call>;
}

impl Object {
    /// Its name in the contract: `CreatedIncomingPayment`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Client(_) => "KopoKopo",
            Self::Verifier(_) => "WebhookVerifier",
            Self::Other(methods) => methods.name(),
        }
    }

    /// The operation of a method, as errors name it: `incoming_payments.create`.
    pub fn operation(&self, method: &str) -> Option<&'static str> {
        match self {
            Self::Client(_) | Self::Verifier(_) => None,
            Self::Other(methods) => methods.operation(method),
        }
    }

    /// The kind of the error for an argument that does not fit.
    pub fn argument_error_kind(&self) -> api::ErrorKind {
        match self {
            Self::Client(_) => api::ErrorKind::Configuration,
            Self::Verifier(_) | Self::Other(_) => api::ErrorKind::InvalidRequest,
        }
    }

    /// Calls a method that sends a request. Errors are the method's own; `invalid_request` for arguments that do not fit
    /// and unknown methods.
    pub fn call(&self, method: &str, arguments: Arguments) -> Call {
        guard(|| match self {
            Self::Client(_) | Self::Verifier(_) => Err(unknown(self.name(), method)),
            Self::Other(own) => own.begin(method, arguments),
        })
        .unwrap_or_else(|error| Work::ready(Err(error.in_operation(self.operation(method)))))
    }

    /// The verifier, if it is one.
    ///
    /// # Errors
    /// `internal` for another object.
    pub fn verifier(&self) -> Result<&api::Webhooks> {
        match self {
            Self::Verifier(verifier) => Ok(verifier),
            other => Err(error::error(api::ErrorKind::Internal, format!("{} is not a WebhookVerifier", other.name()))),
        }
    }
}

/// An operation of the contract, for listings.
#[derive(Debug)]
pub struct Operation {
    /// The client's name for the section: `incoming_payments`.
    pub section: &'static str,
    /// The method: `create`.
    pub name: &'static str,
    /// The first sentence of its documentation.
    pub about: &'static str,
    /// Whether its result is a handle, which can be waited on.
    pub creates: bool,
}
