//! The merchant's end: takes whatever is sent to it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle, time::Instant};

/// What arrived: the very bytes, and the signature's header.
#[derive(Debug, Clone)]
pub(crate) struct Arrival {
    pub(crate) body: Bytes,
    pub(crate) signature: Option<String>,
}

/// A server on loopback. It stops when it is dropped.
pub(crate) struct Receiver {
    pub(crate) url: String,
    inbox: Arc<Inbox>,
    server: JoinHandle<()>,
}

#[derive(Default)]
struct Inbox {
    arrivals: Mutex<Vec<Arrival>>,
    statuses: Mutex<VecDeque<u16>>,
    news: Notify,
}

impl Inbox {
    fn arrivals(&self) -> MutexGuard<'_, Vec<Arrival>> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Receiver {
    /// Starts one that responds with these statuses, then with 200.
    pub(crate) async fn start(statuses: &[u16]) -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/k2/results", listener.local_addr()?);
        let inbox = Arc::new(Inbox { statuses: Mutex::new(statuses.iter().copied().collect()), ..Inbox::default() });
        let router = Router::new().fallback(take).with_state(Arc::clone(&inbox));
        let server = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
        Ok(Self { url, inbox, server })
    }

    /// The arrival at a position among those that have not been removed. None at the deadline.
    pub(crate) async fn wait(&self, position: usize, deadline: Instant) -> Option<Arrival> {
        loop {
            let news = self.inbox.news.notified();
            if let Some(arrival) = self.inbox.arrivals().get(position) {
                return Some(arrival.clone());
            }
            tokio::time::timeout_at(deadline, news).await.ok()?;
        }
    }

    pub(crate) fn remove(&self, position: usize) {
        let mut arrivals = self.inbox.arrivals();
        if position < arrivals.len() {
            arrivals.remove(position);
        }
    }
}

async fn take(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("x-kopokopo-signature").and_then(|value| value.to_str().ok()).map(str::to_owned);
    inbox.arrivals().push(Arrival { body, signature });
    inbox.news.notify_one();
    let status = inbox.statuses.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    status.and_then(|status| StatusCode::from_u16(status).ok()).unwrap_or(StatusCode::OK)
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.server.abort();
    }
}
