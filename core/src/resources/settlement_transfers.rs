//! Settlement transfers of version 1.

use serde::{Deserialize, Serialize};

use super::{
    Disbursement, Links, PaymentAmount, RequestStatus, TransferBatch,
    hidden::redacted_debug,
    transfers::{Requested, Transfers, list_with_gaps},
};
#[cfg(feature = "client")]
use crate::error::Result;
use crate::{
    endpoint::Endpoint,
    types::{Metadata, Raw, Timestamp, de},
};

static GET: Endpoint = Endpoint::get("settlement_transfers.get", "/api/v2/settlement_transfers/{id}");

section! {
    /// Settlement transfers of version 1 of the API, read-only.
    SettlementTransfers
}

#[cfg(feature = "client")]
impl SettlementTransfers {
    /// Reads a settlement transfer of version 1.
    ///
    /// # Errors
    /// `not_found` if no resource has this id.
    pub async fn get(&self, id: &str) -> Result<SettlementTransfer> {
        self.client.fetch(id).await
    }
}

/// A settlement transfer of version 1.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SettlementTransfer {
    /// Its id.
    #[serde(skip_deserializing)]
    pub id: String,
    /// Its status.
    pub status: RequestStatus,
    /// When it was created.
    #[serde(default, deserialize_with = "de::timestamp")]
    pub created_at: Option<Timestamp>,
    /// The requested amount.
    #[serde(default)]
    pub amount: Option<PaymentAmount>,
    /// The disbursements that were made.
    #[serde(default, deserialize_with = "list_with_gaps")]
    pub transfer_batches: Vec<TransferBatch>,
    /// The reasons why it failed. Not documented for version 1, so usually empty.
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

redacted_debug!(SettlementTransfer { id, status, created_at, amount, transfer_batches, metadata, links, raw } hides { errors });

resource!(SettlementTransfer, GET, ["settlement_transfer"], this => this.status.as_str(), this.transfers().is_final());

impl SettlementTransfer {
    fn transfers(&self) -> Transfers<'_> {
        Transfers {
            status: &self.status,
            errors: &self.errors,
            requested: Requested::Total(self.amount.as_ref().and_then(|amount| amount.value)),
            batches: &self.transfer_batches,
        }
    }

    /// Whether all the money arrived. The request is processed without errors. There is at least one batch, and each
    /// batch is transferred and has at least one disbursement. Each disbursement is transferred without errors. The sum
    /// of the amounts is the requested amount.
    pub fn is_paid(&self) -> bool {
        self.transfers().is_paid()
    }

    /// The disbursements that failed, each with its errors. Empty until the request is processed.
    pub fn failed_disbursements(&self) -> Vec<&Disbursement> {
        self.transfers().failed_disbursements()
    }

    /// The batches that failed. A cancelled batch can have no disbursements. Empty until the request is processed.
    pub fn failed_batches(&self) -> Vec<&TransferBatch> {
        self.transfers().failed_batches()
    }
}
