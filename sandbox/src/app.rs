//! Everything that a running sandbox shares.

use std::{
    sync::{Mutex, MutexGuard, PoisonError, RwLock},
    time::Duration,
};

use http::{HeaderMap, header};
use tokio::sync::{Notify, broadcast, watch};

use crate::{
    body::header_text,
    deliveries::Deliveries,
    events::{Change, Events},
    faults::{Fault, FaultKind, Faults},
    guard::Guard,
    health::Health,
    log::{LogEntry, WAITING},
    requests::Requests,
    server::Refusal,
    simulation::Simulation,
    state_file::StateFile,
};

/// The shared state.
pub(crate) struct App {
    pub(crate) base_url: String,
    pub(crate) deliveries: Deliveries,
    /// Something may be due sooner than the simulation's driver knows.
    pub(crate) due: Notify,
    pub(crate) refusals: watch::Sender<Refusal>,
    pub(crate) health: Health,
    pub(crate) guard: Guard,
    pub(crate) events: Events,
    pub(crate) log: broadcast::Sender<LogEntry>,
    /// Where the state is kept, if it is.
    pub(crate) file: Option<StateFile>,
    /// Read by what changes more than one of them, written by what must see all of it.
    pub(crate) changes: RwLock<()>,
    simulation: Mutex<Simulation>,
    requests: Mutex<Requests>,
    faults: Mutex<Faults>,
}

impl App {
    pub(crate) fn new(
        base_url: String,
        guard: Guard,
        simulation: Simulation,
        deliveries: Deliveries,
        file: Option<StateFile>,
    ) -> Self {
        Self {
            base_url,
            deliveries,
            due: Notify::new(),
            refusals: watch::Sender::default(),
            health: Health::default(),
            guard,
            events: Events::default(),
            log: broadcast::Sender::new(WAITING),
            file,
            changes: RwLock::default(),
            simulation: Mutex::new(simulation),
            requests: Mutex::default(),
            faults: Mutex::default(),
        }
    }

    pub(crate) fn simulation(&self) -> MutexGuard<'_, Simulation> {
        self.simulation.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn requests(&self) -> MutexGuard<'_, Requests> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The address under which a client reached it, which can be a published port.
    pub(crate) fn url_of(&self, headers: &HeaderMap) -> String {
        header_text(headers, header::HOST).map_or_else(|| self.base_url.clone(), |host| format!("http://{host}"))
    }

    /// Puts faults in force. Closing the port begins at once; the connection that asked for it is spared.
    pub(crate) fn set_faults(&self, faults: Vec<Fault>, spared: u64) -> Result<(), String> {
        for fault in &faults {
            fault.check()?;
        }
        let (refusals, faults): (Vec<_>, Vec<_>) =
            faults.into_iter().partition(|fault| fault.kind == FaultKind::RefuseConnections);
        *self.faults() = Faults::new(faults);
        match refusals.first() {
            Some(refusal) => self.refuse_connections(Duration::from_millis(refusal.delay_ms.unwrap_or(500)), spared),
            None => self.accept_connections(),
        }
        self.events.add(Change::State);
        Ok(())
    }

    /// The fault for a request or a callback, if one matches.
    pub(crate) fn take_fault(&self, operation: &str, callback: bool) -> Option<Fault> {
        let taken = self.faults().take_matching(operation, callback)?;
        self.events.add(Change::State);
        Some(taken)
    }

    pub(crate) fn refuse_connections(&self, pause: Duration, spared: u64) {
        self.refusals.send_replace(Refusal { pause: Some(pause), spared });
    }

    /// Ends a refusal, if there is one.
    fn accept_connections(&self) {
        self.refusals.send_if_modified(|refusal| refusal.pause.take().is_some());
    }

    pub(crate) fn reset(&self, keep_tokens: bool) {
        {
            let _together = self.changes.read();
            self.simulation().reset(keep_tokens);
            self.requests().clear();
            self.deliveries.clear();
            self.health.clear();
            *self.faults() = Faults::default();
        }
        self.accept_connections();
        self.events.add(Change::Reset);
    }
}
