//! Polling requests, and messages to customers: requests that are done after a while.

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

use super::{Resource, Simulation, Step, events::Due, transactions::View};
use crate::{clock::iso, params::Params, reply::Reply};

/// How many transactions a result lists: the latest.
const LISTED: usize = 2_000;

const MESSAGES: &str = "/api/v1/transaction_sms_notifications";

impl Simulation {
    pub(crate) fn create_polling(&mut self, params: Params<'_>, path: &str) -> Result<Reply, Reply> {
        let till_number = self.scope(params)?;
        let from = params.time("from_time").ok_or_else(|| Reply::blank("From time"))?;
        let to = params.time("to_time").ok_or_else(|| Reply::blank("To time"))?;
        if from > to {
            return Err(Reply::invalid("From time must be before To time"));
        }
        let callback_url = self.callback(params, "_links.callback_url", "Callback url")?;
        let mut attributes = Map::new();
        attributes.insert("status".into(), json!("Pending"));
        attributes.insert("created_at".into(), json!(iso(self.now())));
        attributes.insert("from_time".into(), json!(params.text("from_time")));
        attributes.insert("to_time".into(), json!(params.text("to_time")));
        attributes.insert("transactions".into(), json!(self.between(from, to, till_number.as_deref())));
        attributes.insert("scope".into(), json!(if till_number.is_some() { "Till" } else { "Company" }));
        attributes.insert("scope_reference".into(), json!(till_number));
        let id = self.keep(
            "polling",
            Resource {
                kind: "polling",
                attributes,
                callback_url: Some(callback_url),
                path: path.to_owned(),
                ..Resource::default()
            },
        );
        self.plan(Step::Process, Due::Finish { section: "polling", id: id.clone() });
        Ok(Reply::created(path, &id))
    }

    fn between(&self, from: OffsetDateTime, to: OffsetDateTime, till_number: Option<&str>) -> Vec<Value> {
        let mut latest: Vec<_> = self
            .transactions
            .values()
            .rev()
            .filter(|transaction| transaction.at >= from && transaction.at <= to)
            .filter(|transaction| till_number.is_none_or(|till| transaction.till_number == till))
            .take(LISTED)
            .map(|transaction| self.shown(transaction, View::Polling))
            .collect();
        latest.reverse();
        latest
    }

    pub(crate) fn create_sms_notification(&mut self, params: Params<'_>) -> Result<Reply, Reply> {
        let message = params.text("message").ok_or_else(|| Reply::blank("Message"))?;
        let reference =
            params.text("webhook_event_reference").ok_or_else(|| Reply::blank("Webhook event reference"))?;
        let callback_url = self.callback(params, "_links.callback_url", "Callback url")?;
        let mut attributes = Map::new();
        attributes.insert("status".into(), json!("Pending"));
        attributes.insert("message".into(), json!(message));
        attributes.insert("webhook_event_reference".into(), json!(reference));
        let resource = Resource {
            kind: "transaction_sms_notification",
            attributes,
            callback_url: Some(callback_url),
            path: MESSAGES.into(),
            ..Resource::default()
        };
        let id = self.keep("sms_notifications", resource);
        self.plan(Step::Process, Due::Finish { section: "sms_notifications", id: id.clone() });
        Ok(Reply::created(MESSAGES, &id))
    }

    pub(super) fn finish(&mut self, section: &'static str, id: &str) {
        if let Some(resource) = self.resource(section, id) {
            resource.set("status", "Success");
            self.send_result(section, id);
        }
    }
}
