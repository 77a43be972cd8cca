//! Due events and their deliveries.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{
    CustomerAction, KNOWN_CUSTOMERS, Simulation,
    transactions::{Source, Transaction, View},
};
use crate::{
    clock::iso,
    saved::{self, Word},
};

/// Something that is due.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Due {
    /// A customer who was asked to pay decides.
    Decide { id: String, action: CustomerAction },
    /// Money is sent.
    SendMoney { id: String },
    /// A reversal gets its turn.
    ScheduleReversal { id: String },
    /// A reversal is carried out.
    Reverse { id: String },
    /// A polling request or a message is done.
    Finish {
        #[serde(deserialize_with = "saved::section")]
        section: Word,
        id: String,
    },
    /// A customer tries to pay at a link.
    PayLink { id: String, action: CustomerAction },
    /// A link's seven days are over.
    ExpireLink { id: String },
    /// A defect, to see what becomes of the others.
    #[cfg(test)]
    Panic,
}

impl Due {
    /// The section and the id of what it is about.
    pub(super) fn about(&self) -> (&'static str, &str) {
        match self {
            Self::Decide { id, .. } => ("incoming_payments", id),
            Self::SendMoney { id } => ("send_money", id),
            Self::ScheduleReversal { id } | Self::Reverse { id } => ("reversals", id),
            Self::Finish { section, id } => (section, id),
            Self::PayLink { id, .. } | Self::ExpireLink { id } => ("payment_links", id),
            #[cfg(test)]
            Self::Panic => ("nothing", ""),
        }
    }

    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Decide { .. } => "customer decides",
            Self::SendMoney { .. } => "money is sent",
            Self::ScheduleReversal { .. } => "reversal is scheduled",
            Self::Reverse { .. } => "reversal is processed",
            Self::Finish { .. } => "request is processed",
            Self::PayLink { .. } => "customer pays at the link",
            Self::ExpireLink { .. } => "link expires",
            #[cfg(test)]
            Self::Panic => "panic",
        }
    }
}

/// A callback or webhook to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    /// A webhook's topic or a result's type.
    pub(crate) topic: String,
    pub(crate) url: String,
    pub(crate) body: Value,
}

impl Simulation {
    pub(crate) fn happen(&mut self, due: Due) {
        match due {
            Due::Decide { id, action } => drop(self.decide(&id, action)),
            Due::SendMoney { id } => self.process_send_money(&id),
            Due::ScheduleReversal { id } => self.schedule_reversal(&id),
            Due::Reverse { id } => self.reverse(&id),
            Due::Finish { section, id } => self.finish(section, &id),
            Due::PayLink { id, action } => drop(self.pay_link(&id, action, None)),
            Due::ExpireLink { id } => self.expire_link(&id),
            #[cfg(test)]
            #[allow(clippy::panic)]
            Due::Panic => panic!("a defect"),
        }
    }

    /// The result of a request goes to its callback URL, as it is when it is sent.
    pub(super) fn send_result(&mut self, section: &'static str, id: &str) {
        let Some(resource) = self.resource(section, id).filter(|resource| !resource.sample) else { return };
        if let Some(url) = resource.callback_url.clone() {
            let topic = resource.kind.to_owned();
            let document = self.document(section, id).unwrap_or_default();
            self.outgoing.push(Outgoing { topic, url, body: document });
        }
    }

    /// A webhook goes to every subscriber.
    pub(super) fn send_webhook(
        &mut self,
        topic: &str,
        till_number: Option<&str>,
        kind: &str,
        resource: &Value,
        daraja: Option<&Value>,
    ) {
        let receivers: Vec<_> = self.subscribers(topic, till_number).cloned().collect();
        if receivers.is_empty() {
            return;
        }
        let (id, made) = (self.next_id(), self.now());
        let webhook = webhook(&self.base_url, topic, &id, made, kind, resource);
        for receiver in receivers {
            let body = daraja.filter(|_| receiver.daraja).unwrap_or(&webhook).clone();
            self.outgoing.push(Outgoing { topic: topic.to_owned(), url: receiver.url, body });
        }
    }

    /// Every subscriber learns that money came in, and of a new customer.
    pub(super) fn announce_received(&mut self, transaction: &Transaction) {
        self.text_of_payment(transaction);
        self.announce_transaction(transaction, View::Received);
        let Source::Customer { phone_number, names } = &transaction.source else { return };
        if self.known_customers.len() >= KNOWN_CUSTOMERS {
            self.known_customers.clear();
        }
        if self.known_customers.insert(phone_number.clone(), ()).is_none() {
            let mut customer = json!({
                "last_name": names[2],
                "first_name": names[0].as_deref().unwrap_or("Jane"),
                "middle_name": names[1],
            });
            if self.payloads.sender_phone_number {
                customer["phone_number"] = json!(format!("+{phone_number}"));
            }
            self.send_webhook("customer_created", None, "Customer Created", &customer, None);
        }
    }

    /// Tells every subscriber the state of a transaction.
    pub(super) fn announce(&mut self, reference: &str, view: View) {
        if let Some(transaction) = self.transaction(reference).cloned() {
            if matches!(view, View::Reversed) {
                self.text_of_reversal(&transaction);
            }
            self.announce_transaction(&transaction, view);
        }
    }

    fn announce_transaction(&mut self, transaction: &Transaction, view: View) {
        let resource = transaction.resource(view, self.payloads.sender_phone_number);
        let daraja = if matches!(view, View::Received) { transaction.as_daraja() } else { None };
        let (topic, kind) = (transaction.topic(view), transaction.kind(view));
        self.send_webhook(topic, Some(&transaction.till_number), kind, &resource, daraja.as_ref());
    }
}

fn webhook(base_url: &str, topic: &str, id: &str, made: OffsetDateTime, kind: &str, resource: &Value) -> Value {
    let resource_id = resource.get("id").and_then(Value::as_str).unwrap_or(id);
    let place = match topic {
        "settlement_transfer_completed" => "transfer_batch",
        "customer_created" => "mobile_money_user",
        _ => "financial_transaction",
    };
    json!({
        "topic": topic,
        "id": id,
        "created_at": iso(made),
        "event": { "type": kind, "resource": resource },
        "_links": {
            "self": format!("{base_url}/webhook_events/{id}"),
            "resource": format!("{base_url}/{place}/{resource_id}"),
        },
    })
}
