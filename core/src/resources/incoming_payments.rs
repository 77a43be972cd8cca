//! API reference, section Receive M-PESA payments.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{ExpectedPayment, Links, Transaction, WireLinks, hidden::redacted_debug, states::has_failed};
#[cfg(feature = "client")]
use crate::{client::KopoKopo, created::Created, error::Result, journal::metadata_with_key, validate};
use crate::{
    endpoint::{Endpoint, RetrySafety},
    types::{Amount, Currency, JsonNumber, Metadata, Personal, PhoneNumber, Raw, Timestamp, de, open_enum},
};

static CREATE: Endpoint = Endpoint::post(
    "incoming_payments.create",
    "/api/v2/incoming_payments",
    RetrySafety::NonIdempotent {
        recovery_hint: "The customer's phone may show the prompt already: wait for the result at callback_url or the buygoods webhook, or poll the till's transactions, before you send it again.",
    },
);
static GET: Endpoint = Endpoint::get("incoming_payments.get", "/api/v2/incoming_payments/{id}");

section! {
    /// Payments from customers by STK push (API reference, section Receive M-PESA payments).
    IncomingPayments
}

/// Asks a customer to pay (API reference, section Receive payments from M-PESA users via STK Push).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct IncomingPaymentRequest {
    /// The online payments till that receives the money: `K000000`.
    pub till_number: String,
    /// The customer's phone, in any usual form: `0712345678`, `+254712345678`.
    pub phone_number: Personal,
    /// The amount, greater than 0.
    pub amount: Amount,
    /// Default KES.
    pub currency: Currency,
    /// The URL that receives the result. It must be https.
    pub callback_url: String,
    /// The customer's first name.
    pub first_name: Option<Personal>,
    /// The customer's last name.
    pub last_name: Option<Personal>,
    /// The customer's e-mail address.
    pub email: Option<Personal>,
    /// At most 5 pairs of primitive values. The result has them too.
    pub metadata: Metadata,
    /// Default `M-PESA STK Push`.
    pub payment_channel: Option<String>,
}

#[derive(Serialize)]
struct Wire<'a> {
    payment_channel: &'a str,
    till_number: &'a str,
    subscriber: WireSubscriber<'a>,
    amount: WireAmount<'a>,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Cow<'a, Metadata>,
    #[serde(rename = "_links")]
    links: WireLinks<'a>,
}

#[derive(Serialize)]
struct WireSubscriber<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    first_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_name: Option<&'a str>,
    phone_number: PhoneNumber,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<&'a str>,
}

#[derive(Serialize)]
struct WireAmount<'a> {
    currency: &'a str,
    value: JsonNumber,
}

#[cfg(feature = "client")]
impl IncomingPayments {
    /// Sends an STK push: the customer's phone asks for the PIN. The response says that the request was
    /// accepted, not that the customer paid: use [`Created::wait`], or the result that `callback_url` receives.
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent. `outcome_unknown` if the response was lost: the
    /// customer may have been asked to pay.
    pub async fn create(&self, request: &IncomingPaymentRequest) -> Result<Created<IncomingPayment>> {
        let outcome = self.client.create(&CREATE, &request.wire(&self.client)?).await;
        outcome.map_err(|error| validate::explain_limit(error, Some(request.amount)))
    }

    /// Reads a payment.
    ///
    /// # Errors
    /// `not_found` if no resource has this id.
    pub async fn get(&self, id: &str) -> Result<IncomingPayment> {
        self.client.fetch(id).await
    }
}

#[cfg(feature = "client")]
impl IncomingPaymentRequest {
    fn wire(&self, client: &KopoKopo) -> Result<Wire<'_>> {
        let till_number = validate::required("till_number", &self.till_number)?;
        let phone_number = validate::phone("phone_number", &self.phone_number)?;
        validate::payable("amount", &self.amount)?;
        Ok(Wire {
            payment_channel: validate::optional(self.payment_channel.as_ref()).unwrap_or("M-PESA STK Push"),
            till_number,
            subscriber: WireSubscriber {
                first_name: validate::optional(self.first_name.as_ref()),
                last_name: validate::optional(self.last_name.as_ref()),
                phone_number,
                email: validate::optional(self.email.as_ref()),
            },
            amount: WireAmount { currency: self.currency.as_str(), value: self.amount.as_json_number() },
            metadata: metadata_with_key(client, &self.metadata)?,
            links: WireLinks { callback_url: validate::callback_url("callback_url", &self.callback_url, client)? },
        })
    }
}

open_enum! {
    /// The status of a payment.
    pub enum IncomingPaymentStatus {
        /// The customer has not decided yet.
        Pending = "Pending",
        /// The customer paid.
        Success = "Success",
        /// The customer did not pay: see the errors.
        Failed = "Failed",
    }
}

/// A payment, or an attempt to pay (API reference, section Process Incoming Payment Result).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Attributes")]
#[non_exhaustive]
pub struct IncomingPayment {
    /// Its id.
    pub id: String,
    /// Its status.
    pub status: IncomingPaymentStatus,
    /// When the customer was asked to pay.
    pub initiation_time: Option<Timestamp>,
    /// `Incoming Payment Request`.
    pub event_type: Option<String>,
    /// The transaction, once the customer has paid.
    pub transaction: Option<Transaction>,
    /// The reasons why it failed.
    pub errors: Vec<String>,
    /// The metadata of the request.
    pub metadata: Metadata,
    /// URLs.
    pub links: Links,
    /// The whole JSON text, as received.
    #[serde(skip)]
    pub raw: Raw,
}

redacted_debug!(IncomingPayment { id, status, initiation_time, event_type, transaction, metadata, links, raw } hides { errors });

#[derive(Deserialize)]
struct Attributes {
    status: IncomingPaymentStatus,
    #[serde(default, deserialize_with = "de::timestamp")]
    initiation_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "de::object_or_default")]
    event: Event,
    #[serde(default, deserialize_with = "de::strings")]
    errors: Vec<String>,
    #[serde(default, deserialize_with = "de::object")]
    metadata: Option<Metadata>,
    /// An older name.
    #[serde(default, deserialize_with = "de::object")]
    meta_data: Option<Metadata>,
    #[serde(default, rename = "_links", deserialize_with = "de::object_or_default")]
    links: Links,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Event {
    #[serde(deserialize_with = "de::string")]
    r#type: Option<String>,
    #[serde(deserialize_with = "de::object")]
    resource: Option<Transaction>,
    #[serde(deserialize_with = "de::strings")]
    errors: Vec<String>,
}

impl From<Attributes> for IncomingPayment {
    fn from(attributes: Attributes) -> Self {
        let event = attributes.event;
        Self {
            id: String::new(),
            status: attributes.status,
            initiation_time: attributes.initiation_time,
            event_type: event.r#type,
            transaction: event.resource,
            errors: event.errors.into_iter().chain(attributes.errors).collect(),
            metadata: attributes.metadata.or(attributes.meta_data).unwrap_or_default(),
            links: attributes.links,
            raw: Raw::default(),
        }
    }
}

resource!(
    IncomingPayment,
    GET,
    ["incoming_payment"],
    this => this.status.as_str(),
    this.status == IncomingPaymentStatus::Success || has_failed(this.status.as_str(), &this.errors)
);

impl IncomingPayment {
    /// Whether the money was received: the status is Success without errors, and the transaction has an amount greater
    /// than zero and was not reversed. Compare the amount too before you credit an order: [`Self::is_paid_at_least`].
    pub fn is_paid(&self) -> bool {
        self.successful_transaction().is_some_and(Transaction::is_received)
    }

    /// Whether it is paid, with at least this amount, in this currency, into this till.
    pub fn is_paid_at_least(&self, expected: &ExpectedPayment) -> bool {
        self.successful_transaction().is_some_and(|transaction| transaction.is_paid_at_least(expected))
    }

    /// The key of the payment: see [`Transaction::payment_key`]. `None` unless the payment succeeded.
    pub fn payment_key(&self) -> Option<String> {
        self.successful_transaction().and_then(Transaction::payment_key)
    }

    /// The transaction, if the status is Success and there are no errors.
    pub(crate) fn successful_transaction(&self) -> Option<&Transaction> {
        let is_success = self.status == IncomingPaymentStatus::Success && self.errors.is_empty();
        self.transaction.as_ref().filter(|_| is_success)
    }
}
