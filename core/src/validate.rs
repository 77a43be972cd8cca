//! Checks on requests, all before anything is sent. Each names the field in the caller's words and the remedy.

use url::Url;

use crate::{
    client::KopoKopo,
    error::{KopoKopoError, Result},
    origin::is_loopback,
    types::{Amount, Personal, PhoneNumber},
};

/// A text that must be there.
pub(crate) fn required<'a>(field: &str, value: &'a str) -> Result<&'a str> {
    if value.trim().is_empty() {
        Err(KopoKopoError::invalid(field, "is required and must not be blank"))
    } else {
        Ok(value)
    }
}

/// A text that may be left out. Blank counts as left out.
pub(crate) fn optional<T: AsRef<str>>(value: Option<&T>) -> Option<&str> {
    value.map(AsRef::as_ref).filter(|text| !text.trim().is_empty())
}

/// A phone number in any of the forms people type, as the twelve digits that are sent.
pub(crate) fn phone(field: &str, value: &Personal) -> Result<PhoneNumber> {
    required(field, value.as_str())?;
    value.as_str().parse().map_err(|error: KopoKopoError| error.at_field(field))
}

/// An amount of at least something.
pub(crate) fn positive(field: &str, amount: &Amount) -> Result<()> {
    if amount.is_positive() { Ok(()) } else { Err(KopoKopoError::invalid(field, "must be more than 0")) }
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
pub(crate) fn callback_url<'a>(field: &str, value: &'a str, client: &KopoKopo) -> Result<&'a str> {
    required(field, value)?;
    let Ok(url) = Url::parse(value) else {
        return Err(KopoKopoError::invalid(
            field,
            "is not a URL; expected one such as https://shop.example/k2/results",
        ));
    };
    match url.scheme() {
        "https" if url.host().is_some() => Ok(value),
        "http" if is_loopback(&url) && client.is_loopback() => Ok(value),
        _ => Err(KopoKopoError::invalid(field, "must begin with https://: Kopo Kopo posts to nothing else")),
    }
}
