//! Money that comes without a request: a customer pays at the till, another business pays, a card is used. And money
//! that goes back the same way.

use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    CustomerAction, Simulation,
    checks::{BANK_LIMIT, M_PESA_LIMIT, amount, phone},
    transactions::{Source, State, Transaction, View},
};
use crate::{params::Params, reply::Reply};

/// The customer who pays where the call does not say who.
pub(super) const CUSTOMER: &str = "254996930902";

/// The till that pays where the call does not say which, and the card.
const SENDING_TILL: &str = "890642";
const CARD_NUMBER: &str = "450875XXXXXX1019";

/// A payment to make happen.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Payment {
    #[serde(default)]
    kind: Kind,
    /// Text or number, as everywhere.
    till_number: Value,
    amount: Value,
    #[serde(default)]
    phone_number: Value,
    #[serde(default)]
    first_name: Option<String>,
    #[serde(default)]
    middle_name: Option<String>,
    #[serde(default)]
    last_name: Option<String>,
    #[serde(default)]
    sending_till: Value,
    #[serde(default)]
    card_number: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    #[default]
    Buygoods,
    B2b,
    Card,
}

impl Simulation {
    /// Money comes in. Returns the transaction as polling shows it.
    pub(crate) fn pay(&mut self, payment: &Payment) -> Result<Value, Reply> {
        let body = json!({
            "till_number": payment.till_number,
            "amount": payment.amount,
            "phone_number": payment.phone_number,
            "sending_till": payment.sending_till,
        });
        let params = Params::new(&body);
        let till_number = params.text("till_number").ok_or_else(|| Reply::blank("Till number"))?;
        if self.till_name(&till_number).is_none() {
            return Err(Reply::invalid(format!("Till number is invalid: {}", self.known_tills())));
        }
        let limit = if payment.kind == Kind::Card { BANK_LIMIT } else { M_PESA_LIMIT };
        let amount = amount(params, "amount", "Amount", limit)?;
        let source = match payment.kind {
            Kind::Buygoods => {
                let number = params.text("phone_number").unwrap_or_else(|| CUSTOMER.to_owned());
                let phone_number = phone(&number).ok_or_else(|| Reply::invalid("Phone number is an invalid number"))?;
                if self.possible(&phone_number, CustomerAction::EnterPin, amount) != CustomerAction::EnterPin {
                    return Err(Reply::invalid("Amount is more than the customer has"));
                }
                let names = [payment.first_name.clone(), payment.middle_name.clone(), payment.last_name.clone()];
                let names = self.names_of(&phone_number, super::checks::names(names));
                Source::Customer { phone_number, names }
            }
            Kind::B2b => {
                let given = params.text("sending_till").unwrap_or_else(|| SENDING_TILL.to_owned());
                Source::Till { number: given.chars().take(40).collect() }
            }
            Kind::Card => {
                let given = payment.card_number.as_deref().unwrap_or(CARD_NUMBER);
                Source::Card { number: given.chars().take(40).collect() }
            }
        };
        let transaction = self.receive(&till_number, amount, source).ok_or_else(too_much)?;
        self.announce_received(&transaction);
        Ok(self.shown(&transaction, View::Polling))
    }

    /// The money of a transaction goes back to where it came from, without a request to the API.
    pub(crate) fn take_back(&mut self, reference: &str, void: bool) -> Result<Value, Reply> {
        let transaction = self.transaction(reference).ok_or_else(|| Reply::not_found("Transaction"))?;
        if void && !matches!(transaction.source, Source::Card { .. }) {
            return Err(Reply::invalid("Only a card transaction can be voided. Reverse the others"));
        }
        if transaction.state != State::Received {
            return Err(Reply::invalid("The transaction is reversed already, or is being reversed"));
        }
        if !self.give_back(reference) {
            return Err(Reply::invalid("The balance of the till is insufficient"));
        }
        self.mark(reference, State::Reversed);
        let view = if void { View::Voided } else { View::Reversed };
        self.announce(reference, view);
        let transaction = self.transaction(reference).cloned();
        Ok(transaction.map(|transaction| self.shown(&transaction, view)).unwrap_or_default())
    }

    /// A transaction as polling lists it.
    pub(super) fn shown(&self, transaction: &Transaction, view: View) -> Value {
        json!({
            "type": transaction.kind(view),
            "resource": transaction.resource(view, self.payloads.sender_phone_number),
        })
    }

    pub(super) fn known_tills(&self) -> String {
        let known: Vec<_> = self.tills.iter().map(|(number, _)| number.as_str()).collect();
        format!("known tills are {}", known.join(", "))
    }

    /// Sets the balance of a till, which is made if it is not there.
    pub(crate) fn set_till(&mut self, number: &str, name: Option<&str>, balance: Decimal) -> Result<Value, String> {
        self.put_till(number, name, balance)?;
        Ok(self.tills.get(number).map(super::Till::state).unwrap_or_default())
    }
}

pub(super) fn too_much() -> Reply {
    Reply::invalid("Amount is invalid: the till would hold more than the sandbox allows")
}
