//! API reference, section Polling.

use serde::{Deserialize, Serialize};

use super::{Links, Transaction, WireLinks, states::is_waiting};
#[cfg(feature = "client")]
use crate::{
    client::KopoKopo,
    created::Created,
    error::{KopoKopoError, Result},
    validate,
};
use crate::{
    endpoint::{Endpoint, RetrySafety},
    types::{Raw, Scope, Timestamp, de},
};

/// A polling request only reads. A second one has no effect, so it is retried like a read.
static CREATE: Endpoint = Endpoint::post("polling.create", "/api/v2/polling", RetrySafety::Idempotent);
static GET: Endpoint = Endpoint::get("polling.get", "/api/v2/polling/{id}");

section! {
    /// Transactions of a period (API reference, section Polling).
    PollingRequests
}

/// The transactions to list (API reference, section Polling API Requests).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PollingRequest {
    /// The whole company or one till.
    pub scope: Scope,
    /// The till number, for scope `till` only.
    pub scope_reference: Option<String>,
    /// The start of the period.
    pub from_time: Option<Timestamp>,
    /// The end of the period, not before its start.
    pub to_time: Option<Timestamp>,
    /// The URL that receives the result. It must be https.
    pub callback_url: String,
}

#[derive(Serialize)]
struct Wire<'a> {
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope_reference: Option<&'a str>,
    from_time: &'a Timestamp,
    to_time: &'a Timestamp,
    #[serde(rename = "_links")]
    links: WireLinks<'a>,
}

#[cfg(feature = "client")]
impl PollingRequests {
    /// Requests the transactions of a period. [`Created::wait`] returns the list, and `callback_url` receives it.
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent.
    pub async fn create(&self, request: &PollingRequest) -> Result<Created<Polling>> {
        self.client.create(&CREATE, &request.wire(&self.client)?).await
    }

    /// Reads a polling request and, once it is done, its transactions.
    ///
    /// # Errors
    /// `not_found` if no resource has this id.
    pub async fn get(&self, id: &str) -> Result<Polling> {
        self.client.fetch(id).await
    }
}

#[cfg(feature = "client")]
impl PollingRequest {
    fn wire(&self, client: &KopoKopo) -> Result<Wire<'_>> {
        let scope = self.scope.checked()?;
        let scope_reference = self.scope.reference(self.scope_reference.as_ref())?;
        let missing = |field| {
            KopoKopoError::invalid(field, "is required: a time with its offset, such as 2026-05-01T08:00:00+03:00")
        };
        let from_time = self.from_time.as_ref().ok_or_else(|| missing("from_time"))?;
        let to_time = self.to_time.as_ref().ok_or_else(|| missing("to_time"))?;
        if to_time.instant() < from_time.instant() {
            return Err(KopoKopoError::invalid("to_time", "must not be before from_time"));
        }
        let links = WireLinks { callback_url: validate::callback_url("callback_url", &self.callback_url, client)? };
        Ok(Wire { scope, scope_reference, from_time, to_time, links })
    }
}

/// A polling request and, once it is done, its transactions (API reference, section Process Polling API Result).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Polling {
    /// Its id.
    #[serde(skip_deserializing)]
    pub id: String,
    /// Its status: `Pending`, `Success`.
    #[serde(deserialize_with = "de::required_string")]
    pub status: String,
    /// When it was created.
    #[serde(default, deserialize_with = "de::timestamp")]
    pub created_at: Option<Timestamp>,
    /// The start of the period.
    #[serde(default, deserialize_with = "de::timestamp")]
    pub from_time: Option<Timestamp>,
    /// The end of the period.
    #[serde(default, deserialize_with = "de::timestamp")]
    pub to_time: Option<Timestamp>,
    /// `Company` or `Till`, with a capital letter in responses.
    #[serde(default, deserialize_with = "de::string")]
    pub scope: Option<String>,
    /// The till number.
    #[serde(default, deserialize_with = "de::string")]
    pub scope_reference: Option<String>,
    /// The transactions of the period. There is no paging: the list is complete.
    #[serde(default, deserialize_with = "de::list")]
    pub transactions: Vec<PolledTransaction>,
    /// URLs.
    #[serde(default, rename(deserialize = "_links"), deserialize_with = "de::object_or_default")]
    pub links: Links,
    /// The whole JSON text, as received.
    #[serde(skip)]
    pub raw: Raw,
}

/// One transaction of a list.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct PolledTransaction {
    /// `Buygoods Transaction` or `External Till to Till Transaction`.
    #[serde(rename(deserialize = "type"), deserialize_with = "de::string")]
    pub transaction_type: Option<String>,
    /// The transaction.
    #[serde(rename(deserialize = "resource"), deserialize_with = "de::object_or_default")]
    pub transaction: Transaction,
}

resource!(Polling, GET, ["polling"], this => &this.status, !is_waiting(&this.status));
