//! `wait` and `watch` by id, for every section whose resources reach a final state.

#[allow(clippy::wildcard_imports, reason = "every section and its resource")]
use super::*;
use crate::{
    error::Result,
    types::ResourceId,
    watch::{WaitOptions, Watch},
};

macro_rules! waits {
    ($($section:ident: $resource:ident,)*) => {$(
        impl $section {
            /// Waits until the resource with this id reaches a final state, for example after a restart of the program.
            /// Final does not mean successful: check the resource. The first poll is immediate.
            ///
            /// # Errors
            /// `not_final` if the timeout ends first; the request itself is not cancelled. `not_found` if no resource
            /// has this id. `invalid_request` for a timeout or interval of zero. Transient failures (no connection, a
            /// timeout, 429, 5xx) do not end the wait. Every error has the resource's id.
            pub async fn wait(&self, id: &str, options: WaitOptions) -> Result<$resource> {
                self.watch(id, options)?.last().await
            }

            /// Returns the states of the resource with this id as they change, up to the final one.
            ///
            /// # Errors
            /// `invalid_request` for an invalid id, or a timeout or interval of zero.
            pub fn watch(&self, id: &str, options: WaitOptions) -> Result<Watch<$resource>> {
                Watch::new(self.client.clone(), ResourceId::parse(id)?, None, options)
            }
        }
    )*};
}

waits! {
    WebhookSubscriptions: WebhookSubscription,
    IncomingPayments: IncomingPayment,
    MerchantWallets: MerchantWallet,
    MerchantBankAccounts: MerchantBankAccount,
    ExternalRecipients: ExternalRecipient,
    SendMoneyRequests: SendMoney,
    PollingRequests: Polling,
    SmsNotifications: SmsNotification,
    Reversals: Reversal,
    PaymentLinks: PaymentLink,
    Payments: Payment,
    SettlementTransfers: SettlementTransfer,
}
