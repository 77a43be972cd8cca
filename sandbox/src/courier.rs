//! Takes callbacks and webhooks to their receivers: at once, late, twice, out of order or never, and again where they
//! were not accepted.

use std::{sync::Arc, time::Duration};

use crate::{
    app::App,
    clock::iso,
    deliveries::Attempt,
    faults::{Fault, FaultKind},
    json,
    world::Outgoing,
};

impl App {
    /// Sends what the world has to say, unless a fault says otherwise.
    pub(crate) fn dispatch(self: &Arc<Self>, outgoing: Vec<Outgoing>) {
        for Outgoing { topic, url, body } in outgoing {
            let fault = self.faults().strike(&topic, true);
            let withheld = matches!(fault, Some(Fault { kind: FaultKind::CallbackNever, .. }));
            let id = self.deliveries.keep(topic, url, json::write(&body), withheld);
            self.launch(id, fault.as_ref());
        }
    }

    fn launch(self: &Arc<Self>, id: u64, fault: Option<&Fault>) {
        let late = Duration::from_millis(fault.and_then(|fault| fault.delay_ms).unwrap_or(1000));
        match fault.map(|fault| fault.kind) {
            Some(FaultKind::CallbackNever) => return,
            Some(FaultKind::CallbackReordered) => return self.deliveries.hold(id),
            Some(FaultKind::CallbackLate) => self.depart(id, late),
            Some(FaultKind::CallbackTwice) => {
                self.depart(id, Duration::ZERO);
                self.depart(id, Duration::ZERO);
            }
            _ => self.depart(id, Duration::ZERO),
        }
        // What was held back follows the one after it.
        for held in self.deliveries.take_held() {
            self.depart(held, Duration::from_millis(100));
        }
    }

    /// Sends a delivery again, with its retries. False where there is none of this id.
    pub(crate) fn resend(self: &Arc<Self>, id: u64) -> bool {
        let found = self.deliveries.find(id).is_some();
        if found {
            self.depart(id, Duration::ZERO);
        }
        found
    }

    fn depart(self: &Arc<Self>, id: u64, delay: Duration) {
        drop(tokio::spawn(deliver(Arc::clone(self), id, delay)));
    }
}

/// One delivery with its retries, paced by the sandbox's clock.
async fn deliver(app: Arc<App>, id: u64, delay: Duration) {
    wait(&app, delay).await;
    let mut pauses = app.deliveries.schedule().into_iter();
    while let Some(delivery) = app.deliveries.find(id) {
        let outcome = app.deliveries.post(&delivery).await;
        let at = iso(app.world().now());
        let (status, error) = match outcome {
            Ok(status) => (Some(status), None),
            Err(error) => (None, Some(error)),
        };
        if app.deliveries.note(id, Attempt { at, status, error }) {
            return;
        }
        match pauses.next() {
            Some(pause) => wait(&app, pause).await,
            None => return,
        }
    }
}

/// Waits by the sandbox's clock: time that is skipped counts.
async fn wait(app: &Arc<App>, pause: Duration) {
    let end = app.world().clock.elapsed().saturating_add(pause);
    loop {
        let moved = app.moved.notified();
        let left = end.saturating_sub(app.world().clock.elapsed());
        if left.is_zero() {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(left) => {}
            () = moved => {}
        }
    }
}
