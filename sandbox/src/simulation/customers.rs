//! What customers see on their phones: prompts that wait for a PIN, and the SMS that follow.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    CustomerAction, Simulation,
    incoming_payments::{Asked, SECTION},
    transactions::{Source, Transaction},
};
use crate::{clock::iso, saved};

/// How many SMS are kept. The oldest are forgotten first.
pub(super) const KEPT: usize = 1_000;

/// How many prompts are listed: the latest.
const LISTED: usize = 200;

/// How much of a name an SMS has.
const NAME: usize = 60;

/// An SMS.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Message {
    #[serde(with = "saved::time")]
    at: OffsetDateTime,
    phone_number: String,
    text: String,
}

impl Simulation {
    /// The prompts that wait, the newest first, and the SMS, the newest first.
    pub(crate) fn customers(&self) -> Value {
        let mut asked: Vec<(&String, &Asked)> = self.asked.iter().collect();
        asked.sort_by(|(one_id, one), (other_id, other)| (other.at, other_id).cmp(&(one.at, one_id)));
        let prompts: Vec<_> = asked.into_iter().take(LISTED).map(|(id, asked)| self.prompt(id, asked)).collect();
        let messages: Vec<_> = self
            .messages
            .iter()
            .rev()
            .map(|(number, message)| {
                json!({
                    "number": number,
                    "at": iso(message.at),
                    "phone_number": message.phone_number,
                    "text": message.text,
                })
            })
            .collect();
        json!({ "prompts": prompts, "messages": messages, "customers": self.list_customers() })
    }

    fn prompt(&self, id: &str, asked: &Asked) -> Value {
        let metadata = self.resources.get(SECTION, id).and_then(|resource| resource.attributes.get("metadata"));
        json!({
            "id": id,
            "at": iso(asked.at),
            "phone_number": asked.phone_number,
            "name": full_name(&asked.names),
            "till_number": asked.till_number,
            "till_name": self.till_name(&asked.till_number).unwrap_or_default(),
            "amount": asked.amount.normalize().to_string(),
            "metadata": metadata.cloned().unwrap_or_else(|| json!({})),
        })
    }

    /// A customer gets an SMS.
    fn text(&mut self, phone_number: &str, text: String) {
        let message = Message { at: self.now(), phone_number: phone_number.to_owned(), text };
        self.messages.push(message);
        if self.messages.len() > KEPT {
            self.messages.pop_first();
        }
    }

    pub(super) fn text_of_payment(&mut self, transaction: &Transaction) {
        let Source::Customer { phone_number, .. } = &transaction.source else { return };
        let till = self.till_shown(&transaction.till_number);
        let text = format!("{} Confirmed. {} paid to {till}.", transaction.reference, shillings(transaction.amount));
        self.text(phone_number, text);
    }

    pub(super) fn text_of_reversal(&mut self, transaction: &Transaction) {
        let Source::Customer { phone_number, .. } = &transaction.source else { return };
        let till = self.till_shown(&transaction.till_number);
        let text =
            format!("{} {} paid to {till} was reversed to you.", transaction.reference, shillings(transaction.amount));
        self.text(phone_number, text);
    }

    pub(super) fn text_of_failure(
        &mut self,
        till_number: &str,
        phone_number: &str,
        amount: Decimal,
        action: CustomerAction,
    ) {
        let (till, amount) = (self.till_shown(till_number), shillings(amount));
        let text = match action {
            // The phone is off, or the payment has an SMS of its own.
            CustomerAction::NoAnswer | CustomerAction::EnterPin => return,
            CustomerAction::Cancel => format!("You cancelled the payment of {amount} to {till}."),
            CustomerAction::InsufficientFunds => {
                format!("Failed. You do not have enough money in your M-PESA account to pay {amount} to {till}.")
            }
            CustomerAction::WrongPin => format!("Failed. You entered a wrong PIN to pay {amount} to {till}."),
        };
        self.text(phone_number, text);
    }

    pub(super) fn text_of_transfer(&mut self, phone_number: &str, amount: Decimal, reference: Option<&str>) {
        let reference = reference.map(|reference| format!("{reference} Confirmed. ")).unwrap_or_default();
        self.text(phone_number, format!("{reference}You have received {}.", shillings(amount)));
    }

    fn till_shown(&self, till_number: &str) -> String {
        let name: String = self.till_name(till_number).unwrap_or_default().chars().take(NAME).collect();
        format!("{name} {till_number}")
    }
}

/// The names that a request has, with one space between.
pub(super) fn full_name(names: &[Option<String>; 3]) -> Option<String> {
    let names: Vec<_> = names.iter().flatten().map(String::as_str).collect();
    (!names.is_empty()).then(|| names.join(" "))
}

fn shillings(amount: Decimal) -> String {
    format!("Ksh{amount:.2}")
}
