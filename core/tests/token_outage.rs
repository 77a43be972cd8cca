//! The token endpoint hangs, fails and recovers under a steady load. Time is simulated.

#![allow(clippy::unwrap_used)]

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use http::HeaderMap;
use kopokopo::{
    ErrorKind, KopoKopo,
    transport::{HttpRequest, HttpResponse, Reason, Sent, Transport, TransportError},
};
use tokio::time::{Instant, sleep, sleep_until};

const LIFETIME: Duration = Duration::from_secs(3600);

#[derive(Clone, Copy, PartialEq)]
enum Endpoint {
    Works,
    Hangs,
    Refuses,
    Disconnects,
    Fails,
}

/// A server whose tokens expire, and whose token endpoint changes with time.
#[derive(Clone)]
struct Fake {
    began: Instant,
    endpoint: fn(Duration) -> Endpoint,
    expiry: Arc<Mutex<HashMap<String, Instant>>>,
    requests: Arc<Mutex<Vec<Duration>>>,
}

impl Fake {
    fn new(endpoint: fn(Duration) -> Endpoint) -> Self {
        Self { began: Instant::now(), endpoint, expiry: Arc::default(), requests: Arc::default() }
    }

    fn client(&self) -> KopoKopo {
        KopoKopo::builder().client_id("app").client_secret("secret").transport(self.clone()).build().unwrap()
    }

    /// When the token endpoint received requests.
    fn requests(&self) -> Vec<Duration> {
        self.requests.lock().unwrap().clone()
    }

    async fn token(self, deadline: Instant) -> Result<HttpResponse, TransportError> {
        let now = self.began.elapsed();
        let number = {
            let mut requests = self.requests.lock().unwrap();
            requests.push(now);
            requests.len()
        };
        match (self.endpoint)(now) {
            Endpoint::Hangs => {
                sleep_until(deadline).await;
                Err(TransportError { sent: Sent::Maybe, reason: Reason::Timeout, detail: "no response".into() })
            }
            Endpoint::Disconnects => {
                Err(TransportError { sent: Sent::No, reason: Reason::Connection, detail: "refused".into() })
            }
            Endpoint::Refuses => Ok(response(401, r#"{"error":"invalid_client"}"#.into())),
            Endpoint::Fails => Ok(response(503, "<html>".into())),
            Endpoint::Works => {
                sleep(Duration::from_millis(300)).await;
                let token = format!("token-{number}");
                self.expiry.lock().unwrap().insert(token.clone(), Instant::now() + LIFETIME);
                Ok(response(200, format!(r#"{{"access_token":"{token}","expires_in":{}}}"#, LIFETIME.as_secs())))
            }
        }
    }

    async fn payment(self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        sleep(Duration::from_millis(100)).await;
        let token = request.headers["authorization"].to_str().unwrap().trim_start_matches("Bearer ").to_owned();
        let works = self.expiry.lock().unwrap().get(&token).is_some_and(|expiry| Instant::now() < *expiry);
        let body = r#"{"data":{"id":"p1","type":"incoming_payment","attributes":{"status":"Pending"}}}"#;
        Ok(if works { response(200, body.into()) } else { response(401, String::new()) })
    }
}

fn response(status: u16, body: String) -> HttpResponse {
    HttpResponse { status, headers: HeaderMap::new(), body: Ok(body.into()) }
}

impl Transport for Fake {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let server = self.clone();
        if request.url.path() == "/oauth/token" {
            return server.token(request.deadline).boxed();
        }
        server.payment(request).boxed()
    }
}

/// Makes `count` calls, one after each `pause`. Returns for each call when it began, its duration, and its error.
async fn load(
    client: &KopoKopo,
    count: u32,
    pause: Duration,
) -> Vec<(Instant, Duration, Option<kopokopo::KopoKopoError>)> {
    let first = Instant::now();
    let calls = (0..count).map(|number| {
        let client = client.clone();
        tokio::spawn(async move {
            sleep_until(first + pause * number).await;
            let began = Instant::now();
            let outcome = client.incoming_payments().get("p1").await;
            (began, began.elapsed(), outcome.err())
        })
    });
    futures_util::future::join_all(calls).await.into_iter().map(Result::unwrap).collect()
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_calls_succeed_while_token_endpoint_hangs_fails_and_recovers() {
    // The first token is valid for an hour. After 54 minutes the endpoint hangs, then fails in three ways. It works
    // again 5 s before the token expires.
    let server = Fake::new(|elapsed| match elapsed.as_secs() {
        3240..3400 => Endpoint::Hangs,
        3400..3470 => Endpoint::Disconnects,
        3470..3530 => Endpoint::Fails,
        3530..3595 => Endpoint::Refuses,
        _ => Endpoint::Works,
    });
    let client = server.client();
    client.incoming_payments().get("p1").await.unwrap();
    tokio::time::advance(Duration::from_secs(3200)).await;

    // 10,000 calls in 500 s: during the outage, at the expiry, and for a minute after it.
    let outcomes = load(&client, 10_000, Duration::from_millis(50)).await;
    let failed: Vec<_> = outcomes.iter().filter_map(|(_, _, error)| error.as_ref()).collect();
    assert!(failed.is_empty(), "{} calls failed, as with {}", failed.len(), failed[0]);
    let slowest = outcomes.iter().map(|(_, took, _)| *took).max().unwrap();
    assert!(slowest < Duration::from_secs(3), "{slowest:?}");
    let slow = outcomes.iter().filter(|(_, took, _)| *took > Duration::from_millis(500)).count();
    assert!(slow < 100, "{slow} calls were delayed by a renewal");
    // Renewals while the old token is valid are at least 5 s apart, each with its two retries.
    let requests = server.requests().len();
    assert!((10..=200).contains(&requests), "{requests} token requests");
}

#[tokio::test(start_paused = true)]
async fn ten_thousand_calls_with_wrong_secret_send_at_most_one_token_request_per_second() {
    let server = Fake::new(|_| Endpoint::Refuses);
    let outcomes = load(&server.client(), 10_000, Duration::from_millis(20)).await;
    for (_, took, error) in &outcomes {
        assert_eq!(error.as_ref().unwrap().kind(), ErrorKind::Authentication);
        assert!(*took < Duration::from_secs(1));
    }
    let requests = server.requests();
    // They are 1 s, 2 s, 4 s, 8 s, 16 s, then 30 s apart, so there are ten in 200 s.
    assert!((8..=11).contains(&requests.len()), "{requests:?}");
    for pair in requests.windows(2) {
        let apart = pair[1].saturating_sub(pair[0]);
        assert!((Duration::from_secs(1)..Duration::from_secs(31)).contains(&apart), "{requests:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn calls_succeed_soon_after_token_endpoint_recovers() {
    // The client has no token at the beginning.
    let server = Fake::new(|elapsed| if elapsed.as_secs() < 60 { Endpoint::Disconnects } else { Endpoint::Works });
    let began = Instant::now();
    let outcomes = load(&server.client(), 1_000, Duration::from_millis(100)).await;
    for (at, took, error) in &outcomes {
        let at = at.duration_since(began);
        if at > Duration::from_secs(61) {
            assert!(error.is_none(), "{at:?}: {}", error.as_ref().unwrap());
        } else if let Some(error) = error {
            assert_eq!(error.kind(), ErrorKind::Connection);
        }
        assert!(*took < Duration::from_secs(10), "{took:?}");
    }
    let requests = server.requests().len();
    assert!(requests < 400, "{requests} token requests in 60 s");
}
