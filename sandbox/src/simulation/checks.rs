//! What the fields of a request must look like.

use rust_decimal::Decimal;
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::Simulation;
use crate::{params::Params, reply::Refusal};

/// The largest amount of one M-PESA transaction, in shillings. A guess: M-PESA's own limit.
pub(crate) const M_PESA_LIMIT: i64 = 250_000;

/// The largest amount of one bank transfer, in shillings. A guess: the limit of Kenyan electronic funds transfers.
pub(crate) const BANK_LIMIT: i64 = 999_999;

/// The largest balance of a till, in shillings: a bound of this simulator.
pub(crate) const BALANCE_LIMIT: i64 = 1_000_000_000_000;

/// An amount in shillings: greater than 0, at most two decimals, at most the limit.
pub(super) fn amount(params: Params<'_>, path: &str, field: &str, limit: i64) -> Result<Decimal, Refusal> {
    if params.get(path).is_none() {
        return Err(Refusal::blank(field));
    }
    let amount = params.amount(path).ok_or_else(|| Refusal::invalid(format!("{field} is not a number")))?;
    if amount <= Decimal::ZERO {
        return Err(Refusal::invalid(format!("{field} must be greater than 0")));
    }
    if amount > Decimal::from(limit) {
        return Err(Refusal::invalid(format!("{field} must be less than or equal to {limit}")));
    }
    if amount.normalize().scale() > 2 {
        return Err(Refusal::invalid(format!("{field} is invalid")));
    }
    Ok(amount.normalize())
}

/// Kenyan shillings are the only currency. Without one, it is shillings.
pub(super) fn currency(params: Params<'_>, path: &str) -> Result<(), Refusal> {
    match params.text(path) {
        Some(currency) if currency != "KES" => Err(Refusal::invalid("Currency is invalid")),
        _ => Ok(()),
    }
}

/// `"100.0"`: the API writes one decimal at least.
pub(super) fn money(amount: Decimal) -> String {
    let amount = amount.normalize();
    if amount.scale() == 0 { format!("{amount}.0") } else { amount.to_string() }
}

/// The twelve digits of a phone number in any usual form.
pub(super) fn phone(text: &str) -> Option<String> {
    text.parse::<kopokopo::types::PhoneNumber>().ok().map(|number| number.as_str().to_owned())
}

pub(super) fn metadata(params: Params<'_>) -> Result<Map<String, Value>, Refusal> {
    params.metadata().ok_or_else(|| Refusal::invalid("Metadata is invalid"))
}

/// How long a callback URL can be.
const LONGEST_URL: usize = 2_000;

/// How much of a name is kept.
const LONGEST_NAME: usize = 200;

/// The beginning of each name.
pub(super) fn names(names: [Option<String>; 3]) -> [Option<String>; 3] {
    names.map(|name| name.map(|name| name.chars().take(LONGEST_NAME).collect()))
}

/// A later time. The end of what a date can say is the latest.
pub(super) fn later(at: OffsetDateTime, by: std::time::Duration) -> OffsetDateTime {
    time::Duration::try_from(by).ok().and_then(|by| at.checked_add(by)).unwrap_or(at)
}

impl Simulation {
    /// A URL that callbacks may go to.
    pub(super) fn callback(&self, params: Params<'_>, path: &str, field: &str) -> Result<String, Refusal> {
        let url = params.text(path).ok_or_else(|| Refusal::blank(field))?;
        if url.len() > LONGEST_URL {
            return Err(Refusal::invalid(format!("{field} is invalid: it has more than {LONGEST_URL} characters")));
        }
        let Some(parsed) = url::Url::parse(&url).ok().filter(|parsed| parsed.host().is_some()) else {
            return Err(Refusal::invalid(format!("{field} is invalid")));
        };
        match parsed.scheme() {
            "https" => Ok(url),
            "http" if self.remote_callbacks || is_loopback(&parsed) => Ok(url),
            "http" => Err(Refusal::invalid(format!(
                "{field} is invalid: it must be https. To accept http on another host than loopback, start the sandbox \
                 with --allow-remote-callbacks"
            ))),
            _ => Err(Refusal::invalid(format!("{field} is invalid"))),
        }
    }
}

/// Whether a URL stays on this machine: `localhost`, its subdomains, and loopback addresses.
pub fn is_loopback(url: &url::Url) -> bool {
    url.host().is_some_and(|host| is_loopback_host(&host))
}

/// The same for a host.
pub(crate) fn is_loopback_host<S: AsRef<str>>(host: &url::Host<S>) -> bool {
    match host {
        url::Host::Domain(name) => name.as_ref() == "localhost" || name.as_ref().ends_with(".localhost"),
        url::Host::Ipv4(address) => address.is_loopback(),
        url::Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    #[test]
    fn amounts_are_bounded() {
        let check = |value: Value| {
            let body = json!({ "amount": value });
            amount(Params::new(&body), "amount", "Amount", M_PESA_LIMIT)
                .map_err(|refusal| refusal.body["error_message"].clone())
        };
        for good in [json!(1), json!("100.00"), json!(250_000), json!("0.01"), json!("10.10000")] {
            assert!(check(good.clone()).is_ok(), "{good}");
        }
        for (bad, words) in [
            (json!(0), "Amount must be greater than 0"),
            (json!(-5), "Amount must be greater than 0"),
            (json!(0.001), "Amount is invalid"),
            (json!(250_001), "Amount must be less than or equal to 250000"),
            (json!("79228162514264337593543950335"), "Amount must be less than or equal to 250000"),
            (json!("79228162514264337593543950336"), "Amount is not a number"),
            (json!(1e300), "Amount is not a number"),
            (json!("1e3"), "Amount is not a number"),
            (json!("100.0000000000000000000000000000000001"), "Amount is not a number"),
            (json!(true), "Amount is not a number"),
            (json!([1]), "Amount is not a number"),
            (Value::Null, "Amount can't be blank"),
        ] {
            assert_eq!(check(bad.clone()).unwrap_err(), words, "{bad}");
        }
    }

    #[test]
    fn loopback_is_recognised_in_any_form() {
        for (url, expected) in [
            ("http://127.0.0.1:1/", true),
            ("http://127.9.9.9/", true),
            ("https://[::1]/", true),
            ("http://localhost:8000/", true),
            ("http://shop.localhost/", true),
            ("http://0x7f000001/", true),
            ("http://10.0.0.1/", false),
            ("http://localhost.example/", false),
            ("http://host.docker.internal/", false),
        ] {
            assert_eq!(is_loopback(&url.parse().unwrap()), expected, "{url}");
        }
    }
}
