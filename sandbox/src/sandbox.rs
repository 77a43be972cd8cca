//! The sandbox as a library.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    app::App, builder::Builder, deliveries::Delivery, faults::Fault, health::Failure, log::Log,
    requests::RecordedRequest, samples::Changes, settings::Settings, simulation::CustomerAction,
};

/// A running sandbox. It stops when it is dropped.
pub struct Sandbox {
    pub(crate) app: Arc<App>,
    pub(crate) address: SocketAddr,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    pub(crate) stop: watch::Sender<bool>,
    pub(crate) tasks: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts one on loopback, on a free port.
    ///
    /// # Errors
    /// Where no port is free.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Begins one that differs.
    pub fn builder() -> Builder {
        Builder::default()
    }

    #[cfg(test)]
    pub(crate) const fn app(&self) -> &Arc<App> {
        &self.app
    }

    /// Its URL: `http://127.0.0.1:49152`.
    pub fn base_url(&self) -> &str {
        &self.app.base_url
    }

    /// The address it listens on.
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The application key it accepts.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The application secret it accepts.
    pub fn client_secret(&self) -> &str {
        &self.client_secret
    }

    /// The key it signs with.
    pub fn api_key(&self) -> &str {
        self.app.deliveries.api_key()
    }

    /// What it saw, the oldest first: the latest 10,000.
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.app.requests().list()
    }

    /// What it sent, the oldest first: the latest 10,000.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.app.deliveries.list()
    }

    /// Everything as at the start, tokens and faults included. Settings stay.
    pub fn reset(&self) {
        self.app.reset(false);
    }

    /// Puts faults in force, in place of those before.
    ///
    /// # Errors
    /// A sentence where a fault can never match: it names the field.
    pub fn set_faults(&self, faults: Vec<Fault>) -> Result<(), String> {
        self.app.set_faults(faults, 0)
    }

    /// What failed inside the sandbox because of a defect. Empty: it is healthy. A reset forgets it.
    pub fn failures(&self) -> Vec<Failure> {
        self.app.health.list()
    }

    /// What happens from now on, as it happens.
    pub fn log(&self) -> Log {
        Log(self.app.log.subscribe())
    }

    /// Closes the port for a while: connections are refused, open ones are cut.
    pub fn refuse_connections(&self, pause: Duration) {
        self.app.refuse_connections(pause, 0);
    }

    /// Changes settings.
    ///
    /// # Errors
    /// A sentence that names the setting which is out of bounds.
    pub fn apply(&self, settings: &Settings) -> Result<(), String> {
        self.app.apply(settings)
    }

    /// The customer who was asked to pay decides.
    ///
    /// # Errors
    /// A sentence where there is no such payment or it is decided already.
    pub fn customer(&self, incoming_payment: &str, action: CustomerAction) -> Result<(), String> {
        self.app.change(|simulation| simulation.decide(incoming_payment, action)).map_err(|reply| reply.words())
    }

    /// A customer tries to pay a link.
    ///
    /// # Errors
    /// A sentence where there is no such link or it is not active.
    pub fn pay_link(&self, payment_link: &str, action: CustomerAction) -> Result<(), String> {
        self.app.change(|simulation| simulation.pay_link(payment_link, action, None)).map_err(|reply| reply.words())
    }

    /// Sends a signed sample of a topic, a result type or a Daraja form to a URL, or to its subscribers. Returns to
    /// how many.
    ///
    /// # Errors
    /// A sentence where there is no such sample or path.
    pub fn trigger(&self, topic: &str, url: Option<&str>, changes: &Changes) -> Result<usize, String> {
        self.app.trigger(topic, url, changes)
    }

    /// Sends a delivery again.
    ///
    /// # Errors
    /// A sentence if no resource has this id, or it would leave this machine.
    pub fn resend(&self, delivery: u64) -> Result<(), String> {
        self.app.resend(delivery)
    }

    /// Moves the clock ahead: what was due on the way happens, in its order.
    pub fn advance(&self, time: Duration) {
        self.app.advance(time);
    }

    /// Tills with their balances, and what came and went.
    pub fn state(&self) -> Value {
        self.app.simulation().state()
    }

    /// Stops it and waits until the port is free.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        for own in self.tasks.drain(1..) {
            own.abort();
        }
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await;
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        for task in &self.tasks {
            task.abort();
        }
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("base_url", &self.base_url()).finish_non_exhaustive()
    }
}
