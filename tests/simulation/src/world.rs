//! The points at which a worker touches the world, and the clock.

use std::{
    fmt,
    future::pending,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use futures_util::future::BoxFuture;
use kopokopo::{AccessToken, KopoKopo, RetryOptions, Timeouts, journal::JournalStore};
use time::OffsetDateTime;
use tokio::time::Instant;

use crate::{
    server::{Ledger, Server},
    store::{Kind, Store, Table},
};

/// One step of a worker that the world can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Op {
    /// A write of the journal if its key is absent.
    Insert,
    /// A write of the journal if its version is the expected one.
    Update,
    /// A read of the journal.
    Read,
    /// A create on its way to the server.
    Send,
    /// Another request to the server.
    Ask,
}

/// What happens at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// It succeeds.
    Succeed,
    /// It fails, and has no effect.
    Fail,
    /// It has its effect, and fails.
    FailAfterEffect,
    /// The worker ends before it.
    CrashBefore,
    /// It has its effect, and the worker ends.
    CrashAfter,
    /// The server refuses the request: 400.
    Refuse,
    /// The request does not leave the machine.
    NotSent,
}

/// Decides what happens.
pub trait Fate: Send + Sync {
    /// Called at each step of a process. The step waits for the verdict.
    fn decide(&self, process: usize, op: Op) -> BoxFuture<'static, Verdict>;
}

/// The wall clock of all machines: virtual time, and jumps.
#[derive(Debug)]
pub struct Clock {
    start: Instant,
    jumped: AtomicI64,
}

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600;

impl Clock {
    pub(crate) fn now(&self) -> OffsetDateTime {
        let at = OffsetDateTime::from_unix_timestamp(START).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        at + self.start.elapsed() + Duration::from_secs(self.jumped.load(Ordering::SeqCst).unsigned_abs())
    }

    pub(crate) fn jump(&self, seconds: u32) {
        self.jumped.fetch_add(seconds.into(), Ordering::SeqCst);
    }
}

/// Everything outside of the workers.
pub struct World {
    /// The journal's table.
    pub table: Arc<Mutex<Table>>,
    /// What the server did.
    pub ledger: Arc<Mutex<Ledger>>,
    /// The clock.
    pub clock: Arc<Clock>,
    fate: Arc<dyn Fate>,
}

/// Locks what another thread left behind.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl World {
    /// An empty world, on a runtime whose time is paused.
    pub fn new(fate: Arc<dyn Fate>) -> Self {
        Self {
            table: Arc::default(),
            ledger: Arc::default(),
            clock: Arc::new(Clock { start: Instant::now(), jumped: AtomicI64::new(0) }),
            fate,
        }
    }

    /// A new process of a worker. Its clock differs from the others by so many milliseconds.
    pub fn start(&self, process: usize, kind: Kind, skew: i64, max_retries: u32) -> Process {
        let alive = Alive { process, is: Arc::new(AtomicBool::new(true)), fate: Arc::clone(&self.fate) };
        let store = Store::new(kind, alive.clone(), Arc::clone(&self.table));
        let server = Server { alive: alive.clone(), ledger: Arc::clone(&self.ledger), clock: Arc::clone(&self.clock) };
        let clock = Arc::clone(&self.clock);
        let now = move || clock.now() + time::Duration::milliseconds(skew);
        let token = || async { Ok(AccessToken { token: "token".into(), expires_in: None }) };
        let mut retries = RetryOptions::default();
        retries.max_retries = max_retries;
        let timeouts = Timeouts { total: TOTAL, stalled: TOTAL, ..Timeouts::default() };
        let store: Arc<dyn JournalStore> = Arc::new(store);
        let builder = KopoKopo::builder().token_source(token).transport(server).retries(retries).timeouts(timeouts);
        let client = builder.base_url("http://127.0.0.1:1").shared_journal(store).journal_clock(now).build();
        match client {
            Ok(client) => Process { client, alive },
            Err(error) => unreachable!("{error}"),
        }
    }
}

/// The time limit of a call.
pub const TOTAL: Duration = Duration::from_secs(20);

/// A process of a worker.
pub struct Process {
    /// Its client.
    pub client: KopoKopo,
    pub(crate) alive: Alive,
}

impl Process {
    /// Whether it has not crashed.
    pub fn is_alive(&self) -> bool {
        self.alive.is.load(Ordering::SeqCst)
    }
}

/// Whether a process still runs. After its end nothing that it had begun has an effect.
#[derive(Clone)]
pub(crate) struct Alive {
    process: usize,
    is: Arc<AtomicBool>,
    fate: Arc<dyn Fate>,
}

impl Alive {
    /// What happens at a step. Does not return if the process ends before it.
    pub(crate) async fn step(&self, op: Op) -> Verdict {
        self.go_on().await;
        let verdict = self.fate.decide(self.process, op).await;
        self.go_on().await;
        if verdict == Verdict::CrashBefore {
            self.end().await;
        }
        verdict
    }

    async fn go_on(&self) {
        if !self.is.load(Ordering::SeqCst) {
            pending::<()>().await;
        }
    }

    /// Ends the process.
    pub(crate) async fn end(&self) {
        self.is.store(false, Ordering::SeqCst);
        pending::<()>().await;
    }
}

impl fmt::Debug for World {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("World").finish_non_exhaustive()
    }
}
