//! API reference, section Create a merchant bank account.

use serde::{Deserialize, Serialize};

use super::{Links, hidden::redacted_debug, states::is_waiting};
#[cfg(feature = "client")]
use crate::created::Created;
use crate::{
    endpoint::{Endpoint, RetrySafety},
    error::Result,
    types::{Personal, Raw, SettlementMethod, de},
    validate,
};

static CREATE: Endpoint = Endpoint::post(
    "merchant_bank_accounts.create",
    "/api/v2/merchant_bank_accounts",
    RetrySafety::NonIdempotent { recovery_hint: "Search for the account on the dashboard before you create it again." },
);
static GET: Endpoint = Endpoint::get("merchant_bank_accounts.get", "/api/v2/merchant_bank_accounts/{id}");

section! {
    /// Bank accounts of the merchant (API reference, section Create a merchant bank account).
    MerchantBankAccounts
}

/// A bank account of the merchant, to send money to (API reference, section Create a merchant bank account).
#[derive(Clone, Default, PartialEq)]
pub struct MerchantBankAccountRequest {
    /// The name on the account.
    pub account_name: Personal,
    /// The id of the bank's branch.
    pub bank_branch_ref: String,
    /// The account's number.
    pub account_number: Personal,
    /// A name for the account.
    pub nickname: Option<String>,
    /// `EFT` or `RTS`. Other values are sent unchanged.
    pub settlement_method: SettlementMethod,
}

redacted_debug!(MerchantBankAccountRequest { account_name, bank_branch_ref, account_number, settlement_method } hides { nickname });

#[derive(Serialize)]
struct Wire<'a> {
    account_name: &'a str,
    bank_branch_ref: &'a str,
    account_number: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<&'a str>,
    settlement_method: &'a str,
}

#[cfg(feature = "client")]
impl MerchantBankAccounts {
    /// Adds a bank account of the merchant.
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent. `outcome_unknown` if the response was lost.
    pub async fn create(&self, request: &MerchantBankAccountRequest) -> Result<Created<MerchantBankAccount>> {
        self.client.create(&CREATE, &request.wire()?).await
    }

    /// Reads a bank account.
    ///
    /// # Errors
    /// `not_found` if no resource has this id.
    pub async fn get(&self, id: &str) -> Result<MerchantBankAccount> {
        self.client.fetch(id).await
    }
}

impl MerchantBankAccountRequest {
    fn wire(&self) -> Result<Wire<'_>> {
        Ok(Wire {
            account_name: validate::required("account_name", self.account_name.as_str())?,
            bank_branch_ref: validate::required("bank_branch_ref", &self.bank_branch_ref)?,
            account_number: validate::required("account_number", self.account_number.as_str())?,
            nickname: validate::optional(self.nickname.as_ref()),
            settlement_method: validate::required("settlement_method", self.settlement_method.as_str())?,
        })
    }
}

/// A bank account of the merchant. The documentation does not show the response to a read, so every field may be
/// absent.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct MerchantBankAccount {
    /// Its id. It is the reference to send money to.
    #[serde(skip_deserializing)]
    pub id: String,
    /// Its status: `Approved`.
    #[serde(deserialize_with = "de::string")]
    pub status: Option<String>,
    /// The name on the account.
    #[serde(deserialize_with = "de::text")]
    pub account_name: Option<Personal>,
    /// The bank's branch.
    #[serde(deserialize_with = "de::string")]
    pub bank_branch_ref: Option<String>,
    /// The account's number.
    #[serde(deserialize_with = "de::text")]
    pub account_number: Option<Personal>,
    /// Its name.
    #[serde(deserialize_with = "de::string")]
    pub nickname: Option<String>,
    /// `EFT` or `RTS`.
    #[serde(deserialize_with = "de::text")]
    pub settlement_method: Option<SettlementMethod>,
    /// URLs.
    #[serde(rename(deserialize = "_links"), deserialize_with = "de::object_or_default")]
    pub links: Links,
    /// The whole JSON text, as received.
    #[serde(skip)]
    pub raw: Raw,
}

redacted_debug!(MerchantBankAccount { id, status, account_name, bank_branch_ref, account_number, settlement_method, links, raw } hides { nickname });

resource!(MerchantBankAccount, GET, [], this => this.status.as_deref().unwrap_or_default(), !this.status.as_deref().is_some_and(is_waiting));
