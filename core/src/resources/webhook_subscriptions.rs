//! API reference, section Webhooks.

use serde::{Deserialize, Serialize};

use super::{Links, states::is_waiting};
#[cfg(feature = "client")]
use crate::{
    client::KopoKopo,
    created::Created,
    error::{KopoKopoError, Result},
    validate,
};
use crate::{
    endpoint::{Endpoint, RetrySafety},
    types::{EventType, Raw, Scope, de},
};

static CREATE: Endpoint = Endpoint::post(
    "webhook_subscriptions.create",
    "/api/v2/webhook_subscriptions",
    RetrySafety::NonIdempotent {
        recovery_hint: "Check whether webhooks arrive before you subscribe again: with two subscriptions each webhook arrives twice.",
    },
);
static GET: Endpoint = Endpoint::get("webhook_subscriptions.get", "/api/v2/webhook_subscriptions/{id}");

section! {
    /// Subscriptions to events (API reference, section Webhooks).
    WebhookSubscriptions
}

/// The topic and the URL of a subscription (API reference, section Create a webhook subscription).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct WebhookSubscriptionRequest {
    /// The topic. Topics that this version does not know are sent unchanged.
    pub event_type: EventType,
    /// The URL that receives the webhooks. It must be https.
    pub url: String,
    /// The whole company or one till.
    pub scope: Scope,
    /// The till number, for scope `till` only.
    pub scope_reference: Option<String>,
    /// Send webhooks in the format of Safaricom's Daraja API. Only for `buygoods_transaction_received` and
    /// `b2b_transaction_received`. Default: Kopo Kopo's own format.
    pub enable_daraja_payload: Option<bool>,
}

#[derive(Serialize)]
struct Wire<'a> {
    event_type: &'a str,
    url: &'a str,
    scope: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    scope_reference: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_daraja_payload: Option<bool>,
}

#[cfg(feature = "client")]
impl WebhookSubscriptions {
    /// Subscribes to a topic.
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent. `outcome_unknown` if the response was lost.
    pub async fn create(&self, request: &WebhookSubscriptionRequest) -> Result<Created<WebhookSubscription>> {
        self.client.create(&CREATE, &request.wire(&self.client)?).await
    }

    /// Reads a subscription.
    ///
    /// # Errors
    /// `not_found` if no resource has this id.
    pub async fn get(&self, id: &str) -> Result<WebhookSubscription> {
        self.client.fetch(id).await
    }
}

#[cfg(feature = "client")]
impl WebhookSubscriptionRequest {
    fn wire(&self, client: &KopoKopo) -> Result<Wire<'_>> {
        let event_type = validate::required("event_type", self.event_type.as_str())?;
        if self.enable_daraja_payload == Some(true) && !self.event_type.may_be_daraja() {
            return Err(KopoKopoError::invalid(
                "enable_daraja_payload",
                "is only for buygoods_transaction_received and b2b_transaction_received; remove it",
            ));
        }
        Ok(Wire {
            event_type,
            url: validate::callback_url("url", &self.url, client)?,
            scope: self.scope.checked()?,
            scope_reference: self.scope.reference(self.scope_reference.as_ref())?,
            enable_daraja_payload: self.enable_daraja_payload,
        })
    }
}

/// A subscription. The documentation does not show the response to a read, so every field may be absent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct WebhookSubscription {
    /// Its id.
    #[serde(skip_deserializing)]
    pub id: String,
    /// Its status.
    #[serde(deserialize_with = "de::string")]
    pub status: Option<String>,
    /// The topic.
    #[serde(deserialize_with = "de::text")]
    pub event_type: Option<EventType>,
    /// The URL that receives the webhooks.
    #[serde(deserialize_with = "de::string")]
    pub url: Option<String>,
    /// The whole company or one till.
    #[serde(deserialize_with = "de::text")]
    pub scope: Option<Scope>,
    /// The till number.
    #[serde(deserialize_with = "de::string")]
    pub scope_reference: Option<String>,
    /// Whether webhooks have Daraja's format.
    #[serde(deserialize_with = "de::boolean")]
    pub enable_daraja_payload: Option<bool>,
    /// URLs.
    #[serde(rename(deserialize = "_links"), deserialize_with = "de::object_or_default")]
    pub links: Links,
    /// The whole JSON text, as received.
    #[serde(skip)]
    pub raw: Raw,
}

resource!(WebhookSubscription, GET, [], this => this.status.as_deref().unwrap_or_default(), !this.status.as_deref().is_some_and(is_waiting));
