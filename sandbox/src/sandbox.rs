//! The sandbox as a library.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::Arc,
    time::Duration,
};

use axum::Router;
use serde_json::Value;
use tokio::{sync::watch, task::JoinHandle};

use crate::{
    app::App,
    control,
    deliveries::{Deliveries, Delivery},
    faults::Fault,
    handle,
    requests::RecordedRequest,
    server,
    settings::Settings,
    world::{CustomerAction, Pace, World},
};

/// A running sandbox. It stops when it is dropped.
pub struct Sandbox {
    app: Arc<App>,
    address: SocketAddr,
    client_id: String,
    client_secret: String,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// How a sandbox is started.
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    host: String,
    port: u16,
    pace: Pace,
    client_id: Option<String>,
    client_secret: Option<String>,
    api_key: Option<String>,
    callback_retries: Vec<Duration>,
    seed: u64,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            pace: Pace::default(),
            client_id: None,
            client_secret: None,
            api_key: None,
            callback_retries: [5, 30, 120].map(Duration::from_secs).to_vec(),
            seed: fastrand::u64(..),
        }
    }
}

impl Builder {
    /// The address to listen on. Default `127.0.0.1`: nobody else can reach it.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// The port. Default 0: any that is free.
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How fast things happen by themselves. Default [`Pace::Instant`].
    pub const fn pace(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// The application key that is accepted. Default: a new one for each sandbox, as for the two below, so that no
    /// client can mistake one sandbox for another.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The application secret that is accepted.
    pub fn client_secret(mut self, client_secret: impl Into<String>) -> Self {
        self.client_secret = Some(client_secret.into());
        self
    }

    /// The key that signs callbacks and webhooks.
    pub fn api_key(mut self, api_key: impl Into<String>) -> Self {
        self.api_key = Some(api_key.into());
        self
    }

    /// The pauses before each further try at a delivery. Default 5, 30 and 120 s: a guess.
    pub fn callback_retries(mut self, pauses: Vec<Duration>) -> Self {
        self.callback_retries = pauses;
        self
    }

    /// Makes ids, tokens and references come out the same each time.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts it on the current tokio runtime. It answers when this returns.
    ///
    /// # Errors
    /// Where the address cannot be listened on.
    #[allow(clippy::unused_async, reason = "it spawns tasks, so it must be awaited on a runtime")]
    pub async fn start(self) -> io::Result<Sandbox> {
        let address = (self.host.as_str(), self.port).to_socket_addrs()?.next().ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{} is no address to listen on", self.host))
        })?;
        let listener = server::listen(address)?;
        let address = listener.local_addr()?;
        // Whoever listens everywhere is reached by loopback from here.
        let shown = if address.ip().is_unspecified() {
            SocketAddr::new(loopback(address.ip()), address.port())
        } else {
            address
        };
        let mut dice = fastrand::Rng::with_seed(self.seed);
        let mut made =
            |kind: &str, given: Option<String>| given.unwrap_or_else(|| format!("{kind}_{:032x}", dice.u128(..)));
        let client_id = made("sandbox_client", self.client_id);
        let client_secret = made("sandbox_secret", self.client_secret);
        let api_key = made("sandbox_key", self.api_key);
        let base_url = format!("http://{shown}");
        let world = World::new(base_url.clone(), client_id.clone(), client_secret.clone(), self.pace, self.seed);
        let app = Arc::new(App::new(base_url, world, Deliveries::new(api_key, self.callback_retries)));

        let router =
            Router::new().nest("/_sandbox", control::router()).fallback(handle::handle).with_state(Arc::clone(&app));
        let stop = watch::Sender::new(false);
        let tasks = vec![
            tokio::spawn(server::serve(listener, address, app.refusals.subscribe(), router, stop.subscribe())),
            tokio::spawn(Arc::clone(&app).drive()),
        ];
        Ok(Sandbox { app, address, client_id, client_secret, stop, tasks })
    }
}

fn loopback(listening: IpAddr) -> IpAddr {
    if listening.is_ipv4() { std::net::Ipv4Addr::LOCALHOST.into() } else { std::net::Ipv6Addr::LOCALHOST.into() }
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

    /// Where it answers: `http://127.0.0.1:49152`.
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
        self.app.reset();
    }

    /// Puts faults in force, in place of those before.
    pub fn set_faults(&self, faults: Vec<Fault>) {
        self.app.set_faults(faults, 0);
    }

    /// Closes the port for a while: connections are refused, open ones are cut.
    pub fn refuse_connections(&self, pause: Duration) {
        self.app.refuse_connections(pause, 0);
    }

    /// Changes settings.
    pub fn apply(&self, settings: &Settings) {
        self.app.apply(settings);
    }

    /// The customer who was asked to pay decides.
    ///
    /// # Errors
    /// A sentence where there is no such payment or it is decided already.
    pub fn customer(&self, incoming_payment: &str, action: CustomerAction) -> Result<(), String> {
        self.app.change(|world| world.decide(incoming_payment, action)).map_err(|reply| words(&reply.body))
    }

    /// Somebody tries to pay at a link.
    ///
    /// # Errors
    /// A sentence where there is no such link or it is not active.
    pub fn pay_link(&self, payment_link: &str, action: CustomerAction) -> Result<(), String> {
        self.app.change(|world| world.pay_link(payment_link, action)).map_err(|reply| words(&reply.body))
    }

    /// Sends a signed sample of a topic, a result type or a Daraja form to a URL, or to whoever subscribed. Answers to
    /// how many.
    ///
    /// # Errors
    /// A sentence where there is no such sample or path.
    pub fn trigger(&self, topic: &str, url: Option<&str>, changes: &[(String, String)]) -> Result<usize, String> {
        self.app.trigger(topic, url, changes)
    }

    /// Sends a delivery again. False where there is none of this id.
    pub fn resend(&self, delivery: u64) -> bool {
        self.app.resend(delivery)
    }

    /// Moves the clock ahead: what was due on the way happens, in its order.
    pub fn advance(&self, time: Duration) {
        self.app.advance(time);
    }

    /// Tills with their balances, and what came and went.
    pub fn state(&self) -> Value {
        self.app.world().state()
    }

    /// Stops it and waits until the port is free.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        if let Some(driver) = self.tasks.pop() {
            driver.abort();
        }
        for task in std::mem::take(&mut self.tasks) {
            let _ = task.await;
        }
    }
}

fn words(body: &Value) -> String {
    body["error_message"].as_str().unwrap_or_default().to_owned()
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
