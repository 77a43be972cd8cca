//! API reference, section Payment Links.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
#[cfg(feature = "client")]
use tokio::time::Instant;

use super::{
    ExpectedPayment, Links, Transaction, TransactionStatus, WireLinks,
    hidden::redacted_debug,
    states::{has_failed, is_failure},
    transactions::currency,
};
#[cfg(feature = "client")]
use crate::{
    client::{Body, KopoKopo},
    created::Created,
    error::ErrorKind,
    journal::metadata_with_key,
    options::CallOptions,
    types::ResourceId,
    validate,
};
use crate::{
    endpoint::{Endpoint, RetrySafety},
    error::Result,
    types::{Amount, Currency, JsonNumber, Metadata, Personal, Raw, Timestamp, de, open_enum},
};

static CREATE: Endpoint = Endpoint::post(
    "payment_links.create",
    "/api/v2/payment_links",
    RetrySafety::NonIdempotent {
        recovery_hint: "Search for the link on the dashboard before you create another: a customer could pay both.",
    },
);
static GET: Endpoint = Endpoint::get("payment_links.get", "/api/v2/payment_links/{id}");
static CANCEL: Endpoint =
    Endpoint::post("payment_links.cancel", "/api/v2/payment_links/{id}/cancel", RetrySafety::Idempotent);

section! {
    /// Links that customers can pay (API reference, section Payment Links).
    PaymentLinks
}

/// A request for a payment link (API reference, section Create a payment link).
#[derive(Clone, Default, PartialEq)]
pub struct PaymentLinkRequest {
    /// The till that receives the money.
    pub till_number: String,
    /// Default KES.
    pub currency: Currency,
    /// The amount, greater than 0.
    pub amount: Amount,
    /// The merchant's reference, such as an order number.
    pub payment_reference: Option<String>,
    /// The text that the customer reads.
    pub note: Option<String>,
    /// At most 5 pairs of primitive values. The result has them too.
    pub metadata: Metadata,
    /// The URL that receives the results, one for each attempt to pay. It must be https.
    pub callback_url: String,
}

redacted_debug!(PaymentLinkRequest { till_number, currency, amount, payment_reference, metadata, callback_url } hides { note });

#[derive(Serialize)]
struct Wire<'a> {
    till_number: &'a str,
    currency: &'a str,
    amount: JsonNumber,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment_reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'a str>,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Cow<'a, Metadata>,
    #[serde(rename = "_links")]
    links: WireLinks<'a>,
}

#[cfg(feature = "client")]
impl PaymentLinks {
    /// Creates a link. Its URL is in the resource: [`Created::get`].
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent. `outcome_unknown` if the response was lost.
    pub async fn create(&self, request: &PaymentLinkRequest) -> Result<Created<PaymentLink>> {
        self.client.create(&CREATE, &request.wire(&self.client)?).await
    }

    /// Reads a link.
    ///
    /// # Errors
    /// `not_found` if no resource has this id.
    pub async fn get(&self, id: &str) -> Result<PaymentLink> {
        self.client.fetch(id).await
    }

    /// Cancels a link, so that it cannot be paid any more (API reference, section Cancel Payment Link).
    ///
    /// # Errors
    /// `invalid_request` if the link is not active, `not_found` if no resource has this id.
    pub async fn cancel(&self, id: &str) -> Result<()> {
        let id = ResourceId::parse(id)?;
        let began = Instant::now();
        let Err(refused) = self.client.execute(&CANCEL, Some(&id), Body::Empty).await else { return Ok(()) };
        // A retry after a lost response finds the link cancelled by this call.
        let left = self.client.total_timeout().saturating_sub(began.elapsed());
        if refused.attempts() > 1 && refused.kind() == ErrorKind::InvalidRequest && !left.is_zero() {
            let options = CallOptions { timeout: Some(left), ..CallOptions::default() };
            let link = self.client.with_options(options)?.payment_links().get(id.as_str()).await?;
            if link.is_cancelled() {
                return Ok(());
            }
        }
        Err(refused)
    }
}

#[cfg(feature = "client")]
impl PaymentLinkRequest {
    fn wire(&self, client: &KopoKopo) -> Result<Wire<'_>> {
        let till_number = validate::required("till_number", &self.till_number)?;
        validate::payable("amount", &self.amount)?;
        Ok(Wire {
            till_number,
            currency: self.currency.as_str(),
            amount: self.amount.as_json_number(),
            payment_reference: validate::optional(self.payment_reference.as_ref()),
            note: validate::optional(self.note.as_ref()),
            metadata: metadata_with_key(client, &self.metadata)?,
            links: WireLinks { callback_url: validate::callback_url("callback_url", &self.callback_url, client)? },
        })
    }
}

open_enum! {
    /// The status of a link.
    pub enum PaymentLinkStatus {
        /// It can be paid.
        Active = "Active",
        /// It was paid.
        Paid = "Paid",
        /// It was cancelled.
        Cancelled = "Cancelled",
        /// It was not paid within seven days.
        Expired = "Expired",
    }
}

/// A link, read from any of the three formats that the server uses (API reference, sections Payment link status and
/// Process Payment link API Result).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Attributes")]
#[non_exhaustive]
pub struct PaymentLink {
    /// Its id.
    pub id: String,
    /// The status of the request for the link: `Processed`. It does not say if the link was paid.
    pub status: String,
    /// The status of the link.
    pub link_status: Option<PaymentLinkStatus>,
    /// The URL to share with customers. It can be relative.
    pub link: Option<String>,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// The till's name.
    pub till_name: Option<String>,
    /// The till's number.
    pub till_number: Option<String>,
    /// The merchant's reference.
    pub payment_reference: Option<String>,
    /// The currency.
    pub currency: Option<Currency>,
    /// The amount.
    pub amount: Option<Amount>,
    /// The text that the customer reads.
    pub note: Option<String>,
    /// The user who created it.
    pub initiator_name: Option<Personal>,
    /// The M-PESA reference of the payment.
    pub transaction_reference: Option<String>,
    /// The customer who paid.
    pub sender_phone_number: Option<Personal>,
    /// When it was paid.
    pub origination_time: Option<Timestamp>,
    /// The reasons why the last attempt to pay failed. The link may still be active.
    pub errors: Vec<String>,
    /// The metadata of the request.
    pub metadata: Metadata,
    /// URLs.
    pub links: Links,
    /// The whole JSON text, as received.
    #[serde(skip)]
    pub raw: Raw,
}

redacted_debug!(PaymentLink { id, status, link_status, link, expires_at, created_at, till_name, till_number, payment_reference, currency, amount, initiator_name, transaction_reference, sender_phone_number, origination_time, metadata, links, raw } hides { errors, note });

#[derive(Deserialize)]
struct Attributes {
    #[serde(deserialize_with = "de::required_string")]
    status: String,
    #[serde(default, deserialize_with = "de::timestamp")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "de::string")]
    till_name: Option<String>,
    #[serde(default, deserialize_with = "de::string")]
    till_number: Option<String>,
    #[serde(default, deserialize_with = "de::string")]
    payment_reference: Option<String>,
    /// The names of the three fields above in the oldest format.
    #[serde(default, deserialize_with = "de::string")]
    account_name: Option<String>,
    #[serde(default, deserialize_with = "de::string")]
    account_number: Option<String>,
    #[serde(default, deserialize_with = "de::string")]
    merchant_payment_reference: Option<String>,
    #[serde(default, deserialize_with = "currency")]
    currency: Option<Currency>,
    #[serde(default, deserialize_with = "de::amount")]
    amount: Option<Amount>,
    #[serde(default, deserialize_with = "de::string")]
    note: Option<String>,
    #[serde(default, deserialize_with = "link")]
    payment_link: Option<Link>,
    /// The oldest format has these next to the link instead of inside.
    #[serde(default, deserialize_with = "de::text")]
    payment_link_status: Option<PaymentLinkStatus>,
    #[serde(default, deserialize_with = "de::timestamp")]
    expires_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "de::text")]
    initiator_name: Option<Personal>,
    #[serde(default, deserialize_with = "de::strings")]
    errors: Vec<String>,
    #[serde(default, deserialize_with = "de::object_or_default")]
    metadata: Metadata,
    #[serde(default, rename = "_links", deserialize_with = "de::object_or_default")]
    links: Links,
}

/// The link. Its status has two names.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Link {
    #[serde(deserialize_with = "de::text")]
    status: Option<PaymentLinkStatus>,
    #[serde(deserialize_with = "de::text")]
    payment_link_status: Option<PaymentLinkStatus>,
    #[serde(deserialize_with = "de::timestamp")]
    expires_at: Option<Timestamp>,
    #[serde(rename = "link", deserialize_with = "de::string")]
    url: Option<String>,
    #[serde(deserialize_with = "de::text")]
    initiator_name: Option<Personal>,
    #[serde(deserialize_with = "de::string")]
    transaction_reference: Option<String>,
    #[serde(deserialize_with = "de::text")]
    sender_phone_number: Option<Personal>,
    #[serde(deserialize_with = "de::timestamp")]
    origination_time: Option<Timestamp>,
}

/// A URL or an object. Any other value counts as absent.
fn link<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Link>, D::Error> {
    let raw = Box::<serde_json::value::RawValue>::deserialize(deserializer)?;
    let link = match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw.get()).map(|url| Some(Link { url: Some(url), ..Link::default() })),
        Some(b'{') => serde_json::from_str(raw.get()).map(Some),
        _ => Ok(None),
    };
    link.map_err(serde::de::Error::custom)
}

impl From<Attributes> for PaymentLink {
    fn from(attributes: Attributes) -> Self {
        let link = attributes.payment_link.unwrap_or_default();
        Self {
            id: String::new(),
            status: attributes.status,
            link_status: link.status.or(link.payment_link_status).or(attributes.payment_link_status),
            link: link.url,
            expires_at: link.expires_at.or(attributes.expires_at),
            created_at: attributes.created_at,
            till_name: attributes.till_name.or(attributes.account_name),
            till_number: attributes.till_number.or(attributes.account_number),
            payment_reference: attributes.payment_reference.or(attributes.merchant_payment_reference),
            currency: attributes.currency,
            amount: attributes.amount,
            note: attributes.note,
            initiator_name: link.initiator_name.or(attributes.initiator_name),
            transaction_reference: link.transaction_reference,
            sender_phone_number: link.sender_phone_number,
            origination_time: link.origination_time,
            errors: attributes.errors,
            metadata: attributes.metadata,
            links: attributes.links,
            raw: Raw::default(),
        }
    }
}

resource!(
    PaymentLink,
    GET,
    ["payment_link"],
    this => this.link_status.as_ref().map_or(this.status.as_str(), PaymentLinkStatus::as_str),
    this.has(&PaymentLinkStatus::Paid) || this.has_ended()
);

impl PaymentLink {
    /// Whether the link has this status. The oldest format writes the status in lower case.
    fn has(&self, status: &PaymentLinkStatus) -> bool {
        self.link_status.as_ref().is_some_and(|own| own.as_str().eq_ignore_ascii_case(status.as_str()))
    }

    /// Whether it cannot be paid any more. If there is a link, errors do not end it: they describe an attempt to pay.
    fn has_ended(&self) -> bool {
        match &self.link_status {
            Some(status) => is_failure(status.as_str()),
            None => has_failed(&self.status, &self.errors),
        }
    }

    /// Whether the link was paid: its status is Paid, its amount is greater than zero, and there are no errors. Errors
    /// of an earlier attempt are ignored if the payment has an M-PESA reference. Compare the amount too before you
    /// credit an order: [`Self::is_paid_at_least`].
    pub fn is_paid(&self) -> bool {
        let has_reference = self.transaction_reference.as_ref().is_some_and(|reference| !reference.trim().is_empty());
        self.has(&PaymentLinkStatus::Paid)
            && self.amount.is_some_and(|amount| amount.is_positive())
            && (self.errors.is_empty() || has_reference)
    }

    /// Whether it is paid, with at least this amount, in this currency, into this till. A link is always paid with
    /// exactly its own amount.
    pub fn is_paid_at_least(&self, expected: &ExpectedPayment) -> bool {
        self.payment().is_some_and(|transaction| transaction.is_paid_at_least(expected))
    }

    /// The key of the payment: see [`Transaction::payment_key`]. `None` unless the link was paid.
    pub fn payment_key(&self) -> Option<String> {
        self.payment().as_ref().and_then(Transaction::payment_key)
    }

    /// The payment as a transaction, if the link was paid.
    pub(crate) fn payment(&self) -> Option<Transaction> {
        self.is_paid().then(|| Transaction {
            reference: self.transaction_reference.clone(),
            origination_time: self.origination_time,
            sender_phone_number: self.sender_phone_number.clone(),
            amount: self.amount,
            currency: self.currency.clone(),
            till_number: self.till_number.clone(),
            status: Some(TransactionStatus::Received),
            ..Transaction::default()
        })
    }

    /// Whether the link was cancelled.
    pub fn is_cancelled(&self) -> bool {
        self.has(&PaymentLinkStatus::Cancelled)
    }

    /// Whether an attempt to pay failed: [`PaymentLink::errors`] has the reasons. The link may still be active.
    pub fn has_failed_attempt(&self) -> bool {
        !self.errors.is_empty() && !self.is_paid()
    }
}
