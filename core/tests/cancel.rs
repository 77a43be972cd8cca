//! Cancelling a call. Before the request is sent, the result means that it never will be sent. After that, the result
//! is `outcome_unknown`.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use kopokopo::{AccessToken, CallOptions, Cancelled, ErrorKind, KopoKopo, KopoKopoError, cancellable, types::Secret};
use support::{Act, Server, created, payment_request, pending, quick, response};
use tokio::{io::AsyncReadExt, net::TcpListener, task::JoinHandle, time::sleep};

const CREATE: &str = "POST /api/v2/incoming_payments";

fn unknown(cancelled: Cancelled) -> KopoKopoError {
    match cancelled {
        Cancelled::OutcomeUnknown(error) => error,
        other => panic!("{other:?}"),
    }
}

fn is_not_sent(cancelled: &Cancelled) -> bool {
    matches!(cancelled, Cancelled::NotSent)
}

type Create = kopokopo::Result<kopokopo::Created<kopokopo::resources::IncomingPayment>>;

fn start(client: KopoKopo) -> (kopokopo::CancelHandle, JoinHandle<Create>) {
    let (handle, call) = cancellable(async move { client.incoming_payments().create(&payment_request()).await });
    (handle, tokio::spawn(call))
}

async fn until(condition: impl Fn() -> bool) {
    while !condition() {
        sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test]
async fn cancelling_during_token_request_sends_nothing() {
    let server = Server::start(|seen, before| {
        if seen.line.contains("/oauth/token") {
            Act::Late(Duration::from_millis(200), support::token(before))
        } else {
            Act::Respond(created("p1"))
        }
    })
    .await;
    let (handle, call) = start(server.client());
    until(|| server.count("POST /oauth/token") == 1).await;
    assert!(is_not_sent(&handle.cancel()));
    // The call continues, as in a language that drops it a little later.
    let error = call.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connection, "{error}");
    assert!(error.detail().contains("nothing was sent"), "{error}");
    assert_eq!(server.count(CREATE), 0);
    assert!(is_not_sent(&handle.cancel()));
}

#[tokio::test]
async fn call_cancelled_before_it_starts_sends_no_byte() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let received = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).await.unwrap();
        bytes
    });
    let source = || async { Ok(AccessToken { token: Secret::from("t"), expires_in: None }) };
    let client = quick(KopoKopo::builder().token_source(source).base_url(base_url)).build().unwrap();
    let (handle, call) = cancellable(async move { client.incoming_payments().create(&payment_request()).await });
    assert!(is_not_sent(&handle.cancel()));
    assert_eq!(call.await.unwrap_err().kind(), ErrorKind::Connection);
    assert_eq!(received.await.unwrap(), b"");
}

#[tokio::test]
async fn cancelling_after_request_was_sent_is_outcome_unknown_and_does_not_abort_it() {
    let server = Server::with_token(|_, _| Act::Late(Duration::from_millis(200), created("p1"))).await;
    let (handle, call) = start(server.client());
    until(|| server.count(CREATE) == 1).await;
    let error = unknown(handle.cancel());
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
    assert_eq!((error.operation(), error.attempts()), (Some("incoming_payments.create"), 1));
    assert!(error.sent_at().is_some());
    assert!(error.detail().contains("may have taken effect") && error.detail().contains("callback_url"), "{error}");
    assert_eq!(unknown(handle.cancel()).to_string(), error.to_string());
    assert_eq!(call.await.unwrap().unwrap().id(), "p1");
    assert_eq!(server.count(CREATE), 1);
}

#[tokio::test]
async fn cancelling_after_acceptance_names_created_resource() {
    let server = Server::with_token(|_, _| Act::Respond(created("p1"))).await;
    let (handle, call) = start(server.client());
    call.await.unwrap().unwrap();
    let error = unknown(handle.cancel());
    assert_eq!((error.kind(), error.id()), (ErrorKind::OutcomeUnknown, Some("p1")));
    assert_eq!(error.location(), Some(&*format!("{}/api/v2/incoming_payments/p1", server.base_url)));
    assert_eq!(error.status(), Some(201));
}

#[tokio::test]
async fn cancelling_after_refusal_is_normal_cancellation() {
    let server = Server::with_token(|_, _| Act::Respond(response("400 Bad Request", "", ""))).await;
    let (handle, call) = start(server.client());
    call.await.unwrap().unwrap_err();
    assert!(is_not_sent(&handle.cancel()));
}

#[tokio::test]
async fn cancelling_after_lost_response_returns_same_error() {
    let server = Server::with_token(|_, _| Act::Close).await;
    let (handle, call) = start(server.client());
    let error = call.await.unwrap().unwrap_err();
    assert!(error.sent_at().is_some());
    assert_eq!(unknown(handle.cancel()).to_string(), error.to_string());
}

#[tokio::test]
async fn cancelling_between_401_and_second_attempt_sends_nothing_more() {
    let server = Server::start(|seen, before| match (seen.line.contains("/oauth/token"), before) {
        (true, 0) => Act::Respond(support::token(0)),
        (true, _) => Act::Late(Duration::from_millis(200), support::token(before)),
        (false, _) => Act::Respond(response("401 Unauthorized", "", "")),
    })
    .await;
    let (handle, call) = start(server.client());
    until(|| server.count("POST /oauth/token") == 2).await;
    assert!(is_not_sent(&handle.cancel()));
    call.await.unwrap().unwrap_err();
    assert_eq!(server.count(CREATE), 1);
}

#[tokio::test]
async fn cancelling_first_attempt_prevents_second_attempt_after_401() {
    let server =
        Server::with_token(|_, _| Act::Late(Duration::from_millis(100), response("401 Unauthorized", "", ""))).await;
    let (handle, call) = start(server.client());
    until(|| server.count(CREATE) == 1).await;
    unknown(handle.cancel());
    call.await.unwrap().unwrap_err();
    assert_eq!(server.count(CREATE), 1);
}

#[tokio::test]
async fn cancelling_read_is_normal_cancellation() {
    let server = Server::with_token(|_, _| Act::Late(Duration::from_millis(100), pending())).await;
    let client = server.client();
    let (handle, call) = cancellable(async move { client.incoming_payments().get("p1").await });
    let call = tokio::spawn(call);
    until(|| server.count("GET ") == 1).await;
    assert!(is_not_sent(&handle.cancel()));
    call.abort();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelled_request_is_never_sent_at_any_time_of_cancellation() {
    let server = Server::with_token(|_, _| Act::Respond(created("p1"))).await;
    let client = server.client();
    client.incoming_payments().create(&payment_request()).await.unwrap();
    let random = Arc::new(Mutex::new(fastrand::Rng::with_seed(7)));
    let calls = (0..400).map(|number: u32| {
        let (client, random) = (client.clone(), Arc::clone(&random));
        tokio::spawn(async move {
            let mut request = payment_request();
            request.metadata = [("key", format!("key-{number}-"))].into_iter().collect();
            let (handle, call) = cancellable(async move { client.incoming_payments().create(&request).await });
            let call = tokio::spawn(call);
            let pause = random.lock().unwrap().u64(0..40_000);
            sleep(Duration::from_micros(pause)).await;
            let cancelled = handle.cancel();
            call.abort();
            (number, cancelled)
        })
    });
    let results = futures_util::future::join_all(calls).await;
    sleep(Duration::from_millis(300)).await;
    let bodies: String = server.seen().into_iter().map(|seen| seen.body).collect();
    for result in results {
        let (number, cancelled) = result.unwrap();
        let seen = bodies.matches(&format!("key-{number}-")).count();
        match cancelled {
            Cancelled::NotSent => assert_eq!(seen, 0, "{number}"),
            _ => assert_eq!(seen, 1, "{number}"),
        }
    }
}

#[tokio::test]
async fn dropping_create_logs_warning_only_if_it_was_sent() {
    #[derive(Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);
    impl Write for Log {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::WARN)
        .with_writer(move || writer.clone())
        .with_ansi(false)
        .finish();
    let server = Server::with_token(|_, _| Act::Hang).await;
    let client = server.client();
    let _guard = tracing::subscriber::set_default(subscriber);
    let text = || String::from_utf8(log.0.lock().unwrap().clone()).unwrap();

    drop(client.incoming_payments().create(&payment_request()));
    assert_eq!(text(), "");
    let (_, call) = start(client);
    until(|| server.count(CREATE) == 1).await;
    call.abort();
    assert!(call.await.unwrap_err().is_cancelled());
    assert!(text().contains("outcome unknown") && text().contains("incoming_payments.create"), "{}", text());
}

#[tokio::test]
async fn create_is_not_sent_if_too_little_time_is_left_for_its_response() {
    let server = Server::start(|seen, before| {
        if seen.line.contains("/oauth/token") {
            Act::Late(Duration::from_millis(850), support::token(before))
        } else {
            Act::Respond(created("p1"))
        }
    })
    .await;
    let options = CallOptions { timeout: Some(Duration::from_secs(1)), ..CallOptions::default() };
    let client = server.client().with_options(options).unwrap();
    let error = client.incoming_payments().create(&payment_request()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout, "{error}");
    assert!(error.detail().contains("nothing was sent"), "{error}");
    assert_eq!(server.count(CREATE), 0);
}
