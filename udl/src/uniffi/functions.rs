//! Functions of no object.

use kopokopo::resources::Resource as _;

use super::{
    convert::{FromCore, IntoCore},
    error::{Result, guard},
    generated::{Disbursement, SendMoney},
    text::{Amount, Currency, Personal, Raw, Secret},
};
use crate::{
    api,
    operations::{self, functions},
    value::FieldPath,
};

/// This library's version, in the form `1.2.3`.
pub fn version() -> String {
    operations::version()
}

/// A digest of the contract that this library was built from. Each package compares it with its own when it loads the
/// library.
pub fn contract_hash() -> String {
    operations::contract_hash()
}

/// The hash of a known customer's phone number, to compare with a webhook's `hashed_sender_phone`. The hash is easy to
/// reverse, so it is personal data too.
///
/// # Errors
/// `invalid_request` if it is not a Kenyan phone number.
pub fn hash_phone(phone_number: Personal) -> Result<Personal> {
    guard(|| {
        let phone_number = phone_number.into_core(&FieldPath::Root.field("phone_number"))?;
        functions::hash_phone(&phone_number).map(Personal::from_core)
    })
}

/// Signs a body as Kopo Kopo does: what the `X-KopoKopo-Signature` header carries. For tests and simulators.
///
/// # Errors
/// `configuration` where the key is blank.
#[allow(clippy::needless_pass_by_value, reason = "it comes from another language")]
pub fn sign_webhook(api_key: Secret, body: Vec<u8>) -> Result<String> {
    guard(|| operations::sign_webhook(api_key.as_str(), &body))
}

/// Returns the disbursements to one destination, found by its phone number (in any usual form), its account or its
/// reference. Do not use the position in the list: the order differs.
///
/// # Errors
/// `decode` if the raw text of the request was removed.
#[allow(clippy::needless_pass_by_value, reason = "it comes from another language")]
pub fn disbursements_to(send_money: SendMoney, recipient: String) -> Result<Vec<Disbursement>> {
    guard(|| {
        // The text that it was read from is the whole of it.
        let core = api::SendMoney::from_body(send_money.raw.as_str().as_bytes())?;
        Ok(core.disbursements_to(&recipient).into_iter().cloned().map(Disbursement::from_core).collect())
    })
}

/// Whether a payment was received with at least this amount, in this currency (default KES), into this till (default:
/// any). Check it before an order is credited. `payment` is the `raw` text of a `record`: `event`, `incoming_payment` or
/// `payment_link`.
///
/// # Errors
/// `decode` if the raw text was removed. `invalid_request` for an amount that is not greater than zero.
#[allow(clippy::needless_pass_by_value, reason = "it comes from another language")]
pub fn is_paid_at_least(
    payment: Raw,
    record: String,
    amount: Amount,
    currency: Option<Currency>,
    till_number: Option<String>,
) -> Result<bool> {
    guard(|| {
        let path = FieldPath::Root;
        let amount = amount.into_core(&path.field("amount"))?;
        let mut expected = api::ExpectedPayment { amount, till_number, ..api::ExpectedPayment::default() };
        if let Some(currency) = currency {
            expected.currency = currency.into_core(&path.field("currency"))?;
        }
        functions::is_paid_at_least(payment.as_str(), &record, &expected)
    })
}

/// The statements that create the journal's tables in a database, for programs with migrations.
///
/// # Errors
/// `configuration` for an unknown dialect.
#[allow(clippy::needless_pass_by_value, reason = "it comes from another language")]
pub fn journal_schema(dialect: String) -> Result<Vec<String>> {
    guard(|| functions::journal_schema(&dialect))
}

/// The statement that claims an event inside of a database transaction of the program.
///
/// # Errors
/// `configuration` for an unknown dialect or placeholder.
#[allow(clippy::needless_pass_by_value, reason = "it comes from another language")]
pub fn event_claim(dialect: String, placeholder: String) -> Result<String> {
    guard(|| functions::event_claim(&dialect, &placeholder))
}
