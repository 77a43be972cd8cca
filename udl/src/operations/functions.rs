//! Functions of no object.

use super::{CONTRACT_HASH, Output, output, unknown};
use crate::{
    api::{self, Resource as _},
    error::Result,
    panic::guard,
    value::{ArgumentReader, Arguments, FieldPath, read, read::FromRaw},
};

/// This library's version, in the form `1.2.3`.
pub fn version() -> String {
    env!("CARGO_PKG_VERSION").to_owned()
}

/// A digest of the contract that this library was built from. A language package compares it with its own when it is
/// loaded.
pub fn contract_hash() -> String {
    CONTRACT_HASH.to_owned()
}

/// Calls a function of no object.
///
/// # Errors
/// The function's own; `invalid_request` for arguments that do not fit and unknown functions.
pub fn function(name: &str, arguments: Arguments) -> Result<Output> {
    guard(|| match name {
        "version" => read::none(arguments).map(|()| output(version())),
        "contract_hash" => read::none(arguments).map(|()| output(contract_hash())),
        #[cfg(not(feature = "apps"))]
        "hash_phone" => {
            let phone_number: api::Personal = read::one(arguments, "phone_number")?;
            Ok(output(hash_phone(&phone_number)?))
        }
        #[cfg(all(feature = "client", not(feature = "apps")))]
        "journal_schema" => {
            let dialect: String = read::one(arguments, "dialect")?;
            Ok(output(journal_schema(&dialect)?))
        }
        #[cfg(all(feature = "client", not(feature = "apps")))]
        "event_claim" => {
            let mut reader = ArgumentReader::arguments(arguments, &["dialect", "placeholder"])?;
            let (dialect, placeholder): (String, String) =
                (reader.required("dialect")?, reader.required("placeholder")?);
            Ok(output(event_claim(&dialect, &placeholder)?))
        }
        #[cfg(not(feature = "apps"))]
        "disbursements_to" => {
            let mut reader = ArgumentReader::arguments(arguments, &["send_money", "recipient"])?;
            let FromRaw(send_money) = reader.required::<FromRaw<api::SendMoney>>("send_money")?;
            let recipient: String = reader.required("recipient")?;
            Ok(output(send_money.disbursements_to(&recipient).into_iter().cloned().collect::<Vec<_>>()))
        }
        #[cfg(not(feature = "apps"))]
        "is_paid_at_least" => {
            let known = &["payment", "record", "amount", "currency", "till_number"];
            let mut reader = ArgumentReader::arguments(arguments, known)?;
            let (payment, record): (String, String) = (reader.required("payment")?, reader.required("record")?);
            let mut expected = api::ExpectedPayment { amount: reader.required("amount")?, ..Default::default() };
            reader.set_if_given("currency", &mut expected.currency)?;
            reader.set_if_given("till_number", &mut expected.till_number)?;
            Ok(output(is_paid_at_least(&payment, &record, &expected)?))
        }
        _ => Err(unknown("kopokopo", name)),
    })
}

/// The hash of a known customer's phone number, to compare with a webhook's `hashed_sender_phone`.
pub(crate) fn hash_phone(phone_number: &api::Personal) -> Result<api::Personal> {
    api::hash_phone(phone_number.as_str()).map_err(|error| FieldPath::Root.field("phone_number").refuse(error.detail()))
}

/// The statements that create the journal's tables.
#[cfg(feature = "client")]
pub(crate) fn journal_schema(dialect: &str) -> Result<Vec<String>> {
    Ok(api::journal::sql::schema(crate::journal::dialect(dialect)?))
}

/// The statement that claims an event.
#[cfg(feature = "client")]
pub(crate) fn event_claim(dialect: &str, placeholder: &str) -> Result<String> {
    let (dialect, placeholder) = (crate::journal::dialect(dialect)?, crate::journal::placeholder(placeholder)?);
    Ok(api::journal::sql::claim_event(dialect, placeholder))
}

/// Whether the payment in the raw text of a record is at least the expected one. The text is read as that record was: the
/// body of an incoming payment, read as a webhook, could be another event.
pub(crate) fn is_paid_at_least(payment: &str, record: &str, expected: &api::ExpectedPayment) -> Result<bool> {
    let body = payment.as_bytes();
    let is_paid = match record {
        "event" => api::Webhooks::new(Vec::<api::Secret>::new()).parse_unverified(body)?.is_paid_at_least(expected),
        "incoming_payment" => api::IncomingPayment::from_body(body)?.is_paid_at_least(expected),
        "payment_link" => api::PaymentLink::from_body(body)?.is_paid_at_least(expected),
        _ => {
            let remedy = "must be one of event, incoming_payment, payment_link";
            return Err(FieldPath::Root.field("record").refuse(remedy));
        }
    };
    if !expected.amount.is_positive() {
        return Err(FieldPath::Root.field("amount").refuse("must be greater than zero"));
    }
    Ok(is_paid)
}

/// Signs a body as Kopo Kopo does: the value of the `X-KopoKopo-Signature` header. For tests and simulators.
///
/// # Errors
/// `configuration` if no verifier accepts the key: it is blank, or starts or ends with white space.
pub fn sign_webhook(api_key: &str, body: &[u8]) -> Result<String> {
    guard(|| {
        api::Webhooks::new([api_key]).check_keys()?;
        Ok(api::sign(api_key, body))
    })
}
