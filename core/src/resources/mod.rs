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

pub use destinations::{
    BankAccountDestination, Destination, MerchantDestination, MobileWalletDestination, PaybillDestination,
    TillDestination,
};
pub use expected_payment::ExpectedPayment;
pub use external_recipients::{
    BankAccountRecipientRequest, ExternalRecipient, MobileWalletRecipientRequest, PaybillRecipientRequest,
    TillRecipientRequest,
};
pub use incoming_payments::{IncomingPayment, IncomingPaymentRequest, IncomingPaymentStatus};
pub use merchant_bank_accounts::{MerchantBankAccount, MerchantBankAccountRequest};
pub use merchant_wallets::{MerchantWallet, MerchantWalletRequest};
pub use payment_links::{PaymentLink, PaymentLinkRequest, PaymentLinkStatus};
pub use payments::{Payment, PaymentAmount};
pub use polling::{PolledTransaction, Polling, PollingRequest};
pub use raw_requests::{RawPostRequest, RawResponse};
pub use reversals::{Reversal, ReversalBulkPayment, ReversalRequest};
pub use send_money::{RequestStatus, SendMoney, SendMoneyDestination, SendMoneyRequest, SweepRequest};
pub use settlement_transfers::SettlementTransfer;
pub use sms_notifications::{SmsNotification, SmsNotificationRequest};
pub use transactions::{
    CardTransaction, Customer, Links, Settlement, SettlementDestination, Transaction, TransactionStatus,
};
pub use transfers::{Disbursement, TransferBatch, TransferStatus};
pub use webhook_subscriptions::{WebhookSubscription, WebhookSubscriptionRequest};

#[cfg(feature = "client")]
pub use self::{
    external_recipients::ExternalRecipients, incoming_payments::IncomingPayments,
    merchant_bank_accounts::MerchantBankAccounts, merchant_wallets::MerchantWallets, payment_links::PaymentLinks,
    payments::Payments, polling::PollingRequests, raw_requests::RawRequests, reversals::Reversals,
    send_money::SendMoneyRequests, settlement_transfers::SettlementTransfers, sms_notifications::SmsNotifications,
    webhook_subscriptions::WebhookSubscriptions,
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
