//! State that belongs to one process.

use std::{ops::Deref, sync::Arc};

use arc_swap::ArcSwapOption;

use crate::error::Result;

/// Holds one value for each process: after a fork the child gets its own.
///
/// Connections, timers and locks that a fork copies do not work in the child, because their driver threads exist only
/// in the parent. So the child makes a new value on first use. It takes no lock, because the lock could have been held
/// at the moment of the fork. It leaks the parent's value, because dropping it would touch sockets that both processes
/// share.
pub struct PerProcess<T> {
    slot: ArcSwapOption<PerProcessValue<T>>,
}

/// A value and the process that made it.
pub struct PerProcessValue<T> {
    process: u32,
    value: T,
}

impl<T> Deref for PerProcessValue<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> PerProcess<T> {
    /// Creates the holder, which is empty.
    #[allow(clippy::new_without_default, reason = "a static needs a constant")]
    pub const fn new() -> Self {
        Self { slot: ArcSwapOption::const_empty() }
    }

    /// Returns this process's value, made on first use. If several threads make one at the same time, all of them get
    /// the same value, and the others are dropped.
    ///
    /// # Errors
    /// The error of `make`.
    pub fn get(&self, make: impl Fn() -> Result<T>) -> Result<Arc<PerProcessValue<T>>> {
        self.get_as(std::process::id(), make)
    }

    #[cfg(test)]
    fn existing_as(&self, process: u32) -> Option<Arc<PerProcessValue<T>>> {
        self.slot.load_full().filter(|slot| slot.process == process)
    }

    fn get_as(&self, process: u32, make: impl Fn() -> Result<T>) -> Result<Arc<PerProcessValue<T>>> {
        loop {
            let current = self.slot.load_full();
            if let Some(slot) = &current
                && slot.process == process
            {
                return Ok(Arc::clone(slot));
            }
            let fresh = Arc::new(PerProcessValue { process, value: make()? });
            let found = self.slot.compare_and_swap(&current, Some(Arc::clone(&fresh)));
            let replaced = match (&*found, &current) {
                (None, None) => true,
                (Some(found), Some(current)) => Arc::ptr_eq(found, current),
                _ => false,
            };
            if replaced {
                std::mem::forget(current);
                return Ok(fresh);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Counted<'a>(&'a AtomicUsize);

    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn process_makes_its_value_once() {
        let made = AtomicUsize::new(0);
        let cell = PerProcess::new();
        for _ in 0..3 {
            let value = cell.get(|| Ok(made.fetch_add(1, Ordering::SeqCst))).unwrap();
            assert_eq!(**value, 0);
        }
        assert_eq!(made.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn child_process_gets_its_own_value_and_never_drops_value_of_parent() {
        let dropped = AtomicUsize::new(0);
        let cell = PerProcess::new();
        let parents = cell.get_as(1, || Ok(Counted(&dropped))).unwrap();
        drop(parents);
        let childs = cell.get_as(2, || Ok(Counted(&dropped))).unwrap();
        drop(childs);
        assert_eq!(dropped.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn child_process_has_no_value_until_it_makes_one() {
        let cell = PerProcess::new();
        assert!(cell.existing_as(1).is_none());
        cell.get_as(1, || Ok("parent's")).unwrap();
        assert!(cell.existing_as(1).is_some());
        assert!(cell.existing_as(2).is_none());
        cell.get_as(2, || Ok("child's")).unwrap();
        assert_eq!(**cell.existing_as(2).unwrap(), "child's");
    }

    #[test]
    fn value_of_slower_thread_is_dropped() {
        let dropped = AtomicUsize::new(0);
        let cell = PerProcess::new();
        let kept = cell
            .get_as(1, || {
                // Another thread stores its value in the meantime.
                cell.slot.store(Some(Arc::new(PerProcessValue { process: 1, value: Counted(&dropped) })));
                Ok(Counted(&dropped))
            })
            .unwrap();
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
        assert!(Arc::ptr_eq(&kept, &cell.existing_as(1).unwrap()));
    }

    #[test]
    fn concurrent_threads_get_same_value() {
        let cell = PerProcess::new();
        let values: Vec<usize> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|n| {
                    let cell = &cell;
                    scope.spawn(move || **cell.get(|| Ok(n)).unwrap())
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert!(values.windows(2).all(|pair| pair[0] == pair[1]), "{values:?}");
    }
}
