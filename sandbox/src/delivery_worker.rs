//! Takes callbacks and webhooks to their receivers: at once, late, twice, out of order or never, and again where they
//! were not accepted.

use std::{sync::Arc, time::Duration};

use tokio::{task::JoinSet, time::Instant};

use crate::{
    app::App,
    clock::iso,
    deliveries::{Attempt, Job},
    events::Change,
    faults::{Fault, FaultKind},
    health::{STATE_FILE, guarded},
    json,
    log::LogEntry,
    scheduler::sleep_for,
    simulation::Outgoing,
};

/// How many are on their way at the same time. The others wait.
pub(crate) const AT_ONCE: usize = 64;

/// How long a delivery waits that cannot be saved.
const UNSAVED: Duration = Duration::from_secs(1);

/// How long one waits for another to change places with, unless the fault says otherwise.
const HELD: Duration = Duration::from_secs(5);

impl App {
    /// Sends what the simulation has to say, unless a fault says otherwise.
    pub(crate) fn dispatch(self: &Arc<Self>, outgoing: Vec<Outgoing>) {
        if outgoing.is_empty() {
            return;
        }
        let (now, at) = {
            let simulation = self.simulation();
            (simulation.clock.elapsed(), iso(simulation.now()))
        };
        for Outgoing { topic, url, body } in outgoing {
            let fault = self.take_fault(&topic, true);
            let withheld = match self.deliveries.check(&url) {
                Err(why) => Some(why),
                Ok(()) if matches!(fault, Some(Fault { kind: FaultKind::CallbackNever, .. })) => {
                    Some("the fault callback_never".to_owned())
                }
                Ok(()) => None,
            };
            if withheld.is_some() {
                self.log(|| {
                    let error = withheld.as_ref().map(|why| format!("not sent: {why}"));
                    Some(LogEntry::Delivery { topic: topic.clone(), url: url.clone(), status: None, error })
                });
                let id = self.deliveries.keep(topic, url, json::write(&body), at.clone(), withheld);
                self.events.add(Change::Delivery(id));
                continue;
            }
            let id = self.deliveries.keep(topic, url, json::write(&body), at.clone(), None);
            self.events.add(Change::Delivery(id));
            self.launch(id, now, fault.as_ref());
        }
        self.deliveries.wake.notify_one();
    }

    fn launch(&self, id: u64, now: Duration, fault: Option<&Fault>) {
        let delay = fault.and_then(|fault| fault.delay_ms).map(Duration::from_millis);
        match fault.map(|fault| fault.kind) {
            Some(FaultKind::CallbackReordered) => {
                return self.deliveries.hold(id, now.saturating_add(delay.unwrap_or(HELD)));
            }
            Some(FaultKind::CallbackLate) => {
                self.deliveries.plan(id, now.saturating_add(delay.unwrap_or(Duration::from_secs(1))));
            }
            Some(FaultKind::CallbackTwice) => {
                self.deliveries.plan(id, now);
                self.deliveries.plan(id, now);
            }
            _ => self.deliveries.plan(id, now),
        }
        // What was held back follows the one after it.
        self.deliveries.release_held(now.saturating_add(Duration::from_millis(100)));
    }

    /// Sends a delivery again, with its retries.
    pub(crate) fn resend(self: &Arc<Self>, id: u64) -> Result<(), String> {
        let delivery = self.deliveries.find(id).ok_or_else(|| format!("there is no delivery {id}"))?;
        self.deliveries.check(&delivery.url)?;
        self.deliveries.plan(id, self.simulation().clock.elapsed());
        self.deliveries.wake.notify_one();
        Ok(())
    }

    /// Sends what is due by the sandbox's clock, for as long as the sandbox lives.
    pub(crate) async fn deliver(self: Arc<Self>) {
        let mut running = JoinSet::new();
        loop {
            let now = self.simulation().clock.elapsed();
            let mut next = None;
            if running.len() < AT_ONCE {
                if let Some(job) = self.deliveries.take_due(now) {
                    running.spawn(attempt(Arc::clone(&self), job));
                    continue;
                }
                next = self.deliveries.next_due().map(|at| at.saturating_sub(now));
            }
            tokio::select! {
                () = self.deliveries.wake.notified() => {}
                () = sleep_for(next) => {}
                Some(ended) = running.join_next(), if !running.is_empty() => {
                    if let Err(defect) = ended {
                        self.fail("a delivery", defect.to_string());
                    }
                }
            }
        }
    }
}

/// One try at a delivery. The next is due a pause after this one: a clock that is moved makes all of them due.
async fn attempt(app: Arc<App>, job: Job) {
    let Some(delivery) = app.deliveries.find(job.id) else { return app.deliveries.drop_job(&job) };
    // The state may come from a sandbox that sends to other machines.
    if let Err(why) = app.deliveries.check(&delivery.url) {
        app.deliveries.withhold(&job, why);
        return app.save_later();
    }
    // What is sent is saved before.
    if let Err(why) = app.save() {
        app.fail(STATE_FILE, why);
        let until = app.simulation().clock.elapsed().saturating_add(UNSAVED);
        return app.deliveries.postpone(&job, until);
    }
    let began = Instant::now();
    let outcome = app.deliveries.post(&delivery).await;
    let at = iso(app.simulation().now());
    let (status, error) = match outcome {
        Ok(status) => (Some(status), None),
        Err(error) => (None, Some(error)),
    };
    app.log(|| {
        let (topic, url) = (delivery.topic.clone(), delivery.url.clone());
        Some(LogEntry::Delivery { topic, url, status, error: error.clone() })
    });
    if let Err(message) = guarded(|| app.deliveries.note(&job, Attempt { at, status, error }, began.elapsed())) {
        app.fail("a delivery", message);
    }
    app.save_later();
    app.events.add(Change::Delivery(job.id));
}
