//! How a sandbox is started.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use tokio::sync::watch;

use crate::{
    app::App,
    deliveries::Deliveries,
    guard::Guard,
    health::supervise,
    routes::router,
    sandbox::Sandbox,
    server,
    settings::Settings,
    simulation::{Data, Pace, Simulation, Start, TillData},
    snapshot::Time,
    state_file::StateFile,
};

/// How a sandbox is started.
#[derive(Debug, Clone)]
#[must_use]
pub struct Builder {
    host: String,
    port: u16,
    pace: Option<Pace>,
    initial_pace: Pace,
    client_id: Option<String>,
    client_secret: Option<String>,
    api_key: Option<String>,
    callback_retries: Vec<Duration>,
    seed: Option<u64>,
    remote_callbacks: bool,
    allowed_hosts: Vec<String>,
    data: Data,
    state: Option<PathBuf>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 0,
            pace: None,
            initial_pace: Pace::default(),
            client_id: None,
            client_secret: None,
            api_key: None,
            callback_retries: [5, 30, 120].map(Duration::from_secs).to_vec(),
            seed: None,
            remote_callbacks: false,
            allowed_hosts: Vec::new(),
            data: Data::default(),
            state: None,
        }
    }
}

impl Builder {
    /// The address to listen on. Default `127.0.0.1`: other machines cannot reach it.
    pub fn host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// The port. Default 0: any that is free.
    pub const fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// How fast the simulation runs without control calls. Default [`Pace::Instant`].
    pub const fn pace(mut self, pace: Pace) -> Self {
        self.pace = Some(pace);
        self
    }

    /// The same for a new state. One that comes from a file keeps its pace.
    pub const fn initial_pace(mut self, pace: Pace) -> Self {
        self.initial_pace = pace;
        self
    }

    /// A file that the state is kept in. It is made if it is not there, and only its owner can read it. What the sandbox has
    /// acknowledged is in it, also if its process is killed. Only one sandbox can use a file. Default: memory.
    ///
    /// A sandbox with a file that was there goes on with its balances, credentials, access tokens, settings, faults and callbacks,
    /// and time has gone by. Credentials and a pace that are given take the place of those in the file. Data that is given is then
    /// what a reset restores.
    pub fn state(mut self, file: impl Into<PathBuf>) -> Self {
        self.state = Some(file.into());
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

    /// Whether callbacks and webhooks may go to other machines, over http as well as https. Default false: the sandbox
    /// sends to loopback only, accepts http only there, and lists the rest as withheld.
    pub const fn allow_remote_callbacks(mut self, allow: bool) -> Self {
        self.remote_callbacks = allow;
        self
    }

    /// A name or an address of this machine, without a port, under which the controls can be used. Loopback can always be used,
    /// and so can the host that it listens on. Others are refused, because a DNS server can let the name of any web page point
    /// to this machine. The API itself can be used under any name.
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.allowed_hosts.push(host.into());
        self
    }

    /// A till that is there from the start, with a balance in shillings as text: `"1500.50"`.
    pub fn till(mut self, number: impl Into<String>, balance: impl Into<String>) -> Self {
        self.data.tills.push(TillData { number: number.into(), name: None, balance: balance.into() });
        self
    }

    /// Tills, accounts and transactions that are there from the start, in place of those given before.
    pub fn data(mut self, data: Data) -> Self {
        self.data = data;
        self
    }

    /// Makes ids, tokens and references come out the same each time.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Starts it on the current tokio runtime. It accepts requests when this returns.
    ///
    /// # Errors
    /// Where the address cannot be listened on, or the data has a field that is wrong.
    #[allow(clippy::unused_async, reason = "it spawns tasks, so it must be awaited on a runtime")]
    pub async fn start(self) -> io::Result<Sandbox> {
        self.data.check().map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        // The SDK verifies nothing with such a key.
        if self.api_key.as_ref().is_some_and(|key| key.is_empty() || key.trim().len() < key.len()) {
            let why = "api_key: must not be empty, or start or end with white space";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
        }
        let mut guard =
            Guard::new(&self.allowed_hosts).map_err(|why| io::Error::new(io::ErrorKind::InvalidInput, why))?;
        guard.allow_listening(&self.host);
        let address = (self.host.as_str(), self.port).to_socket_addrs()?.next().ok_or_else(|| {
            io::Error::new(io::ErrorKind::InvalidInput, format!("{} is no address to listen on", self.host))
        })?;
        let listener = server::listen(address)?;
        let address = listener.local_addr()?;
        // A sandbox that listens on all addresses is reached on loopback from here.
        let shown = if address.ip().is_unspecified() {
            SocketAddr::new(loopback(address.ip()), address.port())
        } else {
            address
        };
        let file = self.state.as_deref().map(StateFile::open).transpose()?;
        let saved = file.as_ref().map(StateFile::credentials).transpose()?.flatten();
        let [saved_id, saved_secret, saved_key] = saved.map_or([None, None, None], |saved| saved.map(Some));
        // Without a seed, credentials do not follow from ids.
        let seed = self.seed.unwrap_or_else(|| fastrand::u64(..));
        let mut dice = self.seed.map_or_else(fastrand::Rng::new, fastrand::Rng::with_seed);
        let mut made = |kind: &str, given: Option<String>, saved: Option<String>| {
            given.or(saved).unwrap_or_else(|| format!("{kind}_{:032x}", dice.u128(..)))
        };
        let client_id = made("sandbox_client", self.client_id, saved_id);
        let client_secret = made("sandbox_secret", self.client_secret, saved_secret);
        let api_key = made("sandbox_key", self.api_key, saved_key);
        let restored = file.as_ref().map(StateFile::read).transpose()?.flatten();
        let base_url = format!("http://{shown}");
        let start = Start {
            base_url: base_url.clone(),
            client_id: client_id.clone(),
            client_secret: client_secret.clone(),
            remote_callbacks: self.remote_callbacks,
            data: self.data.clone(),
        };
        let pace = self.pace.unwrap_or(self.initial_pace);
        let deliveries = Deliveries::new(api_key, self.callback_retries, self.remote_callbacks);
        let app = Arc::new(App::new(base_url, guard, Simulation::new(start, pace, seed), deliveries, file));
        if let Some(saved) = restored {
            app.restore(&saved, Time::WentBy).map_err(|why| refused_state(&why))?;
            let settings = Settings { pace: self.pace, ..Settings::default() };
            app.apply(&settings).map_err(|why| refused_state(&why))?;
            if self.data != Data::default() {
                app.simulation().start_with(self.data);
            }
        }
        // A state that cannot be restored keeps its own.
        if let Some(file) = &app.file {
            file.set_credentials([&client_id, &client_secret, app.deliveries.api_key()])?;
        }
        app.save().map_err(|why| refused_state(&why))?;

        let router = router(&app);
        let stop = watch::Sender::new(false);
        let tasks = vec![
            tokio::spawn(server::serve(listener, address, app.refusals.subscribe(), router, stop.subscribe())),
            tokio::spawn(supervise(Arc::clone(&app), "scheduler", App::drive)),
            tokio::spawn(supervise(Arc::clone(&app), "deliveries", App::deliver)),
        ];
        Ok(Sandbox { app, address, client_id, client_secret, stop, tasks })
    }
}

fn refused_state(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn loopback(listening: IpAddr) -> IpAddr {
    if listening.is_ipv4() { std::net::Ipv4Addr::LOCALHOST.into() } else { std::net::Ipv6Addr::LOCALHOST.into() }
}
