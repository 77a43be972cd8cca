//! API reference, section Transaction SMS Notifications: version 1, deprecated.

use serde::{Deserialize, Serialize};

use super::{Links, WireLinks, states::is_waiting};
#[cfg(feature = "client")]
use crate::{created::Created, error::Result, validate};
use crate::{
    endpoint::{Endpoint, RetrySafety},
    types::{Personal, Raw, de},
};

static CREATE: Endpoint = Endpoint::post(
    "sms_notifications.create",
    "/api/v1/transaction_sms_notifications",
    RetrySafety::NonIdempotent {
        recovery_hint: "The customer may have received the message: sending it again may send it twice.",
    },
);
static GET: Endpoint = Endpoint::get("sms_notifications.get", "/api/v1/transaction_sms_notifications/{id}");

section! {
    /// Messages to customers about their payments: version 1, deprecated (API reference, section Transaction SMS
    /// Notifications).
    SmsNotifications
}

/// A message to the customer of a webhook (API reference, section Transaction SMS Notifications API Requests).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SmsNotificationRequest {
    /// The id of the webhook that reported the payment.
    pub webhook_event_reference: String,
    /// The text of the message.
    pub message: Personal,
    /// The URL that receives the result. It must be https.
    pub callback_url: String,
}

#[derive(Serialize)]
struct Wire<'a> {
    webhook_event_reference: &'a str,
    message: &'a str,
    #[serde(rename = "_links")]
    links: WireLinks<'a>,
}

#[cfg(feature = "client")]
impl SmsNotifications {
    /// Sends a message to the customer of a webhook.
    ///
    /// # Errors
    /// `invalid_request` naming the field, before anything is sent. `outcome_unknown` if the response was lost.
    pub async fn create(&self, request: &SmsNotificationRequest) -> Result<Created<SmsNotification>> {
        let wire = Wire {
            webhook_event_reference: validate::required("webhook_event_reference", &request.webhook_event_reference)?,
            message: validate::required("message", request.message.as_str())?,
            links: WireLinks {
                callback_url: validate::callback_url("callback_url", &request.callback_url, &self.client)?,
            },
        };
        self.client.create(&CREATE, &wire).await
    }

    /// Reads a message's state.
    ///
    /// # Errors
    /// `not_found` if no resource has this id.
    pub async fn get(&self, id: &str) -> Result<SmsNotification> {
        self.client.fetch(id).await
    }
}

/// A message to a customer (API reference, section Process Transaction Notification API Result).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SmsNotification {
    /// Its id.
    #[serde(skip_deserializing)]
    pub id: String,
    /// Its status: `Success`.
    #[serde(deserialize_with = "de::required_string")]
    pub status: String,
    /// The content.
    #[serde(default, deserialize_with = "de::text")]
    pub message: Option<Personal>,
    /// The id of the webhook that reported the payment.
    #[serde(default, deserialize_with = "de::string")]
    pub webhook_event_reference: Option<String>,
    /// URLs.
    #[serde(default, rename(deserialize = "_links"), deserialize_with = "de::object_or_default")]
    pub links: Links,
    /// The whole JSON text, as received.
    #[serde(skip)]
    pub raw: Raw,
}

resource!(SmsNotification, GET, ["transaction_sms_notification"], this => &this.status, !is_waiting(&this.status));
