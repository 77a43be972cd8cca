//! Calls through the contract: what crosses, what is refused, what is cancelled.

#![allow(clippy::result_large_err, clippy::unwrap_used, reason = "errors and test code")]

mod support;

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use kopokopo_ffi::{
    AccessToken, CallOptions, Destination, IncomingPaymentStatus, KopoKopo, KopoKopoError, MobileWalletDestination,
    SendMoneyRequest, TokenSource, TokenSourceOptions, TransactionStatus, WaitOptions, runtime,
};
use support::{
    client, options, paid, payment,
    server::{Act, Server, created, json, pending},
};

/// The server lives on the test's own runtime; calls run on the library's.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_asked_for_waited_for_and_arrives_whole() {
    let server = Server::with_token(|seen, before| {
        Act::Respond(match (seen.line.starts_with("POST"), before) {
            (true, _) => created("p1"),
            (false, 0) => pending(),
            (false, _) => paid(),
        })
    })
    .await;
    let push = client(&server.base_url).incoming_payments().create(payment()).await.unwrap();
    assert_eq!(push.id(), "p1");
    assert_eq!(push.location(), format!("{}/api/v2/incoming_payments/p1", server.base_url));
    let body = server.seen().into_iter().find(|seen| seen.line.starts_with("POST /api")).unwrap().body;
    assert!(body.contains(r#""value":100.5"#) && body.contains(r#""metadata":{"order":"7","rush":true}"#), "{body}");

    let wait = WaitOptions { interval: 0.01, ..WaitOptions::default() };
    let payment = push.wait(Some(wait)).await.unwrap();
    assert!(payment.is_paid && payment.is_final);
    assert_eq!(payment.status, IncomingPaymentStatus::Success);
    assert_eq!(payment.initiation_time.as_ref().unwrap().as_str(), "2026-05-01T10:43:20+03:00");
    assert_eq!(payment.metadata.as_str(), r#"{"order":"7","rush":true}"#);
    let transaction = payment.transaction.unwrap();
    assert_eq!(transaction.amount.as_ref().unwrap().as_str(), "100.5");
    assert_eq!(transaction.sender_phone_number.as_ref().unwrap().as_str(), "+254712345678");
    assert_eq!(transaction.status, Some(TransactionStatus::Received));
    assert!(payment.raw.as_str().contains("Lipa Na M-PESA"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_carries_all_there_is_to_know() {
    let server = Server::with_token(|_, _| {
        Act::Respond(json(
            "422 Unprocessable Entity",
            r#"{"error_code":422,"error_message":["Till is invalid","Call +254712345678"]}"#,
        ))
    })
    .await;
    let error = client(&server.base_url).incoming_payments().create(payment()).await.unwrap_err();
    assert_eq!(error.kind(), "invalid_request");
    assert!(matches!(error, KopoKopoError::InvalidRequest { .. }));
    let fields = error.into_fields();
    assert_eq!(fields.operation.as_deref(), Some("incoming_payments.create"));
    assert_eq!((fields.status, fields.server_code.as_deref(), fields.attempts), (Some(422), Some("422"), 1));
    assert_eq!(fields.messages.first().map(String::as_str), Some("Till is invalid"));
    assert!(fields.body.unwrap().contains("[redacted]"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_wait_that_a_server_asks_for_arrives_in_seconds() {
    let server = Server::with_token(|_, _| {
        Act::Respond(support::server::response("429 Too Many Requests", "retry-after: 90\r\n", "{}"))
    })
    .await;
    let error = client(&server.base_url).incoming_payments().get("p1".into()).await.unwrap_err();
    assert_eq!((error.kind(), error.into_fields().retry_after), ("rate_limit", Some(90.0)));
}

#[tokio::test]
async fn a_wrong_value_is_refused_by_its_field_before_anything_is_sent() {
    let client = client("http://127.0.0.1:9");
    let refused = |error: KopoKopoError, field: &str| {
        assert_eq!(error.kind(), "invalid_request");
        assert_eq!(error.into_fields().field.as_deref(), Some(field));
    };
    let payments = client.incoming_payments();
    let mut request = payment();
    request.amount = "ten".into();
    refused(payments.create(request).await.unwrap_err(), "amount");
    let mut request = payment();
    request.metadata = Some("[1]".into());
    refused(payments.create(request).await.unwrap_err(), "metadata");
    let mut request = payment();
    request.currency = Some("shillings".into());
    refused(payments.create(request).await.unwrap_err(), "currency");
    refused(payments.get("../oauth".into()).await.unwrap_err(), "id");
    let destination = |amount: &str| Destination::MobileWallet {
        destination: MobileWalletDestination {
            phone_number: "0712345678".into(),
            amount: amount.into(),
            description: "wages".into(),
            network: None,
            nickname: None,
            favourite: None,
        },
    };
    let request = SendMoneyRequest {
        destinations: vec![destination("1"), destination("x")],
        callback_url: "https://shop.example/results".into(),
        source_identifier: None,
        currency: None,
        metadata: None,
    };
    refused(client.send_money().create(request).await.unwrap_err(), "destinations[1].amount");
}

#[test]
fn a_wrong_option_is_named_as_the_contract_names_it() {
    let refused = |result: Result<KopoKopo, KopoKopoError>, option: &str| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), "configuration");
        assert!(!format!("{error:?}").contains("canary"));
        assert_eq!(error.into_fields().field.as_deref(), Some(option));
    };
    let with = |change: fn(&mut kopokopo_ffi::ClientOptions)| {
        let mut options = options("http://127.0.0.1:9");
        change(&mut options);
        KopoKopo::new(options)
    };
    refused(with(|options| options.client_id = " ".into()), "client_id");
    refused(with(|options| options.client_secret = "".into()), "client_secret");
    refused(with(|options| options.api_key = Some("".into())), "api_key");
    refused(with(|options| options.base_url = Some("http://api.example".into())), "base_url");
    refused(with(|options| options.connect_timeout = 0.0), "connect_timeout");
    refused(with(|options| options.stalled_timeout = f64::NAN), "stalled_timeout");
    refused(with(|options| options.timeout = -1.0), "timeout");
    refused(with(|options| options.retry_cap = f64::INFINITY), "retry_cap");
    refused(with(|options| options.proxy = Some("http://canary:x y@:port".into())), "proxy");
    refused(with(|options| options.extra_ca_certificates = Some("none".into())), "extra_ca_certificates");
    refused(with(|options| options.product = Some("my\nshop".into())), "product");
    let narrow =
        client("http://127.0.0.1:9").with_options(CallOptions { timeout: Some(0.0), ..CallOptions::default() });
    refused(narrow.map(|client| (*client).clone()), "timeout");
}

#[test]
fn nothing_that_is_printed_shows_a_secret() {
    let options = options("http://127.0.0.1:9");
    let shown = format!("{options:?} {:?} {:?}", client("http://127.0.0.1:9"), payment());
    for hidden in ["canary", "0712345678", "Jane", "order"] {
        assert!(!shown.contains(hidden), "{hidden}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_concurrent_calls_from_many_threads_get_their_results() {
    let server = Server::with_token(|_, _| Act::Late(Duration::from_millis(5), paid())).await;
    let client = client(&server.base_url);
    let blocking = tokio::task::spawn_blocking(move || {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..20)
                .map(|_| {
                    let payments = client.incoming_payments();
                    scope
                        .spawn(move || (0..10).filter(|_| runtime::block_on(payments.get("p1".into())).is_ok()).count())
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        })
    });
    assert_eq!(blocking.await.unwrap(), 200);
    assert_eq!(server.count("POST /oauth/token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_wait_looks_no_more() {
    let server = Server::with_token(|seen, _| {
        Act::Respond(if seen.line.starts_with("POST") { created("p1") } else { pending() })
    })
    .await;
    let push = client(&server.base_url).incoming_payments().create(payment()).await.unwrap();
    let wait = WaitOptions { interval: 0.02, max_interval: 0.02, ..WaitOptions::default() };
    let outcome = tokio::time::timeout(Duration::from_millis(200), push.wait(Some(wait))).await;
    assert!(outcome.is_err());
    tokio::time::sleep(Duration::from_millis(100)).await;
    let seen = server.count("GET");
    assert!(seen > 0);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(server.count("GET"), seen);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_create_that_is_dropped_on_its_way_still_arrives_once() {
    let server = Server::with_token(|_, _| Act::Late(Duration::from_millis(100), created("p1"))).await;
    let payments = client(&server.base_url).incoming_payments();
    let call = tokio::time::timeout(Duration::from_millis(50), payments.create(payment()));
    assert!(call.await.is_err());
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(server.count("POST /api/v2/incoming_payments"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocking_wait_can_be_interrupted() {
    let server = Server::with_token(|_, _| Act::Hang).await;
    let payments = client(&server.base_url).incoming_payments();
    let began = Instant::now();
    let outcome = tokio::task::spawn_blocking(move || {
        let mut looks = 0;
        runtime::block_on_while(payments.get("p1".into()), Duration::from_millis(10), || {
            looks += 1;
            if looks < 5 { Ok(()) } else { Err("interrupted") }
        })
        .map(|response| response.is_ok())
    });
    assert_eq!(outcome.await.unwrap(), Err("interrupted"));
    assert!(began.elapsed() < Duration::from_secs(3));
}

/// A source that does something else each time it is asked.
struct Source {
    asked: AtomicUsize,
    response: fn(usize) -> Result<AccessToken, KopoKopoError>,
}

#[async_trait::async_trait]
impl TokenSource for Source {
    async fn token(&self) -> Result<AccessToken, KopoKopoError> {
        (self.response)(self.asked.fetch_add(1, Ordering::SeqCst))
    }
}

fn with_source(server: &Server, response: fn(usize) -> Result<AccessToken, KopoKopoError>) -> (KopoKopo, Arc<Source>) {
    let source = Arc::new(Source { asked: AtomicUsize::new(0), response });
    let options = TokenSourceOptions { base_url: Some(server.base_url.clone()), ..TokenSourceOptions::default() };
    (KopoKopo::with_token_source(source.clone(), options).unwrap(), source)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_source_is_asked_once_and_its_token_is_used() {
    let server = Server::start(|_, _| Act::Respond(paid())).await;
    let (client, source) =
        with_source(&server, |_| Ok(AccessToken { token: "from-the-backend".into(), expires_in: Some(3600.0) }));
    for _ in 0..3 {
        client.incoming_payments().get("p1".into()).await.unwrap();
    }
    assert_eq!(source.asked.load(Ordering::SeqCst), 1);
    assert!(server.seen().iter().all(|seen| seen.header("authorization") == Some("Bearer from-the-backend")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_source_that_fails_in_any_way_ends_the_call_with_authentication() {
    let server = Server::start(|_, _| Act::Respond(paid())).await;
    let failures: [fn(usize) -> Result<AccessToken, KopoKopoError>; 4] = [
        |_| Err(uniffi::UnexpectedUniFFICallbackError::new("canary").into()),
        |_| panic!("canary"),
        |_| Ok(AccessToken { token: "t".into(), expires_in: Some(-1.0) }),
        |_| {
            Err(KopoKopo::with_token_source(
                Arc::new(Source { asked: AtomicUsize::new(0), response: |_| panic!() }),
                TokenSourceOptions { timeout: 0.0, ..TokenSourceOptions::default() },
            )
            .unwrap_err())
        },
    ];
    for response in failures {
        let (client, _) = with_source(&server, response);
        let error = client.incoming_payments().get("p1".into()).await.unwrap_err();
        assert_eq!(error.kind(), "authentication");
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
    assert!(server.seen().is_empty());
}
