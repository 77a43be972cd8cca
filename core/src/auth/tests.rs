#![allow(clippy::unwrap_used)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::future::join_all;
use tokio::{
    runtime,
    time::{Instant, advance, sleep, timeout},
};

use super::{AccessToken, TokenCell, TokenOrigin, Tokens};
use crate::{
    error::{ErrorKind, KopoKopoError},
    options::Timeouts,
    pipeline::Limits,
    retry::RetryOptions,
    types::Secret,
};

const TAKES: Duration = Duration::from_millis(50);

/// What the token source does at a request.
#[derive(Clone, Copy)]
enum Act {
    Token(u64),
    Hang,
    Fail,
}

fn tokens(calls: &Arc<AtomicUsize>, act: impl Fn(usize) -> Act + Send + Sync + 'static) -> Tokens {
    let calls = Arc::clone(calls);
    let source = move || {
        let call = calls.fetch_add(1, Ordering::SeqCst);
        let act = act(call);
        async move {
            sleep(TAKES).await;
            match act {
                Act::Hang => std::future::pending().await,
                Act::Fail => Err(KopoKopoError::new(ErrorKind::Connection, "the source is down")),
                Act::Token(lifetime) => Ok(AccessToken {
                    token: Secret::from(format!("token-{call}")),
                    expires_in: Some(Duration::from_secs(lifetime)),
                }),
            }
        }
    };
    let total = Timeouts::default().total;
    Tokens {
        cell: TokenCell::new(),
        origin: TokenOrigin::Source(Arc::new(source), crate::redact::Redactor::default()),
        route: [0; 32],
        total,
    }
}

fn limits() -> Limits {
    let Timeouts { connect, stalled, total } = Timeouts::default();
    Limits { connect, stalled, total, retries: RetryOptions::default() }
}

async fn get(tokens: &Tokens) -> Result<String, KopoKopoError> {
    let cached = tokens.get(limits(), Instant::now() + Duration::from_secs(10)).await?;
    Ok(cached.token.expose().to_owned())
}

#[tokio::test(start_paused = true)]
async fn thousand_first_calls_make_one_token_request() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |_| Act::Token(3600));
    let results = join_all((0..1000).map(|_| get(&tokens))).await;
    assert!(results.iter().all(|token| token.as_ref().unwrap() == "token-0"));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn thousand_first_calls_share_one_failure() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |_| Act::Fail);
    let results = join_all((0..1000).map(|_| get(&tokens))).await;
    assert!(results.iter().all(Result::is_err));
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn token_is_renewed_in_background_five_minutes_before_expiry() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |_| Act::Token(3600));
    get(&tokens).await.unwrap();
    advance(Duration::from_secs(3600 - 299)).await;
    assert_eq!(get(&tokens).await.unwrap(), "token-0");
    sleep(TAKES * 2).await;
    assert_eq!(get(&tokens).await.unwrap(), "token-1");
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn call_waits_for_new_token_in_last_minute_before_expiry() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |_| Act::Token(3600));
    get(&tokens).await.unwrap();
    advance(Duration::from_secs(3600 - 59)).await;
    assert_eq!(get(&tokens).await.unwrap(), "token-1");
}

#[tokio::test(start_paused = true)]
async fn hanging_renewal_delays_calls_by_two_seconds_once() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |call| if call == 0 { Act::Token(3600) } else { Act::Hang });
    get(&tokens).await.unwrap();
    advance(Duration::from_secs(3600 - 59)).await;
    let began = Instant::now();
    assert_eq!(get(&tokens).await.unwrap(), "token-0");
    assert!((Duration::from_secs(2)..Duration::from_secs(3)).contains(&began.elapsed()), "{:?}", began.elapsed());
    for _ in 0..100 {
        assert_eq!(get(&tokens).await.unwrap(), "token-0");
    }
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn call_stops_waiting_for_renewal_before_old_token_expires() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |call| if call == 0 { Act::Token(10) } else { Act::Hang });
    get(&tokens).await.unwrap();
    let fetched = Instant::now();
    advance(Duration::from_millis(9100)).await;
    while fetched.elapsed() < Duration::from_millis(9900) {
        assert_eq!(get(&tokens).await.unwrap(), "token-0", "{:?}", fetched.elapsed());
        advance(Duration::from_millis(10)).await;
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn failed_renewal_fails_no_call_while_old_token_is_valid() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |call| if call == 0 { Act::Token(3600) } else { Act::Fail });
    get(&tokens).await.unwrap();
    advance(Duration::from_secs(3600 - 30)).await;
    for _ in 0..29 {
        assert_eq!(get(&tokens).await.unwrap(), "token-0");
        advance(Duration::from_secs(1)).await;
    }
    let renewals = calls.load(Ordering::SeqCst) - 1;
    assert!((2..=6).contains(&renewals), "{renewals} renewals in 29 s");
    advance(Duration::from_secs(2)).await;
    assert_eq!(get(&tokens).await.unwrap_err().kind(), ErrorKind::Connection);
}

#[tokio::test(start_paused = true)]
async fn call_right_after_failure_waits_and_succeeds_if_source_recovered() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |call| if call == 0 { Act::Fail } else { Act::Token(3600) });
    get(&tokens).await.unwrap_err();
    let began = Instant::now();
    assert_eq!(get(&tokens).await.unwrap(), "token-1");
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn forgotten_token_is_replaced_and_its_successor_is_kept() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |_| Act::Token(3600));
    get(&tokens).await.unwrap();
    tokens.cell.forget(&Secret::from("token-0"));
    assert_eq!(get(&tokens).await.unwrap(), "token-1");
    tokens.cell.forget(&Secret::from("token-0"));
    assert_eq!(get(&tokens).await.unwrap(), "token-1");
}

#[tokio::test(start_paused = true)]
async fn revoked_token_is_replaced_once_for_all_calls_and_costs_one_retry() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |_| Act::Token(3600));
    get(&tokens).await.unwrap();
    assert!((0..1000).all(|_| tokens.cell.reauthenticate(&Secret::from("token-0"))));
    assert_eq!(get(&tokens).await.unwrap(), "token-1");
    assert!(tokens.cell.reauthenticate(&Secret::from("token-0")), "it has been replaced already");
    assert_eq!(get(&tokens).await.unwrap(), "token-1");
    assert_eq!((0..100).filter(|_| tokens.cell.budget.withdraw()).count(), 9);
}

#[tokio::test(start_paused = true)]
async fn token_is_not_replaced_after_401_if_new_token_was_refused_or_budget_is_exhausted() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |_| Act::Token(3600));
    get(&tokens).await.unwrap();
    tokens.cell.reauthentication_failed();
    assert!(!tokens.cell.reauthenticate(&Secret::from("token-0")));
    advance(Duration::from_secs(1)).await;
    while tokens.cell.budget.withdraw() {}
    assert!(!tokens.cell.reauthenticate(&Secret::from("token-0")));
    assert_eq!(get(&tokens).await.unwrap(), "token-0");
}

#[tokio::test(start_paused = true)]
async fn token_request_continues_for_others_if_its_first_call_times_out() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |_| Act::Token(3600));
    let short = tokens.get(limits(), Instant::now() + Duration::from_millis(10)).await;
    assert_eq!(short.err().unwrap().kind(), ErrorKind::Timeout);
    assert_eq!(get(&tokens).await.unwrap(), "token-0");
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn source_without_reply_is_asked_again_after_a_minute() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |call| if call == 0 { Act::Hang } else { Act::Token(3600) });
    for _ in 0..6 {
        assert_eq!(get(&tokens).await.err().unwrap().kind(), ErrorKind::Timeout);
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
    assert_eq!(get(&tokens).await.unwrap(), "token-1");
}

#[tokio::test(start_paused = true)]
async fn call_with_larger_limits_is_not_bound_by_limits_of_shared_token_request() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |call| if call == 0 { Act::Hang } else { Act::Token(3600) });
    let short = Limits { stalled: Duration::from_millis(100), connect: Duration::from_millis(100), ..limits() };
    let cut = timeout(Duration::from_millis(10), tokens.get(short, Instant::now() + Duration::from_secs(10))).await;
    assert!(cut.is_err());
    let long = Limits { stalled: Duration::from_secs(2), ..limits() };
    let token = tokens.get(long, Instant::now() + Duration::from_secs(10)).await.unwrap();
    assert_eq!(token.token.expose(), "token-1");
}

#[tokio::test(start_paused = true)]
async fn token_with_lifetime_of_one_minute_is_not_fetched_at_every_call() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |_| Act::Token(60));
    for _ in 0..10 {
        get(&tokens).await.unwrap();
        advance(Duration::from_secs(1)).await;
    }
    assert_eq!(calls.load(Ordering::SeqCst), 1);
}

fn current_thread() -> runtime::Runtime {
    runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

#[test]
fn token_request_dropped_with_its_runtime_does_not_block_next_request() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |_| Act::Token(3600));
    let first = current_thread();
    first.block_on(async {
        let _ = timeout(Duration::from_millis(1), get(&tokens)).await;
    });
    drop(first);
    assert_eq!(current_thread().block_on(get(&tokens)).unwrap(), "token-1");
}

#[test]
fn token_request_on_idle_runtime_does_not_block_call_on_another_runtime() {
    let calls = Arc::default();
    let tokens = tokens(&calls, |_| Act::Token(3600));
    let idle = current_thread();
    idle.block_on(async {
        let _ = timeout(Duration::from_millis(1), get(&tokens)).await;
    });
    // The first request makes no more progress, although its runtime still exists.
    let began = std::time::Instant::now();
    assert_eq!(current_thread().block_on(get(&tokens)).unwrap(), "token-1");
    assert!(began.elapsed() < Duration::from_secs(8), "{:?}", began.elapsed());
    drop(idle);
}

#[test]
fn token_is_trimmed_and_refused_if_invalid_in_header() {
    let check = |text: &str| AccessToken { token: Secret::from(text), expires_in: None }.checked("the token source");
    for text in ["abc", "abc\n", " abc\r\n", "\tabc "] {
        assert_eq!(check(text).unwrap().token.expose(), "abc");
    }
    for text in ["", " \n", "a b", "a\nb", "a\u{0}b", "ab\u{e9}", "a\u{7f}"] {
        let error = check(text).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Authentication);
        assert!(error.detail().contains("the token source returned"), "{error}");
    }
}
