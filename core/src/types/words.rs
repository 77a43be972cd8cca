//! Enumerations of the API that requests use.

use super::open_enum;
use crate::error::{KopoKopoError, Result};

macro_rules! event_type {
    ($($(#[$doc:meta])* $topic:ident($resource:ident) = $word:literal,)*) => {
        open_enum! {
            /// The topic of a webhook (API reference, section Create a webhook subscription).
            pub enum EventType {
                $($(#[$doc])* $topic = $word,)*
            }
        }
    };
}

crate::topics!(event_type);

open_enum! {
    /// The scope of a subscription or a request: the whole company or one till.
    pub enum Scope {
        /// Every till of the company.
        Company = "company",
        /// One till, named by the scope reference.
        Till = "till",
    }
}

open_enum! {
    /// A mobile network.
    pub enum Network {
        /// Safaricom, the only one that the documentation names.
        Safaricom = "Safaricom",
    }
}

open_enum! {
    /// The method of a transfer to a bank account.
    pub enum SettlementMethod {
        /// Electronic funds transfer: slower, cheaper.
        Eft = "EFT",
        /// Real-time settlement.
        Rts = "RTS",
    }
}

open_enum! {
    /// The type of a recipient, in snake case as version 2 of the API writes it.
    pub enum RecipientType {
        /// The merchant's own mobile wallet.
        MerchantWallet = "merchant_wallet",
        /// The merchant's own bank account.
        MerchantBankAccount = "merchant_bank_account",
        /// A person's mobile wallet.
        MobileWallet = "mobile_wallet",
        /// The bank account of another person or business.
        BankAccount = "bank_account",
        /// A till.
        Till = "till",
        /// A paybill account.
        Paybill = "paybill",
    }
}

/// The default is blank, and blank is refused, because these fields are required.
macro_rules! blank_by_default {
    ($($name:ident),*) => {$(
        impl Default for $name {
            fn default() -> Self {
                Self::Other(String::new())
            }
        }
    )*};
}
blank_by_default!(EventType, Scope, SettlementMethod);

#[allow(clippy::derivable_impls, reason = "the macro that declares the enumeration has no default")]
impl Default for Network {
    fn default() -> Self {
        Self::Safaricom
    }
}

impl EventType {
    /// Whether the topic can have Daraja's format. Only two known topics can. Unknown topics are accepted.
    pub(crate) const fn may_be_daraja(&self) -> bool {
        matches!(self, Self::BuygoodsTransactionReceived | Self::B2bTransactionReceived | Self::Other(_))
    }
}

impl Scope {
    pub(crate) fn checked(&self) -> Result<&str> {
        match self {
            Self::Other(_) => Err(KopoKopoError::invalid("scope", "must be company or till")),
            known => Ok(known.as_str()),
        }
    }

    /// Checks the till number: it is required with scope `till`, and must be absent with scope `company`.
    pub(crate) fn reference<'a>(&self, reference: Option<&'a String>) -> Result<Option<&'a str>> {
        match (self, reference.map(|text| text.trim()).filter(|text| !text.is_empty())) {
            (Self::Till, None) => {
                Err(KopoKopoError::invalid("scope_reference", "is required with scope till: the till number"))
            }
            (Self::Company, Some(_)) => Err(KopoKopoError::invalid(
                "scope_reference",
                "must be absent with scope company: remove it, or set scope to till",
            )),
            (_, reference) => Ok(reference),
        }
    }
}
