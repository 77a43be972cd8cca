//! Every call ends at its deadline if the server hangs: each public operation with each way to hang.

#![allow(clippy::unwrap_used)]

mod support;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{FutureExt, future::BoxFuture};
use kopokopo::{ErrorKind, KopoKopo, RetryOptions, Timeouts, WaitOptions, resources::*, types::Secret};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    time::sleep,
};

const TOTAL: Duration = Duration::from_millis(600);

/// How much later than its deadline a call may end, in addition to delays of the machine.
const SLACK: Duration = Duration::from_millis(250);

type Outcome = kopokopo::Result<()>;
type Operation = (&'static str, fn(KopoKopo) -> BoxFuture<'static, Outcome>);

fn wait() -> WaitOptions {
    WaitOptions { interval: Duration::from_millis(50), ..WaitOptions::timeout(TOTAL) }
}

/// `section.operation`, with the call and its arguments.
macro_rules! table {
    ($($name:literal: $section:ident.$call:ident($($argument:expr),*),)*) => {
        [$(($name, |client: KopoKopo| {
            async move { client.$section().$call($($argument),*).await.map(drop) }.boxed()
        })),*]
    };
}

fn operations() -> Vec<Operation> {
    let operations: &[Operation] = &table! {
        "oauth.token": oauth.token(),
        "oauth.revoke": oauth.revoke(&Secret::from("t")),
        "oauth.introspect": oauth.introspect(&Secret::from("t")),
        "oauth.token_info": oauth.token_info(),
        "webhook_subscriptions.create": webhook_subscriptions.create(&WebhookSubscriptionRequest {
            event_type: "b2b_transaction_received".into(), url: "https://shop.example/results".into(),
            scope: "company".into(), ..Default::default()
        }),
        "webhook_subscriptions.get": webhook_subscriptions.get("p1"),
        "webhook_subscriptions.wait": webhook_subscriptions.wait("p1", wait()),
        "incoming_payments.create": incoming_payments.create(&support::payment_request()),
        "incoming_payments.get": incoming_payments.get("p1"),
        "incoming_payments.wait": incoming_payments.wait("p1", wait()),
        "merchant_wallets.create": merchant_wallets.create(&MerchantWalletRequest {
            first_name: "J".into(), last_name: "D".into(), phone_number: "0712345678".into(), ..Default::default()
        }),
        "merchant_wallets.get": merchant_wallets.get("p1"),
        "merchant_wallets.wait": merchant_wallets.wait("p1", wait()),
        "merchant_bank_accounts.create": merchant_bank_accounts.create(&MerchantBankAccountRequest {
            account_name: "J".into(), bank_branch_ref: "633aa26c".into(), account_number: "1".into(),
            settlement_method: "EFT".into(), ..Default::default()
        }),
        "merchant_bank_accounts.get": merchant_bank_accounts.get("p1"),
        "merchant_bank_accounts.wait": merchant_bank_accounts.wait("p1", wait()),
        "external_recipients.create_mobile_wallet": external_recipients.create_mobile_wallet(&MobileWalletRecipientRequest {
            first_name: "J".into(), last_name: "D".into(), phone_number: "0712345678".into(), ..Default::default()
        }),
        "external_recipients.create_bank_account": external_recipients.create_bank_account(&BankAccountRecipientRequest {
            account_name: "J".into(), bank_branch_ref: "633aa26c".into(), account_number: "1".into(),
            ..Default::default()
        }),
        "external_recipients.create_till": external_recipients.create_till(&TillRecipientRequest {
            till_name: "J".into(), till_number: "112233".into(), ..Default::default()
        }),
        "external_recipients.create_paybill": external_recipients.create_paybill(&PaybillRecipientRequest {
            paybill_name: "J".into(), paybill_number: "112233".into(), paybill_account_number: "1".into(),
            ..Default::default()
        }),
        "external_recipients.get": external_recipients.get("p1"),
        "external_recipients.wait": external_recipients.wait("p1", wait()),
        "send_money.create": send_money.create(&SendMoneyRequest {
            destinations: vec![Destination::MobileWallet(MobileWalletDestination {
                phone_number: "0712345678".into(), amount: 10.into(), description: "A-17".into(), ..Default::default()
            })],
            callback_url: "https://shop.example/results".into(), ..Default::default()
        }),
        "send_money.sweep_all_funds": send_money.sweep_all_funds(&SweepRequest {
            callback_url: "https://shop.example/results".into(), ..Default::default()
        }),
        "send_money.get": send_money.get("p1"),
        "send_money.wait": send_money.wait("p1", wait()),
        "polling.create": polling.create(&PollingRequest {
            scope: "company".into(), from_time: Some("2026-05-01T08:00:00+03:00".parse().unwrap()),
            to_time: Some("2026-05-01T09:00:00+03:00".parse().unwrap()),
            callback_url: "https://shop.example/results".into(), ..Default::default()
        }),
        "polling.get": polling.get("p1"),
        "polling.wait": polling.wait("p1", wait()),
        "sms_notifications.create": sms_notifications.create(&SmsNotificationRequest {
            webhook_event_reference: "c271535c".into(), message: "Paid".into(),
            callback_url: "https://shop.example/results".into(),
        }),
        "sms_notifications.get": sms_notifications.get("p1"),
        "sms_notifications.wait": sms_notifications.wait("p1", wait()),
        "reversals.create": reversals.create(&ReversalRequest {
            transaction_reference: "ABC".into(), reason: "Returned".into(),
            callback_url: "https://shop.example/results".into(), ..Default::default()
        }),
        "reversals.get": reversals.get("p1"),
        "reversals.wait": reversals.wait("p1", wait()),
        "payment_links.create": payment_links.create(&PaymentLinkRequest {
            till_number: "112233".into(), amount: 10.into(), callback_url: "https://shop.example/results".into(),
            ..Default::default()
        }),
        "payment_links.get": payment_links.get("p1"),
        "payment_links.cancel": payment_links.cancel("p1"),
        "payment_links.wait": payment_links.wait("p1", wait()),
        "payments.get": payments.get("p1"),
        "payments.wait": payments.wait("p1", wait()),
        "settlement_transfers.get": settlement_transfers.get("p1"),
        "settlement_transfers.wait": settlement_transfers.wait("p1", wait()),
        "raw_requests.get": raw_requests.get("/api/v2/incoming_payments/p1"),
        "raw_requests.post": raw_requests.post(&RawPostRequest {
            path: "/api/v2/incoming_payments".into(), body: "{}".into(),
        }),
    };
    operations.to_vec()
}

/// The point at which the server hangs.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Hang {
    /// The queue of connections of the system is full.
    Connect,
    Tls,
    Token,
    Head,
    /// Sends a byte from time to time, without end.
    DrippingHead,
    InterimResponses,
    Body,
    DrippingBody,
    /// Each attempt fails, with pauses between them.
    Retries,
    /// The response arrives, and the resource is never final.
    NeverFinal,
}

impl Hang {
    const ALL: [Self; 10] = [
        Self::Connect,
        Self::Tls,
        Self::Token,
        Self::Head,
        Self::DrippingHead,
        Self::InterimResponses,
        Self::Body,
        Self::DrippingBody,
        Self::Retries,
        Self::NeverFinal,
    ];

    async fn start(self) -> String {
        if self == Self::Connect {
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let listener = socket.listen(1).unwrap();
            let address = listener.local_addr().unwrap();
            tokio::spawn(async move {
                let _listener = listener;
                let mut waiting = Vec::new();
                for _ in 0..4 {
                    waiting.push(tokio::spawn(TcpStream::connect(address)));
                }
                futures_util::future::join_all(waiting).await;
                std::future::pending::<()>().await;
            });
            sleep(Duration::from_millis(50)).await;
            return format!("http://{address}");
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                tokio::spawn(self.serve(stream));
            }
        });
        format!("{}://{address}", if self == Self::Tls { "https" } else { "http" })
    }

    async fn serve(self, mut stream: TcpStream) {
        let mut bytes = vec![0; 16 * 1024];
        // Each request arrives in one read.
        while let Ok(n @ 1..) = stream.read(&mut bytes).await {
            let request = String::from_utf8_lossy(&bytes[..n]);
            if request.starts_with("POST /oauth/token ") && request.contains("grant_type") && self != Self::Token {
                let _ = stream.write_all(support::token(0).as_bytes()).await;
                continue;
            }
            let pending = support::pending();
            let (first, repeated) = match self {
                Self::Connect | Self::Tls | Self::Token | Self::Head => (String::new(), ""),
                Self::DrippingHead => ("HTTP/1.1 200 OK\r\nx-".to_owned(), "x"),
                Self::InterimResponses => (String::new(), "HTTP/1.1 103 Early Hints\r\n\r\n"),
                Self::Body => ("HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n".to_owned(), ""),
                Self::DrippingBody => ("HTTP/1.1 200 OK\r\ncontent-length: 900000\r\n\r\n".to_owned(), " "),
                Self::Retries => (support::response("503 Service Unavailable", "retry-after: 0\r\n", ""), ""),
                Self::NeverFinal => (pending, ""),
            };
            let _ = stream.write_all(first.as_bytes()).await;
            while !repeated.is_empty() && stream.write_all(repeated.as_bytes()).await.is_ok() {
                sleep(Duration::from_millis(10)).await;
            }
        }
    }
}

fn client(base_url: &str) -> KopoKopo {
    let mut retries = RetryOptions::default();
    retries.max_retries = 1000;
    let timeouts = Timeouts { connect: Duration::from_secs(30), stalled: Duration::from_secs(30), total: TOTAL };
    let builder = KopoKopo::builder().client_id("app").client_secret("secret").private_token(true).base_url(base_url);
    builder.retries(retries).timeouts(timeouts).build().unwrap()
}

/// Measures the longest delay of a timer of this machine while the calls run.
fn measure_lag() -> (Arc<AtomicU64>, tokio::task::JoinHandle<()>) {
    let lag = Arc::new(AtomicU64::new(0));
    let seen = Arc::clone(&lag);
    let task = tokio::spawn(async move {
        let pause = Duration::from_millis(5);
        loop {
            let began = Instant::now();
            sleep(pause).await;
            let late = began.elapsed().saturating_sub(pause);
            seen.fetch_max(u64::try_from(late.as_millis()).unwrap(), Ordering::Relaxed);
        }
    });
    (lag, task)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_ends_at_its_deadline_if_server_hangs() {
    let (lag, task) = measure_lag();
    for hang in Hang::ALL {
        let client = client(&hang.start().await);
        let calls = operations().into_iter().map(|(name, call)| {
            let client = client.clone();
            tokio::spawn(async move {
                let began = Instant::now();
                let outcome = call(client).await;
                (name, began.elapsed(), outcome)
            })
        });
        for call in futures_util::future::join_all(calls).await {
            let (name, took, outcome) = call.unwrap();
            let late = took.saturating_sub(TOTAL);
            // The call, its server and the measured timer run on the same machine, so each can be delayed.
            let allowed = SLACK + 3 * Duration::from_millis(lag.load(Ordering::Relaxed));
            assert!(late <= allowed, "{name} while the server hangs at {hang:?}: {late:?} late, {outcome:?}");
            let Err(error) = outcome else { continue };
            assert_ne!(error.kind(), ErrorKind::InvalidRequest, "{name} at {hang:?}: {error}");
            if matches!(hang, Hang::Connect | Hang::Tls | Hang::Token) {
                assert_ne!(error.kind(), ErrorKind::OutcomeUnknown, "{name} at {hang:?}: {error}");
            }
        }
    }
    task.abort();
}

#[test]
fn table_has_every_operation_of_contract() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/contract.json")).unwrap();
    let contract: serde_json::Value = serde_json::from_str(&text).unwrap();
    let sections = contract["objects"]["KopoKopo"]["methods"].as_object().unwrap();
    let mut expected = BTreeSet::new();
    for (section, method) in sections {
        // The journal is read from its store, and polls as `polling` does.
        if section == "journal" {
            continue;
        }
        let Some(object) = method["returns"].as_str().and_then(|name| contract["objects"].get(name)) else { continue };
        for (name, operation) in object["methods"].as_object().unwrap() {
            if operation["async"] == true {
                expected.insert(format!("{section}.{name}"));
            }
        }
    }
    let own: BTreeSet<String> = operations().into_iter().map(|(name, _)| name.to_owned()).collect();
    let missing: Vec<_> = expected.difference(&own).collect();
    assert!(missing.is_empty(), "add to the table in core/tests/deadlines.rs: {missing:?}");
    assert!(!expected.is_empty());
}
