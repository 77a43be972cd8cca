//! The transaction that an event reports, and the keys of the payment and of the delivery.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use sha2::{Digest, Sha256};

use super::{Event, EventPayload};
use crate::resources::{
    ExpectedPayment, Resource, Transaction, TransactionStatus, TransferBatch, bounded_key, direction, movement_key,
};
#[cfg(doc)]
use crate::resources::{IncomingPayment, PaymentLink};

impl Event {
    /// The transaction that this event reports, in one format for webhooks, results and Daraja. `None` if it reports
    /// none, such as a failed or pending payment.
    ///
    /// - Buygoods and till-to-till webhooks: the webhook's own transaction.
    /// - Card webhooks: the fields that both have.
    /// - A successful incoming payment without errors: its transaction. A paid payment link: its payment.
    /// - Daraja's format: always KES, with the short code as the till. The status is `Received` for payments from
    ///   customers and tills, and absent for other transaction types.
    ///
    /// The topic determines the direction of the money: a reversal has the status `Reversed` and a voided card payment
    /// `Voided`, although their own status can be `Complete`.
    pub fn transaction(&self) -> Option<Cow<'_, Transaction>> {
        let reversed = TransactionStatus::Reversed;
        let own = match &self.payload {
            EventPayload::BuygoodsTransactionReceived(transaction)
            | EventPayload::B2bTransactionReceived(transaction) => return Some(Cow::Borrowed(transaction)),
            EventPayload::IncomingPayment(payment) => return payment.successful_transaction().map(Cow::Borrowed),
            EventPayload::BuygoodsTransactionReversed(transaction)
            | EventPayload::B2bTransactionReversed(transaction) => reversed_or_voided(transaction.clone(), reversed),
            EventPayload::CardTransactionReceived(card) => Transaction::from(card),
            EventPayload::CardTransactionReversed(card) => reversed_or_voided(card.into(), reversed),
            EventPayload::CardTransactionVoided(card) => {
                reversed_or_voided(card.into(), TransactionStatus::Other(VOIDED.to_owned()))
            }
            EventPayload::PaymentLink(link) => link.payment()?,
            EventPayload::DarajaBuygoods(transaction) | EventPayload::DarajaB2b(transaction) => {
                transaction.transaction(Some(TransactionStatus::Received))
            }
            EventPayload::DarajaOther(transaction) => transaction.transaction(None),
            _ => return None,
        };
        Some(Cow::Owned(own))
    }

    /// Whether this event reports a received payment, with at least this amount, in this currency, into this till.
    pub fn is_paid_at_least(&self, expected: &ExpectedPayment) -> bool {
        self.transaction().is_some_and(|transaction| transaction.is_paid_at_least(expected))
    }

    /// The key of the payment: `mpesa:received:OJJ1MPU40Z`, `mpesa:reversed:OJJ1MPU40Z`, `card:received:...`,
    /// `card:reversed:...`, `card:voided:...`. `None` if no money moved, or without a reference.
    ///
    /// Credit an order once per payment key, not once per [`Self::dedupe_key`], which identifies a delivery. One STK
    /// payment can be reported by an incoming payment result and by a buygoods webhook, with two dedupe keys and one
    /// payment key. Store the payment key in a unique column, in the same database transaction as the credit. Payments
    /// that are read have the same key: [`IncomingPayment::payment_key`], [`PaymentLink::payment_key`],
    /// [`Transaction::payment_key`].
    ///
    /// At most 200 bytes of printable ASCII. A reference that does not fit is replaced by its SHA-256.
    pub fn payment_key(&self) -> Option<String> {
        let transaction = self.transaction()?;
        let reference = transaction.reference.as_deref();
        match &self.payload {
            EventPayload::CardTransactionVoided(_) if is_voided(&transaction) => {
                movement_key("card", "voided", reference)
            }
            EventPayload::CardTransactionReceived(_)
            | EventPayload::CardTransactionReversed(_)
            | EventPayload::CardTransactionVoided(_) => movement_key("card", direction(&transaction)?, reference),
            _ => transaction.payment_key(),
        }
    }

    /// The key of this delivery. Store it, and skip a delivery whose key is stored already. It is not the key of the
    /// payment: see [`Self::payment_key`].
    ///
    /// Deliveries can repeat and have no id of their own, so the key is made from the content. For a webhook: its topic
    /// and id. For a result: its type, id and state, because each new state of a request is reported. For Daraja: the
    /// transaction type and id. Without an id, and for results of an unknown type, it is made from the whole text.
    ///
    /// At most 200 bytes without control characters. A longer key is replaced by its SHA-256.
    pub fn dedupe_key(&self) -> String {
        bounded_key(self.delivery_key())
    }

    fn delivery_key(&self) -> String {
        let named = match &self.payload {
            EventPayload::DarajaBuygoods(transaction)
            | EventPayload::DarajaB2b(transaction)
            | EventPayload::DarajaOther(transaction) => &transaction.trans_id,
            _ => &self.id,
        };
        let Some(id) = named.as_deref().filter(|id| !id.trim().is_empty()) else {
            return format!("{}:{}", self.topic, self.digest());
        };
        let mut key = format!("{}:{id}", self.topic);
        let _ = match &self.payload {
            EventPayload::IncomingPayment(payment) => write!(key, ":{}", payment.state()),
            EventPayload::SendMoney(request) => {
                transfers(&mut key, request.state(), &request.transfer_batches, &request.errors)
            }
            EventPayload::Payment(request) => {
                transfers(&mut key, request.state(), &request.transfer_batches, &request.errors)
            }
            EventPayload::SettlementTransfer(request) => {
                transfers(&mut key, request.state(), &request.transfer_batches, &request.errors)
            }
            EventPayload::Polling(request) => write!(key, ":{}", request.state()),
            EventPayload::SmsNotification(request) => write!(key, ":{}", request.state()),
            EventPayload::Reversal(reversal) => {
                let outcome = reversal.reversal_bulk_payment.as_ref().and_then(|payment| payment.status.as_ref());
                let outcome = outcome.map_or("", |status| status.as_str());
                write!(key, ":{}:{outcome}:{}", reversal.state(), reversal.errors.len())
            }
            // Two failed attempts in a row differ only in their text.
            EventPayload::PaymentLink(link) if link.has_failed_attempt() => {
                write!(key, ":{}:{}", link.state(), self.digest())
            }
            EventPayload::PaymentLink(link) => {
                write!(key, ":{}:{}", link.state(), link.transaction_reference.as_deref().unwrap_or_default())
            }
            // A result of an unknown type can be reported again with a new state.
            EventPayload::Unknown if !self.is_webhook() => write!(key, ":{}", self.digest()),
            _ => Ok(()),
        };
        key
    }

    fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.raw.as_str()))
    }
}

/// The status of a voided card payment. The API has no status for it.
const VOIDED: &str = "Voided";

fn is_voided(transaction: &Transaction) -> bool {
    transaction.status.as_ref().is_some_and(|status| status.as_str() == VOIDED)
}

/// Sets the status of a transaction whose topic says that the money was returned, because its own status does not
/// always say so. An unknown status is kept, because the money may not have moved yet.
fn reversed_or_voided(transaction: Transaction, as_status: TransactionStatus) -> Transaction {
    match transaction.status {
        Some(TransactionStatus::Other(_)) => transaction,
        _ => Transaction { status: Some(as_status), ..transaction },
    }
}

/// Adds the state of the transfers to a key. A disbursement that arrives or fails makes a new key.
fn transfers(key: &mut String, state: &str, batches: &[TransferBatch], errors: &[String]) -> fmt::Result {
    let all = batches.iter().flat_map(|batch| &batch.disbursements);
    let (all, paid) = all.fold((0_u32, 0_u32), |(all, paid), one| (all + 1, paid + u32::from(one.is_paid())));
    let failed = batches.iter().filter(|batch| batch.is_failed()).count()
        + batches.iter().flat_map(|batch| &batch.disbursements).filter(|one| one.is_failed()).count();
    write!(key, ":{state}:{paid}/{all}:{failed}:{}", errors.len())
}
