//! Webhook subscriptions.

use serde_json::{Map, json};

use super::{Thing, World, callback};
use crate::{params::Params, reply::Reply};

const PATH: &str = "/api/v2/webhook_subscriptions";

/// Who wants to be told of what.
#[derive(Debug, Clone)]
pub(super) struct Subscription {
    pub(super) event_type: String,
    pub(super) url: String,
    /// None: the whole company.
    pub(super) till_number: Option<String>,
    pub(super) daraja: bool,
}

pub(super) const EVENT_TYPES: [&str; 9] = [
    "buygoods_transaction_received",
    "buygoods_transaction_reversed",
    "b2b_transaction_received",
    "b2b_transaction_reversed",
    "settlement_transfer_completed",
    "customer_created",
    "card_transaction_received",
    "card_transaction_voided",
    "card_transaction_reversed",
];

impl World {
    pub(crate) fn create_subscription(&mut self, params: Params<'_>) -> Result<Reply, Reply> {
        let event_type = params.text("event_type").ok_or_else(|| Reply::blank("Event type"))?;
        if !EVENT_TYPES.contains(&event_type.as_str()) {
            return Err(Reply::invalid("Event type is invalid"));
        }
        let url = callback(params, "url", "Url")?;
        let scope = self.scope(params)?;
        let daraja = params.flag("enable_daraja_payload");
        let mut attributes = Map::new();
        attributes.insert("event_type".into(), json!(event_type));
        attributes.insert("url".into(), json!(url));
        attributes.insert("scope".into(), json!(if scope.is_some() { "till" } else { "company" }));
        attributes.insert("scope_reference".into(), json!(scope));
        attributes.insert("enable_daraja_payload".into(), json!(daraja));
        attributes.insert("status".into(), json!("Active"));
        self.subscriptions.push(Subscription { event_type, url, till_number: scope, daraja });
        let id = self.keep(
            "webhook_subscriptions",
            Thing { kind: "webhook_subscription", attributes, callback_url: None, path: PATH.into() },
        );
        Ok(Reply::created(PATH, &id))
    }

    /// The till of a scope. None: the whole company.
    pub(super) fn scope(&self, params: Params<'_>) -> Result<Option<String>, Reply> {
        match params.text("scope").as_deref() {
            Some("company") => Ok(None),
            Some("till") => match params.text("scope_reference") {
                Some(till) if self.tills.contains_key(&till) => Ok(Some(till)),
                _ => Err(Reply::invalid("Invalid scope reference")),
            },
            _ => Err(Reply::invalid("Scope is invalid")),
        }
    }
}
