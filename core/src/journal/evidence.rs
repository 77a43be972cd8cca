//! Which event or transaction belongs to which record. It is decided here, without input or output.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    JournalRecord,
    key::{METADATA_NAME, has_key},
};
use crate::{
    resources::Transaction,
    types::{Amount, Currency, Metadata, MetadataValue, PhoneNumber, Timestamp},
    webhooks::{Event, EventPayload},
};

/// A customer who is asked for the PIN pays, or does not, within this time.
const TIME_TO_PAY: Duration = Duration::from_secs(10 * 60);

/// A payment is compared with requests that began at most this long before it.
pub(super) const WINDOW: Duration = Duration::from_secs(60 * 60);

/// Clocks of M-PESA, Kopo Kopo and this machine may differ by so much.
pub(super) const CLOCKS: Duration = Duration::from_secs(60);

pub(super) const STK_PUSH: &str = "incoming_payments.create";
pub(super) const REVERSAL: &str = "reversals.create";

/// What reconciliation needs to know of a request. `has_key`: its result brings the key back, so a result without the key
/// belongs to another request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Details {
    StkPush {
        till_number: String,
        amount: String,
        currency: String,
        phone_hash: String,
        callback_url: String,
        #[serde(default)]
        has_key: bool,
        /// Where the request was sent.
        #[serde(default)]
        base_url: String,
    },
    Reversal {
        transaction_reference: String,
        #[serde(default)]
        has_key: bool,
    },
}

impl Details {
    /// None for operations that cannot be found by anything but their results.
    pub(super) fn of(base_url: &str, operation: &str, request: &Value, key: &str) -> Option<Self> {
        let has_key = has_key(request, key);
        let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str).map(ToOwned::to_owned);
        match operation {
            STK_PUSH => Some(Self::StkPush {
                till_number: text("/till_number")?,
                amount: request.pointer("/amount/value")?.to_string(),
                currency: text("/amount/currency")?,
                phone_hash: text("/subscriber/phone_number")?.parse::<PhoneNumber>().ok()?.hash().as_str().to_owned(),
                callback_url: text("/_links/callback_url")?,
                has_key,
                base_url: base_url.to_owned(),
            }),
            REVERSAL => Some(Self::Reversal { transaction_reference: text("/transaction_reference")?, has_key }),
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

/// Where evidence comes from that does not name the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// The result of a request. It would name the key of a record that sent it.
    Result,
    /// A webhook or a polled transaction, which have no metadata.
    Transaction,
}

impl Source {
    pub(super) fn of(event: &Event) -> Self {
        if operations(event).is_empty() { Self::Transaction } else { Self::Result }
    }

    /// Whether the evidence can be about a record's request.
    pub(super) fn can_be_about(self, record: &JournalRecord) -> bool {
        let has_key = match Details::of_record(record) {
            Some(Details::StkPush { has_key, .. } | Details::Reversal { has_key, .. }) => has_key,
            None => false,
        };
        self == Self::Transaction || !has_key
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

/// The names of the transaction that a reversal, or the webhook about it, is about. Empty for other events.
pub(super) fn reversed(event: &Event) -> Vec<&str> {
    match &event.payload {
        EventPayload::Reversal(result) => result.transaction_reference.as_deref().into_iter().collect(),
        // A request may name it by either.
        EventPayload::BuygoodsTransactionReversed(transaction) => {
            [&transaction.reference, &transaction.id].into_iter().filter_map(|name| name.as_deref()).collect()
        }
        _ => Vec::new(),
    }
}

/// Whether a record's request asked to reverse a transaction with one of these names.
pub(super) fn reverses(record: &JournalRecord, names: &[&str]) -> bool {
    let Some(Details::Reversal { transaction_reference, .. }) = Details::of_record(record) else { return false };
    names.iter().any(|name| name.trim().eq_ignore_ascii_case(transaction_reference.trim()))
}

/// The period in which the customer of an STK push can have paid.
pub(super) fn period(record: &JournalRecord) -> (Timestamp, Timestamp) {
    let from = record.created_at;
    let latest = from.checked_add(WINDOW).unwrap_or(from);
    let to = record.deadline_at.checked_add(TIME_TO_PAY).unwrap_or(latest).min(latest);
    (from.checked_sub(CLOCKS).unwrap_or(from), to)
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
