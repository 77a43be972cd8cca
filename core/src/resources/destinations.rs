//! Destinations of money. They have six types; all destinations of a request have the same type.

use std::collections::HashMap;

use serde::Serialize;

use super::hidden::redacted_debug;
use crate::{
    detail::detail,
    error::{KopoKopoError, Result},
    types::{Amount, JsonNumber, Network, Personal, PhoneNumber},
    validate,
};

/// A destination of money, and the amount. Amounts are whole shillings. The documentation requires a description for
/// transfers to others. For the merchant's own accounts it is optional.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Destination {
    /// A mobile wallet of the merchant, by its reference.
    MerchantWallet(MerchantDestination),
    /// A bank account of the merchant, by its reference.
    MerchantBankAccount(MerchantDestination),
    /// A person's mobile wallet. The recipient is created if it does not exist.
    MobileWallet(MobileWalletDestination),
    /// A bank account of another person or business.
    BankAccount(BankAccountDestination),
    /// Another business's till.
    Till(TillDestination),
    /// A paybill account.
    Paybill(PaybillDestination),
}

/// An account of the merchant (API reference, section Send Money to my account).
#[derive(Clone, Default, PartialEq)]
pub struct MerchantDestination {
    /// The account's id.
    pub reference: String,
    /// Whole shillings, at least 1.
    pub amount: Amount,
    /// Its purpose.
    pub description: Option<String>,
}

redacted_debug!(MerchantDestination { reference, amount } hides { description });

/// A person's mobile wallet (API reference, External Mobile Wallet Destination).
#[derive(Clone, Default, PartialEq)]
pub struct MobileWalletDestination {
    /// The wallet's phone number, in any usual form.
    pub phone_number: Personal,
    /// The number's network. Default Safaricom. Other values are sent unchanged.
    pub network: Network,
    /// Whole shillings, at least 1.
    pub amount: Amount,
    /// Its purpose.
    pub description: String,
    /// A name for the recipient.
    pub nickname: Option<String>,
    /// Whether to mark the recipient as a favourite.
    pub favourite: Option<bool>,
}

redacted_debug!(MobileWalletDestination { phone_number, network, amount, favourite } hides { description, nickname });

/// A bank account of another person or business (API reference, External Bank Account Destination).
#[derive(Clone, Default, PartialEq)]
pub struct BankAccountDestination {
    /// The id of the bank's branch.
    pub bank_branch_ref: String,
    /// The name on the account.
    pub account_name: Personal,
    /// The account's number.
    pub account_number: Personal,
    /// Whole shillings, at least 1.
    pub amount: Amount,
    /// Its purpose.
    pub description: String,
    /// A name for the recipient.
    pub nickname: Option<String>,
    /// Whether to mark the recipient as a favourite.
    pub favourite: Option<bool>,
}

redacted_debug!(BankAccountDestination { bank_branch_ref, account_name, account_number, amount, favourite } hides { description, nickname });

/// Another business's till (API reference, External Till Destination).
#[derive(Clone, Default, PartialEq)]
pub struct TillDestination {
    /// The till's number.
    pub till_number: String,
    /// Whole shillings, at least 1.
    pub amount: Amount,
    /// Its purpose.
    pub description: String,
    /// A name for the recipient.
    pub nickname: Option<String>,
    /// Whether to mark the recipient as a favourite.
    pub favourite: Option<bool>,
}

redacted_debug!(TillDestination { till_number, amount, favourite } hides { description, nickname });

/// A paybill account (API reference, External Paybill Destination).
#[derive(Clone, Default, PartialEq)]
pub struct PaybillDestination {
    /// The business number.
    pub paybill_number: String,
    /// The account at that business.
    pub paybill_account_number: Personal,
    /// Whole shillings, at least 1.
    pub amount: Amount,
    /// Its purpose.
    pub description: String,
    /// A name for the recipient.
    pub nickname: Option<String>,
    /// Whether to mark the recipient as a favourite.
    pub favourite: Option<bool>,
}

redacted_debug!(PaybillDestination { paybill_number, paybill_account_number, amount, favourite } hides { description, nickname });

#[derive(Default, Serialize)]
pub(super) struct WireDestination<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone_number: Option<PhoneNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_branch_ref: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    till_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paybill_number: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paybill_account_number: Option<&'a str>,
    amount: Option<JsonNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nickname: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    favourite: Option<bool>,
}

/// The list as it is sent. An empty list is refused, because to the API it would mean all available funds.
pub(super) fn wire(destinations: &[Destination]) -> Result<Vec<WireDestination<'_>>> {
    let Some(first) = destinations.first() else {
        return Err(KopoKopoError::invalid(
            "destinations",
            "must have at least one destination; to send all available funds, call sweep_all_funds",
        ));
    };
    if destinations.iter().any(|destination| destination.type_name() != first.type_name()) {
        return Err(KopoKopoError::invalid("destinations", "must all be of one type; send one request for each type"));
    }
    if destinations.len() > 1 && !matches!(first, Destination::MobileWallet(_) | Destination::BankAccount(_)) {
        return Err(KopoKopoError::invalid(
            "destinations",
            detail!(
                "several destinations are accepted only for mobile_wallet and bank_account; send one request for each {}",
                first.type_name()
            ),
        ));
    }
    let wire: Vec<_> = destinations
        .iter()
        .enumerate()
        .map(|(at, destination)| {
            destination.wire().map_err(|error| error.with_parent_field(&format!("destinations[{at}]")))
        })
        .collect::<Result<_>>()?;
    check_repetition(&wire)?;
    Ok(wire)
}

/// Refuses a recipient that occurs twice, because the API pays it twice. Usually that is a duplicate row by mistake. If
/// it is intended, the caller can add the amounts or send two requests.
fn check_repetition(destinations: &[WireDestination<'_>]) -> Result<()> {
    let mut seen = HashMap::new();
    for (at, destination) in destinations.iter().enumerate() {
        let (field, recipient) = match &destination.phone_number {
            Some(phone) => ("phone_number", (phone.as_str(), None)),
            None => ("account_number", (destination.account_number.unwrap_or_default(), destination.bank_branch_ref)),
        };
        if let Some(first) = seen.insert(recipient, at) {
            return Err(KopoKopoError::invalid(
                format!("destinations[{at}].{field}"),
                detail!(
                    "must differ from destinations[{}].{}; add the amounts, or send a second request",
                    first,
                    field
                ),
            ));
        }
    }
    Ok(())
}

/// The largest amount that is sent through M-PESA.
pub(super) fn largest_by_mpesa(destinations: &[Destination]) -> Option<Amount> {
    let amounts = destinations.iter().filter_map(|destination| match destination {
        Destination::MobileWallet(to) => Some(to.amount),
        Destination::Till(to) => Some(to.amount),
        Destination::Paybill(to) => Some(to.amount),
        Destination::MerchantWallet(to) => Some(to.amount),
        Destination::MerchantBankAccount(_) | Destination::BankAccount(_) => None,
    });
    amounts.max()
}

impl Destination {
    /// The name of the type in the API: `mobile_wallet`.
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::MerchantWallet(_) => "merchant_wallet",
            Self::MerchantBankAccount(_) => "merchant_bank_account",
            Self::MobileWallet(_) => "mobile_wallet",
            Self::BankAccount(_) => "bank_account",
            Self::Till(_) => "till",
            Self::Paybill(_) => "paybill",
        }
    }

    fn wire(&self) -> Result<WireDestination<'_>> {
        let (amount, description, nickname, favourite, wire) = match self {
            Self::MerchantWallet(to) | Self::MerchantBankAccount(to) => {
                let wire = WireDestination {
                    reference: Some(validate::required("reference", &to.reference)?),
                    ..WireDestination::default()
                };
                (&to.amount, validate::optional(to.description.as_ref()), None, None, wire)
            }
            Self::MobileWallet(to) => {
                let wire = WireDestination {
                    phone_number: Some(validate::phone("phone_number", &to.phone_number)?),
                    network: Some(validate::required("network", to.network.as_str())?),
                    ..WireDestination::default()
                };
                (&to.amount, Some(described(&to.description)?), to.nickname.as_ref(), to.favourite, wire)
            }
            Self::BankAccount(to) => {
                let wire = WireDestination {
                    bank_branch_ref: Some(validate::required("bank_branch_ref", &to.bank_branch_ref)?),
                    account_name: Some(validate::required("account_name", to.account_name.as_str())?),
                    account_number: Some(validate::required("account_number", to.account_number.as_str())?),
                    ..WireDestination::default()
                };
                (&to.amount, Some(described(&to.description)?), to.nickname.as_ref(), to.favourite, wire)
            }
            Self::Till(to) => {
                let wire = WireDestination {
                    till_number: Some(validate::required("till_number", &to.till_number)?),
                    ..WireDestination::default()
                };
                (&to.amount, Some(described(&to.description)?), to.nickname.as_ref(), to.favourite, wire)
            }
            Self::Paybill(to) => {
                let wire = WireDestination {
                    paybill_number: Some(validate::required("paybill_number", &to.paybill_number)?),
                    paybill_account_number: Some(validate::required(
                        "paybill_account_number",
                        to.paybill_account_number.as_str(),
                    )?),
                    ..WireDestination::default()
                };
                (&to.amount, Some(described(&to.description)?), to.nickname.as_ref(), to.favourite, wire)
            }
        };
        validate::whole_shillings("amount", amount)?;
        Ok(WireDestination {
            r#type: self.type_name(),
            amount: Some(amount.as_json_number()),
            description,
            nickname: validate::optional(nickname),
            favourite,
            ..wire
        })
    }
}

fn described(description: &str) -> Result<&str> {
    validate::required("description", description)
}
