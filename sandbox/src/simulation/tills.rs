//! Tills and the money in them.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Simulation, checks::BALANCE_LIMIT};
use crate::{saved, table::Table};

/// A till.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Till {
    number: String,
    name: String,
    #[serde(with = "saved::text")]
    pub(super) balance: Decimal,
}

/// How many tills there can be.
pub(super) const MOST: usize = 1_000;

/// The tills from the start: number, name, balance in shillings. After the first six come those that the documentation
/// and the official SDKs name. They are empty, so that a sweep of all tills has a known sum.
pub(crate) const STANDARD: [(&str, &str, i64); 19] = [
    ("K000000", "Online Payments", 100_000),
    ("000000", "Main Till", 50_000),
    ("112233", "Second Till", 20_000),
    ("555555", "Third Till", 0),
    ("4321", "Payroll Till", 200_000),
    ("7600314301", "Card Terminal", 0),
    ("K112233", "UAT Testing", 0),
    ("65328", "John Doe Company", 0),
    ("K444555", "Online Payments", 0),
    ("K514459", "Online Payments", 0),
    ("K177724", "Online Payments", 0),
    ("K12345", "Online Payments", 0),
    ("K123456", "Online Payments", 0),
    ("123456", "Main Till", 0),
    ("123456789", "John Doe", 0),
    ("000001", "Sending Till", 0),
    ("890642", "Sending Till", 0),
    ("till_number", "Till name", 0),
    ("Till number", "Till name", 0),
];

pub(super) fn standard() -> Table<String, Till> {
    let mut tills = Table::default();
    for (number, name, balance) in STANDARD {
        tills.insert(number.to_owned(), Till::new(number, name, Decimal::from(balance)));
    }
    tills
}

impl Till {
    pub(super) fn new(number: &str, name: &str, balance: Decimal) -> Self {
        Self { number: number.to_owned(), name: name.to_owned(), balance }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn state(&self) -> Value {
        json!({ "number": self.number, "name": self.name, "balance": self.balance.normalize().to_string() })
    }

    /// None, and nothing changes, where it would hold more than it can.
    pub(super) fn add(&mut self, amount: Decimal) -> Option<()> {
        self.balance = self.balance.checked_add(amount).filter(|sum| *sum <= Decimal::from(BALANCE_LIMIT))?;
        Some(())
    }
}

impl Simulation {
    pub(super) fn till_name(&self, number: &str) -> Option<&str> {
        self.tills.get(number).map(Till::name)
    }

    /// Takes money from one till, or from all in their order. False where there is not enough: then nothing is taken.
    pub(super) fn pay_out(&mut self, source: Option<&str>, amount: Decimal) -> bool {
        let is_source = |till: &&Till| source.is_none_or(|source| source == till.number);
        let available = sum(self.tills.values().filter(is_source));
        let Some(paid_out) = self.paid_out.checked_add(amount).filter(|_| available >= amount) else { return false };
        let mut left = amount;
        let sources: Vec<_> = self.tills.values().filter(is_source).map(|till| till.number.clone()).collect();
        for source in sources {
            let Some(till) = self.tills.get_mut(&source) else { continue };
            let part = till.balance.min(left);
            till.balance -= part;
            left -= part;
        }
        self.paid_out = paid_out;
        true
    }

    /// Everything there is, in all tills.
    pub(super) fn available(&self) -> Decimal {
        sum(self.tills.values())
    }

    /// Gives a transaction back. False where the till has not enough.
    pub(super) fn give_back(&mut self, reference: &str) -> bool {
        let Some(transaction) = self.transaction(reference) else { return false };
        let (amount, till_number) = (transaction.amount, transaction.till_number.clone());
        let customer = transaction.phone_number().map(str::to_owned);
        let Some(reversed) = self.reversed.checked_add(amount) else { return false };
        match self.tills.get_mut(&till_number) {
            Some(till) if till.balance >= amount => {
                till.balance -= amount;
                self.reversed = reversed;
                if let Some(phone_number) = customer {
                    self.give_to(&phone_number, amount);
                }
                true
            }
            _ => false,
        }
    }

    /// What is there and went out, without what came in and what was there before: zero, or the sandbox has a defect.
    pub(crate) fn unaccounted(&self) -> Decimal {
        self.opening_balance().saturating_sub(self.opened)
    }

    /// What was there at the start, computed back from what is there now. Only setting a balance changes it.
    pub(crate) fn opening_balance(&self) -> Decimal {
        self.available().saturating_add(self.paid_out).saturating_add(self.reversed).saturating_sub(self.received)
    }
}

/// Balances are bounded, and so are tills: the sum is far from what a decimal can hold.
fn sum<'a>(tills: impl Iterator<Item = &'a Till>) -> Decimal {
    tills.fold(Decimal::ZERO, |sum, till| sum.saturating_add(till.balance))
}
