//! The table of topics.

/// Passes the topics of webhooks to a macro: for each its documentation, its name, the type of its resource and its word.
#[doc(hidden)]
#[macro_export]
macro_rules! topics {
    ($receive:ident) => {
        $receive! {
            /// A customer's payment was received.
            BuygoodsTransactionReceived(Transaction) = "buygoods_transaction_received",
            /// A customer's payment was reversed.
            BuygoodsTransactionReversed(Transaction) = "buygoods_transaction_reversed",
            /// A payment from another till was received.
            B2bTransactionReceived(Transaction) = "b2b_transaction_received",
            /// Another till's payment was reversed.
            B2bTransactionReversed(Transaction) = "b2b_transaction_reversed",
            /// Money was settled to the merchant's account.
            SettlementTransferCompleted(Settlement) = "settlement_transfer_completed",
            /// A customer paid for the first time.
            CustomerCreated(Customer) = "customer_created",
            /// A card payment was received.
            CardTransactionReceived(CardTransaction) = "card_transaction_received",
            /// A card payment was voided.
            CardTransactionVoided(CardTransaction) = "card_transaction_voided",
            /// A card payment was reversed.
            CardTransactionReversed(CardTransaction) = "card_transaction_reversed",
        }
    };
}
