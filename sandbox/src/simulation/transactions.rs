//! Money that came in, in each way that the API knows.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{Simulation, money};
use crate::{
    clock::{daraja, iso},
    saved,
};

/// How many transactions are kept. The oldest are forgotten first.
pub(crate) const KEPT: usize = 20_000;

/// Money that came in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Transaction {
    pub(super) id: String,
    pub(super) reference: String,
    pub(super) till_number: String,
    #[serde(with = "saved::text")]
    pub(super) amount: Decimal,
    #[serde(with = "saved::time")]
    pub(super) at: OffsetDateTime,
    pub(super) source: Source,
    pub(super) state: State,
}

/// Where the money came from.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Source {
    /// A customer's phone.
    Customer { phone_number: String, names: [Option<String>; 3] },
    /// Another business' till.
    Till { number: String },
    /// A card, its number masked.
    Card { number: String },
}

/// The status of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    Received,
    PendingReversal,
    Reversed,
}

/// Where a transaction is shown: the documentation has another order of keys in each place.
#[derive(Debug, Clone, Copy)]
pub(super) enum View {
    Result,
    Received,
    Reversed,
    Voided,
    Polling,
}

const RESULT: &[&str] = &[
    "id",
    "reference",
    "origination_time",
    "sender_phone_number",
    "amount",
    "currency",
    "till_number",
    "system",
    "status",
    "sender_first_name",
    "sender_middle_name",
    "sender_last_name",
];
const BUYGOODS_RECEIVED: &[&str] = &[
    "id",
    "amount",
    "status",
    "system",
    "currency",
    "reference",
    "till_number",
    "sender_phone_number",
    "hashed_sender_phone",
    "origination_time",
    "sender_first_name",
    "sender_last_name",
    "sender_middle_name",
];
const BUYGOODS: &[&str] = &[
    "id",
    "amount",
    "status",
    "system",
    "currency",
    "reference",
    "till_number",
    "origination_time",
    "sender_last_name",
    "sender_first_name",
    "sender_middle_name",
    "sender_phone_number",
];
const B2B: &[&str] =
    &["id", "amount", "status", "system", "currency", "reference", "till_number", "sending_till", "origination_time"];
const B2B_REVERSED: &[&str] =
    &["id", "reference", "origination_time", "sending_till", "amount", "currency", "till_number", "system", "status"];
const CARD: &[&str] = &[
    "id",
    "amount",
    "status",
    "system",
    "settled",
    "currency",
    "reference",
    "till_number",
    "origination_time",
    "customer_cc_number",
];

impl Transaction {
    /// The resource as it is shown. Without the phone number where the setting says so.
    pub(super) fn resource(&self, view: View, with_phone: bool) -> Value {
        let mut all = json!({
            "id": self.id,
            "amount": money(self.amount),
            "currency": "KES",
            "reference": self.reference,
            "till_number": self.till_number,
            "origination_time": iso(self.at),
            "status": self.status(view),
            "system": self.system(view),
        });
        match &self.source {
            Source::Customer { phone_number, names: [first, middle, last] } => {
                all["sender_first_name"] = json!(first.as_deref().unwrap_or("Jane"));
                all["sender_middle_name"] = json!(middle);
                all["sender_last_name"] = json!(last);
                all["hashed_sender_phone"] = json!(hashed(phone_number));
                if with_phone {
                    all["sender_phone_number"] = json!(format!("+{phone_number}"));
                }
            }
            Source::Till { number } => all["sending_till"] = json!(number),
            Source::Card { number } => {
                all["customer_cc_number"] = json!(number);
                if matches!(view, View::Received) {
                    all["settled"] = json!(false);
                }
            }
        }
        let order = match (&self.source, view) {
            (Source::Customer { .. }, View::Result) => RESULT,
            (Source::Customer { .. }, View::Received) => BUYGOODS_RECEIVED,
            (Source::Customer { .. }, _) => BUYGOODS,
            (Source::Till { .. }, View::Reversed) => B2B_REVERSED,
            (Source::Till { .. }, _) => B2B,
            (Source::Card { .. }, _) => CARD,
        };
        let mut resource = Map::new();
        for name in order {
            if let Some(value) = all.get_mut(*name) {
                resource.insert((*name).to_owned(), value.take());
            }
        }
        Value::Object(resource)
    }

    const fn status(&self, view: View) -> &'static str {
        match (&self.source, view, self.state) {
            (Source::Till { .. } | Source::Customer { .. }, _, State::Reversed) => "Reversed",
            (Source::Card { .. }, View::Reversed | View::Voided, _)
            | (Source::Card { .. }, _, State::Reversed)
            | (Source::Till { .. }, ..) => "Complete",
            (Source::Card { .. } | Source::Customer { .. }, ..) => "Received",
        }
    }

    const fn system(&self, view: View) -> &'static str {
        match (&self.source, view) {
            (Source::Customer { .. }, _) => "Lipa Na M-PESA",
            (Source::Till { .. }, View::Received) => "Lipa Na Mpesa",
            (Source::Till { .. }, _) => "M-PESA",
            (Source::Card { .. }, _) => "LittlePay",
        }
    }

    /// `buygoods_transaction`, the beginning of its topics.
    pub(super) const fn topic(&self, view: View) -> &'static str {
        match (&self.source, view) {
            (Source::Customer { .. }, View::Reversed) => "buygoods_transaction_reversed",
            (Source::Customer { .. }, _) => "buygoods_transaction_received",
            (Source::Till { .. }, View::Reversed) => "b2b_transaction_reversed",
            (Source::Till { .. }, _) => "b2b_transaction_received",
            (Source::Card { .. }, View::Reversed) => "card_transaction_reversed",
            (Source::Card { .. }, View::Voided) => "card_transaction_voided",
            (Source::Card { .. }, _) => "card_transaction_received",
        }
    }

    /// What webhooks and polling name it.
    pub(super) const fn kind(&self, view: View) -> &'static str {
        match (&self.source, view) {
            (Source::Customer { .. }, _) => "Buygoods Transaction",
            (Source::Till { .. }, View::Reversed) => "External Till To Till Reversal Transaction",
            (Source::Till { .. }, _) => "External Till to Till Transaction",
            (Source::Card { .. }, View::Reversed) => "Card Reversal Transaction",
            (Source::Card { .. }, View::Voided) => "Card Void Transaction",
            (Source::Card { .. }, _) => "Card Transaction",
        }
    }

    /// Daraja's form. None: it has none. A customer's number is hashed: Daraja's MSISDN is opaque.
    pub(super) fn as_daraja(&self) -> Option<Value> {
        let (kind, sender, name) = match &self.source {
            Source::Customer { phone_number, names } => {
                ("Buygoods", hashed(phone_number), names[0].as_deref().unwrap_or("Jane"))
            }
            Source::Till { number } => ("Organization To Organization Transfer", number.clone(), "Organization name"),
            Source::Card { .. } => return None,
        };
        Some(json!({
            "TransactionType": kind,
            "TransID": self.reference,
            "TransTime": daraja(self.at),
            "TransAmount": money(self.amount),
            "BusinessShortCode": self.till_number,
            "BillRefNumber": "",
            "InvoiceNumber": "",
            "OrgAccountBalance": "",
            "ThirdPartyTransId": "",
            "MSISDN": sender,
            "FirstName": name,
            "MiddleName": Value::Null,
            "LastName": Value::Null,
        }))
    }

    pub(super) fn phone_number(&self) -> Option<&str> {
        match &self.source {
            Source::Customer { phone_number, .. } => Some(phone_number),
            Source::Till { .. } | Source::Card { .. } => None,
        }
    }

    pub(super) fn is(&self, reference: &str) -> bool {
        self.reference == reference || self.id == reference
    }
}

fn hashed(phone_number: &str) -> String {
    kopokopo::types::hash_phone(phone_number).map(String::from).unwrap_or_default()
}

impl Simulation {
    /// A transaction by its reference or id: one that came in, or one of the documentation.
    pub(super) fn transaction(&self, reference: &str) -> Option<&Transaction> {
        self.transactions.values().chain(self.documented.values()).find(|transaction| transaction.is(reference))
    }

    pub(super) fn mark(&mut self, reference: &str, state: State) {
        for table in [&mut self.transactions, &mut self.documented] {
            let found = table.iter().find(|(_, transaction)| transaction.is(reference)).map(|(number, _)| *number);
            if let Some(transaction) = found.and_then(|number| table.get_mut(&number)) {
                transaction.state = state;
                return;
            }
        }
    }

    /// Money comes in: the only way a till gets any. None where the till would hold more than it can.
    pub(super) fn receive(&mut self, till_number: &str, amount: Decimal, source: Source) -> Option<Transaction> {
        let received = self.received.checked_add(amount)?;
        self.tills.get_mut(till_number)?.add(amount)?;
        self.received = received;
        self.take_from(&source, amount);
        let reference = match &source {
            Source::Card { .. } => format!("CARD-{:010}", self.dice.u64(..10_000_000_000)),
            Source::Customer { .. } | Source::Till { .. } => self.mpesa_reference(),
        };
        let transaction = Transaction {
            id: self.next_id(),
            reference,
            till_number: till_number.to_owned(),
            amount,
            at: self.now(),
            source,
            state: State::Received,
        };
        while self.transactions.len() >= KEPT {
            self.transactions.pop_first();
        }
        self.transactions.push(transaction.clone());
        Some(transaction)
    }
}
