//! Data of one's own: tills, accounts and transactions that are there from the start.

use std::collections::HashMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{
    Resource, Simulation, Till,
    checks::{BALANCE_LIMIT, M_PESA_LIMIT},
    habits::{self, CustomerData},
    phone,
    tills::{MOST, STANDARD},
    transactions::{Source, State, Transaction},
};
use crate::saved;

/// Initial data in addition to the documented data. A reset restores it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Data {
    /// Tills. A number that is there already gets the new name and balance.
    pub tills: Vec<TillData>,
    /// Wallets of the merchant, to send money to.
    pub merchant_wallets: Vec<Account>,
    /// Bank accounts of the merchant, to send money to.
    pub merchant_bank_accounts: Vec<Account>,
    /// Transactions that can be reversed. They change no balance and are in no polling result.
    pub transactions: Vec<TransactionData>,
    /// Customers, with what they have and what they do.
    pub customers: Vec<CustomerData>,
}

/// A till.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TillData {
    /// Its number.
    pub number: String,
    /// Its name. Default: the name it has, or "Till".
    #[serde(default)]
    pub name: Option<String>,
    /// Its balance in shillings, as text: "1500.50". Default "0".
    #[serde(default = "zero", deserialize_with = "saved::text_or_number")]
    pub balance: String,
}

/// An account of the merchant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Account {
    /// Its reference.
    pub id: String,
    /// The fields that reading it shows: `account_name`, `phone_number`.
    #[serde(flatten)]
    pub fields: Map<String, Value>,
}

/// A transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransactionData {
    /// Its M-PESA reference.
    pub reference: String,
    /// The till that got it.
    pub till_number: String,
    /// Its amount in shillings, as text.
    #[serde(deserialize_with = "saved::text_or_number")]
    pub amount: String,
    /// The customer. Default: 254996930902.
    #[serde(default, deserialize_with = "saved::optional_text_or_number")]
    pub phone_number: Option<String>,
}

fn zero() -> String {
    "0".to_owned()
}

impl Data {
    /// The data of a JSON text.
    ///
    /// # Errors
    /// A sentence that names the field.
    pub fn read(text: &[u8]) -> Result<Self, String> {
        let data: Self = crate::control::parse(text)?;
        data.check()?;
        Ok(data)
    }

    /// Whether it can be loaded.
    ///
    /// # Errors
    /// A sentence that names the field.
    pub fn check(&self) -> Result<(), String> {
        if self.tills.len() > MOST || self.transactions.len() > MOST {
            return Err(format!("at most {MOST} tills and {MOST} transactions"));
        }
        if self.customers.len() > habits::MOST {
            return Err(format!("at most {} customers", habits::MOST));
        }
        // The number is not repeated: it is a person's.
        for (at, customer) in self.customers.iter().enumerate() {
            customer.check().map_err(|why| format!("customers[{at}]: {why}"))?;
        }
        for till in &self.tills {
            number(&till.number)?;
            balance(&till.balance).map_err(|why| format!("tills: {}: {why}", till.number))?;
        }
        for transaction in &self.transactions {
            let named = |why: &str| format!("transactions: {}: {why}", transaction.reference);
            let amount: Decimal = transaction.amount.parse().map_err(|_| named("amount must be a number"))?;
            if amount <= Decimal::ZERO || amount > Decimal::from(M_PESA_LIMIT) {
                return Err(named(&format!("amount must be greater than 0 and at most {M_PESA_LIMIT}")));
            }
            if transaction.phone_number.as_deref().is_some_and(|number| phone(number).is_none()) {
                return Err(named("phone_number must be a Kenyan phone number"));
            }
        }
        self.check_contradictions()?;
        let accounts = self.merchant_wallets.iter().chain(&self.merchant_bank_accounts);
        if { accounts }.any(|account| account.id.is_empty() || account.id.contains('/')) {
            return Err("merchant_wallets, merchant_bank_accounts: id must not be empty and must not hold /".to_owned());
        }
        Ok(())
    }
}

impl Data {
    /// What is given twice, and tills that do not exist.
    fn check_contradictions(&self) -> Result<(), String> {
        once("tills", self.tills.iter().map(|till| till.number.clone()))?;
        let accounts = |list: &[Account]| list.iter().map(|account| account.id.clone()).collect::<Vec<_>>();
        once("merchant_wallets", accounts(&self.merchant_wallets))?;
        once("merchant_bank_accounts", accounts(&self.merchant_bank_accounts))?;
        once("transactions", self.transactions.iter().map(|transaction| transaction.reference.clone()))?;
        once("customers", self.customers.iter().filter_map(|customer| phone(&customer.phone_number)))?;
        let is_known = |number: &str| {
            STANDARD.iter().any(|(known, ..)| *known == number) || self.tills.iter().any(|till| till.number == number)
        };
        match self.transactions.iter().position(|transaction| !is_known(&transaction.till_number)) {
            Some(at) => Err(format!("transactions[{at}].till_number: there is no such till; add it to tills")),
            None => Ok(()),
        }
    }
}

/// The name is not repeated: it can be a phone number.
fn once(list: &str, names: impl IntoIterator<Item = String>) -> Result<(), String> {
    let mut seen = HashMap::new();
    for (at, name) in names.into_iter().enumerate() {
        if let Some(before) = seen.insert(name, at) {
            return Err(format!("{list}[{at}]: is the same as {list}[{before}]"));
        }
    }
    Ok(())
}

fn number(number: &str) -> Result<(), String> {
    if number.is_empty() || number.len() > 64 || number.trim() != number {
        return Err("tills: number must have 1 to 64 characters, without spaces around it".to_owned());
    }
    Ok(())
}

pub(crate) fn balance(text: &str) -> Result<Decimal, String> {
    Decimal::from_str_exact(text)
        .ok()
        .filter(|balance| *balance >= Decimal::ZERO && *balance <= Decimal::from(BALANCE_LIMIT))
        .filter(|balance| balance.normalize().scale() <= 2)
        .map(|balance| balance.normalize())
        .ok_or_else(|| {
            format!("balance must be a number of shillings from 0 to {BALANCE_LIMIT} with at most two decimals")
        })
}

impl Simulation {
    /// Adds data that was checked.
    pub(crate) fn load(&mut self, data: &Data) {
        for till in &data.tills {
            let _ =
                balance(&till.balance).and_then(|balance| self.put_till(&till.number, till.name.as_deref(), balance));
        }
        for customer in &data.customers {
            let _ = self.set_customer(customer);
        }
        let now = self.now();
        for (section, kind, path, accounts) in [
            ("merchant_wallets", "merchant_wallet", "/api/v2/merchant_wallets", &data.merchant_wallets),
            (
                "merchant_bank_accounts",
                "merchant_bank_account",
                "/api/v2/merchant_bank_accounts",
                &data.merchant_bank_accounts,
            ),
        ] {
            for account in accounts {
                let mut attributes = account.fields.clone();
                attributes.entry("status").or_insert_with(|| json!("Approved"));
                let resource = Resource { kind, attributes, path: path.to_owned(), ..Resource::default() };
                self.resources.seed(section, &account.id, resource);
            }
        }
        for transaction in &data.transactions {
            let Ok(amount) = transaction.amount.parse() else { continue };
            let phone_number = transaction.phone_number.as_deref().and_then(phone);
            let id = self.next_id();
            self.documented.push(Transaction {
                id,
                reference: transaction.reference.clone(),
                till_number: transaction.till_number.clone(),
                amount,
                at: now,
                source: Source::Customer {
                    phone_number: phone_number.unwrap_or_else(|| super::pay::CUSTOMER.to_owned()),
                    names: Default::default(),
                },
                state: State::Received,
            });
        }
        while self.documented.len() > 2 * MOST {
            self.documented.pop_first();
        }
    }

    pub(super) fn put_till(&mut self, till_number: &str, name: Option<&str>, balance: Decimal) -> Result<(), String> {
        number(till_number)?;
        if self.tills.len() >= MOST && !self.tills.contains(till_number) {
            return Err(format!("there are {MOST} tills already"));
        }
        let name = name.or_else(|| self.till_name(till_number)).unwrap_or("Till").to_owned();
        let before = self.tills.insert(till_number.to_owned(), Till::new(till_number, &name, balance));
        let before = before.map_or(Decimal::ZERO, |till| till.balance);
        self.opened = self.opened.saturating_add(balance).saturating_sub(before);
        Ok(())
    }
}
