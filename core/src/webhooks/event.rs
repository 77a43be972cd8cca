//! Events: verified webhooks and result callbacks.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer as _, Serialize,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};

use super::DarajaTransaction;
use crate::{
    error::Result,
    resources::{
        CardTransaction, Customer, IncomingPayment, Links, Payment, PaymentLink, Polling, Resource, Reversal,
        SendMoney, Settlement, SettlementTransfer, SmsNotification, Transaction, document,
    },
    types::{Raw, Timestamp, de},
};

/// A webhook or a result callback.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Event {
    /// The webhook's own id, or the id of the request whose result this is. None in Daraja's format.
    pub id: Option<String>,
    /// The topic, as the API writes it: a webhook's topic (`buygoods_transaction_received`), a result's type
    /// (`incoming_payment`), or Daraja's transaction type (`Buygoods`). Empty if the event has no topic.
    pub topic: String,
    /// The webhook's name for what happened: `Buygoods Transaction`.
    pub event_type: Option<String>,
    /// When the webhook was created. Results have their times in the payload.
    pub created_at: Option<Timestamp>,
    /// URLs.
    pub links: Links,
    /// The content.
    pub payload: EventPayload,
    /// The whole JSON text, as received.
    #[serde(skip)]
    pub raw: Raw,
}

macro_rules! payloads {
    ($($(#[$doc:meta])* $topic:ident($resource:ident) = $word:literal,)*) => {
        /// The content of an event. An event that this version does not know is [`EventPayload::Unknown`]: its text is in
        /// [`Event::raw`].
        #[derive(Debug, Clone, PartialEq, Serialize)]
        #[serde(tag = "kind", content = "data", rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum EventPayload {
            $($(#[$doc])* $topic($resource),)*
            /// Result of an STK push.
            IncomingPayment(IncomingPayment),
            /// Result of sending money.
            SendMoney(SendMoney),
            /// Result of polling.
            Polling(Polling),
            /// Result of a reversal.
            Reversal(Reversal),
            /// Result of an attempt to pay a link, or of the end of the link.
            PaymentLink(PaymentLink),
            /// Result of a message.
            SmsNotification(SmsNotification),
            /// Result of a payment of version 1.
            Payment(Payment),
            /// Result of a settlement transfer of version 1.
            SettlementTransfer(SettlementTransfer),
            /// Daraja's format: a customer's payment was received (`Buygoods`, `Pay Bill`, `Customer Merchant Payment`).
            DarajaBuygoods(DarajaTransaction),
            /// Daraja's format: a payment from another till was received.
            DarajaB2b(DarajaTransaction),
            /// Daraja's format with another transaction type: which way the money went is not known.
            DarajaOther(DarajaTransaction),
            /// A topic or a format that this version does not know.
            Unknown,
        }

        fn webhook(topic: &str, text: &str) -> Result<Event> {
            match topic {
                $($word => read_webhook(topic, text, EventPayload::$topic),)*
                _ => read_webhook(topic, text, |_: IgnoredAny| EventPayload::Unknown),
            }
        }
    };
}

crate::topics!(payloads);

/// The fields that determine the type of an event.
#[derive(Default)]
struct Discriminator<'a> {
    topic: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    transaction_type: Option<Cow<'a, str>>,
    trans_id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum FieldName {
    Topic,
    Data,
    #[serde(rename = "TransactionType")]
    TransactionType,
    #[serde(rename = "TransID")]
    TransId,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Scalar<'a>(#[serde(borrow, deserialize_with = "de::scalar")] Option<Cow<'a, str>>);

#[derive(Deserialize)]
struct DataType<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "de::scalar")]
    kind: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Data<'a>(#[serde(borrow, deserialize_with = "de::object")] Option<DataType<'a>>);

impl<'a> Discriminator<'a> {
    fn of(text: &'a str) -> Result<Self> {
        let mut discriminator = Self::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let read = deserializer.deserialize_map(&mut discriminator).and_then(|()| deserializer.end());
        match read {
            // The error after a topic is that of the text that is not read yet: it is read together with the resource.
            Err(error) if discriminator.topic.is_none() => Err(document::unreadable(&error)),
            _ => Ok(discriminator),
        }
    }
}

impl<'de> Visitor<'de> for &mut Discriminator<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a webhook or a result")
    }

    /// Stops at the topic. Webhooks begin with it, so they are not read twice.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        let mut has_data = false;
        while let Some(name) = map.next_key()? {
            match name {
                FieldName::Topic => {
                    self.topic = map.next_value::<Scalar<'_>>()?.0;
                    if self.topic.is_some() {
                        return Ok(());
                    }
                }
                FieldName::Data if has_data => return Err(A::Error::duplicate_field("data")),
                FieldName::Data => {
                    has_data = true;
                    self.kind = map.next_value::<Data<'_>>()?.0.and_then(|data| data.kind);
                }
                FieldName::TransactionType if self.transaction_type.is_some() => {
                    return Err(A::Error::duplicate_field("TransactionType"));
                }
                FieldName::TransactionType => self.transaction_type = map.next_value::<Scalar<'_>>()?.0,
                FieldName::TransId if self.trans_id.is_some() => return Err(A::Error::duplicate_field("TransID")),
                FieldName::TransId => self.trans_id = map.next_value::<Scalar<'_>>()?.0,
                FieldName::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A webhook with its resource.
#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>")]
struct Envelope<R> {
    /// Known already. It is a field here so that a repeated name is refused.
    #[serde(default, rename = "topic")]
    _topic: IgnoredAny,
    #[serde(default, deserialize_with = "de::string")]
    id: Option<String>,
    #[serde(default, deserialize_with = "de::timestamp")]
    created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "de::object")]
    event: Option<Inner<R>>,
    #[serde(default, rename = "_links", deserialize_with = "de::object_or_default")]
    links: Links,
}

#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>")]
struct Inner<R> {
    #[serde(default, deserialize_with = "de::string")]
    r#type: Option<String>,
    #[serde(default, deserialize_with = "de::object")]
    resource: Option<R>,
}

impl Event {
    pub(super) fn parse(body: &[u8]) -> Result<Self> {
        let text = document::text(body)?;
        match Discriminator::of(text)? {
            Discriminator { topic: Some(topic), .. } => webhook(&topic, text),
            Discriminator { kind: Some(kind), .. } => result(&kind, text),
            Discriminator { transaction_type, trans_id, .. } if transaction_type.is_some() || trans_id.is_some() => {
                daraja(&transaction_type.unwrap_or_default(), trans_id.as_deref(), text)
            }
            _ => Ok(Self::bare("", text)),
        }
    }

    /// Whether it has a topic. Results have a type instead.
    pub(super) fn is_webhook(&self) -> bool {
        Discriminator::of(self.raw.as_str()).is_ok_and(|discriminator| discriminator.topic.is_some())
    }

    fn bare(topic: &str, text: &str) -> Self {
        Self {
            id: None,
            topic: topic.to_owned(),
            event_type: None,
            created_at: None,
            links: Links::default(),
            payload: EventPayload::Unknown,
            raw: Raw::from(text),
        }
    }
}

/// A webhook whose resource is missing keeps its text and counts as unknown.
fn read_webhook<'a, R: Deserialize<'a>>(
    topic: &str,
    text: &'a str,
    payload: impl FnOnce(R) -> EventPayload,
) -> Result<Event> {
    let envelope: Envelope<R> = document::parse(text)?;
    let (event_type, resource) = envelope.event.map_or((None, None), |event| (event.r#type, event.resource));
    Ok(Event {
        id: envelope.id,
        topic: topic.to_owned(),
        event_type,
        created_at: envelope.created_at,
        links: envelope.links,
        payload: resource.map_or(EventPayload::Unknown, payload),
        raw: Raw::from(text),
    })
}

fn result(kind: &str, text: &str) -> Result<Event> {
    macro_rules! as_result {
        ($resource:ty, $variant:ident) => {{
            let resource = <$resource>::from_body(text.as_bytes())?;
            (resource.id.clone(), resource.links.clone(), resource.raw.clone(), EventPayload::$variant(resource))
        }};
    }
    let (id, links, raw, payload) = match kind {
        "incoming_payment" => as_result!(IncomingPayment, IncomingPayment),
        "send_money" => as_result!(SendMoney, SendMoney),
        "polling" => as_result!(Polling, Polling),
        "reversals" | "reversal" => as_result!(Reversal, Reversal),
        "payment_link" => as_result!(PaymentLink, PaymentLink),
        "transaction_sms_notification" | "transaction_sms_notifications" => {
            as_result!(SmsNotification, SmsNotification)
        }
        "payment" => as_result!(Payment, Payment),
        "settlement_transfer" => as_result!(SettlementTransfer, SettlementTransfer),
        _ => {
            #[derive(Deserialize)]
            struct Document {
                data: Data,
            }
            #[derive(Deserialize)]
            struct Data {
                #[serde(default, deserialize_with = "de::string")]
                id: Option<String>,
            }
            let document: Document = document::parse(text)?;
            return Ok(Event { id: document.data.id, ..Event::bare(kind, text) });
        }
    };
    Ok(Event { id: Some(id), topic: kind.to_owned(), event_type: None, created_at: None, links, payload, raw })
}

fn daraja(transaction_type: &str, trans_id: Option<&str>, text: &str) -> Result<Event> {
    let letters: String = transaction_type.chars().filter(char::is_ascii_alphabetic).collect();
    let payload = match letters.to_ascii_lowercase().as_str() {
        "buygoods" | "paybill" | "customermerchantpayment" => EventPayload::DarajaBuygoods(document::parse(text)?),
        "organizationtoorganizationtransfer" => EventPayload::DarajaB2b(document::parse(text)?),
        _ if trans_id.is_some_and(|id| !id.trim().is_empty()) => EventPayload::DarajaOther(document::parse(text)?),
        _ => EventPayload::Unknown,
    };
    Ok(Event { payload, ..Event::bare(transaction_type, text) })
}
