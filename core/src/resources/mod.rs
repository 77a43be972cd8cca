//! The API, one file for each section of its reference, in its order and with its names. A file holds the section's
//! endpoints, its request and response types, and its methods.

/// A room of operations: one section of the API reference.
macro_rules! section {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            pub(super) client: $crate::client::KopoKopo,
        }

        impl $name {
            pub(crate) fn new(client: $crate::client::KopoKopo) -> Self {
                Self { client }
            }
        }
    };
}

/// A resource whose document is `{"data": {"id", "type", "attributes"}}`, with the attributes side by side with the id.
macro_rules! resource {
    ($name:ident, $get:ident, $this:ident => $state:expr, $is_final:expr) => {
        impl $crate::resources::Resource for $name {
            const GET: &'static $crate::endpoint::Endpoint = &$get;

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
mod external_recipients;
mod incoming_payments;
mod merchant_bank_accounts;
mod merchant_wallets;
mod payment_links;
mod payments;
mod polling;
mod reversals;
mod send_money;
mod settlement_transfers;
mod sms_notifications;
mod transactions;
mod waits;
mod webhook_subscriptions;

pub use destinations::{
    BankAccountDestination, Destination, MerchantDestination, MobileWalletDestination, PaybillDestination,
    TillDestination,
};
pub use external_recipients::{
    BankAccountRecipientRequest, ExternalRecipient, ExternalRecipients, MobileWalletRecipientRequest,
    PaybillRecipientRequest, TillRecipientRequest,
};
pub use incoming_payments::{IncomingPayment, IncomingPaymentRequest, IncomingPaymentStatus, IncomingPayments};
pub use merchant_bank_accounts::{MerchantBankAccount, MerchantBankAccountRequest, MerchantBankAccounts};
pub use merchant_wallets::{MerchantWallet, MerchantWalletRequest, MerchantWallets};
pub use payment_links::{PaymentLink, PaymentLinkRequest, PaymentLinkStatus, PaymentLinks};
pub use payments::{Payment, PaymentAmount, Payments};
pub use polling::{PolledTransaction, Polling, PollingRequest, PollingRequests};
pub use reversals::{Reversal, ReversalBulkPayment, ReversalRequest, Reversals};
pub use send_money::{
    Disbursement, RequestStatus, SendMoney, SendMoneyDestination, SendMoneyRequest, SendMoneyRequests, SweepRequest,
    TransferBatch, TransferStatus,
};
pub use settlement_transfers::{SettlementTransfer, SettlementTransfers};
pub use sms_notifications::{SmsNotification, SmsNotificationRequest, SmsNotifications};
pub use transactions::{
    CardTransaction, Customer, Links, Settlement, SettlementDestination, Transaction, TransactionStatus,
};
pub use webhook_subscriptions::{WebhookSubscription, WebhookSubscriptionRequest, WebhookSubscriptions};

pub(crate) use document::WireLinks;

use crate::{endpoint::Endpoint, error::Result};

/// A thing of the API that can be read again by its id.
pub trait Resource: Sized + Send + 'static {
    /// How it is read.
    const GET: &'static Endpoint;

    /// Reads it from an answer or a result callback.
    ///
    /// # Errors
    /// `decode` where the body is not such a document.
    fn from_body(body: &[u8]) -> Result<Self>;

    /// Whether nothing more will happen to it by itself. Final is not the same as successful.
    fn is_final(&self) -> bool;

    /// Its state in the API's own word.
    fn state(&self) -> &str;
}
