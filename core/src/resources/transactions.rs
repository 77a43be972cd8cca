//! Types that webhooks, results and responses share.

use serde::{Deserialize, Serialize};

use super::hidden::redacted_debug;
use crate::{
    resources::{Disbursement, ExpectedPayment, TransferStatus, direction, movement_key},
    types::{Amount, Currency, Personal, Timestamp, de, open_enum},
};

open_enum! {
    /// The status of a transaction.
    pub enum TransactionStatus {
        /// The money was received.
        Received = "Received",
        /// The money was received from another till.
        Complete = "Complete",
        /// The money was returned.
        Reversed = "Reversed",
    }
}

/// A payment from a customer or from another till (API reference, Buygoods Transaction and B2B Transaction).
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, from = "WireTransaction")]
#[non_exhaustive]
pub struct Transaction {
    /// Its id.
    pub id: Option<String>,
    /// The M-PESA reference. It is the only link between an STK push and its buygoods webhook.
    pub reference: Option<String>,
    /// When it happened.
    pub origination_time: Option<Timestamp>,
    /// The customer's phone number. Often missing in production.
    pub sender_phone_number: Option<Personal>,
    /// The customer's hashed phone number, to compare with [`crate::types::hash_phone`].
    pub hashed_sender_phone: Option<Personal>,
    /// The number or the name of the till that paid.
    pub sending_till: Option<String>,
    /// The amount.
    pub amount: Option<Amount>,
    /// The currency.
    pub currency: Option<Currency>,
    /// The till that received the money.
    pub till_number: Option<String>,
    /// The payment system: `Lipa Na M-PESA`.
    pub system: Option<String>,
    /// Its status.
    pub status: Option<TransactionStatus>,
    /// The customer's first name.
    pub sender_first_name: Option<Personal>,
    /// The customer's middle name.
    pub sender_middle_name: Option<Personal>,
    /// The customer's last name.
    pub sender_last_name: Option<Personal>,
}

redacted_debug!(Transaction { id, reference, origination_time, sender_phone_number, hashed_sender_phone, amount, currency, till_number, system, status, sender_first_name, sender_middle_name, sender_last_name } hides { sending_till });

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireTransaction {
    #[serde(deserialize_with = "de::string")]
    id: Option<String>,
    #[serde(deserialize_with = "de::string")]
    reference: Option<String>,
    #[serde(deserialize_with = "de::timestamp")]
    origination_time: Option<Timestamp>,
    #[serde(deserialize_with = "de::text")]
    sender_phone_number: Option<Personal>,
    #[serde(deserialize_with = "de::text")]
    hashed_sender_phone: Option<Personal>,
    #[serde(deserialize_with = "de::string")]
    sending_till: Option<String>,
    #[serde(deserialize_with = "de::amount")]
    amount: Option<Amount>,
    #[serde(deserialize_with = "currency")]
    currency: Option<Currency>,
    #[serde(deserialize_with = "de::string")]
    till_number: Option<String>,
    #[serde(deserialize_with = "de::string")]
    system: Option<String>,
    #[serde(deserialize_with = "de::text")]
    status: Option<TransactionStatus>,
    #[serde(deserialize_with = "de::text")]
    sender_first_name: Option<Personal>,
    #[serde(deserialize_with = "de::text")]
    sender_middle_name: Option<Personal>,
    #[serde(deserialize_with = "de::text")]
    sender_last_name: Option<Personal>,
    /// Older names of the reference, the phone number and the till.
    #[serde(deserialize_with = "de::string")]
    transaction_reference: Option<String>,
    #[serde(deserialize_with = "de::text")]
    sender_msisdn: Option<Personal>,
    #[serde(deserialize_with = "de::string")]
    till_identifier: Option<String>,
}

impl From<WireTransaction> for Transaction {
    fn from(wire: WireTransaction) -> Self {
        Self {
            id: wire.id,
            reference: wire.reference.or(wire.transaction_reference),
            origination_time: wire.origination_time,
            sender_phone_number: wire.sender_phone_number.or(wire.sender_msisdn),
            hashed_sender_phone: wire.hashed_sender_phone,
            sending_till: wire.sending_till,
            amount: wire.amount,
            currency: wire.currency,
            till_number: wire.till_number.or(wire.till_identifier),
            system: wire.system,
            status: wire.status,
            sender_first_name: wire.sender_first_name,
            sender_middle_name: wire.sender_middle_name,
            sender_last_name: wire.sender_last_name,
        }
    }
}

/// A payment by card (API reference, Card Transaction).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct CardTransaction {
    /// Its id.
    #[serde(deserialize_with = "de::string")]
    pub id: Option<String>,
    /// The card system's reference.
    #[serde(deserialize_with = "de::string")]
    pub reference: Option<String>,
    /// When it happened.
    #[serde(deserialize_with = "de::timestamp")]
    pub origination_time: Option<Timestamp>,
    /// The masked card number.
    #[serde(deserialize_with = "de::text")]
    pub customer_cc_number: Option<Personal>,
    /// The amount.
    #[serde(deserialize_with = "de::amount")]
    pub amount: Option<Amount>,
    /// The currency.
    #[serde(deserialize_with = "currency")]
    pub currency: Option<Currency>,
    /// The till or terminal.
    #[serde(deserialize_with = "de::string")]
    pub till_number: Option<String>,
    /// The card system.
    #[serde(deserialize_with = "de::string")]
    pub system: Option<String>,
    /// Its status.
    #[serde(deserialize_with = "de::text")]
    pub status: Option<TransactionStatus>,
    /// Whether the money was settled. Only received payments have it.
    #[serde(deserialize_with = "de::boolean")]
    pub settled: Option<bool>,
}

/// The fields that both types have.
impl From<&CardTransaction> for Transaction {
    fn from(card: &CardTransaction) -> Self {
        Self {
            id: card.id.clone(),
            reference: card.reference.clone(),
            origination_time: card.origination_time,
            amount: card.amount,
            currency: card.currency.clone(),
            till_number: card.till_number.clone(),
            system: card.system.clone(),
            status: card.status.clone(),
            ..Self::default()
        }
    }
}

/// A customer who paid for the first time (API reference, Mobile Money User).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Customer {
    /// First name.
    #[serde(deserialize_with = "de::text")]
    pub first_name: Option<Personal>,
    /// Middle name.
    #[serde(deserialize_with = "de::text")]
    pub middle_name: Option<Personal>,
    /// Last name.
    #[serde(deserialize_with = "de::text")]
    pub last_name: Option<Personal>,
    /// Phone number.
    #[serde(deserialize_with = "de::text")]
    pub phone_number: Option<Personal>,
}

/// Money that was settled to the merchant (API reference, Settlement Transfer Completed).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Settlement {
    /// Its id.
    #[serde(deserialize_with = "de::string")]
    pub id: Option<String>,
    /// The total amount.
    #[serde(deserialize_with = "de::amount")]
    pub amount: Option<Amount>,
    /// The currency.
    #[serde(deserialize_with = "currency")]
    pub currency: Option<Currency>,
    /// Its status.
    #[serde(deserialize_with = "de::text")]
    pub status: Option<TransferStatus>,
    /// When it happened.
    #[serde(deserialize_with = "de::timestamp")]
    pub origination_time: Option<Timestamp>,
    /// The destination of the money.
    #[serde(deserialize_with = "de::object")]
    pub destination: Option<SettlementDestination>,
    /// The payments.
    #[serde(deserialize_with = "de::list")]
    pub disbursements: Vec<Disbursement>,
}

/// The destination of a settlement: a mobile wallet or a bank account.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, from = "WireSettlementDestination")]
#[non_exhaustive]
pub struct SettlementDestination {
    /// `Bank Account` or `Mobile Wallet`.
    pub destination_type: Option<String>,
    /// The account's id.
    pub reference: Option<String>,
    /// The name on the bank account.
    pub account_name: Option<Personal>,
    /// The bank account's number.
    pub account_number: Option<Personal>,
    /// The bank's branch.
    pub bank_branch_ref: Option<String>,
    /// `EFT` or `RTS`.
    pub settlement_method: Option<String>,
    /// The wallet owner's first name.
    pub first_name: Option<Personal>,
    /// The wallet owner's last name.
    pub last_name: Option<Personal>,
    /// The wallet owner's e-mail address.
    pub email: Option<Personal>,
    /// The wallet's phone number.
    pub phone_number: Option<Personal>,
    /// The wallet's network.
    pub network: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireSettlementDestination {
    #[serde(deserialize_with = "de::string")]
    r#type: Option<String>,
    #[serde(deserialize_with = "de::object_or_default")]
    resource: WireSettlementAccount,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireSettlementAccount {
    #[serde(deserialize_with = "de::string")]
    reference: Option<String>,
    #[serde(deserialize_with = "de::text")]
    account_name: Option<Personal>,
    #[serde(deserialize_with = "de::text")]
    account_number: Option<Personal>,
    #[serde(deserialize_with = "de::string")]
    bank_branch_ref: Option<String>,
    #[serde(deserialize_with = "de::string")]
    settlement_method: Option<String>,
    #[serde(deserialize_with = "de::text")]
    first_name: Option<Personal>,
    #[serde(deserialize_with = "de::text")]
    last_name: Option<Personal>,
    #[serde(deserialize_with = "de::text")]
    email: Option<Personal>,
    #[serde(deserialize_with = "de::text")]
    phone_number: Option<Personal>,
    #[serde(deserialize_with = "de::string")]
    network: Option<String>,
}

impl From<WireSettlementDestination> for SettlementDestination {
    fn from(wire: WireSettlementDestination) -> Self {
        let account = wire.resource;
        Self {
            destination_type: wire.r#type,
            reference: account.reference,
            account_name: account.account_name,
            account_number: account.account_number,
            bank_branch_ref: account.bank_branch_ref,
            settlement_method: account.settlement_method,
            first_name: account.first_name,
            last_name: account.last_name,
            email: account.email,
            phone_number: account.phone_number,
            network: account.network,
        }
    }
}

/// The URLs of a resource, as the server wrote them. The client never sends a request to them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Links {
    /// The URL of the resource.
    #[serde(rename(deserialize = "self"), deserialize_with = "de::string")]
    pub self_url: Option<String>,
    /// The URL of the resource that a webhook reports.
    #[serde(rename(deserialize = "resource"), deserialize_with = "de::string")]
    pub resource_url: Option<String>,
    /// The URL that receives the results.
    #[serde(deserialize_with = "de::string")]
    pub callback_url: Option<String>,
}

/// A currency. An invalid one counts as absent.
pub(crate) fn currency<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Currency>, D::Error> {
    Ok(de::string(deserializer)?.and_then(|code| code.parse().ok()))
}

impl Transaction {
    /// Whether the money was received and not returned: the status is Received or Complete, and the amount is greater
    /// than zero. Compare the amount too before you credit an order: [`Self::is_paid_at_least`].
    pub fn is_received(&self) -> bool {
        matches!(self.status, Some(TransactionStatus::Received | TransactionStatus::Complete))
            && self.amount.is_some_and(|amount| amount.is_positive())
    }

    /// Whether the money was received, with at least this amount, in this currency, into this till.
    pub fn is_paid_at_least(&self, expected: &ExpectedPayment) -> bool {
        self.is_received() && expected.is_met_by(self)
    }

    /// The key of this payment: `mpesa:received:OJJ1MPU40Z`, or `mpesa:reversed:OJJ1MPU40Z` if it was reversed. Store
    /// it in a unique column. The same payment can be reported by a webhook, by the result of an STK push and by
    /// polling, with the same key each time.
    ///
    /// `None` if no money moved, or without a reference. At most 200 bytes of printable ASCII.
    pub fn payment_key(&self) -> Option<String> {
        movement_key("mpesa", direction(self)?, self.reference.as_deref())
    }
}
