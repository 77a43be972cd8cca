//! What a person who watches sees: events as they happen, customers' phones, lists, and why a request was refused.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use kopokopo_sandbox::{Pace, Sandbox};
use serde_json::{Value, json};
use support::{NOWHERE, Receiver, Talk, stk_push};

/// A client of the event stream.
struct Stream(TcpStream, String);

impl Stream {
    fn open(talk: &Talk, last: Option<&str>) -> Self {
        let mut stream = TcpStream::connect(talk.host()).unwrap();
        let last = last.map(|id| format!("last-event-id: {id}\r\n")).unwrap_or_default();
        let head = format!("GET /_sandbox/events HTTP/1.1\r\nhost: {}\r\n{last}\r\n", talk.host());
        stream.write_all(head.as_bytes()).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        Self(stream, String::new())
    }

    /// Reads until the condition holds. False: the stream ended before.
    async fn until(&mut self, holds: impl Fn(&str) -> bool) -> bool {
        let began = Instant::now();
        let mut chunk = [0; 4_096];
        while !holds(&self.1) {
            match self.0.read(&mut chunk) {
                Ok(0) => return false,
                Ok(count) => self.1.push_str(&String::from_utf8_lossy(&chunk[..count])),
                Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => return false,
                Err(_) => {}
            }
            assert!(began.elapsed() < Duration::from_secs(20), "never came: {}", self.1);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        true
    }

    fn last_id(&self) -> String {
        self.1.lines().filter_map(|line| line.strip_prefix("id: ")).next_back().unwrap().to_owned()
    }

    fn data(&self, event: &str) -> Vec<Value> {
        let name = format!("event: {event}");
        let lines: Vec<_> = self.1.lines().collect();
        let pairs = lines.windows(2).filter(|pair| pair[0] == name);
        pairs.filter_map(|pair| serde_json::from_str(pair[1].strip_prefix("data: ")?).ok()).collect()
    }
}

async fn manual() -> Talk {
    Talk { sandbox: Sandbox::builder().pace(Pace::Manual).start().await.unwrap() }
}

async fn get(talk: &Talk, path: &str) -> Value {
    talk.control("GET", path, &json!(null)).await.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_as_they_happen_with_their_contents() {
    let (talk, receiver) = (Talk::start().await, Receiver::start(&[200]));
    let mut stream = Stream::open(&talk, None);
    assert!(stream.until(|text| text.contains("event: ready")).await);
    assert!(stream.1.contains("content-type: text/event-stream") && stream.1.contains("cache-control: no-store"));
    talk.post("/api/v2/incoming_payments", &stk_push("10", "0712345678", &receiver.url)).await;
    // To its end.
    let is_delivered =
        |text: &str| text.split_once("\"delivered\":true").is_some_and(|(_, rest)| rest.contains("\n\n"));
    assert!(stream.until(|text| is_delivered(text) && text.contains("event: state")).await);
    let requests = stream.data("request");
    let push = requests.iter().rfind(|request| request["operation"] == "incoming_payments.create").unwrap();
    assert_eq!((push["status"].as_u64(), push["body"]["till_number"].as_str()), (Some(201), Some("K000000")));
    let delivery = stream.data("delivery").pop().unwrap();
    assert_eq!(
        (delivery["topic"].as_str(), delivery["attempts"][0]["status"].as_u64()),
        (Some("incoming_payment"), Some(200))
    );
    talk.sandbox.reset();
    assert!(stream.until(|text| text.contains("event: reset")).await);
    assert!(!stream.1.contains(talk.sandbox.client_secret()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_goes_on_after_the_last_event_and_one_of_another_sandbox_begins_anew() {
    let talk = Talk::start().await;
    let mut stream = Stream::open(&talk, None);
    assert!(stream.until(|text| text.contains("event: ready")).await);
    let seen = stream.last_id();
    drop(stream);
    talk.get("/api/v2/polling/while_away").await;
    let mut stream = Stream::open(&talk, Some(&seen));
    assert!(stream.until(|text| text.contains("while_away")).await);
    for unknown in ["00000000-1", "nonsense", "-"] {
        let mut stream = Stream::open(&talk, Some(unknown));
        assert!(stream.until(|text| text.contains("event: missed")).await, "{unknown}");
    }
    let ahead = format!("{}-999999", seen.split_once('-').unwrap().0);
    assert!(Stream::open(&talk, Some(&ahead)).until(|text| text.contains("event: missed")).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_are_bounded_and_end_with_the_sandbox() {
    let talk = Talk::start().await;
    let mut streams: Vec<_> = (0..64).map(|_| Stream::open(&talk, None)).collect();
    for stream in &mut streams {
        assert!(stream.until(|text| text.contains("event: ready")).await);
    }
    let refused = talk.send("GET", "/_sandbox/events", &[], "").await.unwrap();
    assert_eq!((refused.status, refused.body.contains("64 clients watch already")), (503, true));
    drop(streams.pop());
    // The place is free when the sandbox learns that the client is gone: with the next event.
    let began = Instant::now();
    loop {
        talk.get("/api/v2/polling/x").await;
        let mut stream = Stream::open(&talk, None);
        assert!(stream.until(|text| text.contains("HTTP/1.1 ")).await);
        if stream.1.starts_with("HTTP/1.1 200") {
            streams.push(stream);
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20));
    }
    talk.sandbox.stop().await;
    for mut stream in streams {
        assert!(!stream.until(|_| false).await);
    }
}

#[tokio::test]
async fn a_stream_of_another_site_is_refused() {
    let talk = Talk::start().await;
    let refused = talk.send("GET", "/_sandbox/events", &[("origin", "https://evil.example")], "").await.unwrap();
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn phones_show_prompts_and_then_an_sms() {
    let talk = manual().await;
    let mut ids = Vec::new();
    for amount in ["1", "2", "3", "4"] {
        let push = stk_push(amount, "0712345678", NOWHERE);
        ids.push(talk.post("/api/v2/incoming_payments", &push).await.id());
    }
    let customers = get(&talk, "/customers").await;
    let prompts = customers["prompts"].as_array().unwrap();
    assert_eq!((prompts.len(), customers["messages"].as_array().unwrap().len()), (4, 0));
    let newest = &prompts[0];
    assert_eq!(
        ["id", "amount", "phone_number", "till_number", "till_name", "name"].map(|name| newest[name].as_str().unwrap()),
        [ids[3].as_str(), "4", "254712345678", "K000000", "Online Payments", "Joe Buyer"]
    );
    for (id, action) in ids.iter().zip(["enter_pin", "cancel", "wrong_pin", "insufficient_funds"]) {
        talk.control("POST", &format!("/incoming_payments/{id}/customer"), &json!({ "action": action })).await;
    }
    let customers = get(&talk, "/customers").await;
    assert!(customers["prompts"].as_array().unwrap().is_empty());
    let texts: Vec<_> =
        customers["messages"].as_array().unwrap().iter().map(|sms| sms["text"].as_str().unwrap()).collect();
    assert!(texts[3].contains(" Confirmed. Ksh1.00 paid to Online Payments K000000."), "{texts:?}");
    assert!(texts[2].contains("cancelled") && texts[1].contains("wrong PIN") && texts[0].contains("enough money"));
}

#[tokio::test]
async fn a_reversal_and_money_that_is_sent_reach_the_phone_too() {
    let talk = Talk::start().await;
    let payment = json!({ "till_number": "K000000", "amount": 7, "phone_number": "0712345678" });
    let paid = talk.control("POST", "/pay", &payment).await.json();
    let reference = paid["resource"]["reference"].as_str().unwrap();
    talk.control("POST", &format!("/transactions/{reference}/reverse"), &json!({})).await;
    let to = json!({ "type": "mobile_wallet", "phone_number": "254712345678", "amount": 9, "network": "Safaricom", "description": "d" });
    let batch = json!({ "destinations": [to], "_links": { "callback_url": NOWHERE } });
    let id = talk.post("/api/v2/send_money", &batch).await.id();
    talk.until(&format!("/api/v2/send_money/{id}"), |value| value["data"]["attributes"]["status"] == "Processed").await;
    let messages = get(&talk, "/customers").await["messages"].clone();
    assert!(messages[0]["text"].as_str().unwrap().ends_with("You have received Ksh9.00."), "{messages}");
    assert!(messages[1]["text"].as_str().unwrap().contains("was reversed to you"), "{messages}");
    assert_eq!(get(&talk, "/transactions").await[0]["status"], "reversed");
    assert_eq!(get(&talk, "/resources/send_money").await[0]["id"], id.as_str());
}

#[tokio::test]
async fn every_way_to_pay_is_listed_can_be_reversed_and_leaves_nothing_unaccounted() {
    let talk = Talk::start().await;
    for (kind, till) in [("buygoods", "555555"), ("b2b", "555555"), ("card", "7600314301")] {
        let paid = talk.control("POST", "/pay", &json!({ "kind": kind, "till_number": till, "amount": "12.50" })).await;
        assert_eq!(paid.status, 200);
        let listed = get(&talk, "/transactions").await[0].clone();
        assert_eq!((listed["kind"].as_str(), listed["amount"].as_str()), (Some(kind), Some("12.5")));
        assert_eq!(talk.balance(till), "12.5");
        let way = if kind == "card" { "void" } else { "reverse" };
        let path = format!("/transactions/{}/{way}", listed["reference"].as_str().unwrap());
        assert_eq!(talk.control("POST", &path, &json!({})).await.status, 200);
        assert_eq!(talk.balance(till), "0");
    }
    talk.control("PUT", "/tills/555555", &json!({ "balance": "77" })).await;
    talk.control("PUT", "/tills/new", &json!({ "balance": 3 })).await;
    assert_eq!(talk.sandbox.state()["unaccounted"], "0");
    talk.sandbox.reset();
    assert_eq!(talk.sandbox.state()["unaccounted"], "0");
}

#[tokio::test]
async fn a_link_is_paid_from_a_phone_and_its_url_is_a_page_for_browsers() {
    let talk = Talk::start().await;
    let link = json!({ "till_number": "K000000", "amount": 40, "note": "n", "_links": { "callback_url": NOWHERE } });
    let id = talk.post("/api/v2/payment_links", &link).await.id();
    let shown = get(&talk, &format!("/payment_links/{id}")).await;
    let token = shown["url"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert_eq!(get(&talk, &format!("/payment_links/{token}")).await, shown);
    assert_eq!(get(&talk, "/payment_links").await[0], shown);
    let browser = [("accept", "text/html,application/xhtml+xml")];
    let page = talk.send("GET", &format!("/links/{token}"), &browser, "").await.unwrap();
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.header("content-security-policy").unwrap().contains("default-src 'none'"));
    let text = talk.send("GET", &format!("/links/{token}"), &[], "").await.unwrap();
    assert_eq!((text.status, text.header("content-type")), (200, Some("text/plain; charset=utf-8")));
    let pay = |body: Value| {
        let (talk, id) = (&talk, &id);
        async move { talk.control("POST", &format!("/payment_links/{id}/customer"), &body).await }
    };
    let wrong = pay(json!({ "action": "enter_pin", "phone_number": "12" })).await;
    assert!(wrong.status == 400 && wrong.body.contains("Phone number is an invalid number"), "{}", wrong.body);
    assert_eq!(pay(json!({ "action": "wrong_pin" })).await.status, 200);
    assert_eq!(get(&talk, &format!("/payment_links/{id}")).await["errors"][0], "The initiator information is invalid.");
    assert_eq!(pay(json!({ "action": "enter_pin", "phone_number": "0711222333" })).await.status, 200);
    let paid = get(&talk, &format!("/payment_links/{id}")).await;
    assert_eq!(paid["status"], "Paid");
    let listed = get(&talk, "/transactions").await[0].clone();
    assert_eq!(
        (listed["payer"].as_str(), &listed["reference"]),
        (Some("254711222333"), &paid["transaction_reference"])
    );
    assert_eq!(talk.control("GET", "/payment_links/none", &json!(null)).await.status, 404);
    let unknown = talk.control("GET", "/resources/none", &json!(null)).await;
    assert!(unknown.status == 404 && unknown.body.contains("send_money"), "{}", unknown.body);
}

#[tokio::test]
async fn a_closed_port_opens_with_a_reset_and_with_the_end_of_its_fault() {
    let talk = Talk::start().await;
    for round in 0..2 {
        talk.sandbox.refuse_connections(Duration::from_secs(3_600));
        let began = Instant::now();
        while TcpStream::connect(talk.host()).is_ok() {
            assert!(began.elapsed() < Duration::from_secs(20));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        if round == 0 {
            talk.sandbox.reset();
        } else {
            talk.sandbox.set_faults(Vec::new()).unwrap();
        }
        let began = Instant::now();
        while TcpStream::connect(talk.host()).is_err() {
            assert!(began.elapsed() < Duration::from_secs(20), "it stays closed");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(talk.control("GET", "/health", &json!(null)).await.status, 200);
    }
}

#[tokio::test]
async fn a_reset_without_a_closed_port_cuts_no_connection() {
    let talk = Talk::start().await;
    let mut stream = Stream::open(&talk, None);
    assert!(stream.until(|text| text.contains("event: ready")).await);
    talk.sandbox.reset();
    assert!(stream.until(|text| text.contains("event: reset")).await);
}

#[tokio::test]
async fn a_browser_at_the_root_gets_to_the_page_and_its_files_are_protected() {
    let talk = Talk::start().await;
    let browser = [("accept", "text/html")];
    let there = talk.send("GET", "/", &browser, "").await.unwrap();
    assert_eq!((there.status, there.header("location")), (303, Some("/_sandbox/ui")));
    assert_eq!(talk.send("GET", "/", &[], "").await.unwrap().status, 404);
    for path in ["/_sandbox/ui", "/_sandbox/ui/app.js", "/_sandbox/ui/start", "/_sandbox/ui/none", "/_sandbox/state"] {
        let file = talk.send("GET", path, &[], "").await.unwrap();
        let policy = file.header("content-security-policy").unwrap();
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "connect-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            "form-action 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe"), "{policy}");
        let others = ["x-content-type-options", "referrer-policy", "cache-control"].map(|name| file.header(name));
        assert_eq!(others, [Some("nosniff"), Some("no-referrer"), Some("no-store")], "{path}");
        let foreign = talk.send("GET", path, &[("host", "evil.example")], "").await.unwrap();
        assert_eq!(foreign.status, 403, "{path}");
    }
    let start = get(&talk, "/ui/start").await;
    assert_eq!(start["base_url"], talk.sandbox.base_url());
    assert_eq!(start["client_secret"], talk.sandbox.client_secret());
}
