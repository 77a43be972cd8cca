//! Customers that were declared: what they have, and what they do when they are asked to pay.

use std::time::Duration;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{
    CustomerAction, Pace, Simulation, Step,
    checks::{self, phone},
    customers::full_name,
    data::balance,
    events::Due,
    transactions::Source,
};
use crate::saved;

/// How many there can be.
pub(super) const MOST: usize = 1_000;

/// The longest that one waits: seven days, after which a payment link is over too.
const LONGEST_SECONDS: u64 = 7 * 24 * 3600;

/// A customer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CustomerData {
    /// The phone number.
    #[serde(deserialize_with = "saved::text_or_number")]
    pub phone_number: String,
    /// The names that payments have if the request has none.
    #[serde(default)]
    pub first_name: Option<String>,
    /// The second of them.
    #[serde(default)]
    pub middle_name: Option<String>,
    /// The last of them.
    #[serde(default)]
    pub last_name: Option<String>,
    /// What the customer has, in shillings, as text. Default: enough for everything.
    #[serde(default, deserialize_with = "saved::optional_text_or_number")]
    pub balance: Option<String>,
    /// What the customer does when asked to pay. Default: enters the PIN.
    #[serde(default = "enter_pin")]
    pub action: CustomerAction,
    /// How long after the prompt, in seconds. Default: as the pace says.
    #[serde(default)]
    pub after_seconds: Option<u64>,
}

const fn enter_pin() -> CustomerAction {
    CustomerAction::EnterPin
}

/// A customer as the simulation knows one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Customer {
    names: [Option<String>; 3],
    /// None: enough for everything.
    #[serde(with = "saved::optional_text")]
    balance: Option<Decimal>,
    action: CustomerAction,
    after: Option<Duration>,
}

impl CustomerData {
    /// The phone number as the API writes it, and the customer.
    fn read(&self) -> Result<(String, Customer), String> {
        let number = phone(&self.phone_number).ok_or("phone_number must be a Kenyan phone number")?;
        if self.after_seconds.is_some_and(|seconds| seconds > LONGEST_SECONDS) {
            return Err(format!("after_seconds must be at most {LONGEST_SECONDS}, 7 days"));
        }
        let customer = Customer {
            names: checks::names([self.first_name.clone(), self.middle_name.clone(), self.last_name.clone()]),
            balance: self.balance.as_deref().map(balance).transpose()?,
            action: self.action,
            after: self.after_seconds.map(Duration::from_secs),
        };
        Ok((number, customer))
    }

    pub(super) fn check(&self) -> Result<(), String> {
        self.read().map(drop)
    }
}

impl Simulation {
    /// Declares a customer, or changes what is known of one.
    pub(crate) fn set_customer(&mut self, data: &CustomerData) -> Result<Value, String> {
        let (number, customer) = data.read()?;
        if self.customers.len() >= MOST && !self.customers.contains(&number) {
            return Err(format!("there are {MOST} customers already"));
        }
        self.customers.insert(number.clone(), customer);
        Ok(self.customers.get(&number).map(|customer| customer.shown(&number)).unwrap_or_default())
    }

    pub(super) fn list_customers(&self) -> Vec<Value> {
        self.customers.iter().map(|(number, customer)| customer.shown(number)).collect()
    }

    /// A customer who was asked to pay will decide. `usual` is what one does who was not declared.
    pub(super) fn plan_decision(&mut self, id: &str, phone_number: &str, usual: Option<CustomerAction>) {
        let customer = self.customers.get(phone_number);
        let (action, after) = customer.map_or((usual, None), |customer| (Some(customer.action), customer.after));
        let Some(action) = action else { return };
        let due = Due::Decide { id: id.to_owned(), action };
        match after {
            // Customers wait for the control API then.
            Some(_) if self.pace == Pace::Manual => {}
            Some(after) => self.plan_after(after, due),
            None if action == CustomerAction::NoAnswer => self.plan(Step::Timeout, due),
            None => self.plan(Step::Decide, due),
        }
    }

    /// What becomes of it: a customer who has not enough cannot pay.
    pub(super) fn possible(&self, phone_number: &str, action: CustomerAction, amount: Decimal) -> CustomerAction {
        let has = self.customers.get(phone_number).and_then(|customer| customer.balance);
        match (action, has) {
            (CustomerAction::EnterPin, Some(has)) if has < amount => CustomerAction::InsufficientFunds,
            _ => action,
        }
    }

    /// The names of a customer that a request does not name.
    pub(super) fn names_of(&self, phone_number: &str, given: [Option<String>; 3]) -> [Option<String>; 3] {
        let customer = self.customers.get(phone_number).filter(|_| given.iter().all(Option::is_none));
        customer.map_or(given, |customer| customer.names.clone())
    }

    /// A customer pays.
    pub(super) fn take_from(&mut self, source: &Source, amount: Decimal) {
        if let Source::Customer { phone_number, .. } = source {
            self.change_balance(phone_number, -amount);
        }
    }

    /// A customer gets money.
    pub(super) fn give_to(&mut self, phone_number: &str, amount: Decimal) {
        self.change_balance(phone_number, amount);
    }

    fn change_balance(&mut self, phone_number: &str, by: Decimal) {
        let customer = self.customers.get_mut(phone_number);
        if let Some(Customer { balance: Some(balance), .. }) = customer {
            *balance = balance.saturating_add(by).max(Decimal::ZERO);
        }
    }
}

impl Customer {
    fn shown(&self, phone_number: &str) -> Value {
        json!({
            "phone_number": phone_number,
            "name": full_name(&self.names),
            "balance": self.balance.map(|balance| balance.normalize().to_string()),
            "action": self.action,
            "after_seconds": self.after.map(|after| after.as_secs()),
        })
    }
}
