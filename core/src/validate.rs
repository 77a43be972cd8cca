//! Checks on requests, all before anything is sent. Each names the field in the caller's words and the remedy.

#[cfg(feature = "client")]
use url::Url;

#[cfg(feature = "client")]
use crate::{client::KopoKopo, origin::is_loopback};
use crate::{
    detail::detail,
    error::{ErrorKind, KopoKopoError, Result},
    types::{Amount, Personal, PhoneNumber},
};

/// A text that must be there, as it is sent: without white space around it.
pub(crate) fn required<'a>(field: &str, value: &'a str) -> Result<&'a str> {
    let value = value.trim();
    if value.is_empty() { Err(KopoKopoError::invalid(field, "is required and must not be blank")) } else { Ok(value) }
}

/// A text that may be left out, as it is sent. Blank counts as left out.
pub(crate) fn optional<T: AsRef<str>>(value: Option<&T>) -> Option<&str> {
    value.map(|text| text.as_ref().trim()).filter(|text| !text.is_empty())
}

/// A phone number in any of the forms people type, as the twelve digits that are sent.
pub(crate) fn phone(field: &str, value: &Personal) -> Result<PhoneNumber> {
    required(field, value.as_str())?;
    value.as_str().parse().map_err(|error: KopoKopoError| error.at_field(field))
}

/// An amount that can be paid: greater than zero and without fractions of a cent.
pub(crate) fn payable(field: &str, amount: &Amount) -> Result<()> {
    positive(field, amount)?;
    if amount.is_in_cents() {
        Ok(())
    } else {
        Err(KopoKopoError::invalid(field, "must have at most two decimal places: a cent is the smallest amount"))
    }
}

fn positive(field: &str, amount: &Amount) -> Result<()> {
    if amount.is_positive() { Ok(()) } else { Err(KopoKopoError::invalid(field, "must be greater than zero")) }
}

/// M-PESA's own limit for one transaction in shillings. Kopo Kopo does not document it, so it refuses nothing here.
const MPESA_LIMIT: u32 = 250_000;

/// Names M-PESA's limit if the server refused an amount above it.
pub(crate) fn explain_limit(error: KopoKopoError, largest: Option<Amount>) -> KopoKopoError {
    let is_refused = error.kind() == ErrorKind::InvalidRequest && error.status().is_some();
    if is_refused && largest > Some(Amount::from(MPESA_LIMIT)) {
        return error.with_hint(detail!(
            "The amount may be too large: M-PESA is known to limit one transaction to KES {}",
            MPESA_LIMIT
        ));
    }
    error
}

/// An amount of whole shillings, at least one.
pub(crate) fn whole_shillings(field: &str, amount: &Amount) -> Result<()> {
    positive(field, amount)?;
    if amount.is_whole() {
        Ok(())
    } else {
        Err(KopoKopoError::invalid(field, "must be whole shillings, without cents"))
    }
}

/// A URL that Kopo Kopo posts to: https, as documented. A client that talks to a simulator on loopback may name a
/// loopback receiver over http.
#[cfg(feature = "client")]
pub(crate) fn callback_url<'a>(field: &str, value: &'a str, client: &KopoKopo) -> Result<&'a str> {
    let value = required(field, value)?;
    if value.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(KopoKopoError::invalid(field, "must not contain spaces or line breaks"));
    }
    let Ok(url) = Url::parse(value) else {
        return Err(KopoKopoError::invalid(
            field,
            "is not a URL; expected one such as https://shop.example/k2/results",
        ));
    };
    match url.scheme() {
        "https" if has_authority(value) => Ok(value),
        "http" if has_authority(value) && is_loopback(&url) && client.is_loopback() => Ok(value),
        _ => Err(KopoKopoError::invalid(
            field,
            "must begin with https://, or with http:// if this host and the base URL are loopback",
        )),
    }
}

/// Whether two slashes follow the scheme. The parser takes `https:shop.example` and `https:\\\\shop.example` too, and a
/// server may not.
fn has_authority(url: &str) -> bool {
    url.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//"))
}
