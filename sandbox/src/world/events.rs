//! What happens by itself, and what the world is told of it.

use serde_json::{Value, json};
use time::OffsetDateTime;

use super::{CustomerAction, World, tills::Transaction};
use crate::clock::{daraja, iso};

/// Something that is due.
#[derive(Debug, Clone)]
pub(super) enum Due {
    /// A customer who was asked to pay decides.
    Decide { id: String, action: CustomerAction },
    /// Money is sent.
    SendMoney { id: String },
    /// A reversal gets its turn.
    ScheduleReversal { id: String },
    /// A reversal is carried out.
    Reverse { id: String },
    /// A polling request or a message is done.
    Finish { section: &'static str, id: String },
    /// Somebody tries to pay at a link.
    PayLink { id: String, action: CustomerAction },
    /// A link's seven days are over.
    ExpireLink { id: String },
}

/// A callback or webhook to be sent.
#[derive(Debug, Clone)]
pub(crate) struct Outgoing {
    /// A webhook's topic or a result's type.
    pub(crate) topic: String,
    pub(crate) url: String,
    pub(crate) body: Value,
}

impl World {
    pub(super) fn happen(&mut self, due: Due) {
        match due {
            Due::Decide { id, action } => drop(self.decide(&id, action)),
            Due::SendMoney { id } => self.process_send_money(&id),
            Due::ScheduleReversal { id } => self.schedule_reversal(&id),
            Due::Reverse { id } => self.reverse(&id),
            Due::Finish { section, id } => self.finish(section, &id),
            Due::PayLink { id, action } => drop(self.pay_link(&id, action)),
            Due::ExpireLink { id } => self.expire_link(&id),
        }
    }

    /// The result of a request goes to its callback URL, as it stands when it is sent.
    pub(super) fn send_result(&mut self, section: &'static str, id: &str) {
        let Some(thing) = self.thing(section, id) else { return };
        if let Some(url) = thing.callback_url.clone() {
            let topic = thing.kind.to_owned();
            let document = self.document(section, id).unwrap_or_default();
            self.outgoing.push(Outgoing { topic, url, body: document });
        }
    }

    /// A webhook goes to everybody who subscribed.
    pub(super) fn send_webhook(
        &mut self,
        topic: &str,
        till_number: Option<&str>,
        kind: &str,
        resource: &Value,
        transaction: Option<&Transaction>,
    ) {
        let receivers: Vec<_> = self
            .subscriptions
            .iter()
            .filter(|subscription| subscription.event_type == topic)
            .filter(|subscription| {
                subscription.till_number.is_none() || subscription.till_number.as_deref() == till_number
            })
            .cloned()
            .collect();
        if receivers.is_empty() {
            return;
        }
        let (id, made) = (self.next_id(), self.now());
        let webhook = webhook(&self.base_url, topic, &id, made, kind, resource);
        for receiver in receivers {
            let body = match transaction {
                Some(transaction) if receiver.daraja => as_daraja(transaction),
                _ => webhook.clone(),
            };
            self.outgoing.push(Outgoing { topic: topic.to_owned(), url: receiver.url, body });
        }
    }

    /// What everybody is told when a customer's money came in.
    pub(super) fn announce_received(&mut self, transaction: &Transaction) {
        let mut resource = transaction.resource(true);
        resource["hashed_sender_phone"] = json!(transaction.hashed_phone());
        self.send_webhook(
            "buygoods_transaction_received",
            Some(&transaction.till_number),
            "Buygoods Transaction",
            &resource,
            Some(transaction),
        );
        if self.known_customers.insert(transaction.phone_number.clone()) {
            let customer = json!({
                "first_name": transaction.names[0].as_deref().unwrap_or("Jane"),
                "middle_name": Value::Null,
                "last_name": transaction.names[1],
                "phone_number": format!("+{}", transaction.phone_number),
            });
            self.send_webhook("customer_created", None, "Customer Created", &customer, None);
        }
    }

    pub(crate) fn send_sample(&mut self, topic: &str, url: Option<&str>, body: &Value) -> usize {
        let urls: Vec<String> = match url {
            Some(url) => vec![url.to_owned()],
            None => self
                .subscriptions
                .iter()
                .filter(|subscription| subscription.event_type == topic)
                .map(|subscription| subscription.url.clone())
                .collect(),
        };
        let count = urls.len();
        self.outgoing.extend(urls.into_iter().map(|url| Outgoing { topic: topic.to_owned(), url, body: body.clone() }));
        count
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

/// The number is hashed: Daraja's MSISDN is opaque.
fn as_daraja(transaction: &Transaction) -> Value {
    json!({
        "TransactionType": "Buygoods",
        "TransID": transaction.reference,
        "TransTime": daraja(transaction.at),
        "TransAmount": super::money(transaction.amount),
        "BusinessShortCode": transaction.till_number,
        "BillRefNumber": "",
        "InvoiceNumber": "",
        "OrgAccountBalance": "",
        "ThirdPartyTransId": "",
        "MSISDN": transaction.hashed_phone(),
        "FirstName": transaction.names[0].as_deref().unwrap_or("Jane"),
        "MiddleName": Value::Null,
        "LastName": Value::Null,
    })
}
