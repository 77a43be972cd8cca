//! Is it paid, enough, in the right currency, into the right till? And is it a payment that was counted before?

use sha2::{Digest, Sha256};

use super::{Transaction, TransactionStatus};
use crate::types::{Amount, Currency};

/// What a payment must be before an order is credited: compare it with `is_paid_at_least`.
///
/// A customer can pay less than the order costs, in another currency, or into another till of the same company. A
/// payment that is only known to be paid says nothing about the order.
///
/// ```
/// use kopokopo::resources::ExpectedPayment;
/// let expected = ExpectedPayment { amount: 1500.into(), till_number: Some("K000000".into()), ..Default::default() };
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ExpectedPayment {
    /// The least amount, in whole units of the currency. With an amount of 0 or less nothing is ever paid.
    pub amount: Amount,
    /// The currency. Default KES. A payment whose currency is not known does not match.
    pub currency: Currency,
    /// The till that must have received the money, compared exactly but for white space around it. `None` accepts any
    /// till. A payment whose till is not known does not match.
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
const LONGEST_KEY: usize = 200;

/// A key that every database can store and index: at most 200 bytes, without control characters.
pub(crate) fn bounded_key(key: String) -> String {
    if key.len() <= LONGEST_KEY && !key.chars().any(char::is_control) {
        return key;
    }
    format!("sha256:{}", hex::encode(Sha256::digest(key)))
}

/// The key of a movement of money: `mpesa:received:OJJ1MPU40Z`.
pub(crate) fn movement_key(system: &str, direction: &str, reference: Option<&str>) -> Option<String> {
    let reference = reference.map(str::trim).filter(|reference| !reference.is_empty())?.to_ascii_uppercase();
    let key = format!("{system}:{direction}:{reference}");
    let is_plain = key.len() <= LONGEST_KEY && reference.bytes().all(|b| b.is_ascii_graphic());
    Some(if is_plain { key } else { format!("{system}:{direction}:sha256-{}", hex::encode(Sha256::digest(reference))) })
}

/// Which way the money went. `None` while it did not move.
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
    fn a_key_is_short_and_plain_or_a_digest() {
        assert_eq!(bounded_key("a:b".into()), "a:b");
        assert_eq!(bounded_key("x".repeat(200)), "x".repeat(200));
        for odd in ["x".repeat(201), "a\0b".into(), "a\nb".into(), "a\u{85}b".into()] {
            let key = bounded_key(odd.clone());
            assert!(key.starts_with("sha256:") && key.len() == 71, "{odd:?}");
        }
    }

    #[test]
    fn a_reference_is_one_key_however_it_is_written() {
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
