//! Webhook subscriptions.

use kopokopo::types::EventType;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{Outgoing, Resource, Simulation};
use crate::{params::Params, reply::Reply, samples};

/// How many subscriptions there can be. The oldest end first.
pub(crate) const MOST: usize = 1_000;

/// The subscribers of each topic.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Subscription {
    pub(super) event_type: String,
    pub(super) url: String,
    /// None: the whole company.
    pub(super) till_number: Option<String>,
    pub(super) daraja: bool,
}

impl Simulation {
    pub(crate) fn create_subscription(&mut self, params: Params<'_>, path: &str) -> Result<Reply, Reply> {
        let event_type = params.text("event_type").ok_or_else(|| Reply::blank("Event type"))?;
        if !EventType::KNOWN.contains(&event_type.as_str()) {
            return Err(Reply::invalid("Event type is invalid"));
        }
        let url = self.callback(params, "url", "Url")?;
        let scope = self.scope(params)?;
        let daraja = params.flag("enable_daraja_payload");
        let mut attributes = Map::new();
        attributes.insert("event_type".into(), json!(event_type));
        attributes.insert("url".into(), json!(url));
        attributes.insert("scope".into(), json!(if scope.is_some() { "till" } else { "company" }));
        attributes.insert("scope_reference".into(), json!(scope));
        attributes.insert("enable_daraja_payload".into(), json!(daraja));
        attributes.insert("status".into(), json!("Active"));
        while self.subscriptions.len() >= MOST {
            self.subscriptions.pop_first();
        }
        self.subscriptions.push(Subscription { event_type, url, till_number: scope, daraja });
        let id = self.keep(
            "webhook_subscriptions",
            Resource { kind: "webhook_subscription", attributes, path: path.to_owned(), ..Resource::default() },
        );
        Ok(Reply::created(path, &id))
    }

    /// Who subscribed to a topic, for the whole company or for this till.
    pub(super) fn subscribers(&self, topic: &str, till_number: Option<&str>) -> impl Iterator<Item = &Subscription> {
        self.subscriptions.values().filter(move |subscription| {
            subscription.event_type == topic
                && (subscription.till_number.is_none() || subscription.till_number.as_deref() == till_number)
        })
    }

    /// The till of a scope. None: the whole company.
    pub(super) fn scope(&self, params: Params<'_>) -> Result<Option<String>, Reply> {
        match params.text("scope").as_deref() {
            Some("company") => Ok(None),
            Some("till") => match params.text("scope_reference") {
                Some(till) if self.tills.contains(&till) => Ok(Some(till)),
                _ => Err(Reply::invalid("Invalid scope reference")),
            },
            _ => Err(Reply::invalid("Scope is invalid")),
        }
    }
}

impl Simulation {
    /// A sample goes to a URL, or to those who subscribed to its topic, as their scope and their form of payload say.
    pub(crate) fn send_sample(&mut self, topic: &str, url: Option<&str>, body: &Value) -> Result<usize, String> {
        if let Some(url) = url {
            self.callback(Params::new(&json!({ "url": url })), "url", "Url").map_err(|reply| reply.words())?;
            self.outgoing.push(Outgoing { topic: topic.to_owned(), url: url.to_owned(), body: body.clone() });
            return Ok(1);
        }
        let subscribed = match topic {
            "daraja_buygoods" => "buygoods_transaction_received",
            "daraja_b2b" => "b2b_transaction_received",
            topic => topic,
        };
        if !EventType::KNOWN.contains(&subscribed) {
            return Err(format!(
                "url: required for {topic}. It is a result, which goes to a callback URL; only webhooks have subscribers"
            ));
        }
        let till_number = body["event"]["resource"]["till_number"].as_str().or(body["BusinessShortCode"].as_str());
        let receivers: Vec<_> = self.subscribers(subscribed, till_number).cloned().collect();
        for receiver in &receivers {
            let form = match subscribed {
                _ if !receiver.daraja => subscribed,
                "buygoods_transaction_received" => "daraja_buygoods",
                "b2b_transaction_received" => "daraja_b2b",
                _ => subscribed,
            };
            // The changed sample where it has the form of the subscription, else that form's own.
            let body = if form == topic { Some(body.clone()) } else { samples::get(form) };
            let (topic, url) = (topic.to_owned(), receiver.url.clone());
            self.outgoing.push(Outgoing { topic, url, body: body.unwrap_or_default() });
        }
        Ok(receivers.len())
    }
}
