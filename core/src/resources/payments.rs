//! Guide to payment status, version 1.

use serde::{Deserialize, Serialize};

use super::{Disbursement, Links, RequestStatus, TransferBatch, transactions::currency};
use crate::{
    endpoint::Endpoint,
    error::Result,
    types::{Amount, Currency, Metadata, Raw, Timestamp, de},
};

static GET: Endpoint = Endpoint::get("payments.get", "/api/v1/payments/{id}");

section! {
    /// Payments of the API's first version: they can still be read (guide to payment status, version 1).
    Payments
}

impl Payments {
    /// Reads a payment of version 1.
    ///
    /// # Errors
    /// `not_found` where there is none of this id.
    pub async fn get(&self, id: &str) -> Result<Payment> {
        self.client.fetch(id).await
    }
}

/// A payment of version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Payment {
    /// Its id.
    #[serde(skip_deserializing)]
    pub id: String,
    /// How it stands.
    pub status: RequestStatus,
    /// When it was made.
    #[serde(default, deserialize_with = "de::timestamp")]
    pub created_at: Option<Timestamp>,
    /// How much was asked for.
    #[serde(default)]
    pub amount: Option<PaymentAmount>,
    /// What was done.
    #[serde(default, deserialize_with = "de::list")]
    pub transfer_batches: Vec<TransferBatch>,
    /// What the request attached.
    #[serde(default, deserialize_with = "de::object_or_default")]
    pub metadata: Metadata,
    /// URLs.
    #[serde(default, rename(deserialize = "_links"), deserialize_with = "de::object_or_default")]
    pub links: Links,
    /// The whole text as it came.
    #[serde(skip)]
    pub raw: Raw,
}

/// An amount with its currency, as version 1 writes it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PaymentAmount {
    /// In which currency.
    #[serde(deserialize_with = "currency")]
    pub currency: Option<Currency>,
    /// How much. None where everything was transferred.
    #[serde(deserialize_with = "de::amount")]
    pub value: Option<Amount>,
}

resource!(Payment, GET, this => this.status.as_str(), this.status == RequestStatus::Processed);

impl Payment {
    /// Whether all the money arrived.
    pub fn is_paid(&self) -> bool {
        is_paid(&self.status, &self.transfer_batches)
    }
}

/// Processed, with at least one payment, and every one transferred.
pub(super) fn is_paid(status: &RequestStatus, batches: &[TransferBatch]) -> bool {
    let mut disbursements = batches.iter().flat_map(|batch| &batch.disbursements).peekable();
    *status == RequestStatus::Processed && disbursements.peek().is_some() && disbursements.all(Disbursement::is_paid)
}
