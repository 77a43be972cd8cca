//! Comparing a payment with the expected amount, currency and till, and the keys that identify payments.

use sha2::{Digest, Sha256};

use super::{Transaction, TransactionStatus};
use crate::types::{Amount, Currency};

/// The payment that an order requires. Compare it with `is_paid_at_least` before you credit the order.
///
/// A customer can pay less than the order costs, in another currency, or into another till of the same company. So it
/// is not sufficient that a payment is paid.
///
/// ```
/// use kopokopo::resources::ExpectedPayment;
/// let expected = ExpectedPayment { amount: 1500.into(), till_number: Some("K000000".into()), ..Default::default() };
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExpectedPayment {
    /// The minimum amount, in whole units of the currency. If it is 0 or less, no payment matches.
    pub amount: Amount,
    /// The currency. Default KES. A payment whose currency is not known does not match.
    pub currency: Currency,
    /// The till that must have received the money. White space around it is ignored. `None` accepts any till. A payment
    /// whose till is not known does not match.
    pub till_number: Option<String>,
}

impl ExpectedPayment {
    /// At least this amount in KES, into any till.
    pub fn new(amount: impl Into<Amount>) -> Self {
        Self { amount: amount.into(), ..Self::default() }
    }

    pub(crate) fn is_met_by(&self, transaction: &Transaction) -> bool {
        let is_enough = transaction.amount.is_some_and(|amount| amount >= self.amount);
        let is_same_till = self.till_number.as_ref().is_none_or(|expected| {
            let till = transaction.till_number.as_deref().map(str::trim).filter(|till| !till.is_empty());
            till == Some(expected.trim())
        });
        self.amount.is_positive() && is_enough && transaction.currency.as_ref() == Some(&self.currency) && is_same_till
    }
}

/// The longest key, in bytes. A longer one is replaced by its digest.
const MAX_KEY: usize = 200;

/// A key that every database can store and index: at most 200 bytes, without control characters.
pub(crate) fn bounded_key(key: String) -> String {
    if key.len() <= MAX_KEY && !key.chars().any(char::is_control) {
        return key;
    }
    format!("sha256:{}", hex::encode(Sha256::digest(key)))
}

/// The key of a movement of money: `mpesa:received:OJJ1MPU40Z`.
pub(crate) fn movement_key(system: &str, direction: &str, reference: Option<&str>) -> Option<String> {
    let reference = reference.map(str::trim).filter(|reference| !reference.is_empty())?.to_ascii_uppercase();
    let key = format!("{system}:{direction}:{reference}");
    let is_plain = key.len() <= MAX_KEY && reference.bytes().all(|b| b.is_ascii_graphic());
    Some(if is_plain { key } else { format!("{system}:{direction}:sha256-{}", hex::encode(Sha256::digest(reference))) })
}

/// The direction of the money. `None` if no money moved.
pub(crate) fn direction(transaction: &Transaction) -> Option<&'static str> {
    match transaction.status {
        _ if transaction.is_received() => Some("received"),
        Some(TransactionStatus::Reversed) => Some("reversed"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::{bounded_key, movement_key};

    #[test]
    fn key_is_short_and_plain_or_a_digest() {
        assert_eq!(bounded_key("a:b".into()), "a:b");
        assert_eq!(bounded_key("x".repeat(200)), "x".repeat(200));
        for odd in ["x".repeat(201), "a\0b".into(), "a\nb".into(), "a\u{85}b".into()] {
            let key = bounded_key(odd.clone());
            assert!(key.starts_with("sha256:") && key.len() == 71, "{odd:?}");
        }
    }

    #[test]
    fn key_is_independent_of_case_and_white_space_of_reference() {
        let key = |reference| movement_key("mpesa", "received", reference);
        assert_eq!(key(Some(" ojj1mpu40z ")).as_deref(), Some("mpesa:received:OJJ1MPU40Z"));
        assert!(key(None).is_none() && key(Some(" ")).is_none());
        let long = "x".repeat(200);
        for odd in ["A\0B", "A B", "Ä", long.as_str()] {
            let key = key(Some(odd)).unwrap_or_default();
            assert!(key.starts_with("mpesa:received:sha256-") && key.len() <= 200, "{key}");
        }
    }
}
