#![no_main]
//! For any response, a create and a read return a value or an error, which has no secret. The first two bytes of the
//! input are the status, the first line is the Location, and the rest is the body.

use std::sync::{Arc, LazyLock, Mutex};

use bytes::Bytes;
use futures_util::future::{BoxFuture, FutureExt};
use http::{HeaderMap, HeaderValue, header::LOCATION};
use kopokopo::{
    AccessToken, ErrorKind, KopoKopo, RetryOptions,
    resources::IncomingPaymentRequest,
    transport::{HttpRequest, HttpResponse, Transport, TransportError},
};
use libfuzzer_sys::fuzz_target;
use tokio::runtime::{Builder, Runtime};

const TOKEN: &str = "canary-token-5d1e";

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Builder::new_current_thread().enable_all().build().unwrap());
static NEXT: LazyLock<Arc<Mutex<Option<HttpResponse>>>> = LazyLock::new(Arc::default);

struct Server;

impl Transport for Server {
    fn send(&self, _: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let response = NEXT.lock().unwrap().clone().unwrap();
        async move { Ok(response) }.boxed()
    }
}

static CLIENT: LazyLock<KopoKopo> = LazyLock::new(|| {
    let mut retries = RetryOptions::default();
    retries.max_retries = 0;
    KopoKopo::builder()
        .base_url("http://127.0.0.1:9")
        .transport(Server)
        .retries(retries)
        .token_source(|| async { Ok(AccessToken { token: TOKEN.into(), expires_in: None }) })
        .build()
        .unwrap()
});

fuzz_target!(|input: &[u8]| {
    let Some((status, rest)) = input.split_first_chunk::<2>() else { return };
    let status = 200 + u16::from_le_bytes(*status) % 400;
    let (location, body) = rest.split_at(rest.iter().position(|b| *b == b'\n').unwrap_or(0));
    let mut headers = HeaderMap::new();
    if let Ok(location) = HeaderValue::from_bytes(location) {
        headers.insert(LOCATION, location);
    }
    let body = Ok(Bytes::from([body, TOKEN.as_bytes()].concat()));
    *NEXT.lock().unwrap() = Some(HttpResponse { status, headers, body });
    let request = IncomingPaymentRequest {
        till_number: "K000000".into(),
        phone_number: "0712345678".into(),
        amount: 1.into(),
        callback_url: "https://shop.example".into(),
        ..IncomingPaymentRequest::default()
    };
    let payments = CLIENT.incoming_payments();
    let (created, read) = RUNTIME.block_on(async { (payments.create(&request).await, payments.get("p1").await) });
    for error in [created.as_ref().err(), read.as_ref().err()].into_iter().flatten() {
        let shown = format!("{error} {error:?} {}", serde_json::to_string(error).unwrap());
        assert!(!shown.contains(TOKEN), "the error has a token");
        assert_ne!(error.kind(), ErrorKind::Internal);
    }
    if let Err(error) = created {
        // The error of a create that may have been processed never has a kind that programs retry.
        let is_refused = (400..500).contains(&status) || matches!(status, 301 | 307 | 308);
        assert!(is_refused || error.kind() == ErrorKind::OutcomeUnknown || status >= 500, "{status}: {}", error.kind());
    }
});
