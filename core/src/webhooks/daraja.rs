//! Webhooks in the format of Safaricom's Daraja API.

use serde::{Deserialize, Serialize};

use crate::{
    resources::{Transaction, TransactionStatus},
    types::{Amount, Currency, Personal, PhoneNumber, Timestamp, de},
};

/// A payment in Daraja's format: thirteen flat fields (API reference, Daraja Webhook Parameters), with names in snake
/// case.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct DarajaTransaction {
    /// `Buygoods` or `Organization To Organization Transfer`.
    #[serde(rename(deserialize = "TransactionType"), deserialize_with = "de::string")]
    pub transaction_type: Option<String>,
    /// The M-PESA reference.
    #[serde(rename(deserialize = "TransID"), deserialize_with = "de::string")]
    pub trans_id: Option<String>,
    /// When it happened, read as Nairobi time.
    #[serde(rename(deserialize = "TransTime"), deserialize_with = "daraja_time")]
    pub trans_time: Option<Timestamp>,
    /// The amount, in shillings.
    #[serde(rename(deserialize = "TransAmount"), deserialize_with = "de::amount")]
    pub trans_amount: Option<Amount>,
    /// The till that received the money.
    #[serde(rename(deserialize = "BusinessShortCode"), deserialize_with = "de::string")]
    pub business_short_code: Option<String>,
    /// Usually empty.
    #[serde(rename(deserialize = "BillRefNumber"), deserialize_with = "de::string")]
    pub bill_ref_number: Option<String>,
    /// Usually empty.
    #[serde(rename(deserialize = "InvoiceNumber"), deserialize_with = "de::string")]
    pub invoice_number: Option<String>,
    /// Usually empty.
    #[serde(rename(deserialize = "OrgAccountBalance"), deserialize_with = "de::string")]
    pub org_account_balance: Option<String>,
    /// Usually empty. Kopo Kopo and Safaricom spell it differently; both are read.
    #[serde(rename(deserialize = "ThirdPartyTransId"), alias = "ThirdPartyTransID", deserialize_with = "de::string")]
    pub third_party_trans_id: Option<String>,
    /// A hash of the customer's number, or the till that paid. Do not parse it.
    #[serde(rename(deserialize = "MSISDN"), deserialize_with = "de::text")]
    pub msisdn: Option<Personal>,
    /// The customer's first name, or the organization's name.
    #[serde(rename(deserialize = "FirstName"), deserialize_with = "de::text")]
    pub first_name: Option<Personal>,
    /// Usually empty.
    #[serde(rename(deserialize = "MiddleName"), deserialize_with = "de::text")]
    pub middle_name: Option<Personal>,
    /// Usually empty.
    #[serde(rename(deserialize = "LastName"), deserialize_with = "de::text")]
    pub last_name: Option<Personal>,
}

impl DarajaTransaction {
    /// Converts it to Kopo Kopo's own format. M-PESA has only the currency KES.
    pub(super) fn transaction(&self, status: Option<TransactionStatus>) -> Transaction {
        let msisdn = self.msisdn.as_deref().map(str::trim).filter(|msisdn| !msisdn.is_empty());
        let is_hash = |text: &&str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let phone = msisdn.filter(|text| text.parse::<PhoneNumber>().is_ok());
        Transaction {
            reference: self.trans_id.clone(),
            origination_time: self.trans_time,
            sender_phone_number: phone.map(Personal::from),
            hashed_sender_phone: msisdn.filter(is_hash).map(Personal::from),
            amount: self.trans_amount,
            currency: Some(Currency::default()),
            till_number: self.business_short_code.clone(),
            status,
            sender_first_name: self.first_name.clone(),
            sender_middle_name: self.middle_name.clone(),
            sender_last_name: self.last_name.clone(),
            ..Transaction::default()
        }
    }
}

fn daraja_time<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(de::string(deserializer)?.and_then(|text| Timestamp::from_daraja(&text)))
}
