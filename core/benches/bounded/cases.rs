//! Inputs that could make a parser or the redactor read the same bytes many times.

use std::{
    hint::black_box,
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use http::{HeaderMap, HeaderName, HeaderValue};
use kopokopo::{
    KopoKopo, RetryOptions, parse_retry_after, redact_all,
    resources::{IncomingPaymentRequest, Polling, Resource, SendMoney},
    transport::{HttpRequest, HttpResponse, Transport, TransportError},
    types::{Amount, Currency, Metadata, PhoneNumber, ResourceId, Secret, Timestamp},
    webhooks::{Webhooks, sign},
};

/// One hostile input of any size, and the code that reads it.
pub struct Case {
    pub name: String,
    /// Makes an input of about this size in bytes, and returns the work on it.
    pub prepare: Box<dyn Fn(usize) -> Box<dyn Fn()>>,
}

pub fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    redaction(&mut cases);
    webhooks(&mut cases);
    resources(&mut cases);
    scalars(&mut cases);
    responses(&mut cases);
    cases
}

fn case<I: 'static>(
    cases: &mut Vec<Case>,
    name: impl Into<String>,
    input: impl Fn(usize) -> I + 'static,
    work: impl Fn(&I) + Clone + 'static,
) {
    let prepare = Box::new(move |size| {
        let (input, work) = (input(size), work.clone());
        Box::new(move || work(&input)) as Box<dyn Fn()>
    });
    cases.push(Case { name: name.into(), prepare });
}

fn repeat(part: &str, size: usize) -> String {
    part.repeat(size / part.len())
}

/// Items that are made from their number, separated by commas.
fn items(size: usize, item: impl Fn(usize) -> String) -> String {
    let mut text = String::with_capacity(size + 256);
    for number in 0.. {
        if text.len() >= size {
            break;
        }
        if number > 0 {
            text.push(',');
        }
        text.push_str(&item(number));
    }
    text
}

fn redaction(cases: &mut Vec<Case>) {
    let parts = [
        "bearer a ",
        "bearer ",
        "basic \"",
        "token",
        "token\"",
        "token=",
        "token:{",
        "token:\"",
        "token:\\",
        "secret\\\"",
        "password  ",
        "0",
        "0 ",
        "0712 ",
        "+",
        "(0",
        "a@",
        "@",
        "_",
        "\u{e9}",
        "aaaa",
        "0712 345 678 ",
    ];
    for part in parts {
        let secrets = [Secret::from("aaaaaaaaaaaaaaaaaaaaab"), Secret::from("token=token=")];
        case(
            cases,
            format!("redact: {part:?} repeated"),
            move |size| repeat(part, size),
            move |text| {
                black_box(redact_all(text, &secrets));
            },
        );
    }
}

/// A payload with repeated items between two fixed parts.
fn filled(before: &'static str, item: fn(usize) -> String, after: &'static str) -> impl Fn(usize) -> String {
    move |size| format!("{before}{}{after}", items(size, item))
}

fn webhooks(cases: &mut Vec<Case>) {
    type Item = fn(usize) -> String;
    let bodies: [(&str, &'static str, Item, &'static str); 11] = [
        ("unknown fields", r#"{"topic":"customer_created","id":"1","#, |n| format!(r#""f{n}":{n}"#), "}"),
        ("topic at the end", "{", |n| format!(r#""f{n}":[{n}]"#), r#","topic":"customer_created","id":"1"}"#),
        ("brackets", r#"{"a":["#, |_| "[[],{}]".into(), "]}"),
        ("brackets in a string", r#"{"a":[""#, |_| "[{\\\"".into(), r#""]}"#),
        ("escapes", r#"{"topic":""#, |_| "\\u0041\\ud83d\\ude00".into(), r#""}"#),
        (
            "metadata",
            r#"{"data":{"type":"incoming_payment","id":"1","attributes":{"status":"Success","metadata":{"#,
            |n| format!(r#""k{n}":{n}"#),
            "}}}}",
        ),
        (
            "errors",
            r#"{"data":{"type":"payment_link","id":"1","attributes":{"status":"Processed","errors":["#,
            |n| format!(r#""e{n}""#),
            "]}}}",
        ),
        (
            "errors by field",
            r#"{"data":{"type":"payment_link","id":"1","attributes":{"status":"Processed","errors":{"#,
            |n| format!(r#""e{n}":["is invalid"]"#),
            "}}}}",
        ),
        (
            "transactions",
            r#"{"data":{"type":"polling","id":"1","attributes":{"status":"Success","transactions":["#,
            |n| format!(r#"{{"type":"Buygoods Transaction","resource":{{"reference":"R{n}","amount":"{n}.50"}}}}"#),
            "]}}}",
        ),
        ("unclosed list", r#"{"data":["#, |n| n.to_string(), ""),
        ("repeated name", "{", |_| r#""topic":null"#.into(), "}"),
    ];
    for (name, before, item, after) in bodies {
        case(cases, format!("webhook: {name}"), filled(before, item, after), |body| read_webhook(body.as_bytes()));
    }
    let digits = |size| {
        format!(
            r#"{{"topic":"buygoods_transaction_received","event":{{"resource":{{"amount":{}}}}}}}"#,
            "1".repeat(size)
        )
    };
    case(cases, "webhook: amount with many digits", digits, |body| read_webhook(body.as_bytes()));
    case(cases, "webhook: bytes that are not UTF-8", |size| vec![0xff; size], |body| read_webhook(body));
    case(cases, "webhook: white space", |size| " ".repeat(size), |body| read_webhook(body.as_bytes()));
    case(
        cases,
        "webhook: signature with many characters",
        |size| "a".repeat(size),
        |signature| {
            black_box(Webhooks::new(["api-key"]).verify(b"{}", Some(signature))).ok();
        },
    );
}

fn read_webhook(body: &[u8]) {
    let webhooks = Webhooks::new(["api-key"]).with_max_body(usize::MAX);
    match webhooks.verify(body, Some(&sign("api-key", body))) {
        Ok(event) => {
            black_box((event.dedupe_key(), event.payment_key(), format!("{event:?}")));
            black_box(serde_json::to_string(&event)).ok();
        }
        Err(error) => drop(black_box(format!("{error} {error:?}"))),
    }
}

fn resources(cases: &mut Vec<Case>) {
    let sent = |size: usize| {
        let destinations =
            items(size / 2, |n| format!(r#"{{"type":"mobile_wallet","phone_number":"2547{n:08}","amount":"10"}}"#));
        let disbursements = items(size / 2, |n| {
            format!(
                r#"{{"status":"Transferred","amount":"10","transaction_reference":"R{n}","phone_number":"2547{n:08}"}}"#
            )
        });
        format!(
            r#"{{"data":{{"id":"1","type":"send_money","attributes":{{"status":"Processed","destinations":[{destinations}],"transfer_batches":[{{"status":"Transferred","disbursements":[{disbursements}]}}]}}}}}}"#
        )
    };
    case(cases, "send money: destinations and disbursements", sent, |body| {
        let request = SendMoney::from_body(body.as_bytes()).unwrap();
        black_box((request.is_paid(), request.is_final(), request.failed_disbursements().len()));
        black_box((request.disbursements_to("0712345678").len(), request.failed_batches().len()));
    });
    let batches = |size: usize| {
        let batches = items(size, |n| format!(r#"{{"status":"Cancelled","errors":["e{n}"],"disbursements":[{{}}]}}"#));
        format!(r#"{{"data":{{"attributes":{{"status":"Processed","transfer_batches":[{batches}]}}}}}}"#)
    };
    case(cases, "send money: batches", batches, |body| {
        let request = SendMoney::from_body(body.as_bytes()).unwrap();
        black_box((request.is_paid(), request.failed_batches().len(), format!("{request:?}")));
    });
    case(
        cases,
        "polling: list of nulls",
        |size| {
            format!(
                r#"{{"data":{{"attributes":{{"status":"Success","transactions":[{}]}}}}}}"#,
                items(size, |_| "null".into())
            )
        },
        |body| {
            black_box(Polling::from_body(body.as_bytes())).ok();
        },
    );
}

fn scalars(cases: &mut Vec<Case>) {
    for part in ["0", "1", "9.", "1e", "-", "0.0", " "] {
        case(
            cases,
            format!("amount: {part:?} repeated"),
            move |size| repeat(part, size),
            |text| {
                black_box((text.parse::<Amount>().is_ok(), serde_json::from_str::<Amount>(text).is_ok()));
            },
        );
    }
    case(
        cases,
        "amount: zeros after the decimal point",
        |size| format!("1.{}", "0".repeat(size)),
        |text| {
            black_box((text.parse::<Amount>().is_ok(), serde_json::from_str::<Amount>(text).is_ok()));
        },
    );
    for part in ["0", "07 ", "+", "\u{202a}", "(", "tel:"] {
        case(
            cases,
            format!("phone number: {part:?} repeated"),
            move |size| repeat(part, size),
            |text| {
                black_box(text.parse::<PhoneNumber>().is_ok());
            },
        );
    }
    for part in ["0", "2026-05-01T10:43:20.", "1,", " "] {
        case(
            cases,
            format!("time: {part:?} repeated"),
            move |size| repeat(part, size),
            |text| {
                black_box((text.parse::<Timestamp>().is_ok(), Timestamp::from_daraja(text).is_some()));
                black_box((
                    text.parse::<Currency>().is_ok(),
                    parse_retry_after(text, Timestamp::from_unix_timestamp(0).unwrap().instant()),
                ));
            },
        );
    }
    for part in ["/", "a", "/a", "//", "?", "://", "incoming_payments/", "%2f", "a/../"] {
        case(
            cases,
            format!("Location: {part:?} repeated"),
            move |size| repeat(part, size),
            |text| {
                black_box((
                    ResourceId::from_location(text, "/api/v2/incoming_payments").is_ok(),
                    ResourceId::parse(text).is_ok(),
                ));
            },
        );
    }
    case(
        cases,
        "metadata: read",
        |size| format!("{{{}}}", items(size, |n| format!(r#""k{n}":"v""#))),
        |text| {
            black_box(serde_json::from_str::<Metadata>(text)).ok();
        },
    );
    case(
        cases,
        "metadata: from pairs",
        |size| (0..size / 16).map(|n| format!("key {n}")).collect::<Vec<_>>(),
        |names| {
            black_box(names.iter().map(|name| (name.as_str(), "v")).collect::<Metadata>());
        },
    );
}

/// Sends the same response to every request.
struct Always {
    status: u16,
    headers: HeaderMap,
    body: String,
}

impl Transport for Always {
    fn send(&self, _: HttpRequest) -> BoxFuture<'static, Result<HttpResponse, TransportError>> {
        let response =
            HttpResponse { status: self.status, headers: self.headers.clone(), body: Ok(self.body.clone().into()) };
        async move { Ok(response) }.boxed()
    }
}

fn responses(cases: &mut Vec<Case>) {
    let names = ["error_message", "error", "error_description"];
    for part in ["bearer a ", "0712 345 678 ", "token=", "\\u0041", "{", "["] {
        case(cases, format!("error body: {part:?} repeated"), move |size| client(400, "", repeat(part, size)), read);
        for name in names {
            let body = move |size| client(400, "", format!(r#"{{"{name}":"{}"}}"#, repeat(part, size)));
            case(cases, format!("error body: {name}, {part:?} repeated"), body, read);
        }
    }
    let messages =
        |size| client(422, "", format!(r#"{{"error_message":[{}]}}"#, items(size, |n| format!(r#""m{n}""#))));
    case(cases, "error body: messages", messages, read);
    case(cases, "error body: HTML page", |size| client(404, "", repeat("<p>token=a</p>", size)), read);
    case(cases, "error: long redirect", |size| client(302, "location", repeat("/a?", size)), read);
    case(cases, "error: long Retry-After", |size| client(429, "retry-after", "1".repeat(size)), read);
    case(cases, "error: long request id", |size| client(500, "x-request-id", "a".repeat(size)), read);
    case(
        cases,
        "response: not the resource",
        |size| client(200, "", format!(r#"{{"data":{{"id":"{}"}}}}"#, "a".repeat(size))),
        read,
    );
    case(cases, "response: not JSON", |size| client(200, "", repeat("{\"data\":\"0712345678\"", size)), read);
    for part in ["/", "a", "incoming_payments/"] {
        case(
            cases,
            format!("create: Location with {part:?} repeated"),
            move |size| client(201, "location", repeat(part, size)),
            create,
        );
    }
    case(
        cases,
        "create: long body",
        |size| client(201, "", format!(r#"{{"_links":{{"self":"{}"}}}}"#, "/a".repeat(size / 2))),
        create,
    );
}

/// A client whose server always returns the same response. The text is the value of the header, or the body if `header`
/// is empty.
fn client(status: u16, header: &'static str, text: String) -> KopoKopo {
    let mut headers = HeaderMap::new();
    let mut body = String::new();
    if header.is_empty() {
        body = text;
    } else {
        headers.insert(HeaderName::from_static(header), HeaderValue::from_str(&text).unwrap());
    }
    let token = || async { Ok(kopokopo::AccessToken { token: Secret::from("an-access-token"), expires_in: None }) };
    let mut retries = RetryOptions::default();
    retries.max_retries = 0;
    KopoKopo::builder()
        .client_id("application")
        .client_secret("a-client-secret")
        .api_key("an-api-key")
        .base_url("https://sandbox.kopokopo.com")
        .token_source(token)
        .transport(Always { status, headers, body })
        .retries(retries)
        .build()
        .unwrap()
}

fn wait_for<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn read(client: &KopoKopo) {
    let outcome = wait_for(client.incoming_payments().get("247b1bd8"));
    black_box(format!("{outcome:?}"));
}

fn create(client: &KopoKopo) {
    let request = IncomingPaymentRequest {
        till_number: "K000000".into(),
        phone_number: "0712345678".into(),
        amount: 100.into(),
        callback_url: "https://shop.example/k2".into(),
        ..IncomingPaymentRequest::default()
    };
    let outcome = wait_for(client.incoming_payments().create(&request));
    black_box(format!("{outcome:?}"));
}

/// The minimum time of all runs, for each size. Noise only adds to it.
pub struct Measured {
    work: Vec<Box<dyn Fn()>>,
    pub least: Vec<Duration>,
}

impl Measured {
    pub fn new(case: &Case, sizes: &[usize]) -> Self {
        Self { work: sizes.iter().map(|size| (case.prepare)(*size)).collect(), least: vec![Duration::MAX; sizes.len()] }
    }

    pub fn run(&mut self) {
        for (work, least) in self.work.iter().zip(&mut self.least) {
            let began = Instant::now();
            work();
            *least = (*least).min(began.elapsed());
        }
    }

    /// The largest growth from one size to the next. Times below `min_time` count as `min_time`.
    pub fn growth(&self, min_time: Duration) -> f64 {
        let times: Vec<f64> = self.least.iter().map(|time| time.max(&min_time).as_secs_f64()).collect();
        times.windows(2).map(|pair| pair[1] / pair[0]).fold(0.0, f64::max)
    }
}
