//! Which event or transaction belongs to which record. It is decided here, without input or output.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::JournalRecord;
use crate::{
    resources::Transaction,
    types::{Amount, Currency, Metadata, MetadataValue, PhoneNumber, Timestamp},
    webhooks::{Event, EventPayload},
};

/// The name in metadata under which the key travels.
pub(super) const METADATA_NAME: &str = "idempotency_key";

/// A customer who is asked for the PIN pays, or does not, within this time.
pub(super) const TIME_TO_PAY: Duration = Duration::from_secs(10 * 60);

/// Clocks of M-PESA, Kopo Kopo and this machine may differ by so much.
pub(super) const CLOCKS: Duration = Duration::from_secs(60);

pub(super) const STK_PUSH: &str = "incoming_payments.create";
pub(super) const REVERSAL: &str = "reversals.create";

/// What reconciliation needs to know of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Details {
    StkPush { till_number: String, amount: String, currency: String, phone_hash: String, callback_url: String },
    Reversal { transaction_reference: String },
}

impl Details {
    /// None for operations that cannot be found by anything but their results.
    pub(super) fn of(operation: &str, request: &Value) -> Option<Self> {
        let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned);
        match operation {
            STK_PUSH => Some(Self::StkPush {
                till_number: text("/till_number")?,
                amount: request.pointer("/amount/value")?.to_string(),
                currency: text("/amount/currency")?,
                phone_hash: text("/subscriber/phone_number")?.parse::<PhoneNumber>().ok()?.hash().as_str().to_owned(),
                callback_url: text("/_links/callback_url")?,
            }),
            REVERSAL => Some(Self::Reversal { transaction_reference: text("/transaction_reference")? }),
            _ => None,
        }
    }

    pub(super) fn of_record(record: &JournalRecord) -> Option<Self> {
        serde_json::from_str(record.details.as_deref()?).ok()
    }

    pub(super) fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// The key that travelled in the metadata of the request whose result this event is.
pub(super) fn key(event: &Event) -> Option<&str> {
    match metadata(event)?.get(METADATA_NAME)? {
        MetadataValue::Text(key) => Some(key),
        _ => None,
    }
}

fn metadata(event: &Event) -> Option<&Metadata> {
    match &event.payload {
        EventPayload::IncomingPayment(result) => Some(&result.metadata),
        EventPayload::SendMoney(result) => Some(&result.metadata),
        EventPayload::Reversal(result) => Some(&result.metadata),
        EventPayload::PaymentLink(result) => Some(&result.metadata),
        _ => None,
    }
}

/// The operations whose result this event can be.
pub(super) fn operations(event: &Event) -> &'static [&'static str] {
    match &event.payload {
        EventPayload::IncomingPayment(_) => &[STK_PUSH],
        EventPayload::SendMoney(_) => &["send_money.create", "send_money.sweep_all_funds"],
        EventPayload::Reversal(_) => &[REVERSAL],
        EventPayload::PaymentLink(_) => &["payment_links.create"],
        _ => &[],
    }
}

/// The reference of the transaction that a reversal, or the webhook about it, is about.
pub(super) fn reversed_reference(event: &Event) -> Option<&str> {
    match &event.payload {
        EventPayload::Reversal(result) => result.transaction_reference.as_deref(),
        EventPayload::BuygoodsTransactionReversed(transaction) => transaction.reference.as_deref(),
        _ => None,
    }
}

/// Whether a record's request asked to reverse this transaction.
pub(super) fn reverses(record: &JournalRecord, reference: &str) -> bool {
    matches!(Details::of_record(record), Some(Details::Reversal { transaction_reference }) if transaction_reference == reference)
}

/// The period in which the customer of an STK push can have paid.
pub(super) fn period(record: &JournalRecord) -> (Timestamp, Timestamp) {
    let from = record.sent_at.unwrap_or(record.updated_at).min(record.created_at);
    let to = record.deadline_at;
    (from.checked_sub(CLOCKS).unwrap_or(from), to.checked_add(TIME_TO_PAY).unwrap_or(to))
}

/// Whether a received transaction can be the payment of a record's STK push: the same till, amount, currency and phone
/// number, in its period. A transaction without a phone number fits none.
pub(super) fn fits(record: &JournalRecord, transaction: &Transaction) -> bool {
    let Some(Details::StkPush { till_number, amount, currency, phone_hash, .. }) = Details::of_record(record) else {
        return false;
    };
    let hash = match (&transaction.hashed_sender_phone, &transaction.sender_phone_number) {
        (Some(hash), _) => Some(hash.as_str().to_owned()),
        (None, Some(number)) => {
            number.as_str().parse::<PhoneNumber>().ok().map(|number| number.hash().as_str().to_owned())
        }
        (None, None) => None,
    };
    let (from, to) = period(record);
    transaction.is_received()
        && transaction.till_number.as_deref() == Some(till_number.as_str())
        && transaction.amount == amount.parse::<Amount>().ok()
        && transaction.currency.as_ref().is_none_or(|own| currency.parse::<Currency>().ok().as_ref() == Some(own))
        && hash.is_some_and(|hash| hash.eq_ignore_ascii_case(&phone_hash))
        && transaction.origination_time.is_some_and(|at| from <= at && at <= to)
}

/// Whether a transaction cannot show which of two STK pushes caused it.
pub(super) fn is_alike(one: &JournalRecord, other: &JournalRecord) -> bool {
    let same = match (Details::of_record(one), Details::of_record(other)) {
        (
            Some(Details::StkPush { till_number, amount, currency, phone_hash, .. }),
            Some(Details::StkPush {
                till_number: till,
                amount: other_amount,
                currency: other_currency,
                phone_hash: hash,
                ..
            }),
        ) => till_number == till && amount == other_amount && currency == other_currency && phone_hash == hash,
        _ => false,
    };
    let (from, to) = period(one);
    let (other_from, other_to) = period(other);
    same && one.key != other.key && from <= other_to && other_from <= to
}
