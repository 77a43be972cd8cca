//! One token for all calls: fetched once, however many wait, and renewed before it expires.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures_util::{
    FutureExt,
    future::{BoxFuture, Shared},
};
use tokio::time::{Instant, timeout_at};

use super::AccessToken;
use crate::{
    error::{ErrorKind, KopoKopoError, Result},
    process::PerProcess,
    types::Secret,
};

/// With this much life left a token is renewed while calls go on using it.
const RENEW_IN_BACKGROUND: Duration = Duration::from_secs(5 * 60);
/// With this much life left calls wait for a new one.
const RENEW_FIRST: Duration = Duration::from_secs(60);
/// A renewal in the background that failed is not tried again sooner.
const BACKGROUND_PAUSE: Duration = Duration::from_secs(15);
/// Beyond this many credentials in one process, those no client uses any more are forgotten.
const REMEMBERED: usize = 1024;

type Fetch = Arc<dyn Fn() -> BoxFuture<'static, Result<AccessToken>> + Send + Sync>;

/// None: the task that fetched was cut off with its runtime, so whoever still waits begins anew.
type Fetched = Shared<BoxFuture<'static, Option<Result<Arc<Held>, KopoKopoError>>>>;

/// A token in use.
pub(crate) struct Held {
    pub(crate) token: Secret,
    fetched: Instant,
    lifetime: Option<Duration>,
}

impl Held {
    fn left(&self) -> Duration {
        self.lifetime.map_or(Duration::MAX, |lifetime| lifetime.saturating_sub(self.fetched.elapsed()))
    }

    /// A token that lives only minutes is not renewed at every call: the windows shrink with its life.
    fn window(&self, wanted: Duration, share: u32) -> Duration {
        self.lifetime.map_or(Duration::ZERO, |lifetime| wanted.min(lifetime / share))
    }
}

/// The token of one set of credentials.
pub(crate) struct TokenCell {
    fetch: Fetch,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    held: Option<Arc<Held>>,
    fetching: Option<(Fetched, Arc<AtomicBool>)>,
    background_after: Option<Instant>,
}

impl TokenCell {
    pub(crate) fn new(
        fetch: impl Fn() -> BoxFuture<'static, Result<AccessToken>> + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self { fetch: Arc::new(fetch), state: Mutex::default() })
    }

    /// The cell that all clients of this process with the same credentials share, so that a program that makes a
    /// client for every request still fetches one token. The key is a digest: it reveals no credential.
    pub(crate) fn shared(key: [u8; 32], make: impl FnOnce() -> Arc<Self>) -> Result<Arc<Self>> {
        static CELLS: PerProcess<Mutex<HashMap<[u8; 32], Arc<TokenCell>>>> = PerProcess::new();
        let cells = CELLS.get(|| Ok(Mutex::default()))?;
        let mut cells = cells.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cell) = cells.get(&key) {
            return Ok(Arc::clone(cell));
        }
        if cells.len() >= REMEMBERED {
            cells.retain(|_, cell| Arc::strong_count(cell) > 1);
        }
        let cell = make();
        cells.insert(key, Arc::clone(&cell));
        Ok(cell)
    }

    /// A token that works, waiting for one until the deadline at most.
    pub(crate) async fn get(self: &Arc<Self>, deadline: Instant) -> Result<Arc<Held>> {
        loop {
            let fetching = {
                let mut state = self.lock();
                if let Some(held) = state.held.clone() {
                    let left = held.left();
                    if left > held.window(RENEW_FIRST, 10) {
                        if left <= held.window(RENEW_IN_BACKGROUND, 4) {
                            self.renew_in_background(&mut state);
                        }
                        return Ok(held);
                    }
                }
                self.begin(&mut state)
            };
            match timeout_at(deadline, fetching).await {
                Ok(Some(Ok(held))) => return Ok(held),
                Ok(Some(Err(error))) => return self.still_usable().ok_or(error),
                Ok(None) => {}
                Err(_) => {
                    let error = KopoKopoError::new(
                        ErrorKind::Timeout,
                        "no access token arrived in time; nothing else was sent",
                    );
                    return self.still_usable().ok_or(error);
                }
            }
        }
    }

    /// Forgets a token that the server refused, unless it has been replaced already.
    pub(crate) fn forget(&self, refused: &Secret) {
        let mut state = self.lock();
        if state.held.as_ref().is_some_and(|held| held.token.matches(refused.expose().as_bytes())) {
            state.held = None;
        }
    }

    /// A renewal that failed does no harm while the old token lives.
    fn still_usable(&self) -> Option<Arc<Held>> {
        self.lock().held.clone().filter(|held| !held.left().is_zero())
    }

    fn renew_in_background(self: &Arc<Self>, state: &mut State) {
        if state.background_after.is_none_or(|after| Instant::now() >= after) {
            state.background_after = Instant::now().checked_add(BACKGROUND_PAUSE);
            drop(self.begin(state));
        }
    }

    /// Joins the fetch under way or begins one. It runs on a task of its own: a waiting call that is cancelled takes
    /// nothing from the others.
    fn begin(self: &Arc<Self>, state: &mut State) -> Fetched {
        if let Some((fetching, over)) = &state.fetching
            && !over.load(Ordering::Acquire)
        {
            return fetching.clone();
        }
        let cell = Arc::clone(self);
        let over = Arc::new(AtomicBool::new(false));
        let ending = Ending(Arc::clone(&over));
        let task = tokio::spawn(async move {
            let _ending = ending;
            let answer = (cell.fetch)().await;
            let fetched = answer.map(|answer| {
                Arc::new(Held { token: answer.token, fetched: Instant::now(), lifetime: answer.expires_in })
            });
            if let Ok(held) = &fetched {
                cell.lock().held = Some(Arc::clone(held));
            }
            fetched
        });
        let fetching = task
            .map(|joined| match joined {
                Ok(fetched) => Some(fetched),
                Err(error) if error.is_cancelled() => None,
                Err(_) => Some(Err(KopoKopoError::new(ErrorKind::Internal, "fetching the access token panicked"))),
            })
            .boxed()
            .shared();
        state.fetching = Some((fetching.clone(), over));
        fetching
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whatever ends a fetch, a panic or the end of its runtime included, the next call can begin another. Takes no lock:
/// a runtime that is shutting down drops the task while the cell is locked.
struct Ending(Arc<AtomicBool>);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::sync::atomic::AtomicUsize;

    fn counting(lifetime: u64, calls: &Arc<AtomicUsize>, fail_from: usize) -> Arc<TokenCell> {
        let calls = Arc::clone(calls);
        TokenCell::new(move || {
            let call = calls.fetch_add(1, Ordering::SeqCst);
            async move {
                tokio::time::sleep(Duration::from_millis(50)).await;
                if call >= fail_from {
                    return Err(KopoKopoError::new(ErrorKind::Connection, "the source is down"));
                }
                Ok(AccessToken {
                    token: Secret::from(format!("token-{call}")),
                    expires_in: Some(Duration::from_secs(lifetime)),
                })
            }
            .boxed()
        })
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(10)
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_first_calls_fetch_one_token() {
        let calls = Arc::default();
        let cell = counting(3600, &calls, usize::MAX);
        let waiting = (0..1000).map(|_| cell.get(soon()));
        let tokens = futures_util::future::join_all(waiting).await;
        assert!(tokens.iter().all(|held| held.as_ref().unwrap().token.expose() == "token-0"));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_thousand_first_calls_share_one_failure() {
        let calls = Arc::default();
        let cell = counting(3600, &calls, 0);
        let waiting = (0..1000).map(|_| cell.get(soon()));
        let tokens = futures_util::future::join_all(waiting).await;
        assert!(tokens.iter().all(Result::is_err));
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_is_renewed_in_the_background_five_minutes_before_it_expires() {
        let calls = Arc::default();
        let cell = counting(3600, &calls, usize::MAX);
        cell.get(soon()).await.unwrap();
        tokio::time::advance(Duration::from_secs(3600 - 299)).await;
        assert_eq!(cell.get(soon()).await.unwrap().token.expose(), "token-0");
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(cell.get(soon()).await.unwrap().token.expose(), "token-1");
        assert_eq!(calls.load(Ordering::SeqCst), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_waits_for_a_new_token_in_the_last_minute() {
        let calls = Arc::default();
        let cell = counting(3600, &calls, usize::MAX);
        cell.get(soon()).await.unwrap();
        tokio::time::advance(Duration::from_secs(3600 - 59)).await;
        assert_eq!(cell.get(soon()).await.unwrap().token.expose(), "token-1");
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_renewal_goes_unnoticed_while_the_old_token_lives() {
        let calls = Arc::default();
        let cell = counting(3600, &calls, 1);
        cell.get(soon()).await.unwrap();
        tokio::time::advance(Duration::from_secs(3600 - 30)).await;
        assert_eq!(cell.get(soon()).await.unwrap().token.expose(), "token-0");
        tokio::time::advance(Duration::from_secs(31)).await;
        assert!(cell.get(soon()).await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_forgotten_token_is_fetched_anew_but_its_successor_is_kept() {
        let calls = Arc::default();
        let cell = counting(3600, &calls, usize::MAX);
        let first = cell.get(soon()).await.unwrap();
        cell.forget(&first.token);
        assert_eq!(cell.get(soon()).await.unwrap().token.expose(), "token-1");
        cell.forget(&first.token);
        assert_eq!(cell.get(soon()).await.unwrap().token.expose(), "token-1");
    }

    #[tokio::test(start_paused = true)]
    async fn a_call_that_gives_up_leaves_the_fetch_to_the_others() {
        let calls = Arc::default();
        let cell = counting(3600, &calls, usize::MAX);
        let hasty = cell.get(Instant::now() + Duration::from_millis(10)).await;
        assert_eq!(hasty.err().unwrap().kind(), ErrorKind::Timeout);
        assert_eq!(cell.get(soon()).await.unwrap().token.expose(), "token-0");
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn a_token_of_one_minute_is_not_fetched_at_every_call() {
        let calls = Arc::default();
        let cell = counting(60, &calls, usize::MAX);
        for _ in 0..10 {
            cell.get(soon()).await.unwrap();
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn a_fetch_cut_off_with_its_runtime_does_not_block_the_next() {
        let calls = Arc::default();
        let cell = counting(3600, &calls, usize::MAX);
        let first = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        first.block_on(async {
            let _ = tokio::time::timeout(Duration::from_millis(1), cell.get(soon())).await;
        });
        drop(first);
        let second = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert_eq!(second.block_on(cell.get(soon())).unwrap().token.expose(), "token-1");
    }
}
