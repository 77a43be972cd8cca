//! Callbacks and webhooks: signed, listed, and sent over real HTTP.

mod tables;

use std::{
    sync::{Mutex, MutexGuard, OnceLock, PoisonError},
    time::Duration,
};

use http::{HeaderMap, HeaderValue, Method, header};
use kopokopo::{
    transport::{HttpRequest, HttpTransport, SendGate, Transport},
    webhooks::sign,
};
use serde::{Deserialize, Serialize};
use tokio::{sync::Notify, time::Instant};
use url::Url;

use crate::{simulation::is_loopback, table::Table};

/// How many deliveries are kept, and how many bytes of bodies. The oldest go first, sent or not.
pub(crate) const KEPT: usize = 10_000;
pub(crate) const KEPT_BYTES: usize = 16 << 20;

/// How many attempts of a delivery are listed: the latest.
const MOST_ATTEMPTS: usize = 100;

/// How long a response is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// A callback or webhook, and the state of its delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// Whether the receiver returned 2xx.
    pub delivered: bool,
    /// Whether it is held back for good.
    pub withheld: bool,
    /// Why it is held back.
    pub withheld_because: Option<String>,
    /// When it was made, by the sandbox's clock.
    pub at: String,
    /// What happened so far.
    pub attempts: Vec<Attempt>,
}

/// One try at a delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// When, by the sandbox's clock.
    pub at: String,
    /// The receiver's status.
    pub status: Option<u16>,
    /// Why there is no status.
    pub error: Option<String>,
}

/// A try that is due.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Job {
    pub(crate) id: u64,
    /// A number of its own.
    number: u64,
    /// How many came before.
    before: usize,
    due: Duration,
    /// Whether it waits for the next one, to change places with it.
    is_held: bool,
    /// Of which state it is, when it is on its way.
    #[serde(skip)]
    epoch: u64,
}

/// All deliveries.
pub(crate) struct Deliveries {
    api_key: String,
    /// Whether they may go to other machines.
    remote: bool,
    /// Something may be due sooner than the one who delivers knows.
    pub(crate) wake: Notify,
    kept: Mutex<Kept>,
    /// One for loopback and one for the rest, made when first needed: TLS takes a while to set up.
    transports: [OnceLock<Option<HttpTransport>>; 2],
}

struct Kept {
    list: Table<u64, Delivery>,
    bytes: usize,
    /// What is due, by the sandbox's clock.
    queue: Table<(Duration, u64), Job>,
    /// What is on its way, by its number. If the sandbox is killed, it is sent again.
    sending: Table<u64, Job>,
    counts: Counts,
    /// Another state has the same ids for other deliveries. What was on its way then is not noted.
    epoch: u64,
    /// What changes places with the next.
    held: Vec<(Duration, u64)>,
    schedule: Vec<Duration>,
}

/// The numbers that were given last. A reset does not begin anew.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Counts {
    delivery: u64,
    job: u64,
}

impl Kept {
    fn plan(&mut self, mut job: Job) {
        self.counts.job += 1;
        job.number = self.counts.job;
        let key = (job.due, job.number);
        if job.is_held {
            self.held.push(key);
        }
        self.queue.insert(key, job);
        // What is not kept is not sent either.
        if self.queue.len() > 2 * KEPT {
            let list = &self.list;
            self.queue.retain(|_, job| list.contains(&job.id));
        }
    }
}

impl Deliveries {
    pub(crate) fn new(api_key: String, schedule: Vec<Duration>, remote: bool) -> Self {
        let kept = Kept {
            list: Table::default(),
            bytes: 0,
            queue: Table::default(),
            sending: Table::default(),
            counts: Counts::default(),
            epoch: 0,
            held: Vec::new(),
            schedule,
        };
        let transports = [OnceLock::new(), OnceLock::new()];
        Self { api_key, remote, wake: Notify::new(), kept: Mutex::new(kept), transports }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn api_key(&self) -> &str {
        &self.api_key
    }

    /// Whether something may be sent there. The error says what to switch on.
    pub(crate) fn check(&self, url: &str) -> Result<(), String> {
        let parsed = Url::parse(url).map_err(|error| format!("url: {error}"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err("url: must begin with http:// or https://".to_owned());
        }
        if self.remote || is_loopback(&parsed) {
            return Ok(());
        }
        Err(format!(
            "url: {} is not this machine. The sandbox sends nothing to other hosts unless it is started with \
             --allow-remote-callbacks",
            parsed.host_str().unwrap_or_default()
        ))
    }

    pub(crate) fn list(&self) -> Vec<Delivery> {
        self.kept().list.values().cloned().collect()
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
        kept.bytes = 0;
        kept.queue.clear();
        kept.sending.clear();
        kept.held.clear();
    }

    /// Keeps a delivery and returns its id.
    pub(crate) fn keep(
        &self,
        topic: String,
        url: String,
        body: String,
        at: String,
        withheld_because: Option<String>,
    ) -> u64 {
        let signature = sign(&self.api_key, body.as_bytes());
        let mut kept = self.kept();
        kept.counts.delivery += 1;
        let id = kept.counts.delivery;
        kept.bytes += body.len();
        let delivery = Delivery {
            id,
            topic,
            url,
            body,
            signature,
            delivered: false,
            withheld: withheld_because.is_some(),
            withheld_because,
            at,
            attempts: Vec::new(),
        };
        kept.list.insert(id, delivery);
        while kept.list.len() > 1 && (kept.list.len() > KEPT || kept.bytes > KEPT_BYTES) {
            kept.bytes -= kept.list.pop_first().map_or(0, |(_, oldest)| oldest.body.len());
        }
        id
    }

    /// The first try of a delivery is due then.
    pub(crate) fn plan(&self, id: u64, due: Duration) {
        self.kept().plan(Job { id, number: 0, before: 0, due, is_held: false, epoch: 0 });
    }

    /// Holds a delivery back until the next one goes, but no longer than that.
    pub(crate) fn hold(&self, id: u64, until: Duration) {
        self.kept().plan(Job { id, number: 0, before: 0, due: until, is_held: true, epoch: 0 });
    }

    /// What was held back is due now.
    pub(crate) fn release_held(&self, due: Duration) {
        let mut kept = self.kept();
        for key in std::mem::take(&mut kept.held) {
            if let Some(job) = kept.queue.remove(&key) {
                kept.plan(Job { due, is_held: false, ..job });
            }
        }
    }

    pub(crate) fn take_due(&self, now: Duration) -> Option<Job> {
        let mut kept = self.kept();
        kept.queue.first().filter(|((due, _), _)| *due <= now)?;
        let (_, mut job) = kept.queue.pop_first()?;
        job.epoch = kept.epoch;
        kept.sending.insert(job.number, job);
        Some(job)
    }

    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.kept().queue.first().map(|((due, _), _)| *due)
    }

    /// What waits to be sent: id, topic, and when, by the sandbox's age.
    pub(crate) fn waiting(&self, most: usize) -> Vec<(u64, String, Duration)> {
        let kept = self.kept();
        let jobs = kept.queue.values().take(most);
        jobs.filter_map(|job| kept.list.get(&job.id).map(|found| (job.id, found.topic.clone(), job.due))).collect()
    }

    pub(crate) fn find(&self, id: u64) -> Option<Delivery> {
        self.kept().list.get(&id).cloned()
    }

    /// It may not be sent.
    pub(crate) fn withhold(&self, job: &Job, why: String) {
        let mut kept = self.kept();
        if kept.epoch == job.epoch {
            kept.sending.remove(&job.number);
            if let Some(delivery) = kept.list.get_mut(&job.id) {
                delivery.withheld = true;
                delivery.withheld_because = Some(why);
            }
        }
    }

    /// It is due again then.
    pub(crate) fn postpone(&self, job: &Job, due: Duration) {
        let mut kept = self.kept();
        if kept.epoch == job.epoch {
            kept.sending.remove(&job.number);
            kept.plan(Job { due, ..*job });
        }
        drop(kept);
        self.wake.notify_one();
    }

    /// Its delivery is forgotten.
    pub(crate) fn drop_job(&self, job: &Job) {
        let mut kept = self.kept();
        if kept.epoch == job.epoch {
            kept.sending.remove(&job.number);
        }
    }

    /// Notes a try. Where it was not accepted, the next is planned.
    pub(crate) fn note(&self, job: &Job, attempt: Attempt, took: Duration) {
        let good = attempt.status.is_some_and(|status| (200..300).contains(&status));
        let mut kept = self.kept();
        if kept.epoch != job.epoch {
            return;
        }
        kept.sending.remove(&job.number);
        let Some(delivery) = kept.list.get_mut(&job.id) else { return };
        delivery.delivered |= good;
        if delivery.attempts.len() == MOST_ATTEMPTS {
            delivery.attempts.remove(0);
        }
        delivery.attempts.push(attempt);
        if !good && let Some(pause) = kept.schedule.get(job.before).copied() {
            let due = job.due.saturating_add(took).saturating_add(pause);
            kept.plan(Job { id: job.id, number: 0, before: job.before + 1, due, is_held: false, epoch: 0 });
            drop(kept);
            self.wake.notify_one();
        }
    }

    fn transport(&self, url: &Url) -> Option<HttpTransport> {
        let slot = usize::from(url.scheme() == "https");
        self.transports[slot].get_or_init(|| HttpTransport::for_origin(url).ok()).clone()
    }

    /// Sends one once and returns the status.
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn deliveries_are_bounded_with_what_is_due_about_them() {
        let deliveries = Deliveries::new("key".to_owned(), Vec::new(), false);
        for _ in 0..5 * KEPT {
            let id = deliveries.keep(
                "topic".to_owned(),
                "http://127.0.0.1:1/".to_owned(),
                "{}".to_owned(),
                String::new(),
                None,
            );
            deliveries.plan(id, Duration::ZERO);
        }
        let kept = deliveries.kept();
        assert_eq!(kept.list.len(), KEPT);
        assert!(kept.queue.len() <= 2 * KEPT, "{}", kept.queue.len());
        drop(kept);
        for _ in 0..64 {
            deliveries.keep("topic".to_owned(), String::new(), "x".repeat(1 << 20), String::new(), None);
        }
        assert!(deliveries.kept().bytes <= KEPT_BYTES);
    }

    fn with_one() -> Deliveries {
        let deliveries = Deliveries::new("key".to_owned(), Vec::new(), false);
        let id = deliveries.keep("topic".to_owned(), String::new(), "{}".to_owned(), String::new(), None);
        deliveries.plan(id, Duration::ZERO);
        deliveries
    }

    #[test]
    fn what_is_on_its_way_is_not_noted_in_another_state() {
        let deliveries = with_one();
        let job = deliveries.take_due(Duration::ZERO).unwrap();
        deliveries.replace(with_one());
        let attempt = || Attempt { at: String::new(), status: Some(200), error: None };
        deliveries.note(&job, attempt(), Duration::ZERO);
        deliveries.drop_job(&job);
        assert_eq!(deliveries.list()[0].attempts, []);
        let own = deliveries.take_due(Duration::ZERO);
        assert!(own.is_some_and(|own| {
            deliveries.note(&own, attempt(), Duration::ZERO);
            deliveries.list()[0].delivered
        }));
    }

    /// The clock can be moved far ahead of what was due.
    #[test]
    fn what_is_postponed_is_due_then_and_not_before() {
        let deliveries = with_one();
        let job = deliveries.take_due(Duration::from_secs(86_400)).unwrap();
        deliveries.postpone(&job, Duration::from_secs(86_401));
        assert!(deliveries.take_due(Duration::from_secs(86_400)).is_none());
        assert_eq!(deliveries.next_due(), Some(Duration::from_secs(86_401)));
    }
}
