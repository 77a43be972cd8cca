//! The server, as the transport of all workers.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, header::LOCATION};
use kopokopo::{
    transport::{HttpRequest, HttpResponse, Reason, Sent, Transport, TransportError},
    webhooks::{Event, Webhooks},
};
use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::world::{Alive, Clock, Op, Verdict, lock};

/// A create that took effect.
#[derive(Debug, Clone)]
pub struct Effect {
    /// The operation's path: `send_money`.
    pub path: String,
    /// The id of the resource.
    pub id: String,
    /// What was asked for.
    pub body: Value,
    /// When.
    pub at: OffsetDateTime,
}

/// What the server did.
#[derive(Debug, Default)]
pub struct Ledger {
    /// The effects of each key.
    pub effects: BTreeMap<String, Vec<Effect>>,
    /// Results that have not been delivered yet.
    pub results: Vec<Effect>,
    polls: BTreeMap<String, Value>,
    count: u64,
}

impl Ledger {
    /// The number of creates that took effect for a key.
    pub fn count(&self, key: &str) -> usize {
        self.effects.get(key).map_or(0, Vec::len)
    }

    fn next_id(&mut self) -> String {
        self.count += 1;
        format!("id-{}", self.count)
    }

    fn create(&mut self, path: &str, body: Value, at: OffsetDateTime) -> String {
        let id = self.next_id();
        if path == "polling" {
            self.polls.insert(id.clone(), body);
            return id;
        }
        let effect = Effect { path: path.to_owned(), id: id.clone(), body, at };
        let key = effect.key().unwrap_or_default().to_owned();
        self.results.push(effect.clone());
        self.effects.entry(key).or_default().push(effect);
        id
    }

    fn poll(&self, id: &str) -> Option<Value> {
        let asked = self.polls.get(id)?;
        let till = asked["scope_reference"].as_str();
        let pushes = self.effects.values().flatten().filter(|effect| {
            effect.path == "incoming_payments" && effect.body["till_number"].as_str() == till && effect.is_paid()
        });
        let transactions: Vec<_> =
            pushes.map(|effect| json!({"type": "Buygoods Transaction", "resource": effect.transaction()})).collect();
        Some(json!({"data": {"id": id, "type": "polling", "attributes": {
            "status": "Success", "transactions": transactions, "_links": {}}}}))
    }
}

impl Effect {
    /// The key in its metadata.
    pub fn key(&self) -> Option<&str> {
        self.body["metadata"]["idempotency_key"].as_str()
    }

    /// Whether the customer of an STK push pays: four of five do.
    pub fn is_paid(&self) -> bool {
        self.id.bytes().last().is_none_or(|byte| byte % 5 != 0)
    }

    fn transaction(&self) -> Value {
        json!({
            "id": format!("transaction-{}", self.id), "reference": format!("REF{}", self.id), "amount": self.body["amount"]["value"].to_string(),
            "status": "Received", "system": "Lipa Na M-PESA", "currency": "KES", "till_number": self.body["till_number"],
            "sender_phone_number": self.body["subscriber"]["phone_number"], "origination_time": self.at.format(&Rfc3339).unwrap_or_default(),
        })
    }

    /// The result that the server sends to the callback URL.
    ///
    /// # Panics
    /// If the library does not accept it.
    pub fn result(&self) -> Event {
        let links = json!({"self": format!("https://api.kopokopo.com/api/v2/{}/{}", self.path, self.id)});
        let metadata = self.body["metadata"].clone();
        let (kind, attributes) = match self.path.as_str() {
            "incoming_payments" => {
                let (status, resource) =
                    if self.is_paid() { ("Success", self.transaction()) } else { ("Failed", Value::Null) };
                let event = json!({"type": "Incoming Payment Request", "resource": resource, "errors": null});
                ("incoming_payment", json!({"status": status, "event": event, "metadata": metadata, "_links": links}))
            }
            "reversals" => (
                "reversals",
                json!({"status": "Processed", "transaction_reference": self.body["transaction_reference"], "metadata": metadata,
                    "reversal_bulk_payment": {"status": "Transferred", "amount": "1.0"}, "_links": links}),
            ),
            _ => (
                "send_money",
                json!({"status": "Processed", "transfer_batches": [], "metadata": metadata, "_links": links}),
            ),
        };
        let text = json!({"data": {"id": self.id, "type": kind, "attributes": attributes}}).to_string();
        Webhooks::new(["key"]).parse_unverified(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The webhook about the payment of an STK push, which has no metadata.
    ///
    /// # Panics
    /// If the library does not accept it.
    pub fn webhook(&self) -> Option<Event> {
        if self.path != "incoming_payments" || !self.is_paid() {
            return None;
        }
        let text = json!({"topic": "buygoods_transaction_received", "id": format!("event-{}", self.id), "created_at": self.at.format(&Rfc3339).ok(),
            "event": {"type": "Buygoods Transaction", "resource": self.transaction()}, "_links": {}})
        .to_string();
        Some(Webhooks::new(["key"]).parse_unverified(text.as_bytes()).unwrap_or_else(|error| panic!("{error}: {text}")))
    }
}

pub(crate) struct Server {
    pub(crate) alive: Alive,
    pub(crate) ledger: Arc<Mutex<Ledger>>,
    pub(crate) clock: Arc<Clock>,
}

impl Transport for Server {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let (alive, ledger, clock) = (self.alive.clone(), Arc::clone(&self.ledger), Arc::clone(&self.clock));
        Box::pin(async move {
            let path = request.url.path().trim_start_matches("/api/v2/").to_owned();
            let is_create = request.method == Method::POST && path != "polling";
            let verdict = alive.step(if is_create { Op::Send } else { Op::Ask }).await;
            let lost = |sent| {
                Err(TransportError { sent, reason: Reason::Connection, detail: "the connection was lost".to_owned() })
            };
            if verdict == Verdict::NotSent {
                return lost(Sent::No);
            }
            // From here on its bytes can be on the network.
            request.gate.pass()?;
            let response = match verdict {
                Verdict::Refuse => return Ok(response(400, None, json!({"error_message": "refused"}).to_string())),
                Verdict::Fail => return lost(Sent::Maybe),
                _ => respond(&mut lock(&ledger), &request, &path, clock.now()),
            };
            match verdict {
                Verdict::FailAfterEffect => lost(Sent::Maybe),
                Verdict::CrashAfter => {
                    alive.end().await;
                    Ok(response)
                }
                _ => Ok(response),
            }
        })
    }

    fn passes_gate(&self) -> bool {
        true
    }
}

fn respond(ledger: &mut Ledger, request: &HttpRequest, path: &str, now: OffsetDateTime) -> HttpResponse {
    if request.method == Method::POST {
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        let id = ledger.create(path, body, now);
        return response(201, Some(format!("http://127.0.0.1:1/api/v2/{path}/{id}")), String::new());
    }
    match path.strip_prefix("polling/").and_then(|id| ledger.poll(id)) {
        Some(document) => response(200, None, document.to_string()),
        None => response(404, None, String::new()),
    }
}

fn response(status: u16, location: Option<String>, body: String) -> HttpResponse {
    let mut headers = HeaderMap::new();
    if let Some(location) = location.and_then(|location| HeaderValue::from_str(&location).ok()) {
        headers.insert(LOCATION, location);
    }
    HttpResponse { status, headers, body: Ok(Bytes::from(body)) }
}
