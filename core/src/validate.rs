//! Checks of requests before anything is sent. Each error names the field as the caller writes it, and the remedy.

#[cfg(feature = "client")]
use url::Url;

#[cfg(feature = "client")]
use crate::{client::KopoKopo, origin::is_loopback};
use crate::{
    detail::detail,
    error::{ErrorKind, KopoKopoError, Result},
    types::{Amount, Personal, PhoneNumber},
};

/// Returns a required text without white space around it.
pub(crate) fn required<'a>(field: &str, value: &'a str) -> Result<&'a str> {
    let value = value.trim();
    if value.is_empty() { Err(KopoKopoError::invalid(field, "is required and must not be blank")) } else { Ok(value) }
}

/// Returns an optional text without white space around it. A blank text counts as absent.
pub(crate) fn optional<T: AsRef<str>>(value: Option<&T>) -> Option<&str> {
    value.map(|text| text.as_ref().trim()).filter(|text| !text.is_empty())
}

/// Returns a phone number, in any usual format, as the twelve digits that are sent.
pub(crate) fn phone(field: &str, value: &Personal) -> Result<PhoneNumber> {
    required(field, value.as_str())?;
    value.as_str().parse().map_err(|error: KopoKopoError| error.at_field(field))
}

/// Checks an amount to be paid: greater than zero and without fractions of a cent.
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

/// M-PESA's limit for one transaction in shillings. Kopo Kopo does not document it, so no request is refused because of
/// it.
const MPESA_LIMIT: u32 = 250_000;

/// Adds M-PESA's limit to the error if the server refused an amount above it.
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

/// Checks an amount of whole shillings, at least one.
pub(crate) fn whole_shillings(field: &str, amount: &Amount) -> Result<()> {
    positive(field, amount)?;
    if amount.is_whole() {
        Ok(())
    } else {
        Err(KopoKopoError::invalid(field, "must be whole shillings, without cents"))
    }
}

/// Checks a URL that Kopo Kopo posts to: it must be https, as documented. If the client's origin is loopback (a
/// sandbox), the URL may be http on loopback.
#[cfg(feature = "client")]
pub(crate) fn callback_url<'a>(field: &str, value: &'a str, client: &KopoKopo) -> Result<&'a str> {
    let value = required(field, value)?;
    if value.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(KopoKopoError::invalid(field, "must not contain spaces or line breaks"));
    }
    // The packages carry no tables of Unicode, so that all of them refuse the same.
    if !host(value).is_ascii() {
        return Err(KopoKopoError::invalid(field, "must have an ASCII host: write an international name as xn--..."));
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

/// The host of a URL, with its port and user.
fn host(url: &str) -> &str {
    let rest = url.split_once("//").map_or(url, |(_, rest)| rest);
    rest.split(['/', '?', '#']).next().unwrap_or_default()
}

/// Whether two slashes follow the scheme. The parser accepts `https:shop.example` and `https:\\\\shop.example` too, but
/// a server may not.
fn has_authority(url: &str) -> bool {
    url.split_once(':').is_some_and(|(_, rest)| rest.starts_with("//"))
}
