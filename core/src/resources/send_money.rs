//! API reference, section Send Money.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

#[cfg(doc)]
use super::Resource;
#[cfg(feature = "client")]
use super::destinations;
use super::{
    Destination, Disbursement, Links, TransferBatch, WireLinks,
    destinations::WireDestination,
    hidden::redacted_debug,
    transactions::currency,
    transfers::{Requested, Transfers, list_with_gaps},
};
#[cfg(feature = "client")]
use crate::{client::KopoKopo, created::Created, error::Result, journal::metadata_with_key, validate};
use crate::{
    endpoint::{Endpoint, RetrySafety},
    types::{Amount, Currency, Metadata, Personal, PhoneNumber, Raw, RecipientType, Timestamp, de, open_enum},
};

const RECOVERY_HINT: &str = "Wait for the result at callback_url, or check the transfers on the dashboard, before you send it again: the API has no list of transfers and no idempotency key.";
static CREATE: Endpoint = Endpoint::post(
    "send_money.create",
    "/api/v2/send_money",
    RetrySafety::NonIdempotent { recovery_hint: RECOVERY_HINT },
);
static SWEEP: Endpoint = Endpoint::post(
    "send_money.sweep_all_funds",
    "/api/v2/send_money",
    RetrySafety::NonIdempotent { recovery_hint: RECOVERY_HINT },
);
static GET: Endpoint = Endpoint::get("send_money.get", "/api/v2/send_money/{id}");

section! {
    /// Money sent out (API reference, section Send Money).
    SendMoneyRequests
}

/// Sends money to the merchant's own accounts or to others (API reference, sections Send Money to my account and Send
/// Money to external recipients).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SendMoneyRequest {
    /// At least one, all of the same type. Several are accepted only for mobile wallets and bank accounts of others.
    /// Each recipient may occur only once, because Kopo Kopo would pay a repeated one again. An empty list is refused,
    /// because without destinations the API sends all available funds. For that, use
    /// [`SendMoneyRequests::sweep_all_funds`].
    pub destinations: Vec<Destination>,
    /// The till whose money is sent. Default: the available balance.
    pub source_identifier: Option<String>,
    /// Default KES.
    pub currency: Currency,
    /// The URL that receives the result. It must be https.
    pub callback_url: String,
    /// At most 5 pairs of primitive values. The result has them too.
    pub metadata: Metadata,
}

/// Sends all available funds to the merchant's own accounts (API reference, section Send Money to my accounts).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SweepRequest {
    /// Default KES.
    pub currency: Currency,
    /// The URL that receives the result. It must be https.
    pub callback_url: String,
    /// At most 5 pairs of primitive values. The result has them too.
    pub metadata: Metadata,
}

#[derive(Serialize)]
struct Wire<'a> {
    /// Absent in a sweep. Otherwise present, and never empty.
    #[serde(skip_serializing_if = "Option::is_none")]
    destinations: Option<Vec<WireDestination<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_identifier: Option<&'a str>,
    currency: &'a str,
    #[serde(skip_serializing_if = "Metadata::is_empty")]
    metadata: Cow<'a, Metadata>,
    #[serde(rename = "_links")]
    links: WireLinks<'a>,
}

#[cfg(feature = "client")]
impl SendMoneyRequests {
    /// Sends money. The response says that the request was accepted, not that the recipients were paid: use
    /// [`Created::wait`] and then [`SendMoney::is_paid`] and [`SendMoney::failed_disbursements`].
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent. `outcome_unknown` if the response was lost: the
    /// money may have been sent, and sending again may send it twice.
    pub async fn create(&self, request: &SendMoneyRequest) -> Result<Created<SendMoney>> {
        let outcome = self.client.create(&CREATE, &request.wire(&self.client)?).await;
        outcome.map_err(|error| validate::explain_limit(error, destinations::largest_by_mpesa(&request.destinations)))
    }

    /// Sends **all available funds** of the company and its tills to their preferred settlement accounts. The amount
    /// and the destination cannot be chosen.
    ///
    /// # Errors
    /// As [`Self::create`].
    pub async fn sweep_all_funds(&self, request: &SweepRequest) -> Result<Created<SendMoney>> {
        let wire = Wire {
            destinations: None,
            source_identifier: None,
            currency: request.currency.as_str(),
            metadata: metadata_with_key(&self.client, &request.metadata)?,
            links: WireLinks {
                callback_url: validate::callback_url("callback_url", &request.callback_url, &self.client)?,
            },
        };
        self.client.create(&SWEEP, &wire).await
    }

    /// Reads a request.
    ///
    /// # Errors
    /// `not_found` if no resource has this id.
    pub async fn get(&self, id: &str) -> Result<SendMoney> {
        self.client.fetch(id).await
    }
}

#[cfg(feature = "client")]
impl SendMoneyRequest {
    fn wire(&self, client: &KopoKopo) -> Result<Wire<'_>> {
        Ok(Wire {
            destinations: Some(destinations::wire(&self.destinations)?),
            source_identifier: validate::optional(self.source_identifier.as_ref()),
            currency: self.currency.as_str(),
            metadata: metadata_with_key(client, &self.metadata)?,
            links: WireLinks { callback_url: validate::callback_url("callback_url", &self.callback_url, client)? },
        })
    }
}

open_enum! {
    /// The status of a request. Processed means that the request was carried out, not that money moved.
    pub enum RequestStatus {
        /// It was received.
        Received = "Received",
        /// It is scheduled.
        Scheduled = "Scheduled",
        /// It was carried out.
        Processed = "Processed",
    }
}

/// A request to send money (API reference, section Process Send Money result).
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SendMoney {
    /// Its id.
    #[serde(skip_deserializing)]
    pub id: String,
    /// Its status.
    pub status: RequestStatus,
    /// When it was created.
    #[serde(default, deserialize_with = "de::timestamp")]
    pub created_at: Option<Timestamp>,
    /// The till whose money is sent. None: the available balance.
    #[serde(default, deserialize_with = "de::string")]
    pub source_identifier: Option<String>,
    /// The currency.
    #[serde(default, deserialize_with = "currency")]
    pub currency: Option<Currency>,
    /// The requested destinations. Empty for the merchant's own accounts.
    #[serde(default, deserialize_with = "list_with_gaps")]
    pub destinations: Vec<SendMoneyDestination>,
    /// The disbursements, in a different order than the destinations.
    #[serde(default, deserialize_with = "list_with_gaps")]
    pub transfer_batches: Vec<TransferBatch>,
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

redacted_debug!(SendMoney { id, status, created_at, source_identifier, currency, destinations, transfer_batches, metadata, links, raw } hides { errors });

/// A requested destination.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct SendMoneyDestination {
    /// Its type.
    #[serde(rename(deserialize = "type"), deserialize_with = "de::text")]
    pub destination_type: Option<RecipientType>,
    /// The amount.
    #[serde(deserialize_with = "de::amount")]
    pub amount: Option<Amount>,
    /// The id of the merchant's account.
    #[serde(deserialize_with = "de::string")]
    pub reference: Option<String>,
    /// A wallet's phone number.
    #[serde(deserialize_with = "de::text")]
    pub phone_number: Option<Personal>,
    /// A wallet's network.
    #[serde(deserialize_with = "de::string")]
    pub network: Option<String>,
    /// The name on a bank account.
    #[serde(deserialize_with = "de::text")]
    pub account_name: Option<Personal>,
    /// A bank account's number.
    #[serde(deserialize_with = "de::text")]
    pub account_number: Option<Personal>,
    /// A bank's branch.
    #[serde(deserialize_with = "de::string")]
    pub bank_branch_ref: Option<String>,
    /// A till's number.
    #[serde(deserialize_with = "de::string")]
    pub till_number: Option<String>,
    /// A paybill's business number.
    #[serde(deserialize_with = "de::string")]
    pub paybill_number: Option<String>,
    /// The account at that business.
    #[serde(deserialize_with = "de::text")]
    pub paybill_account_number: Option<Personal>,
    /// The recipient's name.
    #[serde(deserialize_with = "de::string")]
    pub nickname: Option<String>,
    /// Its purpose.
    #[serde(deserialize_with = "de::string")]
    pub description: Option<String>,
    /// Whether the recipient is a favourite.
    #[serde(deserialize_with = "de::boolean")]
    pub favourite: Option<bool>,
}

redacted_debug!(SendMoneyDestination { destination_type, amount, reference, phone_number, network, account_name, account_number, bank_branch_ref, till_number, paybill_number, paybill_account_number, favourite } hides { nickname, description });

resource!(SendMoney, GET, ["send_money"], this => this.status.as_str(), this.transfers().is_final());

impl SendMoney {
    fn transfers(&self) -> Transfers<'_> {
        Transfers {
            status: &self.status,
            errors: &self.errors,
            requested: Requested::Destinations(&self.destinations),
            batches: &self.transfer_batches,
        }
    }

    /// The disbursements of all batches.
    pub fn disbursements(&self) -> impl Iterator<Item = &Disbursement> {
        self.transfer_batches.iter().flat_map(|batch| &batch.disbursements)
    }

    /// Whether all the money arrived. The request is processed without errors. There is at least one batch, and each
    /// batch is transferred and has at least one disbursement. Each disbursement is transferred without errors. The sum
    /// of their amounts is the batch's amount. Each destination received exactly the requested amount; destinations are
    /// matched by phone number, account or reference, not by position.
    ///
    /// `false` does not mean that no recipient was paid: see [`Self::failed_disbursements`] and
    /// [`Self::failed_batches`]. Do not send the money again while [`Resource::is_final`] is `false`.
    pub fn is_paid(&self) -> bool {
        self.transfers().is_paid()
    }

    /// The disbursements that failed, each with its errors, without those that are still pending. Empty until the
    /// request is processed. A whole batch can fail too: see [`Self::failed_batches`].
    pub fn failed_disbursements(&self) -> Vec<&Disbursement> {
        self.transfers().failed_disbursements()
    }

    /// The batches that failed. A cancelled batch can have no disbursements, so [`Self::failed_disbursements`] may be
    /// empty although money was not sent. Empty until the request is processed.
    pub fn failed_batches(&self) -> Vec<&TransferBatch> {
        self.transfers().failed_batches()
    }

    /// The disbursements to one destination, by its phone number (in any usual format), its account or its reference.
    /// Do not match them by position, because the order differs.
    pub fn disbursements_to(&self, recipient: &str) -> Vec<&Disbursement> {
        let phone = recipient.parse::<PhoneNumber>().ok();
        self.disbursements().filter(|disbursement| disbursement.went_to(recipient, phone.as_ref())).collect()
    }
}
