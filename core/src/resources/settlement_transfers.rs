//! Settlement transfers of version 1.

use serde::{Deserialize, Serialize};

use super::{Links, PaymentAmount, RequestStatus, TransferBatch, payments::is_paid};
use crate::{
    endpoint::Endpoint,
    error::Result,
    types::{Metadata, Raw, Timestamp, de},
};

static GET: Endpoint = Endpoint::get("settlement_transfers.get", "/api/v2/settlement_transfers/{id}");

section! {
    /// Settlement transfers of the API's first version: they can still be read where their Location says.
    SettlementTransfers
}

impl SettlementTransfers {
    /// Reads a settlement transfer of version 1.
    ///
    /// # Errors
    /// `not_found` where there is none of this id.
    pub async fn get(&self, id: &str) -> Result<SettlementTransfer> {
        self.client.fetch(id).await
    }
}

/// A settlement transfer of version 1.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettlementTransfer {
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

resource!(SettlementTransfer, GET, this => this.status.as_str(), this.status == RequestStatus::Processed);

impl SettlementTransfer {
    /// Whether all the money arrived.
    pub fn is_paid(&self) -> bool {
        is_paid(&self.status, &self.transfer_batches)
    }
}
