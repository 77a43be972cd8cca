//! API reference, section Create a merchant mobile wallet.

use serde::{Deserialize, Serialize};

use super::{Links, hidden::redacted_debug, states::is_waiting};
#[cfg(feature = "client")]
use crate::created::Created;
use crate::{
    endpoint::{Endpoint, RetrySafety},
    error::Result,
    types::{Network, Personal, PhoneNumber, Raw, de},
    validate,
};

static CREATE: Endpoint = Endpoint::post(
    "merchant_wallets.create",
    "/api/v2/merchant_wallets",
    RetrySafety::NonIdempotent { recovery_hint: "Search for the wallet on the dashboard before you create it again." },
);
static GET: Endpoint = Endpoint::get("merchant_wallets.get", "/api/v2/merchant_wallets/{id}");

section! {
    /// Mobile wallets of the merchant (API reference, section Create a merchant mobile wallet).
    MerchantWallets
}

/// A mobile wallet of the merchant, to send money to (API reference, section Create a merchant mobile wallet).
#[derive(Clone, Default, PartialEq)]
pub struct MerchantWalletRequest {
    /// The owner's first name.
    pub first_name: Personal,
    /// The owner's last name.
    pub last_name: Personal,
    /// A name for the wallet.
    pub nickname: Option<String>,
    /// The wallet's phone number, in any usual form.
    pub phone_number: Personal,
    /// The number's network. Default Safaricom, the only one in the documentation. Other values are sent unchanged.
    pub network: Network,
}

redacted_debug!(MerchantWalletRequest { first_name, last_name, phone_number, network } hides { nickname });

#[derive(Serialize)]
struct Wire<'a> {
    first_name: &'a str,
    last_name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<&'a str>,
    phone_number: PhoneNumber,
    network: &'a str,
}

#[cfg(feature = "client")]
impl MerchantWallets {
    /// Adds a mobile wallet of the merchant.
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent. `outcome_unknown` if the response was lost.
    pub async fn create(&self, request: &MerchantWalletRequest) -> Result<Created<MerchantWallet>> {
        self.client.create(&CREATE, &request.wire()?).await
    }

    /// Reads a wallet.
    ///
    /// # Errors
    /// `not_found` if no resource has this id.
    pub async fn get(&self, id: &str) -> Result<MerchantWallet> {
        self.client.fetch(id).await
    }
}

impl MerchantWalletRequest {
    fn wire(&self) -> Result<Wire<'_>> {
        Ok(Wire {
            first_name: validate::required("first_name", self.first_name.as_str())?,
            last_name: validate::required("last_name", self.last_name.as_str())?,
            nickname: validate::optional(self.nickname.as_ref()),
            phone_number: validate::phone("phone_number", &self.phone_number)?,
            network: validate::required("network", self.network.as_str())?,
        })
    }
}

/// A mobile wallet of the merchant. The documentation does not show the response to a read, so every field may be
/// absent.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MerchantWallet {
    /// Its id. It is the reference to send money to.
    #[serde(skip_deserializing)]
    pub id: String,
    /// Its status: `Approved`.
    #[serde(deserialize_with = "de::string")]
    pub status: Option<String>,
    /// The owner's first name.
    #[serde(deserialize_with = "de::text")]
    pub first_name: Option<Personal>,
    /// The owner's last name.
    #[serde(deserialize_with = "de::text")]
    pub last_name: Option<Personal>,
    /// Its name.
    #[serde(deserialize_with = "de::string")]
    pub nickname: Option<String>,
    /// Its phone number.
    #[serde(deserialize_with = "de::text")]
    pub phone_number: Option<Personal>,
    /// Its network.
    #[serde(deserialize_with = "de::text")]
    pub network: Option<Network>,
    /// URLs.
    #[serde(rename(deserialize = "_links"), deserialize_with = "de::object_or_default")]
    pub links: Links,
    /// The whole JSON text, as received.
    #[serde(skip)]
    pub raw: Raw,
}

redacted_debug!(MerchantWallet { id, status, first_name, last_name, phone_number, network, links, raw } hides { nickname });

resource!(MerchantWallet, GET, [], this => this.status.as_deref().unwrap_or_default(), !this.status.as_deref().is_some_and(is_waiting));
