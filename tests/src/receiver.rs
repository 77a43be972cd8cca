//! The merchant's end: takes whatever is sent to it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
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

    /// Waits until `take` accepts an arrival, or the time is up. `take` removes what it takes.
    pub(crate) async fn wait<T>(
        &self,
        within: Duration,
        mut take: impl FnMut(&mut Vec<Arrival>) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + within;
        loop {
            let news = self.inbox.news.notified();
            if let Some(taken) = take(&mut self.inbox.arrivals()) {
                return Some(taken);
            }
            tokio::time::timeout_at(deadline, news).await.ok()?;
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
