//! Tills and the money in them.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{World, money};
use crate::clock::iso;

/// A till.
#[derive(Debug, Clone)]
pub(crate) struct Till {
    number: String,
    name: String,
    pub(super) balance: Decimal,
}

/// Money that came in.
#[derive(Debug, Clone)]
pub(crate) struct Transaction {
    pub(super) id: String,
    pub(super) reference: String,
    pub(super) till_number: String,
    pub(super) amount: Decimal,
    pub(super) at: OffsetDateTime,
    pub(super) phone_number: String,
    pub(super) names: [Option<String>; 2],
    pub(super) state: State,
}

/// How a transaction stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Received,
    PendingReversal,
    Reversed,
}

/// The tills there are from the start: number, name, balance in shillings.
const STANDARD: [(&str, &str, i64); 6] = [
    ("K000000", "Online Payments", 100_000),
    ("000000", "Main Till", 50_000),
    ("112233", "Second Till", 20_000),
    ("555555", "Third Till", 0),
    ("4321", "Payroll Till", 200_000),
    ("7600314301", "Card Terminal", 0),
];

pub(super) fn standard() -> BTreeMap<String, Till> {
    STANDARD
        .iter()
        .map(|(number, name, balance)| {
            (
                (*number).to_owned(),
                Till { number: (*number).to_owned(), name: (*name).to_owned(), balance: Decimal::from(*balance) },
            )
        })
        .collect()
}

impl Till {
    pub(super) fn state(&self) -> Value {
        json!({ "number": self.number, "name": self.name, "balance": self.balance.normalize().to_string() })
    }
}

impl Transaction {
    /// The resource as webhooks and results show it.
    pub(super) fn resource(&self, with_phone: bool) -> Value {
        let status = if self.state == State::Reversed { "Reversed" } else { "Received" };
        let mut resource = json!({
            "id": self.id,
            "amount": money(self.amount),
            "status": status,
            "system": "Lipa Na M-PESA",
            "currency": "KES",
            "reference": self.reference,
            "till_number": self.till_number,
            "origination_time": iso(self.at),
            "sender_first_name": self.names[0].as_deref().unwrap_or("Jane"),
            "sender_middle_name": Value::Null,
            "sender_last_name": self.names[1],
        });
        if with_phone {
            resource["sender_phone_number"] = json!(format!("+{}", self.phone_number));
        }
        resource
    }

    pub(super) fn hashed_phone(&self) -> String {
        kopokopo::types::hash_phone(&self.phone_number).map(String::from).unwrap_or_default()
    }
}

impl World {
    pub(super) fn till_name(&self, number: &str) -> Option<&str> {
        self.tills.get(number).map(|till| till.name.as_str())
    }

    /// Money comes in: the only way a till gets any.
    pub(super) fn receive(
        &mut self,
        till_number: &str,
        amount: Decimal,
        phone_number: &str,
        names: [Option<String>; 2],
    ) -> Transaction {
        if let Some(till) = self.tills.get_mut(till_number) {
            till.balance += amount;
            self.received += amount;
        }
        let transaction = Transaction {
            id: self.next_id(),
            reference: self.mpesa_reference(),
            till_number: till_number.to_owned(),
            amount,
            at: self.now(),
            phone_number: phone_number.to_owned(),
            names,
            state: State::Received,
        };
        self.transactions.push(transaction.clone());
        transaction
    }

    /// Takes money from one till, or from all in their order. False where there is not enough: then nothing is taken.
    pub(super) fn pay_out(&mut self, source: Option<&str>, amount: Decimal) -> bool {
        let available: Decimal = self
            .tills
            .values()
            .filter(|till| source.is_none_or(|source| source == till.number))
            .map(|till| till.balance)
            .sum();
        if available < amount {
            return false;
        }
        let mut left = amount;
        for till in self.tills.values_mut().filter(|till| source.is_none_or(|source| source == till.number)) {
            let part = till.balance.min(left);
            till.balance -= part;
            left -= part;
        }
        self.paid_out += amount;
        true
    }

    /// Everything there is, in all tills.
    pub(super) fn available(&self) -> Decimal {
        self.tills.values().map(|till| till.balance).sum()
    }

    /// Gives a transaction back. False where the till has not enough.
    pub(super) fn give_back(&mut self, reference: &str) -> bool {
        let Some(transaction) = self.transactions.iter().find(|transaction| transaction.is(reference)) else {
            return false;
        };
        let amount = transaction.amount;
        match self.tills.get_mut(&transaction.till_number) {
            Some(till) if till.balance >= amount => {
                till.balance -= amount;
                self.reversed += amount;
                true
            }
            _ => false,
        }
    }

    /// What was there at the start, computed back from what is there now. It never changes.
    pub(crate) fn opening_balance(&self) -> Decimal {
        self.available() + self.paid_out + self.reversed - self.received
    }
}

impl Transaction {
    pub(super) fn is(&self, reference: &str) -> bool {
        self.reference == reference || self.id == reference
    }
}
