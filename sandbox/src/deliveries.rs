//! Callbacks and webhooks: signed, listed, and sent over real HTTP.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Method, header};
use kopokopo::{
    transport::{HttpRequest, HttpTransport, SendGate, Transport},
    webhooks::sign,
};
use serde::Serialize;
use tokio::time::Instant;
use url::Url;

/// How many deliveries are kept. The oldest go first.
const KEPT: usize = 10_000;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A callback or webhook, and what became of it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Delivery {
    /// Its id, to send it again by.
    pub id: u64,
    /// A webhook's topic or a result's type.
    pub topic: String,
    /// Where it goes.
    pub url: String,
    /// The very bytes that are sent.
    pub body: String,
    /// Their signature.
    pub signature: String,
    /// Whether somebody answered 2xx.
    pub delivered: bool,
    /// Whether a fault holds it back for good.
    pub withheld: bool,
    /// What happened so far.
    pub attempts: Vec<Attempt>,
}

/// One try at a delivery.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Attempt {
    /// When, by the sandbox's clock.
    pub at: String,
    /// What was answered.
    pub status: Option<u16>,
    /// Why nothing was.
    pub error: Option<String>,
}

/// All deliveries.
pub(crate) struct Deliveries {
    api_key: String,
    kept: Mutex<Kept>,
    /// One for loopback and one for the rest, made when first needed: TLS takes a while to set up.
    transports: [OnceLock<Option<HttpTransport>>; 2],
}

struct Kept {
    list: VecDeque<Delivery>,
    next: u64,
    held: Vec<u64>,
    schedule: Vec<Duration>,
}

impl Deliveries {
    pub(crate) fn new(api_key: String, schedule: Vec<Duration>) -> Self {
        let kept = Kept { list: VecDeque::new(), next: 1, held: Vec::new(), schedule };
        Self { api_key, kept: Mutex::new(kept), transports: [OnceLock::new(), OnceLock::new()] }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn api_key(&self) -> &str {
        &self.api_key
    }

    pub(crate) fn list(&self) -> Vec<Delivery> {
        self.kept().list.iter().cloned().collect()
    }

    pub(crate) fn schedule(&self) -> Vec<Duration> {
        self.kept().schedule.clone()
    }

    pub(crate) fn set_schedule(&self, schedule: Vec<Duration>) {
        self.kept().schedule = schedule;
    }

    pub(crate) fn clear(&self) {
        let mut kept = self.kept();
        kept.list.clear();
        kept.held.clear();
    }

    /// Keeps a delivery and answers its id.
    pub(crate) fn keep(&self, topic: String, url: String, body: String, withheld: bool) -> u64 {
        let signature = sign(&self.api_key, body.as_bytes());
        let mut kept = self.kept();
        let id = kept.next;
        kept.next += 1;
        if kept.list.len() == KEPT {
            kept.list.pop_front();
        }
        kept.list.push_back(Delivery {
            id,
            topic,
            url,
            body,
            signature,
            delivered: false,
            withheld,
            attempts: Vec::new(),
        });
        id
    }

    /// Holds a delivery back until the next one goes.
    pub(crate) fn hold(&self, id: u64) {
        self.kept().held.push(id);
    }

    /// What was held back.
    pub(crate) fn take_held(&self) -> Vec<u64> {
        std::mem::take(&mut self.kept().held)
    }

    pub(crate) fn find(&self, id: u64) -> Option<Delivery> {
        self.kept().list.iter().find(|delivery| delivery.id == id).cloned()
    }

    /// Answers whether it arrived.
    pub(crate) fn note(&self, id: u64, attempt: Attempt) -> bool {
        let good = attempt.status.is_some_and(|status| (200..300).contains(&status));
        if let Some(delivery) = self.kept().list.iter_mut().find(|delivery| delivery.id == id) {
            delivery.delivered |= good;
            delivery.attempts.push(attempt);
        }
        good
    }

    fn transport(&self, url: &Url) -> Option<HttpTransport> {
        let slot = usize::from(url.scheme() == "https");
        self.transports[slot].get_or_init(|| HttpTransport::for_origin(url).ok()).clone()
    }

    /// Sends one once and answers the status.
    pub(crate) async fn post(&self, delivery: &Delivery) -> Result<u16, String> {
        let url = Url::parse(&delivery.url).map_err(|error| error.to_string())?;
        let transport = self.transport(&url).ok_or("TLS could not be set up")?;
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(
            header::USER_AGENT,
            HeaderValue::from_static(concat!("kopokopo-sandbox/", env!("CARGO_PKG_VERSION"))),
        );
        let signature = HeaderValue::from_str(&delivery.signature).map_err(|error| error.to_string())?;
        headers.insert("x-kopokopo-signature", signature);
        let request = HttpRequest {
            method: Method::POST,
            url,
            headers,
            body: delivery.body.clone().into(),
            connect_timeout: Duration::from_secs(3),
            stalled_timeout: PATIENCE,
            deadline: Instant::now() + PATIENCE,
            gate: SendGate::default(),
        };
        transport.send(request).await.map(|answer| answer.status).map_err(|error| error.detail)
    }
}
