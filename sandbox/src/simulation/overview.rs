//! Lists for those who watch: what came in, the links, and the requests of a section.

use serde_json::{Value, json};

use super::{
    Resource, Simulation,
    customers::full_name,
    payment_links,
    transactions::{Source, State, Transaction},
};
use crate::clock::iso;

/// How many transactions are listed: the latest.
const TRANSACTIONS: usize = 1_000;

/// How many resources of a section are listed: the latest.
const RESOURCES: usize = 200;

/// The sections whose resources are listed.
pub(crate) const SECTIONS: [&str; 6] =
    ["incoming_payments", "send_money", "reversals", "payment_links", "polling", "webhook_subscriptions"];

impl Simulation {
    /// The application key and secret that it accepts.
    pub(crate) fn accepted(&self) -> [&str; 2] {
        [&self.client_id, &self.client_secret]
    }

    /// What came in, the newest first.
    pub(crate) fn list_transactions(&self) -> Value {
        self.transactions.values().rev().take(TRANSACTIONS).map(overview).collect()
    }

    /// The latest resources of a section as the API returns them, the newest first. None: there is no such section.
    pub(crate) fn list_resources(&self, section: &str) -> Option<Value> {
        let section = SECTIONS.iter().find(|known| **known == section)?;
        let all = self.created_in(section).filter_map(|(id, _)| Some(self.document(section, id)?["data"].take()));
        Some(all.take(RESOURCES).collect())
    }

    /// The payment links, the newest first.
    pub(crate) fn list_payment_links(&self) -> Value {
        self.created_in(payment_links::SECTION).take(RESOURCES).map(|(id, link)| self.link_overview(id, link)).collect()
    }

    /// A payment link, by its id or by the last part of its URL.
    pub(crate) fn payment_link(&self, id: &str) -> Option<Value> {
        let (id, link) = self.created_in(payment_links::SECTION).find(|(own, link)| {
            let url = link.attributes["payment_link"]["link"].as_str().unwrap_or_default();
            *own == id || url.rsplit('/').next() == Some(id)
        })?;
        Some(self.link_overview(id, link))
    }

    fn created_in<'a>(&'a self, section: &'a str) -> impl Iterator<Item = (&'a str, &'a Resource)> {
        let own = self.resources.created().filter(move |(own, ..)| *own == section);
        own.map(|(_, id, resource)| (id, resource)).rev()
    }

    fn link_overview(&self, id: &str, link: &Resource) -> Value {
        let inner = link.attributes.get("payment_link").cloned().unwrap_or_default();
        let amount = self.link_amount(id).unwrap_or_default().normalize().to_string();
        json!({
            "id": id,
            "url": inner["link"],
            "till_number": link.text("till_number").unwrap_or_default(),
            "till_name": link.text("till_name").unwrap_or_default(),
            "amount": amount,
            "note": link.text("note"),
            "payment_reference": link.text("payment_reference"),
            "status": inner["status"],
            "expires_at": inner["expires_at"],
            "transaction_reference": inner.get("transaction_reference").cloned().unwrap_or_default(),
            "errors": link.attributes.get("errors").cloned().unwrap_or_default(),
        })
    }
}

fn overview(transaction: &Transaction) -> Value {
    let (kind, from, name) = match &transaction.source {
        Source::Customer { phone_number, names } => ("buygoods", phone_number, full_name(names)),
        Source::Till { number } => ("b2b", number, None),
        Source::Card { number } => ("card", number, None),
    };
    json!({
        "reference": transaction.reference,
        "at": iso(transaction.at),
        "kind": kind,
        "till_number": transaction.till_number,
        "amount": transaction.amount.normalize().to_string(),
        "payer": from,
        "name": name,
        "status": match transaction.state {
            State::Received => "received",
            State::PendingReversal => "pending_reversal",
            State::Reversed => "reversed",
        },
    })
}
