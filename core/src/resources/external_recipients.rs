//! API reference, section Create an external recipient.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Links, hidden::redacted_debug, states::is_waiting};
#[cfg(feature = "client")]
use crate::{created::Created, error::Result, validate};
use crate::{
    endpoint::{Endpoint, RetrySafety},
    types::{Network, Personal, Raw, RecipientType, SettlementMethod, de},
};

const RECOVERY_HINT: &str = "Search for the recipient on the dashboard before you create it again.";
const PATH: &str = "/api/v2/external_recipients";
static CREATE_MOBILE_WALLET: Endpoint = Endpoint::post(
    "external_recipients.create_mobile_wallet",
    PATH,
    RetrySafety::NonIdempotent { recovery_hint: RECOVERY_HINT },
);
static CREATE_BANK_ACCOUNT: Endpoint = Endpoint::post(
    "external_recipients.create_bank_account",
    PATH,
    RetrySafety::NonIdempotent { recovery_hint: RECOVERY_HINT },
);
static CREATE_TILL: Endpoint = Endpoint::post(
    "external_recipients.create_till",
    PATH,
    RetrySafety::NonIdempotent { recovery_hint: RECOVERY_HINT },
);
static CREATE_PAYBILL: Endpoint = Endpoint::post(
    "external_recipients.create_paybill",
    PATH,
    RetrySafety::NonIdempotent { recovery_hint: RECOVERY_HINT },
);
static GET: Endpoint = Endpoint::get("external_recipients.get", "/api/v2/external_recipients/{id}");

section! {
    /// People and businesses to send money to (API reference, section Create an external recipient).
    ExternalRecipients
}

/// A person's mobile wallet (API reference, section Create Send Money external mobile wallet recipient).
#[derive(Clone, Default, PartialEq)]
pub struct MobileWalletRecipientRequest {
    /// The recipient's first name.
    pub first_name: Personal,
    /// The recipient's last name.
    pub last_name: Personal,
    /// A name for the recipient.
    pub nickname: Option<String>,
    /// The recipient's e-mail address.
    pub email: Option<Personal>,
    /// The wallet's phone number, in any usual form.
    pub phone_number: Personal,
    /// The number's network. Default Safaricom. Other values are sent unchanged.
    pub network: Network,
}

redacted_debug!(MobileWalletRecipientRequest { first_name, last_name, email, phone_number, network } hides { nickname });

/// A bank account of another person or business (API reference, section Create Send Money external bank account
/// recipient).
#[derive(Clone, PartialEq)]
pub struct BankAccountRecipientRequest {
    /// The name on the account.
    pub account_name: Personal,
    /// The id of the bank's branch.
    pub bank_branch_ref: String,
    /// The account's number.
    pub account_number: Personal,
    /// A name for the recipient.
    pub nickname: Option<String>,
    /// Default `RTS`, the only one documented for external accounts. Other values are sent unchanged.
    pub settlement_method: SettlementMethod,
}

redacted_debug!(BankAccountRecipientRequest { account_name, bank_branch_ref, account_number, settlement_method } hides { nickname });

impl Default for BankAccountRecipientRequest {
    fn default() -> Self {
        Self {
            account_name: Personal::default(),
            bank_branch_ref: String::new(),
            account_number: Personal::default(),
            nickname: None,
            settlement_method: SettlementMethod::Rts,
        }
    }
}

/// Another business's till (API reference, section Create Send Money external till recipient).
#[derive(Clone, Default, PartialEq)]
pub struct TillRecipientRequest {
    /// The name on the till.
    pub till_name: String,
    /// The till's number.
    pub till_number: String,
    /// A name for the recipient.
    pub nickname: Option<String>,
}

redacted_debug!(TillRecipientRequest { till_name, till_number } hides { nickname });

/// A paybill account (API reference, section Create Send Money paybill recipient).
#[derive(Clone, Default, PartialEq)]
pub struct PaybillRecipientRequest {
    /// The paybill's name.
    pub paybill_name: String,
    /// The business number.
    pub paybill_number: String,
    /// The account at that business.
    pub paybill_account_number: Personal,
    /// A name for the recipient.
    pub nickname: Option<String>,
}

redacted_debug!(PaybillRecipientRequest { paybill_name, paybill_number, paybill_account_number } hides { nickname });

#[derive(Serialize)]
struct Wire<'a> {
    r#type: &'static str,
    external_recipient: BTreeMap<&'static str, &'a str>,
}

#[cfg(feature = "client")]
impl ExternalRecipients {
    /// Adds a person's mobile wallet.
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent. `outcome_unknown` if the response was lost.
    pub async fn create_mobile_wallet(
        &self,
        request: &MobileWalletRecipientRequest,
    ) -> Result<Created<ExternalRecipient>> {
        let phone_number = validate::phone("phone_number", &request.phone_number)?;
        let external_recipient = present_fields([
            ("first_name", Some(validate::required("first_name", request.first_name.as_str())?)),
            ("last_name", Some(validate::required("last_name", request.last_name.as_str())?)),
            ("email", validate::optional(request.email.as_ref())),
            ("phone_number", Some(phone_number.as_str())),
            ("network", Some(validate::required("network", request.network.as_str())?)),
            ("nickname", validate::optional(request.nickname.as_ref())),
        ]);
        self.client.create(&CREATE_MOBILE_WALLET, &Wire { r#type: "mobile_wallet", external_recipient }).await
    }

    /// Adds a bank account of another person or business.
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent. `outcome_unknown` if the response was lost.
    pub async fn create_bank_account(
        &self,
        request: &BankAccountRecipientRequest,
    ) -> Result<Created<ExternalRecipient>> {
        let external_recipient = present_fields([
            ("account_name", Some(validate::required("account_name", request.account_name.as_str())?)),
            ("bank_branch_ref", Some(validate::required("bank_branch_ref", &request.bank_branch_ref)?)),
            ("account_number", Some(validate::required("account_number", request.account_number.as_str())?)),
            ("settlement_method", Some(validate::required("settlement_method", request.settlement_method.as_str())?)),
            ("nickname", validate::optional(request.nickname.as_ref())),
        ]);
        self.client.create(&CREATE_BANK_ACCOUNT, &Wire { r#type: "bank_account", external_recipient }).await
    }

    /// Adds another business's till.
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent. `outcome_unknown` if the response was lost.
    pub async fn create_till(&self, request: &TillRecipientRequest) -> Result<Created<ExternalRecipient>> {
        let external_recipient = present_fields([
            ("till_name", Some(validate::required("till_name", &request.till_name)?)),
            ("till_number", Some(validate::required("till_number", &request.till_number)?)),
            ("nickname", validate::optional(request.nickname.as_ref())),
        ]);
        self.client.create(&CREATE_TILL, &Wire { r#type: "till", external_recipient }).await
    }

    /// Adds a paybill account.
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent. `outcome_unknown` if the response was lost.
    pub async fn create_paybill(&self, request: &PaybillRecipientRequest) -> Result<Created<ExternalRecipient>> {
        let external_recipient = present_fields([
            ("paybill_name", Some(validate::required("paybill_name", &request.paybill_name)?)),
            ("paybill_number", Some(validate::required("paybill_number", &request.paybill_number)?)),
            (
                "paybill_account_number",
                Some(validate::required("paybill_account_number", request.paybill_account_number.as_str())?),
            ),
            ("nickname", validate::optional(request.nickname.as_ref())),
        ]);
        self.client.create(&CREATE_PAYBILL, &Wire { r#type: "paybill", external_recipient }).await
    }

    /// Reads a recipient.
    ///
    /// # Errors
    /// `not_found` if no resource has this id.
    pub async fn get(&self, id: &str) -> Result<ExternalRecipient> {
        self.client.fetch(id).await
    }
}

/// The fields that have a value.
fn present_fields<'a, const N: usize>(fields: [(&'static str, Option<&'a str>); N]) -> BTreeMap<&'static str, &'a str> {
    fields.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

/// A recipient of money. The documentation does not show the response to a read, so every field may be absent.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct ExternalRecipient {
    /// Its id.
    #[serde(skip_deserializing)]
    pub id: String,
    /// Its status: `Approved`.
    #[serde(deserialize_with = "de::string")]
    pub status: Option<String>,
    /// Its type.
    #[serde(rename(deserialize = "type"), deserialize_with = "de::text")]
    pub recipient_type: Option<RecipientType>,
    /// The recipient's first name.
    #[serde(deserialize_with = "de::text")]
    pub first_name: Option<Personal>,
    /// The recipient's last name.
    #[serde(deserialize_with = "de::text")]
    pub last_name: Option<Personal>,
    /// The recipient's e-mail address.
    #[serde(deserialize_with = "de::text")]
    pub email: Option<Personal>,
    /// The wallet's phone number.
    #[serde(deserialize_with = "de::text")]
    pub phone_number: Option<Personal>,
    /// The wallet's network.
    #[serde(deserialize_with = "de::text")]
    pub network: Option<Network>,
    /// The name on the bank account.
    #[serde(deserialize_with = "de::text")]
    pub account_name: Option<Personal>,
    /// The bank account's number.
    #[serde(deserialize_with = "de::text")]
    pub account_number: Option<Personal>,
    /// The bank's branch.
    #[serde(deserialize_with = "de::string")]
    pub bank_branch_ref: Option<String>,
    /// `EFT` or `RTS`.
    #[serde(deserialize_with = "de::text")]
    pub settlement_method: Option<SettlementMethod>,
    /// The name on the till.
    #[serde(deserialize_with = "de::string")]
    pub till_name: Option<String>,
    /// The till's number.
    #[serde(deserialize_with = "de::string")]
    pub till_number: Option<String>,
    /// The paybill's name.
    #[serde(deserialize_with = "de::string")]
    pub paybill_name: Option<String>,
    /// The business number.
    #[serde(deserialize_with = "de::string")]
    pub paybill_number: Option<String>,
    /// The account at that business.
    #[serde(deserialize_with = "de::text")]
    pub paybill_account_number: Option<Personal>,
    /// Its name.
    #[serde(deserialize_with = "de::string")]
    pub nickname: Option<String>,
    /// URLs.
    #[serde(rename(deserialize = "_links"), deserialize_with = "de::object_or_default")]
    pub links: Links,
    /// The whole JSON text, as received.
    #[serde(skip)]
    pub raw: Raw,
}

redacted_debug!(ExternalRecipient { id, status, recipient_type, first_name, last_name, email, phone_number, network, account_name, account_number, bank_branch_ref, settlement_method, till_name, till_number, paybill_name, paybill_number, paybill_account_number, links, raw } hides { nickname });

resource!(ExternalRecipient, GET, [], this => this.status.as_deref().unwrap_or_default(), !this.status.as_deref().is_some_and(is_waiting));
