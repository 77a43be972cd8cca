//! API reference, section Reversals.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{
    Links, RequestStatus, TransferStatus, WireLinks,
    hidden::redacted_debug,
    states::{has_failed, is_failure, is_waiting},
};
#[cfg(feature = "client")]
use crate::{created::Created, error::Result, journal::metadata_with_key, validate};
use crate::{
    endpoint::{Endpoint, RetrySafety},
    types::{Amount, Metadata, Raw, Timestamp, de},
};

static CREATE: Endpoint = Endpoint::post(
    "reversals.create",
    "/api/v2/reversals",
    RetrySafety::NonIdempotent {
        recovery_hint: "Wait for the result at callback_url or a reversed webhook, or poll the till's transactions, before you reverse it again.",
    },
);
static GET: Endpoint = Endpoint::get("reversals.get", "/api/v2/reversals/{id}");

section! {
    /// Money returned to customers (API reference, section Reversals).
    Reversals
}

/// Reverses an incoming transaction of the last 30 days (API reference, section Reverse Incoming Transactions).
#[derive(Clone, Default, PartialEq)]
pub struct ReversalRequest {
    /// The transaction's M-PESA reference or id.
    pub transaction_reference: String,
    /// The reason.
    pub reason: String,
    /// At most 5 pairs of primitive values. The result has them too.
    pub metadata: Metadata,
    /// The URL that receives the result. It must be https.
    pub callback_url: String,
}

redacted_debug!(ReversalRequest { transaction_reference, metadata, callback_url } hides { reason });

#[derive(Serialize)]
struct Wire<'a> {
    transaction_reference: &'a str,
    reason: &'a str,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Cow<'a, Metadata>,
    #[serde(rename = "_links")]
    links: WireLinks<'a>,
}

#[cfg(feature = "client")]
impl Reversals {
    /// Requests a reversal. The response says that the request was accepted, not that money was returned: use
    /// [`Created::wait`] and then [`Reversal::is_reversed`].
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent. `outcome_unknown` if the response was lost.
    pub async fn create(&self, request: &ReversalRequest) -> Result<Created<Reversal>> {
        let wire = Wire {
            transaction_reference: validate::required("transaction_reference", &request.transaction_reference)?,
            reason: validate::required("reason", &request.reason)?,
            metadata: metadata_with_key(&self.client, &request.metadata)?,
            links: WireLinks {
                callback_url: validate::callback_url("callback_url", &request.callback_url, &self.client)?,
            },
        };
        self.client.create(&CREATE, &wire).await
    }

    /// Reads a reversal.
    ///
    /// # Errors
    /// `not_found` if no resource has this id.
    pub async fn get(&self, id: &str) -> Result<Reversal> {
        self.client.fetch(id).await
    }
}

/// A reversal (API reference, section Process Reversal Request API Result).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reversal {
    /// Its id.
    #[serde(skip_deserializing)]
    pub id: String,
    /// The status of the request. Processed does not mean reversed: check [`Reversal::is_reversed`].
    pub status: RequestStatus,
    /// When it was created.
    #[serde(default, deserialize_with = "de::timestamp")]
    pub created_at: Option<Timestamp>,
    /// The transaction to reverse.
    #[serde(default, deserialize_with = "de::string")]
    pub transaction_reference: Option<String>,
    /// The reason.
    #[serde(default, deserialize_with = "de::string")]
    pub reason: Option<String>,
    /// The payment to the customer, once it exists. Its status is the outcome of the reversal.
    #[serde(default, deserialize_with = "de::object")]
    pub reversal_bulk_payment: Option<ReversalBulkPayment>,
    /// The reasons why it failed.
    #[serde(default, deserialize_with = "de::strings")]
    pub errors: Vec<String>,
    /// The metadata of the request.
    #[serde(default, deserialize_with = "de::object_or_default")]
    pub metadata: Metadata,
    /// URLs.
    #[serde(default, rename(deserialize = "_links"), deserialize_with = "de::object_or_default")]
    pub links: Links,
    /// The whole JSON text, as received.
    #[serde(skip)]
    pub raw: Raw,
}

redacted_debug!(Reversal { id, status, created_at, transaction_reference, reversal_bulk_payment, metadata, links, raw } hides { errors, reason });

/// The payment to the customer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ReversalBulkPayment {
    /// The amount.
    #[serde(deserialize_with = "de::amount")]
    pub amount: Option<Amount>,
    /// `Transferred`: the money was returned. `Cancelled`: it was not.
    #[serde(deserialize_with = "de::text")]
    pub status: Option<TransferStatus>,
    /// When the transaction happened.
    #[serde(deserialize_with = "de::timestamp")]
    pub origination_time: Option<Timestamp>,
    /// The M-PESA reference.
    #[serde(deserialize_with = "de::string")]
    pub transaction_reference: Option<String>,
}

resource!(Reversal, GET, ["reversals"], this => this.status.as_str(), this.is_over());

impl Reversal {
    fn outcome(&self) -> Option<&TransferStatus> {
        self.reversal_bulk_payment.as_ref().and_then(|payment| payment.status.as_ref())
    }

    fn is_transferred(&self) -> bool {
        self.outcome() == Some(&TransferStatus::Transferred)
    }

    /// Whether the money was returned: the request is processed without errors, and an amount greater than zero is
    /// transferred.
    pub fn is_reversed(&self) -> bool {
        let payment = self.reversal_bulk_payment.as_ref();
        self.status == RequestStatus::Processed
            && self.errors.is_empty()
            && self.is_transferred()
            && payment.and_then(|payment| payment.amount).is_some_and(|amount| amount.is_positive())
    }

    /// Whether the money was not returned and will not be: the payment to the customer was cancelled, or the request
    /// failed. `false` while the reversal is pending, and if the payment to the customer was transferred.
    pub fn is_failed(&self) -> bool {
        let word = self.outcome().map_or("", TransferStatus::as_str);
        let is_cancelled = is_failure(word) && !is_waiting(self.status.as_str());
        is_cancelled || (has_failed(self.status.as_str(), &self.errors) && !self.is_transferred() && !is_waiting(word))
    }

    fn is_over(&self) -> bool {
        let is_processed = self.status == RequestStatus::Processed || has_failed(self.status.as_str(), &self.errors);
        self.is_failed() || (is_processed && self.is_transferred())
    }
}
