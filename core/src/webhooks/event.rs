//! What a webhook or a result callback tells of.

use std::{
    borrow::Cow,
    fmt::{self, Write as _},
};

use serde::{
    Deserialize, Deserializer as _, Serialize,
    de::{Error as _, IgnoredAny, MapAccess, Visitor},
};
use sha2::{Digest, Sha256};

use super::DarajaTransaction;
use crate::{
    error::Result,
    resources::{
        CardTransaction, Customer, ExpectedPayment, IncomingPayment, Links, Payment, PaymentLink, Polling, Resource,
        Reversal, SendMoney, Settlement, SettlementTransfer, SmsNotification, Transaction, TransactionStatus,
        TransferBatch, bounded_key, direction, document, movement_key,
    },
    types::{Raw, Timestamp, de},
};

/// A webhook or a result callback.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Event {
    /// The webhook's own id, or the id of the request whose result this is. None in Daraja's shape.
    pub id: Option<String>,
    /// What it is about, in the API's word: a webhook's topic (`buygoods_transaction_received`), a result's type
    /// (`incoming_payment`), Daraja's transaction type (`Buygoods`). Empty where there is none.
    pub topic: String,
    /// What a webhook calls what happened: `Buygoods Transaction`.
    pub event_type: Option<String>,
    /// When the webhook was made. Results carry their times in the payload.
    pub created_at: Option<Timestamp>,
    /// URLs.
    pub links: Links,
    /// What it says.
    pub payload: EventPayload,
    /// The whole text as it came.
    #[serde(skip)]
    pub raw: Raw,
}

/// What an event says. Words that this version does not know arrive as [`EventPayload::Unknown`]: their text is in
/// [`Event::raw`].
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
#[non_exhaustive]
pub enum EventPayload {
    /// Webhook: a customer paid.
    BuygoodsTransactionReceived(Transaction),
    /// Webhook: a customer's payment was given back.
    BuygoodsTransactionReversed(Transaction),
    /// Webhook: another till paid.
    B2bTransactionReceived(Transaction),
    /// Webhook: another till's payment was given back.
    B2bTransactionReversed(Transaction),
    /// Webhook: money was settled.
    SettlementTransferCompleted(Settlement),
    /// Webhook: somebody paid for the first time.
    CustomerCreated(Customer),
    /// Webhook: a card payment came in.
    CardTransactionReceived(CardTransaction),
    /// Webhook: a card payment was voided.
    CardTransactionVoided(CardTransaction),
    /// Webhook: a card payment was given back.
    CardTransactionReversed(CardTransaction),
    /// Result of an STK push.
    IncomingPayment(IncomingPayment),
    /// Result of sending money.
    SendMoney(SendMoney),
    /// Result of polling.
    Polling(Polling),
    /// Result of a reversal.
    Reversal(Reversal),
    /// Result of an attempt to pay at a link, or of the link's end.
    PaymentLink(PaymentLink),
    /// Result of a message.
    SmsNotification(SmsNotification),
    /// Result of a payment of version 1.
    Payment(Payment),
    /// Result of a settlement transfer of version 1.
    SettlementTransfer(SettlementTransfer),
    /// Daraja's shape: a customer paid (`Buygoods`, `Pay Bill`, `Customer Merchant Payment`).
    DarajaBuygoods(DarajaTransaction),
    /// Daraja's shape: another till paid.
    DarajaB2b(DarajaTransaction),
    /// Daraja's shape with another transaction type: which way the money went is not known.
    DarajaOther(DarajaTransaction),
    /// Something this version does not know.
    Unknown,
}

/// A first look: what decides how the rest is read.
#[derive(Default)]
struct Probe<'a> {
    topic: Option<Cow<'a, str>>,
    kind: Option<Cow<'a, str>>,
    transaction_type: Option<Cow<'a, str>>,
    trans_id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Name {
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
struct Word<'a>(#[serde(borrow, deserialize_with = "de::scalar")] Option<Cow<'a, str>>);

#[derive(Deserialize)]
struct DataProbe<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "de::scalar")]
    kind: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Data<'a>(#[serde(borrow, deserialize_with = "de::object")] Option<DataProbe<'a>>);

impl<'a> Probe<'a> {
    fn of(text: &'a str) -> Result<Self> {
        let mut probe = Self::default();
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let read = deserializer.deserialize_map(&mut probe).and_then(|()| deserializer.end());
        match read {
            // What follows the topic is read with its resource.
            Err(error) if probe.topic.is_none() => Err(document::unreadable(&error)),
            _ => Ok(probe),
        }
    }
}

impl<'de> Visitor<'de> for &mut Probe<'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a webhook or a result")
    }

    /// Stops at a topic, which webhooks begin with: they are not read twice.
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> std::result::Result<(), A::Error> {
        let mut has_data = false;
        while let Some(name) = map.next_key()? {
            match name {
                Name::Topic => {
                    self.topic = map.next_value::<Word<'_>>()?.0;
                    if self.topic.is_some() {
                        return Err(A::Error::custom("the topic is known"));
                    }
                }
                Name::Data if has_data => return Err(A::Error::duplicate_field("data")),
                Name::Data => {
                    has_data = true;
                    self.kind = map.next_value::<Data<'_>>()?.0.and_then(|data| data.kind);
                }
                Name::TransactionType if self.transaction_type.is_some() => {
                    return Err(A::Error::duplicate_field("TransactionType"));
                }
                Name::TransactionType => self.transaction_type = map.next_value::<Word<'_>>()?.0,
                Name::TransId if self.trans_id.is_some() => return Err(A::Error::duplicate_field("TransID")),
                Name::TransId => self.trans_id = map.next_value::<Word<'_>>()?.0,
                Name::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }
}

/// A webhook with its resource.
#[derive(Deserialize)]
#[serde(bound = "R: Deserialize<'de>")]
struct Envelope<R> {
    /// Known already. Named here because no name may stand twice.
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
        match Probe::of(text)? {
            Probe { topic: Some(topic), .. } => webhook(&topic, text),
            Probe { kind: Some(kind), .. } => result(&kind, text),
            Probe { transaction_type, trans_id, .. } if transaction_type.is_some() || trans_id.is_some() => {
                daraja(&transaction_type.unwrap_or_default(), trans_id.as_deref(), text)
            }
            _ => Ok(Self::bare("", text)),
        }
    }

    /// The transaction that this event reports, in one shape for webhooks, results and Daraja's format. `None` if it
    /// reports none, such as a failed or pending payment.
    ///
    /// - Buygoods and till-to-till webhooks: the webhook's own transaction.
    /// - Card webhooks: the fields that both have.
    /// - A successful incoming payment without errors: its transaction. A paid payment link: its payment.
    /// - Daraja's format: always KES, with the short code as the till. The status is `Received` for payments from
    ///   customers and tills, and absent for other transaction types.
    ///
    /// The topic decides which way the money went: a reversal counts as `Reversed` and a voided card payment as `Voided`
    /// although their own status can be `Complete`.
    pub fn transaction(&self) -> Option<Transaction> {
        let reversed = TransactionStatus::Reversed;
        match &self.payload {
            EventPayload::BuygoodsTransactionReceived(transaction)
            | EventPayload::B2bTransactionReceived(transaction) => Some(transaction.clone()),
            EventPayload::BuygoodsTransactionReversed(transaction)
            | EventPayload::B2bTransactionReversed(transaction) => Some(given_back(transaction.clone(), reversed)),
            EventPayload::CardTransactionReceived(card) => Some(Transaction::from(card)),
            EventPayload::CardTransactionReversed(card) => Some(given_back(card.into(), reversed)),
            EventPayload::CardTransactionVoided(card) => {
                Some(given_back(card.into(), TransactionStatus::Other(VOIDED.to_owned())))
            }
            EventPayload::IncomingPayment(payment) => payment.settled_transaction().cloned(),
            EventPayload::PaymentLink(link) => link.payment(),
            EventPayload::DarajaBuygoods(transaction) | EventPayload::DarajaB2b(transaction) => {
                Some(transaction.transaction(Some(TransactionStatus::Received)))
            }
            EventPayload::DarajaOther(transaction) => Some(transaction.transaction(None)),
            _ => None,
        }
    }

    /// Whether this event reports a payment that came in, with at least this amount, in this currency, into this till.
    pub fn is_paid_at_least(&self, expected: &ExpectedPayment) -> bool {
        self.transaction().is_some_and(|transaction| transaction.is_paid_at_least(expected))
    }

    /// The key of the money: `mpesa:received:OJJ1MPU40Z`, `mpesa:reversed:OJJ1MPU40Z`, `card:received:...`,
    /// `card:reversed:...`, `card:voided:...`. `None` while no money moved, and without a reference.
    ///
    /// Credit an order once per payment key, not once per [`Self::dedupe_key`]. The key of a delivery is not the key of
    /// the money: one STK payment can come as an incoming payment result and as a buygoods webhook, with two dedupe keys
    /// and one payment key. Store it in a unique column, in the same transaction as the credit. Payments that are read
    /// have the same key: [`IncomingPayment::payment_key`], [`PaymentLink::payment_key`], [`Transaction::payment_key`].
    ///
    /// At most 200 bytes of printable ASCII. A reference that does not fit is replaced by its SHA-256.
    pub fn payment_key(&self) -> Option<String> {
        let transaction = self.transaction()?;
        let reference = transaction.reference.as_deref();
        match &self.payload {
            EventPayload::CardTransactionVoided(_) if is_voided(&transaction) => {
                movement_key("card", "voided", reference)
            }
            EventPayload::CardTransactionReceived(_)
            | EventPayload::CardTransactionReversed(_)
            | EventPayload::CardTransactionVoided(_) => movement_key("card", direction(&transaction)?, reference),
            _ => transaction.payment_key(),
        }
    }

    /// The key of this delivery: store it, and skip a delivery whose key is stored already. It is not the key of the
    /// money, see [`Self::payment_key`].
    ///
    /// Deliveries can repeat and have no id of their own, so the key is made of what they say: a webhook's topic and id;
    /// a result's type, id and state, because one request is reported again as it goes on; Daraja's transaction type and
    /// id. Without an id, and for results of an unknown type, two deliveries are the same only if their whole text is.
    ///
    /// At most 200 bytes without control characters. A longer key is replaced by its SHA-256.
    pub fn dedupe_key(&self) -> String {
        bounded_key(self.delivery_key())
    }

    fn delivery_key(&self) -> String {
        let named = match &self.payload {
            EventPayload::DarajaBuygoods(transaction)
            | EventPayload::DarajaB2b(transaction)
            | EventPayload::DarajaOther(transaction) => &transaction.trans_id,
            _ => &self.id,
        };
        let Some(id) = named.as_deref().filter(|id| !id.trim().is_empty()) else {
            return format!("{}:{}", self.topic, self.digest());
        };
        let mut key = format!("{}:{id}", self.topic);
        let _ = match &self.payload {
            EventPayload::IncomingPayment(payment) => write!(key, ":{}", payment.state()),
            EventPayload::SendMoney(request) => {
                transfers(&mut key, request.state(), &request.transfer_batches, &request.errors)
            }
            EventPayload::Payment(request) => {
                transfers(&mut key, request.state(), &request.transfer_batches, &request.errors)
            }
            EventPayload::SettlementTransfer(request) => {
                transfers(&mut key, request.state(), &request.transfer_batches, &request.errors)
            }
            EventPayload::Polling(request) => write!(key, ":{}", request.state()),
            EventPayload::SmsNotification(request) => write!(key, ":{}", request.state()),
            EventPayload::Reversal(reversal) => {
                let outcome = reversal.reversal_bulk_payment.as_ref().and_then(|payment| payment.status.as_ref());
                let outcome = outcome.map_or("", |status| status.as_str());
                write!(key, ":{}:{outcome}:{}", reversal.state(), reversal.errors.len())
            }
            // Two failed attempts in a row differ in nothing but their text.
            EventPayload::PaymentLink(link) if link.has_failed_attempt() => {
                write!(key, ":{}:{}", link.state(), self.digest())
            }
            EventPayload::PaymentLink(link) => {
                write!(key, ":{}:{}", link.state(), link.transaction_reference.as_deref().unwrap_or_default())
            }
            // A result of an unknown type can be reported again as it goes on.
            EventPayload::Unknown if !self.is_webhook() => write!(key, ":{}", self.digest()),
            _ => Ok(()),
        };
        key
    }

    /// Whether it has a topic. Results have a type instead.
    fn is_webhook(&self) -> bool {
        Probe::of(self.raw.as_str()).is_ok_and(|probe| probe.topic.is_some())
    }

    fn digest(&self) -> String {
        hex::encode(Sha256::digest(self.raw.as_str()))
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

fn webhook(topic: &str, text: &str) -> Result<Event> {
    type Payload = EventPayload;
    match topic {
        "buygoods_transaction_received" => enveloped(topic, text, Payload::BuygoodsTransactionReceived),
        "buygoods_transaction_reversed" => enveloped(topic, text, Payload::BuygoodsTransactionReversed),
        "b2b_transaction_received" => enveloped(topic, text, Payload::B2bTransactionReceived),
        "b2b_transaction_reversed" => enveloped(topic, text, Payload::B2bTransactionReversed),
        "settlement_transfer_completed" => enveloped(topic, text, Payload::SettlementTransferCompleted),
        "customer_created" => enveloped(topic, text, Payload::CustomerCreated),
        "card_transaction_received" => enveloped(topic, text, Payload::CardTransactionReceived),
        "card_transaction_voided" => enveloped(topic, text, Payload::CardTransactionVoided),
        "card_transaction_reversed" => enveloped(topic, text, Payload::CardTransactionReversed),
        _ => enveloped(topic, text, |_: IgnoredAny| Payload::Unknown),
    }
}

/// A webhook whose resource is missing keeps its text and counts as unknown.
fn enveloped<'a, R: Deserialize<'a>>(
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

/// The state of a voided card payment. The API has no word for it.
const VOIDED: &str = "Voided";

fn is_voided(transaction: &Transaction) -> bool {
    transaction.status.as_ref().is_some_and(|status| status.as_str() == VOIDED)
}

/// A transaction whose topic says that the money went back. Its own status says so only sometimes; a word that is not
/// known stays, because the money may not have moved yet.
fn given_back(transaction: Transaction, as_status: TransactionStatus) -> Transaction {
    match transaction.status {
        Some(TransactionStatus::Other(_)) => transaction,
        _ => Transaction { status: Some(as_status), ..transaction },
    }
}

/// Disbursements that arrive later, or fail, are news.
fn transfers(key: &mut String, state: &str, batches: &[TransferBatch], errors: &[String]) -> fmt::Result {
    let all = batches.iter().flat_map(|batch| &batch.disbursements);
    let (all, paid) = all.fold((0_u32, 0_u32), |(all, paid), one| (all + 1, paid + u32::from(one.is_paid())));
    let failed = batches.iter().filter(|batch| batch.is_failed()).count()
        + batches.iter().flat_map(|batch| &batch.disbursements).filter(|one| one.is_failed()).count();
    write!(key, ":{state}:{paid}/{all}:{failed}:{}", errors.len())
}
