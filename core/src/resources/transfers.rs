//! The common part of send money, payments of version 1 and settlement transfers: batches of disbursements, and whether
//! all the money arrived.

use std::collections::{HashMap, HashSet};

use rust_decimal::Decimal;
use serde::{Deserialize, Deserializer, Serialize};

use super::{RequestStatus, SendMoneyDestination, hidden::redacted_debug, states::has_failed};
use crate::types::{Amount, Personal, PhoneNumber, RecipientType, Timestamp, de, open_enum};

open_enum! {
    /// The state of a batch or a disbursement.
    pub enum TransferStatus {
        /// It arrived.
        Transferred = "Transferred",
        /// It was not sent.
        Cancelled = "Cancelled",
    }
}

/// A group of disbursements.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct TransferBatch {
    /// Its state.
    #[serde(deserialize_with = "de::text")]
    pub status: Option<TransferStatus>,
    /// The total amount.
    #[serde(deserialize_with = "de::amount")]
    pub amount: Option<Amount>,
    /// The payments.
    #[serde(deserialize_with = "list_with_gaps")]
    pub disbursements: Vec<Disbursement>,
    /// The reasons why it failed. Not documented, so usually empty.
    #[serde(deserialize_with = "de::strings", skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
}

redacted_debug!(TransferBatch { status, amount, disbursements } hides { errors });

/// One outgoing payment.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Disbursement {
    /// Its state.
    #[serde(deserialize_with = "de::text")]
    pub status: Option<TransferStatus>,
    /// The amount.
    #[serde(deserialize_with = "de::amount")]
    pub amount: Option<Amount>,
    /// The reasons why it failed.
    #[serde(deserialize_with = "de::strings")]
    pub errors: Vec<String>,
    /// When it happened.
    #[serde(deserialize_with = "de::timestamp")]
    pub origination_time: Option<Timestamp>,
    /// The type of destination: `mobile_wallet`, or in version 1 and webhooks `Mobile Wallet`.
    #[serde(deserialize_with = "de::string")]
    pub destination_type: Option<String>,
    /// The id of the destination account.
    #[serde(deserialize_with = "de::string")]
    pub destination_reference: Option<String>,
    /// The M-PESA reference. `None` for electronic funds transfers.
    #[serde(deserialize_with = "de::string")]
    pub transaction_reference: Option<String>,
    /// The wallet's phone number.
    #[serde(deserialize_with = "de::text")]
    pub phone_number: Option<Personal>,
    /// The bank account's number.
    #[serde(deserialize_with = "de::text")]
    pub account_number: Option<Personal>,
    /// The till's number.
    #[serde(deserialize_with = "de::string")]
    pub till_number: Option<String>,
    /// The paybill's business number.
    #[serde(deserialize_with = "de::string")]
    pub paybill_number: Option<String>,
    /// The account at that business.
    #[serde(deserialize_with = "de::text")]
    pub paybill_account_number: Option<Personal>,
    /// The recipient's name.
    #[serde(deserialize_with = "de::string")]
    pub nickname: Option<String>,
    /// Whether the recipient is a favourite.
    #[serde(deserialize_with = "de::boolean")]
    pub favourite: Option<bool>,
}

redacted_debug!(Disbursement { status, amount, origination_time, destination_type, transaction_reference, phone_number, account_number, till_number, paybill_number, paybill_account_number, favourite } hides { errors, destination_reference, nickname });

/// A list in which a null is kept as an empty item. An empty item counts as not paid.
pub(super) fn list_with_gaps<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    de::list_with(deserializer, || Some(T::default()))
}

impl TransferBatch {
    /// Whether all its money arrived. The batch is transferred without errors. It has at least one disbursement, and
    /// each one is transferred without errors. The sum of their amounts is the batch's amount.
    pub fn is_paid(&self) -> bool {
        self.status == Some(TransferStatus::Transferred)
            && self.errors.is_empty()
            && !self.disbursements.is_empty()
            && self.disbursements.iter().all(Disbursement::is_paid)
            && self.amount.is_none_or(|amount| total(&self.disbursements) == Some(amount.decimal()))
    }

    /// Whether it failed: it was cancelled, or it has errors.
    pub fn is_failed(&self) -> bool {
        has_failed(self.state(), &self.errors)
    }

    fn state(&self) -> &str {
        self.status.as_ref().map_or("", TransferStatus::as_str)
    }

    /// Whether its state is final.
    fn is_over(&self) -> bool {
        let is_failed = self.is_failed();
        (is_failed || self.status == Some(TransferStatus::Transferred))
            && self.disbursements.iter().all(|one| one.is_over() || (is_failed && one.status.is_none()))
    }
}

impl Disbursement {
    /// Whether the money arrived: it is transferred without errors, and its amount is greater than zero.
    pub fn is_paid(&self) -> bool {
        self.status == Some(TransferStatus::Transferred)
            && self.errors.is_empty()
            && self.amount.is_some_and(|amount| amount.is_positive())
    }

    /// Whether it failed: it was cancelled, or it has errors. A disbursement that is still pending is neither paid nor
    /// failed.
    pub fn is_failed(&self) -> bool {
        has_failed(self.status.as_ref().map_or("", TransferStatus::as_str), &self.errors)
    }

    fn is_over(&self) -> bool {
        self.status == Some(TransferStatus::Transferred) || self.is_failed()
    }

    pub(super) fn went_to(&self, recipient: &str, phone: Option<&PhoneNumber>) -> bool {
        let own_phone = self.phone_number.as_deref().and_then(|phone| phone.parse::<PhoneNumber>().ok());
        let names = [
            self.destination_reference.as_deref(),
            self.account_number.as_deref(),
            self.till_number.as_deref(),
            self.paybill_number.as_deref(),
            self.paybill_account_number.as_deref(),
        ];
        (phone.is_some() && own_phone.as_ref() == phone) || names.contains(&Some(recipient))
    }
}

/// A request to send money, of any version of the API.
pub(super) struct Transfers<'a> {
    pub(super) status: &'a RequestStatus,
    pub(super) errors: &'a [String],
    pub(super) requested: Requested<'a>,
    pub(super) batches: &'a [TransferBatch],
}

/// The requested destinations or amount.
pub(super) enum Requested<'a> {
    /// These destinations. The list is empty if the response has none, as for the merchant's own accounts.
    Destinations(&'a [SendMoneyDestination]),
    /// This amount, to one destination. `None`: all available funds.
    Total(Option<Amount>),
}

impl<'a> Transfers<'a> {
    /// Whether all the money arrived, by the request, each batch, each disbursement, the amounts and the destinations.
    pub(super) fn is_paid(&self) -> bool {
        *self.status == RequestStatus::Processed
            && self.errors.is_empty()
            && !self.batches.is_empty()
            && self.batches.iter().all(TransferBatch::is_paid)
            && !self.has_repetition()
            && self.is_complete()
    }

    /// Whether a payment is listed twice, with the same M-PESA reference and recipient. It would be only one payment.
    fn has_repetition(&self) -> bool {
        let mut seen = HashSet::new();
        self.batches.iter().flat_map(|batch| &batch.disbursements).any(|one| {
            non_blank(one.transaction_reference.as_deref()).is_some_and(|reference| {
                let to = (&one.destination_reference, &one.phone_number, &one.account_number, &one.till_number);
                !seen.insert((reference, to))
            })
        })
    }

    /// Whether the disbursements match the request.
    fn is_complete(&self) -> bool {
        let disbursements = self.batches.iter().flat_map(|batch| &batch.disbursements);
        match self.requested {
            Requested::Destinations([]) | Requested::Total(None) => true,
            Requested::Total(Some(amount)) => total(disbursements) == Some(amount.decimal()),
            Requested::Destinations(destinations) => is_delivered(destinations, disbursements).unwrap_or(false),
        }
    }

    fn has_failed(&self) -> bool {
        has_failed(self.status.as_str(), self.errors)
    }

    /// Whether the state is final. A processed request with pending batches or disbursements is not final, because its
    /// money can still move.
    pub(super) fn is_final(&self) -> bool {
        (*self.status == RequestStatus::Processed || self.has_failed())
            && (!self.batches.is_empty() || self.has_failed())
            && self.batches.iter().all(TransferBatch::is_over)
    }

    pub(super) fn failed_batches(&self) -> Vec<&'a TransferBatch> {
        let is_processed = *self.status == RequestStatus::Processed || self.has_failed();
        self.batches.iter().filter(|batch| is_processed && batch.is_failed()).collect()
    }

    pub(super) fn failed_disbursements(&self) -> Vec<&'a Disbursement> {
        let is_processed = *self.status == RequestStatus::Processed || self.has_failed();
        let all = self.batches.iter().flat_map(|batch| &batch.disbursements);
        all.filter(|disbursement| is_processed && disbursement.is_failed()).collect()
    }
}

/// The exact sum. `None` if an amount is missing or the sum is too large to be exact.
fn total<'a>(disbursements: impl IntoIterator<Item = &'a Disbursement>) -> Option<Decimal> {
    disbursements.into_iter().try_fold(Decimal::ZERO, |sum, one| sum.checked_add(one.amount?.decimal()))
}

/// The field that identifies a destination, for each type.
#[derive(Clone, Copy)]
enum Identity {
    Phone,
    BankAccount,
    Till,
    Paybill,
    Reference,
}

impl Identity {
    /// Returns the identifying field and its value, by the documented type.
    fn of(to: &SendMoneyDestination) -> Option<(Self, String)> {
        let kind = match to.destination_type.as_ref()? {
            RecipientType::MobileWallet => Self::Phone,
            RecipientType::BankAccount => Self::BankAccount,
            RecipientType::Till => Self::Till,
            RecipientType::Paybill => Self::Paybill,
            RecipientType::MerchantWallet | RecipientType::MerchantBankAccount => Self::Reference,
            RecipientType::Other(_) => return None,
        };
        let key = kind.key(
            to.phone_number.as_deref(),
            to.account_number.as_deref(),
            to.till_number.as_deref(),
            (to.paybill_number.as_deref(), to.paybill_account_number.as_deref()),
            to.reference.as_deref(),
        )?;
        Some((kind, key))
    }

    fn of_disbursement(self, one: &Disbursement) -> Option<String> {
        self.key(
            one.phone_number.as_deref(),
            one.account_number.as_deref(),
            one.till_number.as_deref(),
            (one.paybill_number.as_deref(), one.paybill_account_number.as_deref()),
            one.destination_reference.as_deref(),
        )
    }

    fn key(
        self,
        phone: Option<&str>,
        account: Option<&str>,
        till: Option<&str>,
        paybill: (Option<&str>, Option<&str>),
        reference: Option<&str>,
    ) -> Option<String> {
        match self {
            Self::Phone => {
                let phone = non_blank(phone)?;
                Some(phone.parse::<PhoneNumber>().map_or_else(|_| phone.to_owned(), |phone| phone.as_str().to_owned()))
            }
            Self::BankAccount => non_blank(account).map(str::to_owned),
            Self::Till => non_blank(till).map(str::to_owned),
            Self::Paybill => Some(format!("{}\n{}", non_blank(paybill.0)?, non_blank(paybill.1)?)),
            Self::Reference => non_blank(reference).map(str::to_owned),
        }
    }
}

fn non_blank(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|text| !text.is_empty())
}

/// Whether each destination received exactly the requested amount, in any number of disbursements and in any order.
///
/// The amounts of a repeated destination are added. The documentation guarantees only an opaque `destination_reference`
/// for a disbursement. So disbursements without the destination's own number are grouped by this reference, and the
/// groups must have the amounts of the remaining destinations. `None` if a required value is missing.
fn is_delivered<'a>(
    destinations: &[SendMoneyDestination],
    disbursements: impl Iterator<Item = &'a Disbursement>,
) -> Option<bool> {
    let first = destinations.first()?;
    let (identity, _) = Identity::of(first)?;
    let mut requested: HashMap<String, Decimal> = HashMap::new();
    for destination in destinations {
        // All destinations of a request are of one type.
        let (_, key) = Identity::of(destination).filter(|_| destination.destination_type == first.destination_type)?;
        let amount = destination.amount.filter(Amount::is_positive)?.decimal();
        let sum = requested.entry(key).or_default();
        *sum = sum.checked_add(amount)?;
    }
    let (mut delivered, mut others): (HashMap<String, Decimal>, HashMap<&str, Decimal>) = Default::default();
    let mut left = Vec::new();
    for one in disbursements {
        let amount = one.amount?.decimal();
        let sum = match (identity.of_disbursement(one), non_blank(one.destination_reference.as_deref())) {
            (Some(key), _) => delivered.entry(key).or_default(),
            (None, Some(reference)) => others.entry(reference).or_default(),
            (None, None) => {
                left.push(amount);
                continue;
            }
        };
        *sum = sum.checked_add(amount)?;
    }
    left.extend(others.into_values());
    for (key, sum) in delivered {
        if requested.remove(&key) != Some(sum) {
            return Some(false);
        }
    }
    let mut missing: Vec<Decimal> = requested.into_values().collect();
    missing.sort_unstable();
    left.sort_unstable();
    Some(missing == left)
}
