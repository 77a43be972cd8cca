//! Idle connections. They belong to the runtime that made them: on any other, nobody would poll them.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{runtime, time::Instant};
use url::Origin;

use super::connection::Connection;

/// An idle connection is dropped after this long.
pub(super) const IDLE: Duration = Duration::from_secs(15);

/// The most idle connections that one runtime keeps.
const MAX_IDLE: usize = 32;

/// The most runtimes whose connections are kept. A program that makes a runtime for each call leaves dead ones behind.
const MAX_RUNTIMES: usize = 8;

#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<Runtime>>);

struct Runtime {
    id: runtime::Id,
    idle: Vec<Idle>,
}

struct Idle {
    origin: Origin,
    connection: Connection,
    since: Instant,
}

impl Pool {
    fn lock(&self) -> MutexGuard<'_, Vec<Runtime>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// An open connection to the origin that has been idle for at most `max_idle`.
    pub(super) async fn take(&self, origin: &Origin, max_idle: Duration) -> Option<Connection> {
        let runtime = runtime::Handle::current().id();
        if !self.has_idle(runtime, origin) {
            return None;
        }
        // The runtime looks for events only between tasks. After two turns the connection's own task has seen whatever
        // had arrived (the server closed it, or sent something that nobody asked for), and has closed it.
        tokio::task::yield_now().await;
        tokio::task::yield_now().await;
        let mut runtimes = self.lock();
        let idle = &mut runtimes.iter_mut().find(|entry| entry.id == runtime)?.idle;
        idle.retain(|entry| entry.connection.is_open() && entry.since.elapsed() < IDLE);
        let found = idle.iter().rposition(|entry| {
            entry.origin == *origin && entry.connection.is_ready() && entry.since.elapsed() < max_idle
        })?;
        Some(idle.swap_remove(found).connection)
    }

    fn has_idle(&self, runtime: runtime::Id, origin: &Origin) -> bool {
        let runtimes = self.lock();
        let mut idle = runtimes.iter().filter(|entry| entry.id == runtime).flat_map(|entry| &entry.idle);
        idle.any(|entry| entry.origin == *origin)
    }

    /// Keeps a connection whose response was read to its end.
    pub(super) fn put(&self, origin: Origin, connection: Connection) {
        let runtime = runtime::Handle::current().id();
        let mut runtimes = self.lock();
        let mut entry = match runtimes.iter().position(|entry| entry.id == runtime) {
            Some(position) => runtimes.remove(position),
            None => Runtime { id: runtime, idle: Vec::new() },
        };
        entry.idle.retain(|entry| entry.connection.is_open() && entry.since.elapsed() < IDLE);
        if entry.idle.len() == MAX_IDLE {
            entry.idle.remove(0);
        }
        entry.idle.push(Idle { origin, connection, since: Instant::now() });
        // The runtime used last is the last one.
        runtimes.push(entry);
        if runtimes.len() > MAX_RUNTIMES {
            runtimes.remove(0);
        }
    }
}
