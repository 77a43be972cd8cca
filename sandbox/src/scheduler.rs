//! What moves the simulation: requests, the controls, and time.

use std::{sync::Arc, time::Duration};

use crate::{
    app::App,
    events::Change,
    health::guarded,
    samples,
    simulation::{Data, Due, Simulation},
};

/// What is due and failed: its name, and what the defect says.
type Failed = Vec<(&'static str, String)>;

/// Runs one due event. A panic in it is recorded, and the others still run.
fn survive(failed: &mut Failed) -> impl FnMut(&mut Simulation, Due) {
    |simulation, due| {
        let name = due.name();
        if let Err(message) = guarded(|| simulation.happen(due)) {
            failed.push((name, message));
        }
    }
}

impl App {
    /// Changes the simulation, then sees to what became due and what is to be sent.
    pub(crate) fn change<T>(self: &Arc<Self>, change: impl FnOnce(&mut Simulation) -> T) -> T {
        let answer = self.carry_out(change);
        self.events.add(Change::State);
        answer
    }

    /// The same for what may have changed nothing that is shown.
    pub(crate) fn carry_out<T>(self: &Arc<Self>, change: impl FnOnce(&mut Simulation) -> T) -> T {
        // A payment is saved together with its callback.
        let together = self.changes.read();
        let (answer, outgoing, due) = {
            let mut simulation = self.simulation();
            let answer = change(&mut simulation);
            (answer, simulation.take_outgoing(), simulation.is_anything_due())
        };
        self.dispatch(outgoing);
        drop(together);
        if due {
            self.due.notify_one();
        }
        answer
    }

    /// Moves the clock ahead: everything that was due on the way happens, in its order.
    pub(crate) fn advance(self: &Arc<Self>, time: Duration) {
        let mut failed = Failed::new();
        self.change(|simulation| simulation.advance(time, &mut survive(&mut failed)));
        self.note(failed);
        self.deliveries.wake.notify_one();
    }

    fn note(&self, failed: Failed) {
        for (task, message) in failed {
            self.fail(task, message);
        }
    }

    /// Sends a sample. Returns to how many.
    pub(crate) fn trigger(
        self: &Arc<Self>,
        topic: &str,
        url: Option<&str>,
        changes: &samples::Changes,
    ) -> Result<usize, String> {
        let mut sample = samples::get(topic)
            .ok_or_else(|| format!("topic: there is no {topic:?}; expected one of {}", samples::NAMES.join(", ")))?;
        changes.apply(&mut sample)?;
        if let Some(url) = url {
            self.deliveries.check(url)?;
        }
        self.change(|simulation| simulation.send_sample(topic, url, &sample))
    }

    /// Replaces the data that is there from the start, and resets.
    pub(crate) fn replace_data(&self, data: Data) -> Result<(), String> {
        data.check()?;
        self.simulation().start_with(data);
        self.reset(false);
        Ok(())
    }

    /// Runs events when they are due, until the sandbox stops.
    pub(crate) async fn drive(self: Arc<Self>) {
        loop {
            let mut failed = Failed::new();
            let mut happened = false;
            let next = {
                let _together = self.changes.read();
                let (next, outgoing) = {
                    let mut simulation = self.simulation();
                    let mut each = survive(&mut failed);
                    let next = simulation.tick(&mut |simulation, due| {
                        happened = true;
                        each(simulation, due);
                    });
                    (next, simulation.take_outgoing())
                };
                self.dispatch(outgoing);
                next
            };
            self.note(failed);
            if happened {
                self.save_later();
                self.events.add(Change::State);
            }
            tokio::select! {
                () = self.due.notified() => {}
                () = sleep_for(next) => {}
            }
        }
    }
}

pub(crate) async fn sleep_for(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::{Duration, Instant};

    use serde_json::json;

    use crate::{Sandbox, params::Params, simulation::Simulation};

    fn push(simulation: &mut Simulation) -> String {
        let request = json!({ "payment_channel": "M-PESA STK Push", "till_number": "K000000", "amount": { "value": 5 },
            "subscriber": { "phone_number": "254712345678" }, "_links": { "callback_url": "https://nowhere.invalid/" } });
        let reply = simulation.create_incoming_payment(Params::new(&request), "/api/v2/incoming_payments").unwrap();
        reply.location.unwrap().rsplit('/').next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn a_panic_in_one_task_is_reported_and_the_others_go_on_and_reset_heals() {
        let sandbox = Sandbox::start().await.unwrap();
        let id = sandbox.app().change(|simulation| {
            simulation.plan_panic();
            push(simulation)
        });
        let began = Instant::now();
        loop {
            let document = sandbox.app().simulation().document("incoming_payments", &id).unwrap();
            if document["data"]["attributes"]["status"] == "Success" {
                break;
            }
            assert!(began.elapsed() < Duration::from_secs(10), "{document}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let failures = sandbox.failures();
        assert_eq!((failures.len(), failures[0].task.as_str(), failures[0].message.as_str()), (1, "panic", "a defect"));
        sandbox.reset();
        assert!(sandbox.failures().is_empty());
    }

    #[tokio::test]
    async fn a_panic_while_the_clock_is_moved_is_reported_too() {
        let sandbox = Sandbox::builder().pace(crate::Pace::Manual).start().await.unwrap();
        sandbox.app().change(|simulation| {
            simulation.plan_panic();
            push(simulation)
        });
        sandbox.advance(Duration::from_secs(60));
        assert_eq!(sandbox.failures().len(), 1);
    }

    #[tokio::test]
    async fn a_task_of_the_sandbox_that_fails_begins_again() {
        let sandbox = Sandbox::start().await.unwrap();
        let app = std::sync::Arc::clone(sandbox.app());
        let times = std::sync::atomic::AtomicU32::new(0);
        crate::health::supervise(app, "a task", |_| {
            let first = times.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
            async move { assert!(!first, "the first time") }
        })
        .await;
        assert_eq!(sandbox.failures()[0].task, "a task");
    }
}
