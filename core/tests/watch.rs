//! The polling policy: when a wait polls, what ends it, and what its errors contain. Time is simulated, because the
//! transport is in this process.

#![allow(clippy::unwrap_used)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use futures_util::{FutureExt, TryStreamExt, future::BoxFuture};
use http::{HeaderMap, HeaderValue};
use kopokopo::{
    Created, ErrorKind, KopoKopo, KopoKopoError, RetryOptions, Timeouts, WaitOptions,
    resources::{IncomingPayment, IncomingPaymentRequest},
    transport::{HttpRequest, HttpResponse, Reason, Sent, Transport, TransportError},
};
use tokio::time::Instant;

/// The reaction of the server to a poll.
#[derive(Clone, Copy)]
enum Poll {
    State(&'static str),
    Status(u16),
    RetryAfter(u64),
    Reset,
    Hang,
}

/// A server that reacts to each poll by its number, and records the time of each poll.
#[derive(Clone)]
struct Server {
    script: Arc<dyn Fn(usize) -> Poll + Send + Sync>,
    polls: Arc<AtomicUsize>,
    creates: Arc<AtomicUsize>,
    times: Arc<std::sync::Mutex<Vec<Instant>>>,
}

impl Server {
    fn new(script: impl Fn(usize) -> Poll + Send + Sync + 'static) -> Self {
        Self { script: Arc::new(script), polls: Arc::default(), creates: Arc::default(), times: Arc::default() }
    }

    fn client(&self) -> KopoKopo {
        let mut retries = RetryOptions::default();
        retries.max_retries = 0;
        KopoKopo::builder()
            .client_id("app")
            .client_secret("secret")
            .base_url("https://127.0.0.1:1")
            .transport(self.clone())
            .retries(retries)
            .timeouts(Timeouts::default())
            .build()
            .unwrap()
    }

    async fn push(&self) -> Created<IncomingPayment> {
        let request = IncomingPaymentRequest {
            till_number: "K000000".into(),
            phone_number: "0712345678".into(),
            amount: 100.into(),
            callback_url: "https://shop.example/results".into(),
            ..IncomingPaymentRequest::default()
        };
        self.client().incoming_payments().create(&request).await.unwrap()
    }

    /// The seconds from the first poll to each poll.
    fn seconds(&self) -> Vec<f64> {
        let times = self.times.lock().unwrap();
        times.iter().map(|at| (at.duration_since(times[0]).as_secs_f64() * 1000.0).round() / 1000.0).collect()
    }
}

impl Transport for Server {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let path = request.url.path().to_owned();
        if path == "/oauth/token" {
            return ready(200, r#"{"access_token":"t","expires_in":3600}"#);
        }
        if request.method == http::Method::POST {
            self.creates.fetch_add(1, Ordering::SeqCst);
            let mut headers = HeaderMap::new();
            headers.insert("location", HeaderValue::from_static("https://x.example/api/v2/incoming_payments/p1"));
            return async { Ok(HttpResponse { status: 201, headers, body: Ok(Bytes::new()) }) }.boxed();
        }
        let number = self.polls.fetch_add(1, Ordering::SeqCst);
        self.times.lock().unwrap().push(Instant::now());
        match (self.script)(number) {
            Poll::State(state) => ready(
                200,
                &format!(
                    r#"{{"data":{{"id":"p1","type":"incoming_payment","attributes":{{"status":"{state}","event":{{"resource":null,"errors":null}}}}}}}}"#
                ),
            ),
            Poll::Status(status) => ready(status, r#"{"error_message":"no"}"#),
            Poll::RetryAfter(seconds) => {
                let mut headers = HeaderMap::new();
                headers.insert("retry-after", HeaderValue::from(seconds));
                async { Ok(HttpResponse { status: 429, headers, body: Ok(Bytes::new()) }) }.boxed()
            }
            Poll::Reset => {
                async { Err(TransportError { sent: Sent::Maybe, reason: Reason::Connection, detail: "reset".into() }) }
                    .boxed()
            }
            Poll::Hang => async move {
                tokio::time::sleep_until(request.deadline).await;
                Err(TransportError { sent: Sent::Maybe, reason: Reason::Timeout, detail: "no response".into() })
            }
            .boxed(),
        }
    }
}

fn ready(status: u16, body: &str) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
    let body = Bytes::from(body.to_owned());
    async move { Ok(HttpResponse { status, headers: HeaderMap::new(), body: Ok(body) }) }.boxed()
}

fn assert_names_payment(error: &KopoKopoError) {
    assert_eq!(error.id(), Some("p1"));
    assert_eq!(error.location(), Some("https://127.0.0.1:1/api/v2/incoming_payments/p1"));
    assert_eq!(error.operation(), Some("incoming_payments.get"));
}

#[tokio::test(start_paused = true)]
async fn wait_polls_at_once_and_pauses_grow_from_3_s_by_half_up_to_15_s() {
    let server = Server::new(|poll| Poll::State(if poll < 7 { "Pending" } else { "Success" }));
    let push = server.push().await;
    push.wait(WaitOptions::default()).await.unwrap();
    assert_eq!(server.seconds(), [0.0, 3.0, 7.5, 14.25, 24.375, 39.375, 54.375, 69.375]);
}

#[tokio::test(start_paused = true)]
async fn wait_ends_in_not_final_at_its_deadline_with_id_location_and_state() {
    let server = Server::new(|_| Poll::State("Pending"));
    let push = server.push().await;
    let began = Instant::now();
    let error = push.wait(WaitOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFinal);
    assert_eq!(error.state(), Some("Pending"));
    assert_names_payment(&error);
    assert_eq!(error.detail(), "still Pending after 120 s. The request is not cancelled; fetch it later by id p1");
    assert!(began.elapsed() <= Duration::from_secs(120) && began.elapsed() > Duration::from_millis(119_700));
    assert_eq!(server.creates.load(Ordering::SeqCst), 1);
}

#[tokio::test(start_paused = true)]
async fn wait_ends_at_its_deadline_if_polls_hang() {
    for timeout in [Duration::from_millis(40), Duration::from_secs(2), Duration::from_secs(100)] {
        let server = Server::new(|_| Poll::Hang);
        let push = server.push().await;
        let began = Instant::now();
        let error = push.wait(WaitOptions::timeout(timeout)).await.unwrap_err();
        assert_eq!((error.kind(), error.state()), (ErrorKind::NotFinal, None));
        assert!(error.detail().contains("the latest poll failed: timeout"), "{error}");
        assert_names_payment(&error);
        assert!(began.elapsed() >= timeout && began.elapsed() < timeout + Duration::from_millis(250), "{timeout:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn wait_does_not_end_on_transient_failures() {
    let script = [
        Poll::State("Pending"),
        Poll::Status(500),
        Poll::Status(503),
        Poll::Reset,
        Poll::Hang,
        Poll::Status(429),
        Poll::State("Success"),
    ];
    let server = Server::new(move |poll| script[poll]);
    server.push().await.wait(WaitOptions::timeout(Duration::from_secs(1000))).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn wait_pauses_for_retry_after() {
    let server = Server::new(|poll| if poll == 0 { Poll::RetryAfter(40) } else { Poll::State("Success") });
    server.push().await.wait(WaitOptions::default()).await.unwrap();
    assert_eq!(server.seconds(), [0.0, 40.0]);
}

#[tokio::test(start_paused = true)]
async fn error_that_ends_wait_has_id() {
    for (status, kind) in
        [(401, ErrorKind::Authentication), (403, ErrorKind::Permission), (400, ErrorKind::InvalidRequest)]
    {
        let server = Server::new(move |poll| if poll == 0 { Poll::State("Pending") } else { Poll::Status(status) });
        let error = server.push().await.wait(WaitOptions::default()).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.state(), Some("Pending"));
        assert_names_payment(&error);
    }
    let server = Server::new(|_| Poll::State("\\u0000\"x"));
    assert_names_payment(&server.push().await.wait(WaitOptions::default()).await.unwrap_err());
}

#[tokio::test(start_paused = true)]
async fn not_found_is_transient_only_in_first_seconds_after_create() {
    let early = Server::new(|poll| if poll < 2 { Poll::Status(404) } else { Poll::State("Success") });
    early.push().await.wait(WaitOptions::default()).await.unwrap();

    let lost = Server::new(|_| Poll::Status(404));
    let began = Instant::now();
    let error = lost.push().await.wait(WaitOptions::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(began.elapsed() < Duration::from_secs(20));

    let by_id = Server::new(|_| Poll::Status(404));
    let error = by_id.client().incoming_payments().wait("p1", WaitOptions::default()).await.unwrap_err();
    assert_eq!((error.kind(), by_id.polls.load(Ordering::SeqCst)), (ErrorKind::NotFound, 1));
    assert_names_payment(&error);
}

#[tokio::test(start_paused = true)]
async fn watch_returns_each_state_once_and_ends_with_final_state() {
    let script = ["Pending", "Pending", "Received", "Received", "Success"];
    let server = Server::new(move |poll| Poll::State(script[poll]));
    let watch = server.client().incoming_payments().watch("p1", WaitOptions::default()).unwrap();
    let states: Vec<IncomingPayment> = watch.into_stream().try_collect().await.unwrap();
    assert_eq!(
        states.iter().map(|payment| payment.status.as_str()).collect::<Vec<_>>(),
        ["Pending", "Received", "Success"]
    );
}

#[tokio::test(start_paused = true)]
async fn watch_ends_after_error() {
    let server = Server::new(|_| Poll::State("Pending"));
    let mut watch =
        server.client().incoming_payments().watch("p1", WaitOptions::timeout(Duration::from_secs(5))).unwrap();
    assert!(watch.next().await.unwrap().is_ok());
    assert_eq!(watch.next().await.unwrap().unwrap_err().kind(), ErrorKind::NotFinal);
    assert!(watch.next().await.is_none());
    assert_eq!(watch.pause(), None);
}

#[tokio::test(start_paused = true)]
async fn polls_of_caller_have_same_policy_as_wait() {
    let server = Server::new(|poll| Poll::State(if poll < 3 { "Pending" } else { "Success" }));
    let mut watch = server.client().incoming_payments().watch("p1", WaitOptions::default()).unwrap();
    let mut states = Vec::new();
    while let Some(pause) = watch.pause() {
        tokio::time::sleep(pause).await;
        states.extend(watch.poll().await.unwrap());
    }
    assert_eq!(states.len(), 2);
    assert_eq!(server.seconds(), [0.0, 3.0, 7.5, 14.25]);
}

#[tokio::test(start_paused = true)]
async fn wait_accepts_maximum_durations_and_refuses_zero() {
    let server = Server::new(|poll| Poll::State(if poll == 0 { "Pending" } else { "Success" }));
    let longest = WaitOptions { timeout: Duration::MAX, interval: Duration::MAX, max_interval: Duration::MAX };
    server.push().await.wait(longest).await.unwrap();
    for (field, options) in [
        ("timeout", WaitOptions { timeout: Duration::ZERO, ..WaitOptions::default() }),
        ("interval", WaitOptions { interval: Duration::ZERO, ..WaitOptions::default() }),
        ("max_interval", WaitOptions { max_interval: Duration::ZERO, ..WaitOptions::default() }),
    ] {
        let error = server.push().await.wait(options).await.unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidRequest, Some(field)));
        assert_eq!(error.detail(), format!("{field}: must be greater than zero"));
    }
}
