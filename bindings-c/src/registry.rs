//! What handles mean. A handle is a number that is never used again, so one that was freed means nothing.

use std::{
    collections::BTreeMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use kopokopo_ffi::operations::Object;

use crate::{calls::Running, questions::Reply, status::KopokopoStatus};

/// What a handle means.
pub(crate) enum Entry {
    /// An object of the contract.
    Object(Object),
    /// The bytes of a result. They do not move while they are here, and only the program reads them.
    Data(#[allow(dead_code, reason = "the program has a pointer to them")] Box<[u8]>),
    /// A call under way, which can be cancelled.
    Call(Running),
    /// The library waits for this reply.
    Reply(Reply),
}

type Shard = Mutex<BTreeMap<u64, Entry>>;

/// Several, so that threads seldom wait for each other.
const SHARDS: usize = 16;

static REGISTRY: [Shard; SHARDS] = [const { Mutex::new(BTreeMap::new()) }; SHARDS];

/// Zero is no handle.
static LAST: AtomicU64 = AtomicU64::new(0);

#[allow(clippy::cast_possible_truncation, reason = "the remainder is small")]
fn shard(handle: u64) -> MutexGuard<'static, BTreeMap<u64, Entry>> {
    fork::prepare();
    lock(&REGISTRY[(handle % SHARDS as u64) as usize])
}

fn lock(shard: &'static Shard) -> MutexGuard<'static, BTreeMap<u64, Entry>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes a handle.
pub(crate) fn insert(entry: Entry) -> u64 {
    let handle = LAST.fetch_add(1, Ordering::Relaxed) + 1;
    shard(handle).insert(handle, entry);
    handle
}

/// The object of a handle.
pub(crate) fn object(handle: u64) -> Result<Object, KopokopoStatus> {
    match shard(handle).get(&handle) {
        Some(Entry::Object(object)) => Ok(object.clone()),
        _ => Err(KopokopoStatus::InvalidHandle),
    }
}

/// Ends a handle, and returns what it meant. The caller drops that without the lock.
pub(crate) fn take(handle: u64) -> Result<Entry, KopokopoStatus> {
    shard(handle).remove(&handle).ok_or(KopokopoStatus::InvalidHandle)
}

/// Ends a handle if it means what it should.
pub(crate) fn take_if(handle: u64, is_meant: impl FnOnce(&Entry) -> bool) -> Result<Entry, KopokopoStatus> {
    let mut shard = shard(handle);
    if !shard.get(&handle).is_some_and(is_meant) {
        return Err(KopokopoStatus::InvalidHandle);
    }
    shard.remove(&handle).ok_or(KopokopoStatus::InvalidHandle)
}

/// A fork copies locks that another thread of the parent holds, and no thread of the child would release them. So the thread
/// that forks holds all of them during the fork, and releases them in both processes.
#[cfg(unix)]
mod fork {
    use std::{cell::RefCell, collections::BTreeMap, sync::MutexGuard, sync::Once};

    use super::{Entry, REGISTRY, lock};

    type Held = Vec<MutexGuard<'static, BTreeMap<u64, Entry>>>;

    thread_local! {
        static HELD: RefCell<Held> = const { RefCell::new(Vec::new()) };
    }

    extern "C" fn hold() {
        HELD.with_borrow_mut(|held| held.extend(REGISTRY.iter().map(lock)));
    }

    extern "C" fn release() {
        HELD.with_borrow_mut(Vec::clear);
    }

    /// Tells the system, once.
    pub(super) fn prepare() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            // SAFETY: the functions live as long as the library, and lock nothing that this thread holds: no lock is held
            // while other code runs.
            unsafe { libc::pthread_atfork(Some(hold), Some(release), Some(release)) };
        });
    }
}

#[cfg(not(unix))]
mod fork {
    pub(super) fn prepare() {}
}
