//! How what is saved is written as JSON.

use std::{fmt::Display, str::FromStr};

use serde::{Deserialize, Deserializer, de::Error};
use serde_json::Value;

use crate::{api, rules::RULES};

/// A word that the program has. (Serde would borrow a plain `&'static str` from what it reads.)
pub(crate) type Word = &'static str;

/// Everything that resources are kept under.
pub(crate) const ALL_SECTIONS: [&str; 12] = [
    "external_recipients",
    "incoming_payments",
    "merchant_bank_accounts",
    "merchant_wallets",
    "payment_links",
    "payments",
    "polling",
    "reversals",
    "send_money",
    "settlement_transfers",
    "sms_notifications",
    "webhook_subscriptions",
];

/// The types of resources.
pub(crate) const KINDS: [&str; 14] = [
    "",
    "external_recipient",
    "incoming_payment",
    "merchant_bank_account",
    "merchant_wallet",
    "payment",
    "payment_link",
    "polling",
    "reversal",
    "reversals",
    "send_money",
    "settlement_transfer",
    "transaction_sms_notification",
    "webhook_subscription",
];

/// One of these, with their life.
fn one_of<'de, D: Deserializer<'de>>(source: D, known: &[&'static str]) -> Result<&'static str, D::Error> {
    let text = String::deserialize(source)?;
    let found = known.iter().find(|known| **known == text).copied();
    found.ok_or_else(|| D::Error::custom(format!("{text:?} is not known to this version")))
}

pub(crate) fn section<'de, D: Deserializer<'de>>(source: D) -> Result<&'static str, D::Error> {
    one_of(source, &ALL_SECTIONS)
}

pub(crate) fn kind<'de, D: Deserializer<'de>>(source: D) -> Result<&'static str, D::Error> {
    one_of(source, &KINDS)
}

/// An operation of the API.
pub(crate) fn operation<'de, D: Deserializer<'de>>(source: D) -> Result<Option<&'static str>, D::Error> {
    let text = Option::<String>::deserialize(source)?;
    Ok(text.and_then(|text| api::operations().into_iter().find(|known| *known == text)))
}

/// A rule. Its words may have changed since.
pub(crate) fn rule<'de, D: Deserializer<'de>>(source: D) -> Result<Option<&'static str>, D::Error> {
    let text = Option::<String>::deserialize(source)?;
    Ok(text.and_then(|text| RULES.iter().map(|rule| rule.rule).find(|known| *known == text)))
}

/// What can be given as a text or as a number, such as an amount of shillings or a phone number.
pub(crate) fn text_or_number<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    match Value::deserialize(source)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(D::Error::custom("must be a text or a number")),
    }
}

pub(crate) fn optional_text_or_number<'de, D: Deserializer<'de>>(source: D) -> Result<Option<String>, D::Error> {
    match Option::<Value>::deserialize(source)? {
        None => Ok(None),
        Some(value) => text_or_number(value).map(Some).map_err(D::Error::custom),
    }
}

/// A value as its text.
pub(crate) mod text {
    use super::{Deserialize, Deserializer, Display, Error, FromStr};

    pub(crate) fn serialize<T: Display, S: serde::Serializer>(value: &T, into: S) -> Result<S::Ok, S::Error> {
        into.collect_str(value)
    }

    pub(crate) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(source: D) -> Result<T, D::Error> {
        String::deserialize(source)?.parse().map_err(D::Error::custom)
    }
}

/// The same for a value that may be absent.
pub(crate) mod optional_text {
    use super::{Deserialize, Deserializer, Display, Error, FromStr};

    #[allow(clippy::ref_option, reason = "serde passes the field")]
    pub(crate) fn serialize<T: Display, S: serde::Serializer>(value: &Option<T>, into: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => into.collect_str(value),
            None => into.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T: FromStr<Err: Display>, D: Deserializer<'de>>(
        source: D,
    ) -> Result<Option<T>, D::Error> {
        Option::<String>::deserialize(source)?.map(|text| text.parse().map_err(D::Error::custom)).transpose()
    }
}

/// A point in time.
pub(crate) mod time {
    use ::time::OffsetDateTime;
    use kopokopo::types::Timestamp;

    use super::{Deserialize, Deserializer, Error};

    pub(crate) fn serialize<S: serde::Serializer>(value: &OffsetDateTime, into: S) -> Result<S::Ok, S::Error> {
        into.collect_str(&Timestamp::from(*value))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(source: D) -> Result<OffsetDateTime, D::Error> {
        let text = String::deserialize(source)?;
        text.parse::<Timestamp>().map(|timestamp| timestamp.instant()).map_err(D::Error::custom)
    }
}
