//! What changes, as it changes: server-sent events, for the page and for programs that watch.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    extract::State,
    response::{IntoResponse, Response},
};
use futures_util::stream;
use http::{HeaderMap, HeaderName, StatusCode, header};
use serde_json::json;
use tokio::sync::watch;

use crate::{app::App, body::header_text, control::refused};

/// How many events a client that was away can catch up with. Their contents are read when they are sent.
const KEPT: usize = 2_048;

/// How many are sent in one piece.
const AT_ONCE: usize = 64;

/// A piece ends when it is larger, in bytes.
const LARGE: usize = 64 << 10;

/// How many clients can watch at the same time.
const MOST_STREAMS: usize = 64;

/// A client and what is between find out in this time that the other is gone.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// What a client has, if it was there before.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Something that changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// A request, by its sequence number.
    Request(u64),
    /// A delivery, by its id.
    Delivery(u64),
    /// Money, customers, faults, settings or the clock.
    State,
    /// Everything is as at the start.
    Reset,
}

/// The latest changes, numbered from 1.
#[derive(Debug)]
pub(crate) struct Events {
    /// A number of this sandbox: the ids of another one at the same address are none of this.
    run: u32,
    kept: Mutex<VecDeque<(u64, Change)>>,
    latest: watch::Sender<u64>,
    streams: Arc<AtomicUsize>,
}

/// The changes after a number.
#[derive(Debug, PartialEq, Eq)]
enum After {
    These(Vec<(u64, Change)>),
    /// Some of them are forgotten.
    Missed(u64),
}

impl Default for Events {
    fn default() -> Self {
        Self { run: fastrand::u32(..), kept: Mutex::default(), latest: watch::Sender::new(0), streams: Arc::default() }
    }
}

impl Events {
    pub(crate) fn add(&self, change: Change) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let number = *self.latest.borrow() + 1;
        // The contents are those at the time of sending, so an earlier event of the same adds nothing.
        if kept.back().is_some_and(|(_, last)| *last == change) {
            kept.pop_back();
        }
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((number, change));
        self.latest.send_replace(number);
    }

    fn latest(&self) -> u64 {
        *self.latest.borrow()
    }

    fn after(&self, number: u64) -> After {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let latest = self.latest();
        // Until the ring is full nothing is forgotten.
        let is_complete = kept.len() < KEPT || kept.front().is_some_and(|(oldest, _)| *oldest <= number + 1);
        if number > latest || !is_complete {
            return After::Missed(latest);
        }
        let from = kept.partition_point(|(at, _)| *at <= number);
        After::These(kept.iter().skip(from).take(AT_ONCE).copied().collect())
    }

    fn id(&self, number: u64) -> String {
        format!("{:08x}-{number}", self.run)
    }

    /// The number of an id of this sandbox.
    fn number(&self, id: &str) -> Option<u64> {
        let (run, number) = id.split_once('-')?;
        (run == format!("{:08x}", self.run)).then(|| number.parse().ok()).flatten()
    }
}

/// One client.
struct Watcher {
    app: Arc<App>,
    /// What it has.
    number: u64,
    changed: watch::Receiver<u64>,
    /// The first event, which says where the stream begins, until it is sent.
    first: Option<&'static str>,
    _place: Place,
}

/// One of the streams that there can be.
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(streams: &Arc<AtomicUsize>) -> Option<Self> {
        let taken = streams.fetch_add(1, Ordering::SeqCst);
        let place = Self(Arc::clone(streams));
        (taken < MOST_STREAMS).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// `GET /_sandbox/events`.
pub(crate) async fn stream(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(place) = Place::take(&app.events.streams) else {
        let why = format!("{MOST_STREAMS} clients watch already; close one of them");
        return refused(StatusCode::SERVICE_UNAVAILABLE, &why);
    };
    let changed = app.events.latest.subscribe();
    let last = header_text(&headers, LAST_EVENT_ID);
    let known = last.as_ref().and_then(|id| app.events.number(id));
    let number = known.unwrap_or_else(|| app.events.latest());
    let first = if last.is_some() && known.is_none() { "missed" } else { "ready" };
    let watcher = Watcher { app, number, changed, first: Some(first), _place: place };
    let pieces = stream::unfold(watcher, |mut watcher| async move {
        let piece = watcher.next().await?;
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(piece)), watcher))
    });
    let headers = [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
    (headers, Body::from_stream(pieces)).into_response()
}

impl Watcher {
    /// The next piece of the stream. None if the sandbox is gone.
    async fn next(&mut self) -> Option<String> {
        if let Some(first) = self.first.take() {
            return Some(format!("retry: 1000\n{}", self.event(self.number, first, "{}")));
        }
        loop {
            match self.app.events.after(self.number) {
                After::Missed(latest) => {
                    self.number = latest;
                    return Some(self.event(latest, "missed", "{}"));
                }
                After::These(changes) if !changes.is_empty() => {
                    let mut piece = String::new();
                    for (number, change) in changes {
                        piece += &self.write(number, change);
                        self.number = number;
                        if piece.len() > LARGE {
                            break;
                        }
                    }
                    return Some(piece);
                }
                After::These(_) => {}
            }
            match tokio::time::timeout(KEEP_ALIVE, self.changed.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return None,
                Err(_) => return Some(": still here\n\n".to_owned()),
            }
        }
    }

    fn write(&self, number: u64, change: Change) -> String {
        let (name, data) = match change {
            Change::Request(sequence) => {
                let found = self.app.requests().get(sequence).map(|request| json!(request).to_string());
                ("request", found)
            }
            Change::Delivery(id) => {
                ("delivery", self.app.deliveries.find(id).map(|delivery| json!(delivery).to_string()))
            }
            Change::State => ("state", Some("{}".to_owned())),
            Change::Reset => ("reset", Some("{}".to_owned())),
        };
        // What is forgotten since leaves only its number.
        data.map_or_else(|| format!("id: {}\n\n", self.app.events.id(number)), |data| self.event(number, name, &data))
    }

    fn event(&self, number: u64, name: &str, data: &str) -> String {
        format!("id: {}\nevent: {name}\ndata: {data}\n\n", self.app.events.id(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_bounded_and_one_who_was_away_too_long_learns_it() {
        let events = Events::default();
        assert_eq!(events.after(0), After::These(Vec::new()));
        for number in 1..=10 {
            events.add(Change::Request(number));
        }
        assert_eq!(events.after(8), After::These(vec![(9, Change::Request(9)), (10, Change::Request(10))]));
        assert_eq!(events.after(11), After::Missed(10));
        for number in 0..2 * KEPT as u64 {
            events.add(Change::Request(number));
        }
        assert_eq!(events.after(8), After::Missed(10 + 2 * KEPT as u64));
        assert_eq!(events.kept.lock().unwrap_or_else(PoisonError::into_inner).len(), KEPT);
    }

    #[test]
    fn the_same_change_twice_is_one_event_with_a_new_number() {
        let events = Events::default();
        (0..5).for_each(|_| events.add(Change::State));
        assert_eq!(events.after(0), After::These(vec![(5, Change::State)]));
        assert_eq!(events.after(3), After::These(vec![(5, Change::State)]));
    }

    #[test]
    fn ids_of_another_sandbox_are_unknown() {
        let (one, other) = (Events::default(), Events { run: 1, ..Events::default() });
        assert_eq!(one.number(&one.id(7)), Some(7));
        assert_eq!(other.number("00000002-7"), None);
        for id in ["", "7", "x-7", "00000001-", "00000001-x"] {
            assert_eq!(other.number(id), None, "{id}");
        }
    }
}
