//! The API, with one file for each section of its reference. A file has the section's endpoints, its request and
//! response types, and its methods.

/// Declares a section of the client: the operations of one section of the API reference.
macro_rules! section {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[cfg(feature = "client")]
        #[derive(Debug, Clone)]
        pub struct $name {
            pub(super) client: $crate::client::KopoKopo,
        }

        #[cfg(feature = "client")]
        impl $name {
            pub(crate) fn new(client: $crate::client::KopoKopo) -> Self {
                Self { client }
            }

            /// This section with an idempotency key for its creates: see [`crate::KopoKopo::idempotent`].
            ///
            /// # Errors
            /// `invalid_request`, field `idempotency_key`, for a key that is too long or not printable ASCII.
            pub fn idempotent(&self, key: impl Into<String>) -> $crate::error::Result<Self> {
                Ok(Self { client: self.client.idempotent(key)? })
            }
        }
    };
}

/// Implements [`Resource`] for a type whose document is `{"data": {"id", "type", "attributes"}}`. The list has the
/// documented values of `type`. It is empty if the documentation shows none.
macro_rules! resource {
    ($name:ident, $get:ident, [$($type:literal),*], $this:ident => $state:expr, $is_final:expr) => {
        impl $crate::resources::Resource for $name {
            const GET: &'static $crate::endpoint::Endpoint = &$get;
            const TYPES: &'static [&'static str] = &[$($type),*];

            fn from_body(body: &[u8]) -> $crate::error::Result<Self> {
                let (id, raw, resource) = $crate::resources::document::read::<Self>(body)?;
                Ok(Self { id, raw, ..resource })
            }

            fn is_final(&self) -> bool {
                let $this = self;
                $is_final
            }

            fn state(&self) -> &str {
                let $this = self;
                $state
            }
        }
    };
}

mod destinations;
pub(crate) mod document;
mod expected_payment;
mod external_recipients;
mod hidden;
mod incoming_payments;
mod merchant_bank_accounts;
mod merchant_wallets;
mod payment_links;
mod payments;
mod polling;
mod raw_requests;
mod reversals;
mod send_money;
mod settlement_transfers;
mod sms_notifications;
mod states;
mod transactions;
mod transfers;
#[cfg(feature = "client")]
mod waits;
mod webhook_subscriptions;

// Everything that a section declares as `pub` is part of the public API.
pub use self::{
    destinations::*, expected_payment::*, external_recipients::*, incoming_payments::*, merchant_bank_accounts::*,
    merchant_wallets::*, payment_links::*, payments::*, polling::*, raw_requests::*, reversals::*, send_money::*,
    settlement_transfers::*, sms_notifications::*, transactions::*, transfers::*, webhook_subscriptions::*,
};

pub(crate) use document::WireLinks;
pub(crate) use expected_payment::{bounded_key, direction, movement_key};

use crate::{endpoint::Endpoint, error::Result, types::ResourceId};

/// A resource of the API, which can be read by its id.
pub trait Resource: Sized + Send + 'static {
    /// The endpoint that reads it.
    const GET: &'static Endpoint;

    /// The values of its `data.type`. Empty if the documentation shows none.
    const TYPES: &'static [&'static str];

    /// Reads it from a response or a result callback, with any id.
    ///
    /// # Errors
    /// `decode` if the body is not a document of this resource.
    fn from_body(body: &[u8]) -> Result<Self>;

    /// Reads it from the response to a read of this id. A cache or a desynchronised connection can return another
    /// resource: the document must have this id, and the type of this resource.
    ///
    /// # Errors
    /// `decode` if the body is not a document of this resource, or describes another resource. The error names both
    /// ids.
    fn from_response(body: &[u8], id: &ResourceId) -> Result<Self> {
        document::check_identity(body, id, Self::TYPES)?;
        Self::from_body(body)
    }

    /// Whether its state is final. Final does not mean successful.
    fn is_final(&self) -> bool;

    /// Its state, as the API writes it.
    fn state(&self) -> &str;
}
